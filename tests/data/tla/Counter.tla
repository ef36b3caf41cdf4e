------------------------------ MODULE Counter ------------------------------
(* Arithmetic: two counters that move by rules of their own. *)
EXTENDS Integers
CONSTANT Limit
VARIABLES up, down
vars == <<up, down>>

ASSUME Limit \in Nat /\ Limit > 2

Init == up = 0 /\ down \in -2 .. 1

Half(n) == n \div 2
Step == 1 .. (Limit % 3) + 1

Rise == /\ up < Limit /\ down > -6
        /\ \E n \in Step : up' = up + n
        /\ down' = IF up % 2 = 0 THEN down - 1 ELSE down
Fall == up >= Limit /\ up' = Half(up) - 1 /\ down' = -down
Wrap == /\ down < -(2 ^ 2)
        /\ down' = ((-7) % 3) + (-7) \div 2 + down * 0
        /\ UNCHANGED up
Next == Rise \/ Fall \/ Wrap
Spec == Init /\ [][Next]_vars

TypeOK == up \in Nat \cup {-1} /\ down \in Int
Bounded == up <= Limit + 1 /\ down =< 6 /\ down \geq -20
Near == up - down < 11
=============================================================================
