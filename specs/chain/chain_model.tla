----------------------------- MODULE chain_model -----------------------------
(* chain within bounds: writes may be exchanged for each other where only safety is asked for. *)
EXTENDS chain, TLC

Writes == Permutations(Write)
=============================================================================
