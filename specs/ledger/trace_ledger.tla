---------------------------- MODULE trace_ledger ----------------------------
(***************************************************************************)
(* Checks a recorded log against ledger.tla and operations.tla together.   *)
(* specs/checking/ledger/tlc.py generates ledger_trace.tla from the        *)
(* trace; it defines Trace, a sequence with one record per step:           *)
(*                                                                         *)
(*   field      trace (Operation event)     code (firmware/amu/ledger)     *)
(*   client     client                      request[0]                     *)
(*   operation  operation                   request[1]                     *)
(*   answer     result, as text             operations.remember            *)
(*   verb       command[0]                  commands.SHAPES                *)
(*   args       the rest of the command     the fields after `now`         *)
(*   outcome    result[0]; "malformed",     transitions.ok, refused;       *)
(*              "stale", "busy" by reason   state._apply_request           *)
(*   number     result[1] of a grant or     Lease.token, Job.number        *)
(*              of a job that is opened                                    *)
(*   slot       result[2] of the same       Lease.expires_slot,            *)
(*                                          Job.deadline_slot              *)
(*   status     result[1] of a report or    Job.status                     *)
(*              of the end of a job                                        *)
(*                                                                         *)
(* Keys are numbered in their order, shard/3 is <<"shard", 3>> and         *)
(* dock/1 is <<"dock/1", 0>>. A Tick, whose outcome is "tick", precedes    *)
(* the first step of each slot.                                            *)
(*                                                                         *)
(* "ok" must be a step of the verb's action with exactly that outcome,     *)
(* "refused" a state in which the verb's guard is false; both remember     *)
(* the answer. A repetition must report the remembered answer and          *)
(* changes nothing. A malformed command has the verb "Malformed".          *)
(* Actions are functions of their arguments, so each step has at most      *)
(* one successor and no search is needed. The trace is accepted when the   *)
(* last step prints its sentinel; a rejected one ends at the depth of      *)
(* the bad step.                                                           *)
(***************************************************************************)
EXTENDS ledger, operations, ledger_trace, Sequences, TLC

VARIABLE place  \* position of the next step in Trace

step == Trace[place]
args == step.args

TellsNothing == step.number = 0 /\ step.status = ""

TellsGrant(r) ==
  /\ leases'[r].token = step.number
  /\ leases'[r].expires = step.slot
  /\ step.status = ""

TellsJob == nextJob = step.number /\ jobs'[nextJob].deadline = step.slot /\ step.status = ""
TellsStatus(j) == jobs'[j].status = step.status /\ step.number = 0

Done ==
  CASE step.verb = "Noop" -> Noop /\ TellsNothing
    [] step.verb = "ShardCreate" -> ShardCreate(args[1], args[2], args[3]) /\ TellsNothing
    [] step.verb = "LeaseAcquire" -> LeaseAcquire(args[1], args[2], args[3]) /\ TellsGrant(args[1])
    [] step.verb = "LeaseRenew" -> LeaseRenew(args[1], args[2], args[3], args[4]) /\ TellsGrant(args[1])
    [] step.verb = "LeaseRelease" -> LeaseRelease(args[1], args[2], args[3]) /\ TellsNothing
    [] step.verb = "CursorAdvance" -> CursorAdvance(args[1], args[2], args[3], args[4]) /\ TellsNothing
    [] step.verb = "ShardSplit" ->
         ShardSplit(args[1], args[2], args[3], args[4]) /\ TellsGrant(ResourceOf(args[4]))
    [] step.verb = "ShardHandover" -> ShardHandover(args[1], args[2], args[3]) /\ TellsGrant(ResourceOf(args[1]))
    [] step.verb = "ShardComplete" -> ShardComplete(args[1], args[2]) /\ TellsNothing
    [] step.verb = "JobOpen" -> JobOpen(args[1], args[2]) /\ TellsJob
    [] step.verb = "JobResult" -> JobResult(args[1], args[2], args[3]) /\ TellsStatus(args[1])
    [] step.verb = "JobCancel" -> JobCancel(args[1]) /\ TellsStatus(args[1])
    [] step.verb = "JobExpire" -> JobExpire(args[1]) /\ TellsStatus(args[1])

Refused ==
  /\ UNCHANGED vars
  /\ ~ CASE step.verb = "Noop" -> TRUE
         [] step.verb = "ShardCreate" -> CanShardCreate(args[1], args[2], args[3])
         [] step.verb = "LeaseAcquire" -> CanLeaseAcquire(args[1])
         [] step.verb = "LeaseRenew" -> CanLeaseRenew(args[1], args[2], args[3])
         [] step.verb = "LeaseRelease" -> CanLeaseRelease(args[1], args[2], args[3])
         [] step.verb = "CursorAdvance" -> CanCursorAdvance(args[1], args[2], args[3])
         [] step.verb = "ShardSplit" -> CanShardSplit(args[1], args[2], args[3], args[4])
         [] step.verb = "ShardHandover" -> CanShardHandover(args[1], args[2])
         [] step.verb = "ShardComplete" -> CanShardComplete(args[1], args[2])
         [] step.verb = "JobOpen" -> CanJobOpen
         [] step.verb = "JobResult" -> CanJobResult(args[1], args[2])
         [] step.verb = "JobCancel" -> CanJobCancel(args[1])
         [] step.verb = "JobExpire" -> CanJobExpire(args[1])

Applied ==
  \/ step.outcome = "ok" /\ step.verb # "Malformed" /\ Done
  \/ step.outcome = "refused" /\ step.verb # "Malformed" /\ Refused
  \/ step.outcome = "malformed" /\ step.verb = "Malformed" /\ UNCHANGED vars

Requested ==
  IF step.outcome \in {"stale", "busy"}
  THEN TurnAway(step.client, step.operation, step.outcome) /\ UNCHANGED vars
  ELSE IF Fate(step.client, step.operation) = "done"
  THEN Repeat(step.client, step.operation, step.answer) /\ UNCHANGED vars
  ELSE Remember(step.client, step.operation, step.answer) /\ Applied

TraceInit == Init /\ OperationsInit /\ place = 1

TraceNext ==
  /\ place <= Len(Trace)
  /\ place' = place + 1
  /\ IF step.outcome = "tick" THEN Tick(args[1]) /\ UNCHANGED clients ELSE Requested
  /\ place = Len(Trace) => PrintT(<<"ACCEPTED", place>>)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, clients, place>>

AnswersStand == [][AnswersStandStep]_clients
=============================================================================
