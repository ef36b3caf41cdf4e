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

LEMMA HonestAreQuorum == IsQuorum(Honest)
  BY DEF Cardinality

LEMMA QuorumsBlock == \A Q \in SUBSET Replica : IsQuorum(Q) => IsBlocking(Q \cap Honest)
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

-----------------------------------------------------------------------------
\* Agreement. What quorums accept in a phase of a view is one value, and so are the votes of the next phase.

LEMMA OneAccepted ==
    \A x, y \in Value, v \in View, k \in Phase : Accepted(x, v, k) /\ Accepted(y, v, k) => x = y
  BY QuorumsMeet

OneValueIn(k) ==
    \A p, q \in Honest, v \in View :
        votes[p][k][v] # NoValue /\ votes[q][k][v] # NoValue => votes[p][k][v] = votes[q][k][v]

QuorumBefore(k) ==
    \A p \in Honest, v \in View : votes[p][k][v] # NoValue => Accepted(votes[p][k][v], v, k - 1)

LEMMA QuorumBefore2 == ASSUME VoteHasQuorumBefore PROVE QuorumBefore(2) BY VoteHasQuorumBefore
LEMMA QuorumBefore4 == ASSUME VoteHasQuorumBefore PROVE QuorumBefore(4) BY VoteHasQuorumBefore

LEMMA OneValue ==
    ASSUME VoteHasQuorumBefore
    PROVE  OneValueIn(4)
<1> HIDE DEF Accepted
<1> QED BY QuorumBefore4, OneAccepted

\* VotesSafe, phase by phase.
VotesSafeIn(k) ==
    \A p \in Honest, v \in View :
        votes[p][k][v] # NoValue => \A u \in 0..(v - 1) : NoneOtherChoosableAt(votes[p][k][v], u)

Heart == VotesSafeIn(1) /\ VotesSafeIn(2) /\ VotesSafeIn(3) /\ VotesSafeIn(4)

\* What CHOOSE gives: the last vote of phase k before v, and the last for another value.
LastVote(k) ==
    \A p \in Honest, v \in View :
        LET h == HighestVote(p, k, v)
        IN  \/ h = NoVote /\ \A u \in 0..(v - 1) : votes[p][k][u] = NoValue
            \/ /\ h.view \in 0..(v - 1)
               /\ h.value # NoValue
               /\ votes[p][k][h.view] = h.value
               /\ \A u \in (h.view + 1)..(v - 1) : votes[p][k][u] = NoValue

LastOther(k) ==
    \A p \in Honest, v \in View :
        LET h == HighestVote(p, k, v)
            s == SecondVote(p, k, v)
        IN  \/ s = NoVote /\ \A u \in 0..(v - 1) : votes[p][k][u] \in {NoValue, h.value}
            \/ /\ s.view \in 0..(v - 1)
               /\ s.value \notin {NoValue, h.value}
               /\ votes[p][k][s.view] = s.value
               /\ \A u \in (s.view + 1)..(v - 1) : votes[p][k][u] \in {NoValue, h.value}

LEMMA LastVote1 == LastVote(1)
  OBVIOUS

LEMMA LastVote2 == LastVote(2)
  OBVIOUS

LEMMA LastVote3 == LastVote(3)
  OBVIOUS

LEMMA LastVote4 == LastVote(4)
  OBVIOUS

HIDE DEF HighestVote

LEMMA LastOther1 == LastOther(1)
  OBVIOUS

LEMMA LastOther2 == LastOther(2)
  OBVIOUS

HIDE DEF SecondVote

LEMMA TwoSafeAllSafe ==
    ASSUME VoteHasQuorumBefore, NEW x \in Value, NEW y \in Value, NEW z \in Value, NEW u \in View, x # y,
           NoneOtherChoosableAt(x, u), NoneOtherChoosableAt(y, u)
    PROVE  NoneOtherChoosableAt(z, u)
  BY OneValue

HIDE DEF NoneOtherChoosableAt

\* A replica that claims that val is safe at r has voted for it there or above, or for two values.
LEMMA ClaimIsSafe ==
    ASSUME Heart, VoteHasQuorumBefore, NEW p \in Honest, NEW val \in Value, NEW v \in View, NEW r \in 0..(v - 1),
           ClaimsSafeAt(p, val, r, v, 1), NEW u \in 0..(r - 1)
    PROVE  NoneOtherChoosableAt(val, u)
