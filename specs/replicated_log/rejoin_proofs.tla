---------------------------- MODULE rejoin_proofs ----------------------------
(***************************************************************************)
(* Proofs about rejoin.tla, for any number of replicas, slots and liars    *)
(* (amu prove replicated_log; docs/reference/proofs.md).                   *)
(*                                                                         *)
(* That the floor covers what was forgotten counts who is faulty at which  *)
(* time: it stays with the model checker.                                  *)
(***************************************************************************)
EXTENDS rejoin

ASSUME ConstantsHaveTypes ==
    /\ Byzantine \subseteq Replica
    /\ FaultsMax \in Nat
    /\ Window \in Nat
    /\ MaxSlot \in Nat

HIDE DEF IsQuorum

-----------------------------------------------------------------------------
\* TypeOK, but for the floor's upper bound.
Types ==
    /\ applied \in [Correct -> 0..MaxSlot]
    /\ floor \in [Correct -> Int]
    /\ voted \in [Correct -> SUBSET Slot]
    /\ forgotten \in [Correct -> SUBSET Slot]
    /\ answers \in [Correct -> [Replica -> Unknown..MaxSlot]]

THEOREM RejoinTyped == Spec => []Types
<1> QED

THEOREM Silent == Spec => []SilentWithoutMemory
<1> QED BY RejoinTyped, Types

\* Where the floor covers what was forgotten, nobody votes twice.
LEMMA FloorForbidsSecondVote ==
    ASSUME SilentWithoutMemory, FloorCoversForgotten
    PROVE  NoSecondVote
  BY SilentWithoutMemory, FloorCoversForgotten
=============================================================================
