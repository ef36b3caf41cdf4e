--------------------------- MODULE replicated_log ---------------------------
(***************************************************************************)
(* The log around the instances of consensus: a window of open slots, the  *)
(* decisions that each replica knows, their application in slot order, and *)
(* the leaders. The window that looks back by its own length is that of    *)
(* Lamport, "Paxos Made Simple", SIGACT News 2001, section 3; the rest is  *)
(* our composition (specs/decisions: window, catch_up, checkpoints,        *)
(* leader_rule, rejoin_after_amnesia). Four modules, one per question:     *)
(*                                                                         *)
(*   replicated_log  agreement from slot to slot, order, window, learning  *)
(*   leader_rule     each replica's own computation of the leader          *)
(*   checkpoints     what may be cut, adopted, and never be lost           *)
(*   rejoin          no second vote after the loss of all memory           *)
(*                                                                         *)
(* trace_replicated_log.tla checks recorded runs against this one.         *)
(*                                                                         *)
(* Abstractions, and why they are sound                                    *)
(* - Consensus on a slot is one step, `Choose`: tetrabft.tla shows that at *)
(*   most one value is decided in a slot, and only by the votes of a       *)
(*   quorum whose correct members have the slot open. A replica learns the *)
(*   decision in another step.                                             *)
(* - A value is opaque; its first proposer stands beside it.               *)
(* - Slots are kept in rings of `Places`, so a state is bounded however    *)
(*   long the log is: a slot replaces the one `Places` before it. A model  *)
(*   has more places than slots and forgets nothing.                       *)
(*                                                                         *)
(* Byzantine replicas have no state: each guard counts them as having said *)
(* what makes it true.                                                     *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Replica,     \* 0 .. n - 1
    Byzantine,   \* those that may do anything
    FaultsMax,   \* f
    Window,      \* WINDOW_SLOTS: slot s opens when s - Window is applied
    Places,      \* of the rings
    NoValue

Correct == Replica \ Byzantine
ReplicaCount == Cardinality(Replica)
IsQuorum(S) == Cardinality(S) >= ReplicaCount - FaultsMax
IsBlocking(S) == Cardinality(S) >= FaultsMax + 1
Anyone == -1     \* an unknown proposer: in traces only
Unknown == -1    \* an unknown position: in traces only

ASSUME
    /\ Replica = 0..(ReplicaCount - 1)
    /\ Byzantine \subseteq Replica /\ Cardinality(Byzantine) <= FaultsMax
    /\ ReplicaCount >= 3 * FaultsMax + 1
    /\ Window \in Nat \ {0} /\ Places > 3 * Window

VARIABLES
    log,      \* log[i]: the decision of the slot in place i: [slot, value, proposer]
    known,    \* known[p][i]: the decision that p knows there: [slot, value]
    applied   \* applied[p]: the last slot in p's ledger

vars == <<log, known, applied>>

Place(s) == s % Places
At(ring, s) == IF ring[Place(s)].slot = s THEN ring[Place(s)].value ELSE NoValue
IsPast(ring, s) == ring[Place(s)].slot > s
Put(ring, s, val) == [ring EXCEPT ![Place(s)] = [slot |-> s, value |-> val]]
EmptyRing == [i \in 0..(Places - 1) |-> [slot |-> 0, value |-> NoValue]]

IsOpen(p, s) == applied[p] # Unknown => s <= applied[p] + Window

\* p has an instance of s: open, or applied less than a window ago.
InRange(p, s) == applied[p] # Unknown => applied[p] - Window < s /\ s <= applied[p] + Window

\* The leader of view 0: the proposer of the value that was decided a window earlier.
FirstLeader(s) ==
    IF s <= Window THEN 0
    ELSE IF log[Place(s - Window)].slot = s - Window THEN log[Place(s - Window)].proposer
    ELSE Anyone

Leads(p, s, v) == FirstLeader(s) # Anyone => p = (FirstLeader(s) + v) % ReplicaCount

-----------------------------------------------------------------------------
Init ==
    /\ log = [i \in 0..(Places - 1) |-> [slot |-> 0, value |-> NoValue, proposer |-> Anyone]]
    /\ known = [p \in Replica |-> EmptyRing]
    /\ applied = [p \in Replica |-> 0]

\* A quorum that has the slot open decides the value that q was the first to propose, in a view that q leads.
Choose(s, val, q, v) ==
    /\ At(log, s) = NoValue /\ ~IsPast(log, s)
    /\ IsQuorum(Byzantine \cup {p \in Correct : IsOpen(p, s)})
    /\ Leads(q, s, v)
    /\ log' = [log EXCEPT ![Place(s)] = [slot |-> s, value |-> val, proposer |-> q]]
    /\ UNCHANGED <<known, applied>>

\* p sees a quorum of votes.
SeeDecision(p, s, val) ==
    /\ p \in Correct
    /\ InRange(p, s)
    /\ At(known[p], s) = NoValue
    /\ val # NoValue /\ At(log, s) = val
    /\ known' = [known EXCEPT ![p] = Put(@, s, val)]
    /\ UNCHANGED <<log, applied>>

\* f + 1 replicas report the same decision. p may be a window behind them.
LearnDecision(p, s, val) ==
    /\ p \in Correct
    /\ applied[p] - Window < s /\ s <= applied[p] + 2 * Window
    /\ At(known[p], s) = NoValue
    /\ val # NoValue
    /\ IsBlocking(Byzantine \cup {q \in Correct : At(known[q], s) = val})
    /\ known' = [known EXCEPT ![p] = Put(@, s, val)]
    /\ UNCHANGED <<log, applied>>

ApplyNext(p, s, val) ==
    /\ p \in Correct
    /\ s = applied[p] + 1
    /\ val # NoValue /\ At(known[p], s) = val
    /\ applied' = [applied EXCEPT ![p] = s]
    /\ UNCHANGED <<log, known>>

\* p adopts the state after slot s, on f + 1 equal digests.
AdoptState(p, s) ==
    /\ p \in Correct
    /\ s > applied[p]
    /\ IsBlocking(Byzantine \cup {q \in Correct : applied[q] >= s})
    /\ applied' = [applied EXCEPT ![p] = s]
    /\ UNCHANGED <<log, known>>

\* p loses power and reboots with its flash. Decisions are written to flash only with the next vote.
Above(ring, s) == [i \in DOMAIN ring |-> IF ring[i].slot > s THEN [slot |-> 0, value |-> NoValue] ELSE ring[i]]

Reboot(p, s) ==
    /\ p \in Correct
    /\ s <= applied[p]
    /\ applied' = [applied EXCEPT ![p] = s]
    /\ known' = [known EXCEPT ![p] = Above(@, s)]
    /\ UNCHANGED log

-----------------------------------------------------------------------------
\* Properties; properties.md gives each its identifier.

Slots == {log[i].slot : i \in 0..(Places - 1)} \ {0}
Knows(p) == {known[p][i] : i \in 0..(Places - 1)} \ {[slot |-> 0, value |-> NoValue]}

\* No two correct replicas know different decisions of a slot.
LogAgreement ==
    \A p, q \in Correct : \A x \in Knows(p), y \in Knows(q) : x.slot = y.slot => x.value = y.value

\* Every value that a replica decided, learned or applied was decided.
LearnedIsDecided == \A p \in Correct : \A x \in Knows(p) : At(log, x.slot) = x.value

\* The applied slots are a prefix of the log, without a gap.
AppliedIsDecided == \A p \in Correct : \A s \in 1..applied[p] : At(log, s) # NoValue

\* No slot is decided before the one a window below it. No replica knows decisions two windows ahead of its own slot.
WithinWindow ==
    /\ \A s \in Slots : s > Window => s - Window \in Slots
    /\ \A p \in Correct : \A x \in Knows(p) : x.slot <= applied[p] + 2 * Window

\* A replica advances slot by slot, or to a state that f + 1 have reached, liars counted.
InOrderStep ==
    \A p \in Correct :
        applied'[p] > applied[p] + 1 => IsBlocking(Byzantine \cup {q \in Correct : applied[q] >= applied'[p]})
InOrder == [][InOrderStep]_vars
=============================================================================
