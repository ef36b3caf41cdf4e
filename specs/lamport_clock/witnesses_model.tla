--------------------------- MODULE witnesses_model ---------------------------
(* Symmetry of module witnesses: victims are interchangeable, and so are the other correct boards.
   For safety only. *)
EXTENDS witnesses, TLC

Alike == {p \in Permutations(Correct) : \A n \in Correct : n \in Victims <=> p[n] \in Victims}
=============================================================================
