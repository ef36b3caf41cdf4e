--------------------------- MODULE tetrabft_model ---------------------------
(***************************************************************************)
(* tetrabft.tla for TLC: symmetry, and the rules of the paper word by word *)
(* (they enumerate sets of replicas and remember all votes), which         *)
(* CountingIsExact compares with the counting of single replicas, on       *)
(* constant storage, in tetrabft.tla and in the flight software.           *)
(***************************************************************************)
EXTENDS tetrabft, TLC

CONSTANT Heavy  \* replicas that count twice, where a cfg says Weight <- HeavyWeight

\* Three replicas, an honest one of them heavy, are a quorum system as good as four replicas: no
\* three sets that may fail (the light replicas, one at a time) cover them all. Quorums are the
\* heavy replica with any other; blocking sets are the heavy one, or both light ones.
HeavyWeight(S) == Cardinality(S) + Cardinality(S \cap Heavy)

Symmetry == Permutations(Honest \ Heavy) \cup Permutations(Honest \cap Heavy) \cup Permutations(Value)

\* A liar leads the first view, the heavy replica the others: this case uses every rule, and has
\* fewer states than all leaders together.
LedInit == Init /\ \A v \in View : IF v = 0 THEN leader[v] \in Byzantine ELSE leader[v] \in Heavy

LedSpec == LedInit /\ [][Next]_vars

\* For random walks. To skip a view is to enter it and do nothing there, so entering one view at a
\* time loses no behaviour, and keeps walks from skipping most views.
WalkNext ==
    \E p \in Honest :
        \/ view[p] < MaxView /\ EnterView(p, view[p] + 1)
        \/ \E val \in Value :
              \/ Propose(p, view[p], val)
              \/ Vote1(p, view[p], val)
              \/ Vote2(p, view[p], val)
              \/ Vote3(p, view[p], val)
              \/ Vote4(p, view[p], val)
              \/ \E v \in View : Decide(p, v, val)
              \/ Learn(p, val)

WalkSpec == Init /\ [][WalkNext]_vars

\* Rules 2 and 4 on the whole history.
ClaimsByHistory(p, val, r, v, k) ==
    \/ r = 0
    \/ \E u \in r..(v - 1) : votes[p][k][u] = val
    \/ \E u, w \in r..(v - 1) :
          /\ NoValue \notin {votes[p][k][u], votes[p][k][w]}
          /\ votes[p][k][u] # votes[p][k][w]

BlockingSetClaims(val, r, v, k, liars) ==
    \E S \in SUBSET (Honest \cup liars) :
        /\ IsBlocking(S)
        /\ \A p \in S \ liars : view[p] >= v /\ ClaimsByHistory(p, val, r, v, k)

\* Rules 1 and 3 as they are stated.
SafeByDefinition(val, v, a, b, clauseIIIB, liars) ==
    \/ v = 0
    \/ \E Q \in SUBSET (Honest \cup liars) :
          /\ IsQuorum(Q)
          /\ \A q \in Q \ liars : view[q] >= v
          /\ \/ \A q \in Q \ liars, u \in 0..(v - 1) : votes[q][a][u] = NoValue
             \/ \E r \in 0..(v - 1) :
                   /\ \A q \in Q \ liars, u \in (r + 1)..(v - 1) : votes[q][a][u] = NoValue
                   /\ \A q \in Q \ liars : votes[q][a][r] \in {NoValue, val}
                   /\ \/ BlockingSetClaims(val, r, v, b, liars)
                      \/ /\ clauseIIIB
                         /\ \E x \in r..(v - 1) : \E y \in (x + 1)..(v - 1) : \E val1, val2 \in Value :
                               /\ val1 # val2
                               /\ BlockingSetClaims(val1, x, v, b, liars)
                               /\ BlockingSetClaims(val2, y, v, b, liars)

CountingIsExact ==
    \A v \in View, val \in Value :
        /\ SafeToPropose(val, v) <=> SafeByDefinition(val, v, 3, 2, FALSE, Byzantine)
        /\ SafeToVote(val, v) <=> SafeByDefinition(val, v, 4, 1, WithClauseIIIB, Byzantine)
=============================================================================