<1>1. ASSUME HighestVote(p, 1, v).view >= r, HighestVote(p, 1, v).value = val PROVE NoneOtherChoosableAt(val, u)
  BY VotesSafeIn(1), LastVote1
<1>2. ASSUME SecondVote(p, 1, v).view >= r PROVE NoneOtherChoosableAt(val, u)
  <2>1. NoneOtherChoosableAt(HighestVote(p, 1, v).value, u) BY VotesSafeIn(1), LastVote1, LastOther1
  <2>2. NoneOtherChoosableAt(SecondVote(p, 1, v).value, u) BY VotesSafeIn(1), LastOther1
  <2> QED BY <2>1, <2>2, LastVote1, LastOther1, TwoSafeAllSafe
<1> QED BY <1>1, <1>2

LEMMA BlockingClaimIsSafe ==
    ASSUME Heart, VoteHasQuorumBefore, NEW val \in Value, NEW v \in View, NEW r \in 0..(v - 1),
           BlockingClaims(val, r, v, 1, Byzantine), NEW u \in 0..(r - 1)
    PROVE  NoneOtherChoosableAt(val, u)
  BY ClaimIsSafe, BlockingSetHasHonest

\* A quorum without a vote of phase 4 from r on, but for val at r.
LEMMA SilenceIsSafe ==
    ASSUME NEW val \in Value, NEW v \in View, NEW r \in 0..(v - 1),
           IsQuorum(Byzantine \cup {p \in Honest : view[p] >= v /\ NoneAfterAndNoOtherAt(p, val, r, v, 4)}),
           NEW u \in r..(v - 1)
    PROVE  NoneOtherChoosableAt(val, u)
  BY LastVote4 DEF NoneOtherChoosableAt

LEMMA NoVotesAreSafe ==
    ASSUME NEW val \in Value, NEW v \in View,
           IsQuorum(Byzantine \cup {p \in Honest : view[p] >= v /\ HighestVote(p, 4, v) = NoVote}),
           NEW u \in 0..(v - 1)
    PROVE  NoneOtherChoosableAt(val, u)
  BY LastVote4 DEF NoneOtherChoosableAt

HIDE DEF BlockingClaims, NoneAfterAndNoOtherAt

LEMMA TwoValuesClaimedIsSafe ==
    ASSUME Heart, VoteHasQuorumBefore, NEW val \in Value, NEW v \in View, NEW r \in 0..(v - 1),
           TwoValuesClaimed(r, v, 1, Byzantine), NEW u \in 0..(r - 1)
    PROVE  NoneOtherChoosableAt(val, u)
<1>1. \E x, y \in Value : x # y /\ NoneOtherChoosableAt(x, u) /\ NoneOtherChoosableAt(y, u)
  BY BlockingClaimIsSafe
<1> QED BY <1>1, TwoSafeAllSafe

HIDE DEF TwoValuesClaimed

LEMMA SafeToVoteIsSafe ==
    ASSUME Heart, VoteHasQuorumBefore, NEW val \in Value, NEW v \in View, SafeToVote(val, v)
    PROVE  \A u \in 0..(v - 1) : NoneOtherChoosableAt(val, u)
  BY NoVotesAreSafe, SilenceIsSafe, BlockingClaimIsSafe, TwoValuesClaimedIsSafe

HIDE DEF SafeToVote

THEOREM HeartInvariant == Spec => []Heart
<1>1. ASSUME NEW p \in Honest, NEW v \in View, EnterView(p, v) PROVE Heart'
  <2> QED BY DEF NoneOtherChoosableAt
<1>2. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Vote1(p, v, val) PROVE Heart'
  <2> QED BY SafeToVoteIsSafe
<1>3. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Vote2(p, v, val) PROVE Heart'
  <2>1. VotesSafeIn(2)' BY QuorumsMeet, VotesSafeIn(1)
  <2> QED
<1>4. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Vote3(p, v, val) PROVE Heart'
  <2>1. VotesSafeIn(3)' BY QuorumsMeet, VotesSafeIn(2)
  <2> QED
<1>5. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Vote4(p, v, val) PROVE Heart'
  <2>1. ASSUME NEW x \in Value, NEW u \in View, NoneOtherChoosableAt(x, u) PROVE NoneOtherChoosableAt(x, u)'
    BY DEF NoneOtherChoosableAt
  <2>2. VotesSafeIn(4)' BY <2>1, QuorumsMeet, VotesSafeIn(3)
  <2> QED BY <2>1
