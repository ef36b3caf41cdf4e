----------------------------- MODULE chain_model -----------------------------
(* chain within bounds: writes are symmetric where only safety is checked. *)
EXTENDS chain, TLC

Writes == Permutations(Write)
=============================================================================
