----------------------------- MODULE Instances -----------------------------
(* INSTANCE with renaming, with an expression in place of a variable, with parameters, and unnamed. *)
EXTENDS Naturals
VARIABLES left, right, shared
Double(x) == 2 * x + 1
Left == INSTANCE Cell WITH Bound <- 3, Next <- Double, value <- left
Right == INSTANCE Cell WITH Bound <- 4, Next <- LAMBDA x : x + 1, value <- right
Sum == INSTANCE Cell WITH Bound <- 7, Next <- Double, value <- left + right
At(bound, field) == INSTANCE Cell WITH Bound <- bound, Next <- Double, value <- shared[field]
fields == {"x", "y"}

Init == Left!CellInit /\ Right!CellInit /\ shared = [field \in fields |-> 0]
GoLeft == Left!Advance /\ Right!Stays /\ UNCHANGED shared
GoRight == ~ Right!Full /\ Right!Advance /\ Left!Stays /\ UNCHANGED shared
Mark(field) == /\ Sum!Reached(4)
               /\ ~ At(2, field)!Full
               /\ shared' = [shared EXCEPT ![field] = @ + 1]
               /\ UNCHANGED <<left, right>>
Next == GoLeft \/ GoRight \/ \E field \in fields : Mark(field)

TypeOK == left \in 0 .. 3 /\ right \in 0 .. 4 /\ shared \in [fields -> 0 .. 2]
Marked == \A field \in fields : At(1, field)!Reached(1) => Sum!Reached(1) \/ Right!Reached(4)
NotFull == ~ Sum!Full
=============================================================================
