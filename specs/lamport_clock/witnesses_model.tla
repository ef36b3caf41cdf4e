--------------------------- MODULE witnesses_model ---------------------------
(* Correct boards that liars leave alone are alike in module witnesses, and so are those that they speak to: TLC visits
   states once that differ only in their names. For safety only. *)
EXTENDS witnesses, TLC

Alike == {p \in Permutations(Correct) : \A n \in Correct : n \in Victims <=> p[n] \in Victims}
=============================================================================
