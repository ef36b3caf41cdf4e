------------------------- MODULE checkpoints_proofs -------------------------
(***************************************************************************)
(* Proofs about checkpoints.tla, for any number of replicas, slots and     *)
(* liars (amu prove replicated_log; docs/reference/proofs.md). What counts *)
(* logs and checkpoints, such as LogIsBounded and Recoverable, stays with  *)
(* the model checker.                                                      *)
(***************************************************************************)
EXTENDS checkpoints

ASSUME ConstantsHaveTypes ==
    /\ Byzantine \subseteq Replica
    /\ FaultsMax \in Nat
    /\ Window \in Nat
    /\ Period \in Nat
    /\ Watermark \in Nat
    /\ Kept \in Nat
    /\ MaxSlot \in Nat

LEMMA BlockingSetHasCorrect == \A B \in SUBSET Replica : IsBlocking(B) => \E p \in Correct : p \in B
  BY DEF Cardinality

HIDE DEF IsQuorum, IsBlocking

-----------------------------------------------------------------------------
\* TypeOK, with misled as an element.
Types ==
    /\ decided \in 0..MaxSlot
    /\ applied \in [Correct -> 0..MaxSlot]
    /\ made \in [Correct -> SUBSET Checkpoint]
    /\ stable \in [Correct -> 0..MaxSlot]
    /\ log \in [Correct -> SUBSET Slot]
    /\ voted \in [Correct -> 0..MaxSlot]
    /\ misled \in SUBSET Correct

CheckpointsAreDecided == \A p \in Correct : \A s \in made[p] : s <= decided

Real ==
    /\ CheckpointsAreDecided
    /\ AdoptedStateIsReal

THEOREM CheckpointsTyped == Spec => []Types
<1> QED

THEOREM StatesAreReal == Spec => []Real
<1> QED BY CheckpointsTyped, Types, CheckpointsAreDecided, AdoptedStateIsReal, BlockingSetHasCorrect

THEOREM VotesInWindow == Spec => []WithinWindow
<1> QED BY CheckpointsTyped, Types
=============================================================================
