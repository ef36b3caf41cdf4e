----------------------------- MODULE checkpoints -----------------------------
(***************************************************************************)
(* When the log may be cut, and how a replica that is behind catches up:   *)
(* checkpoints, the stable checkpoint, the log kept for laggards, adoption *)
(* of a state, single slots on f + 1 replies. After Castro and Liskov,     *)
(* OSDI 1999, sections 4.3 and 5.3, with digests that f + 1 replicas       *)
(* report alike instead of signed certificates.                            *)
(*                                                                         *)
(* Abstractions, and why they are sound                                    *)
(* - Log values are left out: by agreement (replicated_log.tla) there is   *)
(*   one log, so the state after slot s is a function of s. A checkpoint   *)
(*   is its slot; its digest is "right" or, when a liar reports it,        *)
(*   "wrong". SHA-256 is assumed to be free of collisions.                 *)
(* - Consensus on a slot is one step (tetrabft.tla): a quorum that has the *)
(*   slot open, liars included, decides it. Can... states separately what  *)
(*   correct replicas can do without any liar's help, for liveness.        *)
(* - A slot counts as decided when it is first applied: a decision that    *)
(*   waits for the slot below it helps no one earlier.                     *)
(* - Reports are instantaneous or old: any earlier report of a replica may *)
(*   be heard at any later time.                                           *)
(*                                                                         *)
(* Byzantine replicas have no state: each guard counts them as having said *)
(* what makes it true. A crashed replica is one of them.                   *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Replica,
    Byzantine,    \* those that may do anything
    FaultsMax,    \* f
    Window,       \* WINDOW_SLOTS: slot s opens when s - Window is applied
    Period,       \* CHECKPOINT_SLOTS
    Watermark,    \* LOG_SLOTS_MAX: no slot opens that far above the stable checkpoint
    Kept,         \* how many of its own checkpoints a replica keeps and reports
    MaxSlot       \* the last slot of the model

Correct == Replica \ Byzantine
Slot == 1..MaxSlot
Checkpoint == {s \in Slot : s % Period = 0}
QuorumSize == Cardinality(Replica) - FaultsMax
IsQuorum(S) == Cardinality(S) >= QuorumSize
IsBlocking(S) == Cardinality(S) >= FaultsMax + 1

ASSUME
    /\ Cardinality(Replica) >= 3 * FaultsMax + 1
    /\ Cardinality(Byzantine) <= FaultsMax
    /\ Window \in Nat \ {0} /\ Period > Window /\ Watermark >= Period + Window

VARIABLES
    decided,   \* slots 1 .. decided have been decided
    applied,   \* applied[p]: the last slot in p's ledger
    made,      \* made[p]: checkpoints that p has made or adopted
    stable,    \* stable[p]: the last one that p considers stable
    log,       \* log[p]: slots that p can send to others
    voted,     \* voted[p]: the highest slot that p voted in; on flash, with everything below its window
    misled     \* correct replicas that adopted a state which no correct replica had

vars == <<decided, applied, made, stable, log, voted, misled>>

Max(a, b) == IF a > b THEN a ELSE b
Min(a, b) == IF a < b THEN a ELSE b
Latest(S) == IF S = {} THEN 0 ELSE CHOOSE s \in S : \A t \in S : t <= s

\* p's own checkpoints: the newest ones.
Own(p) == {s \in made[p] : Cardinality({t \in made[p] : t > s}) < Kept}

LastOpen(p) == Min(applied[p] + Window, stable[p] + Watermark)

\* p has an instance of slot s: it is open, or was applied less than a window ago.
InRange(p, s) == applied[p] - Window < s /\ s <= LastOpen(p)

Made(p, s) == IF s \in Checkpoint THEN made[p] \cup {s} ELSE made[p]

\* Slots learned with the liars' help are applied above the watermark too. The log is bounded nevertheless.
LogMax == Watermark + Period
Newest(S) == {t \in S : Cardinality({u \in S : u > t}) < LogMax}

\* The log before the checkpoint that precedes a stable one can be cut.
Uncut(p, s) == {t \in log[p] : t > s - Period}

-----------------------------------------------------------------------------
Init ==
    /\ decided = 0
    /\ applied = [p \in Correct |-> 0]
    /\ made = [p \in Correct |-> {}]
    /\ stable = [p \in Correct |-> 0]
    /\ log = [p \in Correct |-> {}]
    /\ voted = [p \in Correct |-> 0]
    /\ misled = {}

Advance(p) ==
    /\ applied' = [applied EXCEPT ![p] = @ + 1]
    /\ made' = [made EXCEPT ![p] = Made(p, applied[p] + 1)]
    /\ log' = [log EXCEPT ![p] = Newest(@ \cup {applied[p] + 1})]
    /\ UNCHANGED <<stable, misled>>

\* A slot is decided by the votes of V and of the liars; p is the first to apply it. V has no more
\* voters than needed: with more, a reboot would lose less.
Decide(p, V) ==
    LET s == decided + 1 IN
    /\ applied[p] = decided
    /\ s \in Slot
    /\ p \in Correct
    /\ V \subseteq {q \in Correct : s <= LastOpen(q)}
    /\ s <= LastOpen(p)
    /\ IsQuorum(V \cup Byzantine)
    /\ Cardinality(V \cup Byzantine) <= QuorumSize
    /\ decided' = s
    /\ voted' = [q \in Correct |-> IF q \in V THEN Max(voted[q], s) ELSE voted[q]]
    /\ Advance(p)

\* p learns a decided slot: it finally sees the quorum of votes, or gets f + 1 replies.
Learn(p) ==
    /\ p \in Correct
    /\ applied[p] < decided
    /\ Advance(p)
    /\ UNCHANGED <<decided, voted>>

\* p adopts the state after checkpoint s with digest d, on f + 1 reports.
Reporters(s, d) == Byzantine \cup (IF d = "right" THEN {q \in Correct : s \in made[q]} ELSE misled)

Adopt(p, s, d) ==
    /\ p \in Correct
    /\ s \in Checkpoint
    /\ s > applied[p]
    /\ IsBlocking(Reporters(s, d))
    /\ applied' = [applied EXCEPT ![p] = s]
    /\ made' = [made EXCEPT ![p] = @ \cup {s}]
    /\ stable' = [stable EXCEPT ![p] = s]
    /\ log' = [log EXCEPT ![p] = Uncut(p, s)]
    /\ misled' = IF d = "right" THEN misled ELSE misled \cup {p}
    /\ UNCHANGED <<decided, voted>>

\* n - f report p's own checkpoint, so it is stable: the log before the preceding one can be cut.
Stabilise(p, s) ==
    /\ p \in Correct
    /\ s \in Own(p)
    /\ s > stable[p]
    /\ IsQuorum(Reporters(s, "right"))
    /\ stable' = [stable EXCEPT ![p] = s]
    /\ log' = [log EXCEPT ![p] = Uncut(p, s)]
    /\ UNCHANGED <<decided, applied, made, voted, misled>>

\* p loses power and reboots. Decisions are written to flash with the next vote, checkpoints at once.
Reboot(p, s) ==
    /\ p \in Correct
    /\ s < applied[p]
    /\ s >= Latest(made[p])
    /\ s >= voted[p] - Window
    /\ applied' = [applied EXCEPT ![p] = s]
    /\ log' = [log EXCEPT ![p] = @ \cap 1..s]
    /\ UNCHANGED <<decided, made, stable, voted, misled>>

Next ==
    \E p \in Correct :
        \/ \E V \in SUBSET Correct : Decide(p, V)
        \/ Learn(p)
        \/ \E s \in Checkpoint, d \in {"right", "wrong"} : Adopt(p, s, d)
        \/ \E s \in Checkpoint : Stabilise(p, s)
        \/ \E s \in 0..MaxSlot : Reboot(p, s)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
\* What correct replicas can do if every liar is silent.

\* f + 1 replicas hold the next slot in their logs and send the same value.
CanFetch(p) == IsBlocking({q \in Correct \ {p} : applied[p] + 1 \in log[q]})

\* The slot's instance can still end at p: n - f take part in it, and f + 1 of them have not decided
\* it, so their wish for another view is heard (a replica that has decided follows wishes but does
\* not make any).
CanDecide(p) ==
    LET s == applied[p] + 1
    IN  /\ s \in Slot
        /\ IsQuorum({q \in Correct : InRange(q, s)})
        /\ IsBlocking({q \in Correct : InRange(q, s) /\ applied[q] = s - 1})

CanAdopt(p, s) ==
    /\ s > applied[p]
    /\ IsBlocking({q \in Correct : s \in Own(q)})

CanStabilise(p, s) ==
    /\ s \in Own(p)
    /\ s > stable[p]
    /\ IsQuorum({q \in Correct : s \in Own(q)})

CanGoOn(p) ==
    \/ CanFetch(p)
    \/ CanDecide(p)
    \/ \E s \in Checkpoint : CanAdopt(p, s) \/ CanStabilise(p, s)

-----------------------------------------------------------------------------
\* Properties; properties.md gives each its identifier.

TypeOK ==
    /\ decided \in 0..MaxSlot
    /\ applied \in [Correct -> 0..MaxSlot]
    /\ made \in [Correct -> SUBSET Checkpoint]
    /\ stable \in [Correct -> 0..MaxSlot]
    /\ log \in [Correct -> SUBSET Slot]
    /\ voted \in [Correct -> 0..MaxSlot]
    /\ misled \subseteq Correct

\* An adopted state is one that a correct replica had.
AdoptedStateIsReal == misled = {} /\ \A p \in Correct : applied[p] <= decided

\* No replica works beyond its window or the watermark, so the log that it keeps is bounded.
WithinWindow == \A p \in Correct : voted[p] <= applied[p] + Window
LogIsBounded == \A p \in Correct : Cardinality(log[p]) <= LogMax

\* Slot s is available: in a checkpoint that f + 1 correct replicas hold, or in the logs of f + 1
\* correct replicas. Every slot that is cut from a log is.
CanBeHad(s) ==
    \/ IsBlocking({q \in Correct : s \in log[q]})
    \/ \E c \in Checkpoint : c >= s /\ IsBlocking({q \in Correct : c \in Own(q)})

CutIsCovered == \A p \in Correct : \A s \in 1..(stable[p] - Period) : CanBeHad(s)

\* No decided slot is lost: if too many replicas have retired its instance for it to end, CanBeHad holds.
Recoverable == \A s \in 1..decided : IsQuorum({q \in Correct : applied[q] - Window < s}) \/ CanBeHad(s)

\* No replica is left behind: while some correct replica is behind, one of them can advance without any liar.
SomebodyGoesOn == (\E p \in Correct : applied[p] < MaxSlot) => \E p \in Correct : CanGoOn(p)
=============================================================================
