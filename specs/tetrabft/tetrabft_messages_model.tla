----------------------- MODULE tetrabft_messages_model -----------------------
(***************************************************************************)
(* tetrabft_messages.tla for TLC: three replicas with the weight of four   *)
(* (see HeavyWeight in tetrabft_model.tla), symmetry, leaders.             *)
(***************************************************************************)
EXTENDS tetrabft_messages, TLC

CONSTANT Heavy  \* replicas that count twice, where a cfg says Weight <- [tetrabft]HeavyWeight

HeavyWeight(S) == Cardinality(S) + Cardinality(S \cap Heavy)

Symmetry == Permutations(Honest \ Heavy) \cup Permutations(Honest \cap Heavy) \cup Permutations(Value)

\* A liar leads the first view, the heavy replica the others.
LedInit == Init /\ \A v \in View : IF v = 0 THEN leader[v] \in Byzantine ELSE leader[v] \in Heavy

LedSpec == LedInit /\ [][Next]_vars

FairLedSpec == LedSpec /\ Fairness

\* Must fail to decide: the light honest replica never enters a higher view.
Follows(p) == (decided[p] = NoValue /\ TimeOut(p)) \/ (Answer(p, {}) /\ view' = view)
LateSpec == LedSpec /\ \A p \in Honest : IF p \in Heavy THEN WF_vars(FairStep(p)) ELSE WF_vars(Follows(p))

\* One view that lasts, led by an honest replica.
FairHonestSpec == Init /\ (\A v \in View : leader[v] \in Honest) /\ [][Next]_vars /\ Fairness

\* As a CONSTRAINT: behaviours end at the first decision, and that step is still checked.
NobodyHasDecided == \A p \in Honest : decided[p] = NoValue
=============================================================================
