------------------------------- MODULE ledger -------------------------------
(***************************************************************************)
(* The ledger of amu-swarm: shards, leases with fencing tokens,            *)
(* cursors, and jobs.                                                      *)
(*                                                                         *)
(* One state machine, applied in slot order (Schneider 1990);              *)
(* tetrabft.tla specifies consensus on the order. Each action is one       *)
(* verb of firmware/amu/ledger/transitions.py and has its name. CanX       *)
(* is the guard of X: the code refuses a well-formed command exactly       *)
(* where CanX is false.                                                    *)
(*                                                                         *)
(* Leases: Gray and Cheriton 1989; tokens: Burrows 2006, section 2.4.      *)
(* Shards and cursors: Chang et al. 2006, section 2, and Bacon et al.      *)
(* 2017. Jobs: of f + 1 equal results a correct worker has computed        *)
(* one (Castro and Liskov 1999, section 4.1; Anderson 2004).               *)
(*                                                                         *)
(* Keys are byte strings in the code and, in their order, 0 .. KeyMax      *)
(* here. EndOfKeys stands for the end b"" of a range without upper         *)
(* bound. `opaque` is the second layer of a cursor: stored, never          *)
(* read.                                                                   *)
(*                                                                         *)
(* Left out: operation ids (operations.tla; a repeated operation is a      *)
(* stutter here), malformed commands (also stutters), and how long an      *)
(* expired lease stays in the code's table (no guard reads it).            *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
  Shards,     \* numbers that shards may have
  Things,     \* names of the other resources: docks, tools
  Holders,    \* possible holders of a lease
  KeyMax,     \* the largest key
  Opaques,    \* opaque cursor tokens
  LeaseSlots, \* lengths of leases, in slots
  ShardsMax,  \* places for shards, completed ones included
  LeasesMax,  \* places for live leases
  Workers,    \* those that may report the result of a job
  FaultyMax,  \* f: how many of them may be faulty
  Payloads,   \* descriptions of jobs
  Digests,    \* results that workers may report
  JobSlots,   \* lengths of jobs, in slots
  JobsMax     \* places for jobs, ended ones included

VARIABLES
  now,        \* ledger time: the slot that is being applied
  nextToken,  \* the fencing token of the next grant
  shards,     \* shard number -> row
  leases,     \* resource -> row
  nextJob,    \* the number of the next job
  jobs        \* job number -> row, for the jobs in the table

jobVars == <<nextJob, jobs>>
vars == <<now, nextToken, shards, leases, nextJob, jobs>>

Keys == 0 .. KeyMax
EndOfKeys == KeyMax + 1
NoKey == -1                      \* last_key before the first key is done
NoOpaque == ""

ResourceOf(s) == <<"shard", s>>
Resources == {ResourceOf(s) : s \in Shards} \cup {<<thing, 0>> : thing \in Things}
ShardResources == {ResourceOf(s) : s \in Shards}

NoShard == [status |-> "none", start |-> 0, end |-> 0, lastKey |-> NoKey, opaque |-> NoOpaque]
NoLease == [holder |-> 0, token |-> 0, expires |-> 0]

NoDigest == ""                   \* of a worker that has not reported
Ended == {"accepted", "disputed", "cancelled", "expired"}
Needed == FaultyMax + 1

-----------------------------------------------------------------------------
(* Guards *)

IsOpen(s) == shards[s].status = "open"
Open == {s \in Shards : IsOpen(s)}
IsTaken(s) == shards[s].status # "none"
Taken == {s \in Shards : IsTaken(s)}
Completed == {s \in Shards : shards[s].status = "complete"}

IsLive(r) == now < leases[r].expires
LiveLeases == {r \in Resources : IsLive(r)}
Holds(r, token) == IsLive(r) /\ leases[r].token = token
Working(s, token) == IsOpen(s) /\ Holds(ResourceOf(s), token)

Overlaps(s, start, end) == start < shards[s].end /\ shards[s].start < end
HasRoomForShard == Cardinality(Taken) < ShardsMax \/ Completed # {}
HasRoomForLease == Cardinality(LiveLeases) < LeasesMax

InBounds(s, key) == shards[s].start <= key /\ key < shards[s].end
IsMonotone(s, key) == shards[s].lastKey <= key

IsOpenJob(j) == j \in DOMAIN jobs /\ jobs[j].status = "open"
IsRunning(j) == IsOpenJob(j) /\ now < jobs[j].deadline
IsOverdue(j) == IsOpenJob(j) /\ now >= jobs[j].deadline
EndedJobs == {j \in DOMAIN jobs : jobs[j].status \in Ended}
HasRoomForJob == Cardinality(DOMAIN jobs) < JobsMax \/ EndedJobs # {}

IsEnough(S) == Cardinality(S) >= Needed
Giving(reports, d) == {w \in Workers : reports[w] = d}
Equal(reports, d) == Cardinality(Giving(reports, d))
IsWon(reports, d) == IsEnough(Giving(reports, d))
(* No digest can win any more, whatever the silent workers report, even a new digest. *)
IsHopeless(reports) ==
  /\ Equal(reports, NoDigest) < Needed
  /\ \A d \in Digests : Equal(reports, d) + Equal(reports, NoDigest) < Needed
Judged(reports) ==
  IF \E d \in Digests : IsWon(reports, d) THEN "accepted" ELSE IF IsHopeless(reports) THEN "disputed" ELSE "open"

-----------------------------------------------------------------------------
(* Effects *)

FirstCompleted == CHOOSE s \in Completed : \A t \in Completed : s <= t

(* A new shard in a full table takes the place of the completed one with the lowest number. *)
WithShard(rows, s, row) ==
  [t \in Shards |->
     IF t = s THEN row
     ELSE IF Cardinality(Taken) >= ShardsMax /\ t = FirstCompleted THEN NoShard
     ELSE rows[t]]

NewShard(start, end) ==
  [status |-> "open", start |-> start, end |-> end, lastKey |-> NoKey, opaque |-> NoOpaque]

Grant(rows, r, holder, expires) ==
  [rows EXCEPT ![r] = [holder |-> holder, token |-> nextToken, expires |-> expires]]

Later(a, b) == IF a < b THEN b ELSE a

NewJob(payload, deadline) ==
  [status |-> "open", payload |-> payload, deadline |-> deadline, reports |-> [w \in Workers |-> NoDigest]]

(* A new job in a full table takes the place of the ended one with the lowest number. *)
KeptJobs ==
  IF Cardinality(DOMAIN jobs) < JobsMax THEN DOMAIN jobs
  ELSE DOMAIN jobs \ {CHOOSE j \in EndedJobs : \A k \in EndedJobs : j <= k}

-----------------------------------------------------------------------------
(* Actions: one per verb *)

Init ==
  /\ now = 0
  /\ nextToken = 1
  /\ shards = [s \in Shards |-> NoShard]
  /\ leases = [r \in Resources |-> NoLease]
  /\ nextJob = 1
  /\ jobs = [j \in {} |-> NewJob("", 0)]

(* The log advances to a later slot. *)
Tick(slot) ==
  /\ slot > now
  /\ now' = slot
  /\ UNCHANGED <<nextToken, shards, leases, jobVars>>

Noop == UNCHANGED vars

CanShardCreate(s, start, end) ==
  /\ start < end
  /\ ~IsTaken(s)
  /\ \A t \in Open : ~Overlaps(t, start, end)
  /\ HasRoomForShard

ShardCreate(s, start, end) ==
  /\ CanShardCreate(s, start, end)
  /\ shards' = WithShard(shards, s, NewShard(start, end))
  /\ UNCHANGED <<now, nextToken, leases, jobVars>>

CanLeaseAcquire(r) ==
  /\ \A s \in Shards : r = ResourceOf(s) => IsOpen(s)
  /\ ~IsLive(r)
  /\ HasRoomForLease

LeaseAcquire(r, holder, slots) ==
  /\ CanLeaseAcquire(r)
  /\ leases' = Grant(leases, r, holder, now + slots)
  /\ nextToken' = nextToken + 1
  /\ UNCHANGED <<now, shards, jobVars>>

CanLeaseRenew(r, holder, token) ==
  /\ Holds(r, token)
  /\ leases[r].holder = holder

LeaseRenew(r, holder, token, slots) ==
  /\ CanLeaseRenew(r, holder, token)
  /\ leases' = [leases EXCEPT ![r].expires = Later(leases[r].expires, now + slots)]
  /\ UNCHANGED <<now, nextToken, shards, jobVars>>

CanLeaseRelease(r, holder, token) ==
  /\ Holds(r, token)
  /\ leases[r].holder = holder

LeaseRelease(r, holder, token) ==
  /\ CanLeaseRelease(r, holder, token)
  /\ leases' = [leases EXCEPT ![r] = NoLease]
  /\ UNCHANGED <<now, nextToken, shards, jobVars>>

CanCursorAdvance(s, token, key) ==
  /\ Working(s, token)
  /\ InBounds(s, key)
  /\ IsMonotone(s, key)

CursorAdvance(s, token, key, opaque) ==
  /\ CanCursorAdvance(s, token, key)
  /\ shards' = [shards EXCEPT ![s].lastKey = key, ![s].opaque = opaque]
  /\ UNCHANGED <<now, nextToken, leases, jobVars>>

CanShardSplit(s, token, at, new) ==
  /\ Working(s, token)
  /\ shards[s].start < at
  /\ at < shards[s].end
  /\ shards[s].lastKey < at
  /\ ~IsTaken(new)
  /\ HasRoomForShard
  /\ HasRoomForLease

ShardSplit(s, token, at, new) ==
  /\ CanShardSplit(s, token, at, new)
  /\ shards' = WithShard([shards EXCEPT ![s].end = at], new, NewShard(at, shards[s].end))
  /\ leases' = Grant(leases, ResourceOf(new), leases[ResourceOf(s)].holder, leases[ResourceOf(s)].expires)
  /\ nextToken' = nextToken + 1
  /\ UNCHANGED <<now, jobVars>>

CanShardHandover(s, token) == Working(s, token)

ShardHandover(s, token, holder) ==
  /\ CanShardHandover(s, token)
  /\ leases' = Grant(leases, ResourceOf(s), holder, leases[ResourceOf(s)].expires)
  /\ nextToken' = nextToken + 1
  /\ UNCHANGED <<now, shards, jobVars>>

CanShardComplete(s, token) == Working(s, token)

ShardComplete(s, token) ==
  /\ CanShardComplete(s, token)
  /\ shards' = [shards EXCEPT ![s].status = "complete"]
  /\ leases' = [leases EXCEPT ![ResourceOf(s)] = NoLease]
  /\ UNCHANGED <<now, nextToken, jobVars>>

CanJobOpen == HasRoomForJob

JobOpen(payload, slots) ==
  /\ CanJobOpen
  /\ jobs' = [j \in KeptJobs \cup {nextJob} |-> IF j = nextJob THEN NewJob(payload, now + slots) ELSE jobs[j]]
  /\ nextJob' = nextJob + 1
  /\ UNCHANGED <<now, nextToken, shards, leases>>

CanJobResult(j, w) ==
  /\ w \in Workers
  /\ IsRunning(j)
  /\ jobs[j].reports[w] = NoDigest

(* The requester claims that w has computed d. jobs_model.tla shows what follows if at most f workers are faulty. *)
JobResult(j, w, d) ==
  /\ CanJobResult(j, w)
  /\ LET reports == [jobs[j].reports EXCEPT ![w] = d]
     IN jobs' = [jobs EXCEPT ![j].reports = reports, ![j].status = Judged(reports)]
  /\ UNCHANGED <<now, nextToken, shards, leases, nextJob>>

CanJobCancel(j) == IsRunning(j)

JobCancel(j) ==
  /\ CanJobCancel(j)
  /\ jobs' = [jobs EXCEPT ![j].status = "cancelled"]
  /\ UNCHANGED <<now, nextToken, shards, leases, nextJob>>

(* Ledger time has reached the deadline. This does not say that a worker has failed. *)
CanJobExpire(j) == IsOverdue(j)

JobExpire(j) ==
  /\ CanJobExpire(j)
  /\ jobs' = [jobs EXCEPT ![j].status = "expired"]
  /\ UNCHANGED <<now, nextToken, shards, leases, nextJob>>

(* Any client may request any operation at any time, with any token that was ever granted. *)
Tokens == 1 .. nextToken - 1

Next ==
  \/ Tick(now + 1)
  \/ \E s \in Shards, start \in Keys, end \in 1 .. EndOfKeys : ShardCreate(s, start, end)
  \/ \E r \in Resources, h \in Holders, k \in LeaseSlots : LeaseAcquire(r, h, k)
  \/ \E r \in Resources, h \in Holders, token \in Tokens, k \in LeaseSlots : LeaseRenew(r, h, token, k)
  \/ \E r \in Resources, h \in Holders, token \in Tokens : LeaseRelease(r, h, token)
  \/ \E s \in Shards, token \in Tokens, key \in Keys, o \in Opaques : CursorAdvance(s, token, key, o)
  \/ \E s, new \in Shards, token \in Tokens, at \in Keys : ShardSplit(s, token, at, new)
  \/ \E s \in Shards, token \in Tokens, h \in Holders : ShardHandover(s, token, h)
  \/ \E s \in Shards, token \in Tokens : ShardComplete(s, token)
  \/ \E payload \in Payloads, k \in JobSlots : JobOpen(payload, k)
  \/ \E j \in DOMAIN jobs, w \in Workers, d \in Digests : JobResult(j, w, d)
  \/ \E j \in DOMAIN jobs : JobCancel(j)
  \/ \E j \in DOMAIN jobs : JobExpire(j)
  \/ Noop

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* Properties of states; properties.md gives the purpose of each *)

