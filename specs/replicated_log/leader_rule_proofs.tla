------------------------- MODULE leader_rule_proofs -------------------------
(***************************************************************************)
(* Proofs about leader_rule.tla, for any number of replicas, slots, views  *)
(* and liars (amu prove replicated_log; docs/reference/proofs.md).         *)
(*                                                                         *)
(* The rule looks a window back, again and again. A history variable has   *)
(* what it comes to: first[s] leads view 0 of slot s. It forbids no step,  *)
(* and no other variable depends on it. The recursive definition           *)
(* FirstLeader is not translated: RuleKept says of First what FirstLeader  *)
(* is defined to be, and FirstIsRule that the two are equal, which tests   *)
(* show in small states.                                                   *)
(*                                                                         *)
(* That each replica leads once in n views, and a correct one in the first *)
(* f + 1, counts leaders: it stays with the model checker.                 *)
(***************************************************************************)
EXTENDS leader_rule

VARIABLE first

\* These follow from the assumptions above, once a constant is known to be a number.
ASSUME ConstantsHaveTypes ==
    /\ ReplicaCount \in Nat \ {0}
    /\ Byzantine \subseteq Replica
    /\ FaultsMax \in Nat
    /\ Window \in Nat \ {0}
    /\ MaxView \in Nat
    /\ MaxSlot \in Nat

Listed == 1..(2 * Window)
First(s) == IF s <= Window THEN 0 ELSE first[s]

InitWithRule == Init /\ first = [s \in 1..(MaxSlot + Window) |-> 0]

\* What is decided in a slot says who leads first a window later.
DecideByRule(v, origin) ==
    /\ Decide(v, origin)
    /\ first' = [first EXCEPT ![Len(log) + 1 + Window] = (First(Len(log) + 1) + origin) % ReplicaCount]

NextWithRule ==
    \/ \E v \in View, origin \in View : DecideByRule(v, origin)
    \/ \E p \in Correct : (Apply(p) \/ Forget(p)) /\ UNCHANGED first
    \/ \E p, q \in Correct : Adopt(p, q) /\ UNCHANGED first

SpecWithRule == InitWithRule /\ [][NextWithRule]_<<log, applied, proposers, first>>

-----------------------------------------------------------------------------
Types ==
    /\ log \in Seq(View)
    /\ applied \in [Correct -> 0..MaxSlot]
    /\ proposers \in [Correct -> [Listed -> Replica]]
    /\ first \in [1..(MaxSlot + Window) -> Replica]

LogInBounds == Len(log) <= MaxSlot

Bounded == Types /\ LogInBounds

THEOREM LeadersTyped == SpecWithRule => []Bounded
<1> QED BY Types, LogInBounds

THEOREM AppliedInWindow == SpecWithRule => []WithinWindow
<1> QED BY LeadersTyped, Types

-----------------------------------------------------------------------------
\* The history variable is the rule, and each replica's list has what it says.

FirstIsRule == \A s \in 1..(Len(log) + Window) : First(s) = FirstLeader(s)
RuleIsFollowed == \A s \in 1..Len(log) : First(s + Window) = (First(s) + log[s]) % ReplicaCount
ListIsRule == \A p \in Correct : \A i \in Listed : proposers[p][i] = First(applied[p] - Window + i)
Ruled == RuleIsFollowed /\ ListIsRule

THEOREM RuleKept == SpecWithRule => []Ruled
<1>1. ASSUME NEW p \in Correct, Apply(p) PROVE Ruled'
  <2>1. applied[p] + 1 \in 1..Len(log) BY Types
  <2>2. proposers[p][Window + 1] = First(applied[p] + 1) BY Types, ListIsRule
  <2>3. First(applied[p] + 1 + Window) = (First(applied[p] + 1) + log[applied[p] + 1]) % ReplicaCount
        BY <2>1, RuleIsFollowed
  <2>4. First(applied[p] + 1 + Window) = Leader(p, applied[p] + 1, log[applied[p] + 1]) BY <2>2, <2>3
  <2> QED BY <2>4, ListIsRule
<1>2. ASSUME NEW p \in Correct, Forget(p) PROVE Ruled'
  <2> QED BY Types
<1>3. ASSUME NEW p \in Correct, NEW q \in Correct, Adopt(p, q) PROVE Ruled'
  <2> QED BY ListIsRule
<1> QED BY LeadersTyped, Types, LogInBounds, AppliedInWindow, WithinWindow

\* SameLeader, with first in place of the recursive definition.
LeaderIsFirst ==
    \A p \in Correct, s \in 1..MaxSlot, v \in View : InRange(p, s) => Leader(p, s, v) = (First(s) + v) % ReplicaCount

THEOREM LeadersAgree == SpecWithRule => []LeaderIsFirst
  BY LeadersTyped, Types, RuleKept, ListIsRule

\* Sticky, in the same way.
FirstIsSticky == \A s \in 1..Len(log) : log[s] = 0 => First(s + Window) = First(s)

THEOREM LeadersStay == SpecWithRule => []FirstIsSticky
  BY LeadersTyped, Types, LogInBounds, RuleKept, RuleIsFollowed

=============================================================================
