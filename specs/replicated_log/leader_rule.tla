----------------------------- MODULE leader_rule -----------------------------
(***************************************************************************)
(* Which replica leads a view: leader(s, v) = (proposer of decided slot s  *)
(* - Window + v) mod n. The proposer of a decided slot is the leader of    *)
(* its value's origin view; replica 0 stands in for the first window. Our  *)
(* own composition: specs/decisions/leader_rule.md.                        *)
(*                                                                         *)
(* Each replica computes it as the code does, from a list of bounded       *)
(* length: the proposers of the last two windows that it applied. It gets  *)
(* the list slot by slot, from a state that it adopts, or, after the loss  *)
(* of its flash, from the beginning again.                                 *)
(*                                                                         *)
(* Abstractions, and why they are sound                                    *)
(* - Only the origin view of a decided value is kept; the rule uses        *)
(*   nothing else of it. Consensus on a slot is one step: voters that have *)
(*   the slot open accept the proposal of the leader of a view, as each of *)
(*   them computes it, so one value is decided (tetrabft.tla).             *)
(* - A value that is proposed again in a later view keeps its origin view: *)
(*   the view of the step is the one in which it was first proposed.       *)
(* - Slots of a window are decided one after the other: the rule looks a   *)
(*   whole window back, so the order within one is irrelevant.             *)
(* - A state may be adopted from any correct replica at any slot:          *)
(*   checkpoints.tla shows that it is a correct one's, and checkpoints are *)
(*   some of the slots.                                                    *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    ReplicaCount,  \* n; replicas are 0 .. n - 1
    Byzantine,     \* those that may do anything: as leaders they may claim an earlier origin view
    FaultsMax,     \* f
    Window,        \* WINDOW_SLOTS
    MaxView,       \* the last view of the model
    MaxSlot        \* and the last slot

Replica == 0..(ReplicaCount - 1)
Correct == Replica \ Byzantine
View == 0..MaxView
IsQuorum(S) == Cardinality(S) >= ReplicaCount - FaultsMax

ASSUME
    /\ ReplicaCount >= 3 * FaultsMax + 1
    /\ Byzantine \subseteq Replica /\ Cardinality(Byzantine) <= FaultsMax
    /\ Window \in Nat \ {0}

VARIABLES
    log,        \* origin views of the decided values, slot 1 first
    applied,    \* applied[p]: the last slot that p applied
    proposers   \* proposers[p]: of the last 2 * Window slots that p applied, oldest first

vars == <<log, applied, proposers>>

NoProposers == [i \in 1..(2 * Window) |-> 0]

\* p has an instance of slot s: it is open, or was applied less than a window ago.
InRange(p, s) == applied[p] - Window < s /\ s <= applied[p] + Window

\* The leader as p computes it, for a slot in its range.
Leader(p, s, v) == (proposers[p][s - applied[p] + Window] + v) % ReplicaCount

\* The leader by the rule, for a slot at most a window beyond the decided ones.
RECURSIVE FirstLeader(_)
FirstLeader(s) == IF s <= Window THEN 0 ELSE (FirstLeader(s - Window) + log[s - Window]) % ReplicaCount
LeaderByRule(s, v) == (FirstLeader(s) + v) % ReplicaCount

-----------------------------------------------------------------------------
Init ==
    /\ log = <<>>
    /\ applied = [p \in Correct |-> 0]
    /\ proposers = [p \in Correct |-> NoProposers]

\* The next slot is decided: in view v all correct members of some quorum computed the same leader.
\* The value claims that it was first proposed in view `origin`. Voters refuse a view later than
\* their own, and a correct leader's claim is true.
Decide(v, origin) ==
    LET s == Len(log) + 1 IN
    /\ s <= MaxSlot
    /\ origin <= v
    /\ \E leader \in Replica :
          /\ IsQuorum(Byzantine \cup {p \in Correct : s <= applied[p] + Window /\ Leader(p, s, v) = leader})
          /\ leader \in Correct => origin = v
    /\ log' = Append(log, origin)
    /\ UNCHANGED <<applied, proposers>>

Apply(p) ==
    LET s == applied[p] + 1 IN
    /\ s <= Len(log)
    /\ applied' = [applied EXCEPT ![p] = s]
    /\ proposers' = [proposers EXCEPT ![p] = Append(Tail(@), Leader(p, s, log[s]))]
    /\ UNCHANGED log

\* p adopts the state of q, which includes the list.
Adopt(p, q) ==
    /\ applied[q] > applied[p]
    /\ applied' = [applied EXCEPT ![p] = applied[q]]
    /\ proposers' = [proposers EXCEPT ![p] = proposers[q]]
    /\ UNCHANGED log

\* p lost its flash.
Forget(p) ==
    /\ applied[p] > 0
    /\ applied' = [applied EXCEPT ![p] = 0]
    /\ proposers' = [proposers EXCEPT ![p] = NoProposers]
    /\ UNCHANGED log

Next ==
    \/ \E v \in View, origin \in View : Decide(v, origin)
    \/ \E p \in Correct : Apply(p) \/ Forget(p)
    \/ \E p, q \in Correct : Adopt(p, q)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
\* Properties; properties.md gives each its identifier.

TypeOK ==
    /\ log \in UNION {[1..k -> View] : k \in 0..MaxSlot}
    /\ applied \in [Correct -> 0..MaxSlot]
    /\ proposers \in [Correct -> [1..(2 * Window) -> Replica]]

\* All replicas that have an instance of a slot compute the same leader, which is the rule's.
SameLeader ==
    \A p \in Correct, s \in 1..MaxSlot :
        InRange(p, s) => Leader(p, s, 0) = LeaderByRule(s, 0)

\* In n consecutive views each replica leads once.
EachLeadsOnce ==
    \A p \in Correct, s \in 1..MaxSlot, v \in View :
        InRange(p, s) => {Leader(p, s, v + i) : i \in 0..(ReplicaCount - 1)} = Replica

\* Some view of the first f + 1 has a correct leader.
CorrectLeaderSoon ==
    \A p \in Correct, s \in 1..MaxSlot :
        InRange(p, s) => \E v \in 0..FaultsMax : Leader(p, s, v) \in Correct

\* A leader stays as long as it delivers: a slot decided in view 0 has the same leader a window later.
Sticky ==
    \A s \in 1..Len(log) : log[s] = 0 => LeaderByRule(s + Window, 0) = LeaderByRule(s, 0)

\* A slot is decided only when the slot a window before it is.
WithinWindow == \A p \in Correct : applied[p] <= Len(log)
=============================================================================
