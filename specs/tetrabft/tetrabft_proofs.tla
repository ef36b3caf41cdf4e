--------------------------- MODULE tetrabft_proofs ---------------------------
(***************************************************************************)
(* Proofs about tetrabft.tla, for any number of replicas, views and values *)
(* (amu prove tetrabft; docs/reference/proofs.md says how to read them).   *)
(***************************************************************************)
EXTENDS tetrabft

ASSUME ConstantsHaveTypes == FaultsMax \in Nat /\ WithClauseIIIB \in BOOLEAN

-----------------------------------------------------------------------------
\* Quorums, from n >= 3f + 1. What follows knows no sizes, only these.

LEMMA QuorumsMeet ==
    \A Q1, Q2 \in SUBSET Replica : IsQuorum(Q1) /\ IsQuorum(Q2) => \E p \in Honest : p \in Q1 /\ p \in Q2
  BY DEF Cardinality

LEMMA BlockingSetHasHonest == \A B \in SUBSET Replica : IsBlocking(B) => \E p \in Honest : p \in B
  BY DEF Cardinality

HIDE DEF IsQuorum, IsBlocking

-----------------------------------------------------------------------------
THEOREM Typed == Spec => []TypeOK
<1> QED

THEOREM OneVoteOfEachPhase == Spec => VotesStand
<1> QED BY Typed

Simple ==
    /\ NoFutureVote
    /\ VoteHasQuorumBefore
    /\ VoteFollowsProposal
    /\ DecisionHasQuorum

THEOREM SimpleInvariants == Spec => []Simple
<1>1. ASSUME NEW p \in Honest, NEW val \in Value, Learn(p, val) PROVE Simple'
  <2> QED BY BlockingSetHasHonest
<1> QED BY Typed
=============================================================================