<1> QED BY Typed, SimpleInvariants

HIDE DEF Accepted

\* Honest members of the quorum for y in w say that no other value is choosable in u; x was chosen there.
LEMMA OneInTwoViews ==
    ASSUME VotesSafeIn(4), NEW x \in Value, NEW y \in Value, NEW u \in View, NEW w \in View, u <= w,
           Accepted(x, u, 4), Accepted(y, w, 4)
    PROVE  x = y
<1>1. ASSUME u < w PROVE NoneOtherChoosableAt(y, u) BY QuorumsMeet, VotesSafeIn(4) DEF Accepted
<1>2. ASSUME NoneOtherChoosableAt(y, u) PROVE x = y BY QuorumsMeet DEF Accepted, NoneOtherChoosableAt
<1> QED BY <1>1, <1>2, OneAccepted

THEOREM VotesAreSafe == Spec => []VotesSafe
  BY HeartInvariant, VotesSafeIn(1), VotesSafeIn(2), VotesSafeIn(3), VotesSafeIn(4)

THEOREM OneChosen == Spec => []OneValueChosen
  BY HeartInvariant, VotesSafeIn(4), OneInTwoViews

THEOREM Agreed == Spec => []Agreement
  BY HeartInvariant, SimpleInvariants, DecisionHasQuorum, VotesSafeIn(4), OneInTwoViews

-----------------------------------------------------------------------------
\* The heart of liveness, with clause (iii-B): what a leader may propose, voters accept.

AllEntered(v) == \A p \in Honest : view[p] >= v

LEMMA VoterClaims ==
    ASSUME NEW p \in Honest, NEW val \in Value, NEW v \in View, NEW u \in 0..(v - 1), NEW r \in 0..u,
           votes[p][1][u] = val
    PROVE  ClaimsSafeAt(p, val, r, v, 1)
  BY LastVote1, LastOther1

LEMMA AcceptedIsClaimed ==
    ASSUME NEW val \in Value, NEW v \in View, NEW u \in 0..(v - 1), NEW r \in 0..u, AllEntered(v), Accepted(val, u, 1)
    PROVE  BlockingClaims(val, r, v, 1, {})
<1> HIDE DEF ClaimsSafeAt
<1> QED BY QuorumsBlock, VoterClaims DEF Accepted, BlockingClaims

\* The claim of one honest replica, by its phase-2 votes, is one of a blocking set, by phase-1 votes.
LEMMA ClaimIsCarried ==
    ASSUME VoteHasQuorumBefore, NEW p \in Honest, NEW val \in Value, NEW v \in View, NEW r \in 0..(v - 1), AllEntered(v),
           ClaimsSafeAt(p, val, r, v, 2)
    PROVE  BlockingClaims(val, r, v, 1, {}) \/ TwoValuesClaimed(r, v, 1, {})
<1>1. ASSUME r = 0 PROVE BlockingClaims(val, r, v, 1, {})
  BY HonestAreQuorum, QuorumsBlock DEF BlockingClaims
<1>2. ASSUME HighestVote(p, 2, v).view >= r, HighestVote(p, 2, v).value = val PROVE BlockingClaims(val, r, v, 1, {})
  BY LastVote2, QuorumBefore2, AcceptedIsClaimed
<1>3. ASSUME SecondVote(p, 2, v).view >= r PROVE TwoValuesClaimed(r, v, 1, {})
  <2>1. Accepted(SecondVote(p, 2, v).value, SecondVote(p, 2, v).view, 1) BY LastOther2, QuorumBefore2
  <2>2. Accepted(HighestVote(p, 2, v).value, HighestVote(p, 2, v).view, 1) BY LastVote2, LastOther2, QuorumBefore2
  <2>3. BlockingClaims(SecondVote(p, 2, v).value, r, v, 1, {}) /\ BlockingClaims(HighestVote(p, 2, v).value, r, v, 1, {})
    BY <2>1, <2>2, LastVote2, LastOther2, AcceptedIsClaimed
  <2>4. ASSUME SecondVote(p, 2, v).view > r PROVE BlockingClaims(SecondVote(p, 2, v).value, r + 1, v, 1, {})
    BY <2>1, LastOther2, AcceptedIsClaimed
  <2>5. ASSUME HighestVote(p, 2, v).view > r PROVE BlockingClaims(HighestVote(p, 2, v).value, r + 1, v, 1, {})
    BY <2>2, LastVote2, AcceptedIsClaimed
  <2> QED BY <2>3, <2>4, <2>5, LastVote2, LastOther2 DEF TwoValuesClaimed
