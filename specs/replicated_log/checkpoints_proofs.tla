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
    /\ Period \in Nat
    /\ Window \in 1..(Period - 1)
    /\ Watermark \in Nat
    /\ Kept \in Nat \ {0, 1}
    /\ MaxSlot \in Nat

LEMMA QuorumsBlock == \A Q \in SUBSET Replica : IsQuorum(Q) => IsBlocking(Q \ Byzantine)
  BY DEF Cardinality

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

-----------------------------------------------------------------------------
\* Every slot that is cut is available: f + 1 correct replicas keep the last checkpoint that is a window below the end.
MadeIsApplied == \A p \in Correct : \A c \in made[p] : c <= applied[p]
PassedIsMade ==
    \A p \in Correct : \A c \in Checkpoint : c <= applied[p] => \E d \in made[p] : c <= d /\ d <= applied[p]
StableIsMade == \A p \in Correct : stable[p] = 0 \/ stable[p] \in made[p]
MadeByMany == \A c \in Checkpoint : c + Window <= decided => IsBlocking({q \in Correct : c \in made[q]})

Covered ==
    /\ MadeIsApplied
    /\ PassedIsMade
    /\ StableIsMade
    /\ MadeByMany

LEMMA CheckpointsApart == \A c, d \in Checkpoint : c < d => c + Period <= d
  OBVIOUS

LEMMA CheckpointBefore == \A c \in Checkpoint : c > Period => c - Period \in Checkpoint
  OBVIOUS

THEOREM CheckpointsCovered == Spec => []Covered
<1>1. ASSUME NEW p \in Correct, NEW s \in 0..MaxSlot, Reboot(p, s) PROVE Covered'
  <2>1. MadeIsApplied' BY Types, MadeIsApplied
  <2> QED BY Types, PassedIsMade
<1> QED BY CheckpointsTyped, StatesAreReal, Types, AdoptedStateIsReal, CheckpointsAreDecided, MadeIsApplied, PassedIsMade,
           StableIsMade, CheckpointsApart, QuorumsBlock

Ended == {c \in Checkpoint : c + Window <= decided}
IsLast(c) == c \in Ended /\ \A d \in Ended : d <= c
Last == CHOOSE c \in Ended : \A d \in Ended : d <= c

LEMMA LastExists == ASSUME NEW c \in Ended PROVE IsLast(Last)
  OBVIOUS

LEMMA LastIsKept ==
    ASSUME Types, Real, Covered, NEW c \in Checkpoint, IsLast(c), NEW q \in Correct, c \in made[q]
    PROVE  c \in Own(q)
  BY Types, CheckpointsAreDecided, CheckpointsApart

LEMMA LastIsKeptByMany ==
    ASSUME Types, Real, Covered, NEW c \in Checkpoint, IsLast(c)
    PROVE  IsBlocking({q \in Correct : c \in Own(q)})
  BY LastIsKept, Types, Real, Covered, MadeByMany

HIDE DEF Last

LEMMA SlotsUpToLastCanBeHad ==
    ASSUME Types, Real, Covered, NEW c \in Checkpoint, IsLast(c), NEW s \in 1..c
    PROVE  CanBeHad(s)
  BY LastIsKeptByMany, Types, Real, Covered

HIDE DEF CanBeHad

LEMMA CutsCanBeHad ==
    ASSUME Types, Real, Covered, NEW p \in Correct, NEW s \in 1..(stable[p] - Period)
    PROVE  CanBeHad(s)
<1>1. stable[p] \in Checkpoint /\ stable[p] <= decided BY Types, CheckpointsAreDecided, StableIsMade
<1>2. \E c \in Ended : c = stable[p] - Period BY <1>1, CheckpointBefore
<1>3. Last \in Checkpoint /\ IsLast(Last) /\ s <= Last BY <1>2, LastExists DEF IsLast
<1> HIDE DEF IsLast
<1> QED BY <1>3, SlotsUpToLastCanBeHad, Types, Real, Covered

THEOREM CutsAreCovered == Spec => []CutIsCovered
  BY CheckpointsTyped, StatesAreReal, CheckpointsCovered, Types, Real, Covered, CutsCanBeHad
=============================================================================
