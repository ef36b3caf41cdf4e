----------------------- MODULE tetrabft_messages_model -----------------------
(***************************************************************************)
(* tetrabft_messages.tla for TLC: three replicas that weigh as four (see   *)
(* HeavyWeight in tetrabft_model.tla), symmetry, who leads.                *)
(***************************************************************************)
EXTENDS tetrabft_messages, TLC

CONSTANT Heavy  \* replicas that count twice, where a cfg says Weight <- [tetrabft]HeavyWeight

HeavyWeight(S) == Cardinality(S) + Cardinality(S \cap Heavy)

Symmetry == Permutations(Honest \ Heavy) \cup Permutations(Honest \cap Heavy) \cup Permutations(Value)

\* A liar leads the first view, the heavy replica the others.
LedInit == Init /\ \A v \in View : IF v = 0 THEN leader[v] \in Byzantine ELSE leader[v] \in Heavy

LedSpec == LedInit /\ [][Next]_vars

\* As a CONSTRAINT: a behaviour is followed up to the first decision, and that step is still checked.
NobodyHasDecided == \A p \in Honest : decided[p] = NoValue
=============================================================================