<1> QED BY <1>1, <1>2, <1>3

LEMMA NoLockAfterSilence ==
    ASSUME VoteHasQuorumBefore, NEW v \in View, AllEntered(v),
           IsQuorum(Byzantine \cup {p \in Honest : view[p] >= v /\ HighestVote(p, 3, v) = NoVote})
    PROVE  IsQuorum({p \in Honest : view[p] >= v /\ HighestVote(p, 4, v) = NoVote})
<1>1. \A val \in Value, u \in 0..(v - 1) : ~Accepted(val, u, 3) BY QuorumsMeet, LastVote3 DEF Accepted
<1>2. \A p \in Honest, u \in 0..(v - 1) : votes[p][4][u] = NoValue BY <1>1, QuorumBefore4
<1>3. \A p \in Honest : HighestVote(p, 4, v) = NoVote BY <1>2, LastVote4
<1> QED BY <1>3, HonestAreQuorum

LEMMA LocksFollow ==
    ASSUME VoteHasQuorumBefore, NEW val \in Value, NEW v \in View, NEW r \in 0..(v - 1), AllEntered(v),
           IsQuorum(Byzantine \cup {p \in Honest : view[p] >= v /\ NoneAfterAndNoOtherAt(p, val, r, v, 3)})
    PROVE  IsQuorum({p \in Honest : view[p] >= v /\ NoneAfterAndNoOtherAt(p, val, r, v, 4)})
<1>1. \A x \in Value, u \in r..(v - 1) : Accepted(x, u, 3) => u = r /\ x = val
  BY QuorumsMeet, LastVote3 DEF Accepted, NoneAfterAndNoOtherAt
<1>2. \A p \in Honest, u \in r..(v - 1) : votes[p][4][u] # NoValue => u = r /\ votes[p][4][u] = val
  BY <1>1, QuorumBefore4
<1>3. \A p \in Honest : NoneAfterAndNoOtherAt(p, val, r, v, 4) BY <1>2, LastVote4 DEF NoneAfterAndNoOtherAt
<1> QED BY <1>3, HonestAreQuorum

LEMMA BlockingClaimIsCarried ==
    ASSUME VoteHasQuorumBefore, NEW val \in Value, NEW v \in View, NEW r \in 0..(v - 1), AllEntered(v),
           BlockingClaims(val, r, v, 2, Byzantine)
    PROVE  BlockingClaims(val, r, v, 1, {}) \/ TwoValuesClaimed(r, v, 1, {})
<1>1. \E p \in Honest : ClaimsSafeAt(p, val, r, v, 2)
  BY BlockingSetHasHonest DEF BlockingClaims
<1> HIDE DEF ClaimsSafeAt
<1> QED BY <1>1, ClaimIsCarried, VoteHasQuorumBefore

THEOREM Accepting == Spec => [](WithClauseIIIB => ProposalAcceptable)
  BY SimpleInvariants, VoteHasQuorumBefore, NoLockAfterSilence, LocksFollow, BlockingClaimIsCarried
-----------------------------------------------------------------------------
\* What was permitted stays permitted: votes below the view that a replica is in do not change.

ProposalsPermitted == \A v \in View : proposal[v] # NoValue => SafeToPropose(proposal[v], v)
FirstVotesPermitted ==
    \A p \in Honest, v \in View : votes[p][1][v] # NoValue => SafeToVote(votes[p][1][v], v)
Permitted == ProposalsPermitted /\ FirstVotesPermitted

HIDE DEF SafeToPropose