TypeOK ==
  /\ now \in Nat
  /\ nextToken \in Nat \ {0}
  /\ DOMAIN shards = Shards
  /\ \A s \in Shards :
       /\ shards[s].status \in {"none", "open", "complete"}
       /\ shards[s].start \in Keys
       /\ shards[s].end \in 0 .. EndOfKeys
       /\ shards[s].lastKey \in Keys \cup {NoKey}
       /\ shards[s].opaque \in Opaques \cup {NoOpaque}
  /\ DOMAIN leases = Resources
  /\ \A r \in Resources :
       /\ leases[r].holder \in Holders \cup {0}
       /\ leases[r].token \in Nat
       /\ leases[r].expires \in Nat

JobsTypeOK ==
  /\ nextJob \in Nat \ {0}
  /\ \A j \in DOMAIN jobs :
       /\ j \in 1 .. nextJob - 1
       /\ jobs[j].status \in Ended \cup {"open"}
       /\ jobs[j].payload \in Payloads
       /\ jobs[j].deadline \in Nat
       /\ DOMAIN jobs[j].reports = Workers
       /\ \A w \in Workers : jobs[j].reports[w] \in Digests \cup {NoDigest}

HalfOpen == \A s \in Shards : IsTaken(s) => shards[s].start < shards[s].end