THEOREM PermittedStays == Spec => []Permitted
<1>1. ASSUME NEW p \in Honest, NEW v \in View, EnterView(p, v) PROVE Permitted'
  <2>1. ASSUME NEW x \in Value, NEW u \in View, SafeToPropose(x, u) PROVE SafeToPropose(x, u)'
    BY DEF SafeToPropose, BlockingClaims
  <2>2. ASSUME NEW x \in Value, NEW u \in View, NEW r \in 0..(u - 1), BlockingClaims(x, r, u, 1, Byzantine)
          PROVE  BlockingClaims(x, r, u, 1, Byzantine)'
    BY DEF BlockingClaims
  <2>3. ASSUME NEW u \in View, NEW r \in 0..(u - 1), TwoValuesClaimed(r, u, 1, Byzantine)
          PROVE  TwoValuesClaimed(r, u, 1, Byzantine)'
    BY <2>2 DEF TwoValuesClaimed
  <2>4. ASSUME NEW x \in Value, NEW u \in View, SafeToVote(x, u) PROVE SafeToVote(x, u)'
    BY <2>2, <2>3 DEF SafeToVote
  <2> QED BY <2>1, <2>4
<1>2. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Vote1(p, v, val) PROVE Permitted'
  <2>1. LastVote(1)' BY DEF HighestVote
  <2>2. ASSUME NEW q \in Honest, NEW u \in View, view[q] >= u PROVE HighestVote(q, 1, u)' = HighestVote(q, 1, u)
    BY <2>1, LastVote1
  <2>3. LastOther(1)' BY DEF SecondVote
  <2>4. ASSUME NEW q \in Honest, NEW u \in View, view[q] >= u PROVE SecondVote(q, 1, u)' = SecondVote(q, 1, u)
    BY <2>2, <2>3, LastVote1, LastOther1
  <2>5. ASSUME NEW x \in Value, NEW u \in View, NEW r \in 0..(u - 1), BlockingClaims(x, r, u, 1, Byzantine)
          PROVE  BlockingClaims(x, r, u, 1, Byzantine)'
    BY <2>2, <2>4 DEF BlockingClaims
  <2>6. ASSUME NEW u \in View, NEW r \in 0..(u - 1), TwoValuesClaimed(r, u, 1, Byzantine)
          PROVE  TwoValuesClaimed(r, u, 1, Byzantine)'
    BY <2>5 DEF TwoValuesClaimed
  <2>7. ASSUME NEW x \in Value, NEW u \in View, SafeToVote(x, u) PROVE SafeToVote(x, u)'
    BY <2>5, <2>6 DEF SafeToVote
  <2> QED BY <2>7
<1>3. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Vote2(p, v, val) PROVE Permitted'
  <2>1. LastVote(2)' BY DEF HighestVote
  <2>2. ASSUME NEW q \in Honest, NEW u \in View, view[q] >= u PROVE HighestVote(q, 2, u)' = HighestVote(q, 2, u)
    BY <2>1, LastVote2
  <2>3. LastOther(2)' BY DEF SecondVote
  <2>4. ASSUME NEW q \in Honest, NEW u \in View, view[q] >= u PROVE SecondVote(q, 2, u)' = SecondVote(q, 2, u)
    BY <2>2, <2>3, LastVote2, LastOther2
  <2>5. ASSUME NEW x \in Value, NEW u \in View, SafeToPropose(x, u) PROVE SafeToPropose(x, u)'
    BY <2>2, <2>4 DEF SafeToPropose, BlockingClaims
  <2> QED BY <2>5
<1>4. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Vote3(p, v, val) PROVE Permitted'
  <2>1. LastVote(3)' BY DEF HighestVote
  <2>2. ASSUME NEW q \in Honest, NEW u \in View, view[q] >= u PROVE HighestVote(q, 3, u)' = HighestVote(q, 3, u)
    BY <2>1, LastVote3
  <2>3. ASSUME NEW x \in Value, NEW u \in View, SafeToPropose(x, u) PROVE SafeToPropose(x, u)'
    BY <2>2 DEF SafeToPropose, NoneAfterAndNoOtherAt
  <2> QED BY <2>3
<1>5. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Vote4(p, v, val) PROVE Permitted'
  <2>1. LastVote(4)' BY DEF HighestVote
  <2>2. ASSUME NEW q \in Honest, NEW u \in View, view[q] >= u PROVE HighestVote(q, 4, u)' = HighestVote(q, 4, u)
    BY <2>1, LastVote4
  <2>3. ASSUME NEW x \in Value, NEW u \in View, SafeToVote(x, u) PROVE SafeToVote(x, u)'
    BY <2>2 DEF SafeToVote, NoneAfterAndNoOtherAt
  <2> QED BY <2>3
<1> QED BY Typed

THEOREM GuardsKept == Spec => []GuardsStand
  BY PermittedStays, ProposalsPermitted, FirstVotesPermitted
=============================================================================