ShardsDisjoint ==
  \A s, t \in Open : s # t => ~Overlaps(s, shards[t].start, shards[t].end)

CursorInBounds == \A s \in Shards : shards[s].lastKey # NoKey => InBounds(s, shards[s].lastKey)

TokensUnique ==
  /\ \A r \in Resources : leases[r].token < nextToken
  /\ LET granted == {r \in Resources : leases[r].token # 0}
     IN Cardinality({leases[r].token : r \in granted}) = Cardinality(granted)

LeaseOnOpenShard == \A s \in Shards : IsLive(ResourceOf(s)) => IsOpen(s)

(* Every request with a token other than the newest grant's is refused. TLC tries every token that was ever granted. On
   a trace that would take long, and it follows from each step being one of the module. *)
StaleTokenMovesNothing ==
  /\ \A s \in Shards : \A token \in Tokens \ {leases[ResourceOf(s)].token} :
       /\ \A key \in Keys : ~CanCursorAdvance(s, token, key)
       /\ \A at \in Keys, new \in Shards : ~CanShardSplit(s, token, at, new)
       /\ ~CanShardHandover(s, token)
       /\ ~CanShardComplete(s, token)
  /\ \A r \in Resources : \A token \in Tokens \ {leases[r].token}, h \in Holders :
       ~CanLeaseRenew(r, h, token) /\ ~CanLeaseRelease(r, h, token)

TablesBounded ==
  /\ Cardinality(Taken) <= ShardsMax
  /\ Cardinality(LiveLeases) <= LeasesMax
  /\ Cardinality(DOMAIN jobs) <= JobsMax

(* Accepted means f + 1 equal reports of different workers, and no other digest has as many. *)
AcceptedByQuorum ==
  \A j \in DOMAIN jobs :
    /\ jobs[j].status = "accepted" => Cardinality({d \in Digests : IsWon(jobs[j].reports, d)}) = 1
    /\ jobs[j].status # "accepted" => \A d \in Digests : ~IsWon(jobs[j].reports, d)

(* Disputed means that f + 1 equal reports have become impossible; such a job does not stay open. NoDigest stands for
   a digest that no worker has reported. *)
CanStillWin(reports, d) == Cardinality({w \in Workers : reports[w] \in {d, NoDigest}}) >= Needed
DisputedIsHopeless ==
  \A j \in DOMAIN jobs :
    jobs[j].status = "disputed" <=> \A d \in Digests \cup {NoDigest} : ~CanStillWin(jobs[j].reports, d)

ExpiredByLedgerTime == \A j \in DOMAIN jobs : jobs[j].status = "expired" => jobs[j].deadline <= now

-----------------------------------------------------------------------------
(* Properties of steps *)

(* A shard that stays in the table keeps the start of its range, and its cursor never moves back or is cleared. *)
CursorMonotoneStep ==
  \A s \in Shards :
    IsTaken(s) /\ shards'[s].status # "none" =>
      /\ shards'[s].start = shards[s].start
      /\ shards'[s].lastKey >= shards[s].lastKey
      /\ shards[s].lastKey # NoKey => shards'[s].lastKey # NoKey

(* Every step that changes an open shard shows the token of a lease that is live in this slot. *)
ExpiredLeaseMovesNothingStep ==
  \A s \in Shards : IsOpen(s) /\ shards'[s] # shards[s] => IsLive(ResourceOf(s))

CompleteIsTerminalStep ==
  \A s \in Shards : shards[s].status = "complete" => shards'[s] \in {shards[s], NoShard}

(* A granted token names one holder of one resource permanently; a new token is larger than all earlier ones. *)
TokensMonotoneStep ==
  /\ nextToken' >= nextToken
  /\ \A r \in Resources :
       leases'[r].token # leases[r].token => leases'[r].token = 0 \/ leases'[r].token >= nextToken

(* The holder of a live lease keeps it until it expires, is released or is handed over; then the token changes too. *)
OneHolderStep ==
  \A r \in Resources :
    leases[r].token # 0 /\ leases'[r].token = leases[r].token =>
      /\ leases'[r].holder = leases[r].holder
      /\ leases'[r].expires >= leases[r].expires
      /\ leases'[r].expires > leases[r].expires => IsLive(r)

(* A live lease is granted to another holder only by a handover of its shard: no one else can take it away. *)
NoTakingAwayStep ==
  \A r \in Resources :
    IsLive(r) /\ leases'[r].token \notin {0, leases[r].token} =>
      r \in ShardResources /\ leases'[r].expires = leases[r].expires

(* A job ends once, and only ended jobs give up their places. *)
JobEndsOnceStep ==
  \A j \in DOMAIN jobs :
    /\ jobs[j].status = "open" => j \in DOMAIN jobs'
    /\ jobs[j].status \in Ended /\ j \in DOMAIN jobs' => jobs'[j] = jobs[j]

(* Job numbers are never reused, so a late report never counts for another job. *)
JobNumbersMonotoneStep ==
  /\ nextJob' >= nextJob
  /\ \A j \in DOMAIN jobs' : j \in DOMAIN jobs \/ j >= nextJob

(* A worker reports once, and no report counts from the deadline on. *)
ReportStandsStep ==
  \A j \in DOMAIN jobs : j \in DOMAIN jobs' /\ jobs'[j] # jobs[j] =>
    \A w \in Workers : jobs'[j].reports[w] # jobs[j].reports[w] =>
      jobs[j].reports[w] = NoDigest /\ now < jobs[j].deadline

CursorMonotone == [][CursorMonotoneStep]_vars
ExpiredLeaseMovesNothing == [][ExpiredLeaseMovesNothingStep]_vars
CompleteIsTerminal == [][CompleteIsTerminalStep]_vars
TokensMonotone == [][TokensMonotoneStep]_vars
OneHolder == [][OneHolderStep]_vars
NoTakingAway == [][NoTakingAwayStep]_vars
TimeMovesForward == [][now' >= now]_vars
JobEndsOnce == [][JobEndsOnceStep]_vars
JobNumbersMonotone == [][JobNumbersMonotoneStep]_vars
ReportStands == [][ReportStandsStep]_vars
=============================================================================
