---------------------------- MODULE HigherOrder ----------------------------
(* Operators as arguments, operators written as symbols, parameters under a prime. *)
EXTENDS Naturals, Sequences
CONSTANT Combine(_, _)
VARIABLES a, b

x (+) y == Combine(x, y)
Twice(F(_), x) == F(F(x))
Fold(F(_, _), base, sequence) ==
    LET RECURSIVE Go(_)
        Go(n) == IF n = 0 THEN base ELSE F(Go(n - 1), sequence[n])
    IN Go(Len(sequence))
Set(variable, value) == variable' = value
Keep(variable) == UNCHANGED variable
Grows(variable) == variable' >= variable
Image(F(_), S) == {F(x) : x \in S}
Increment(x) == x + 1
Both(F(_), G(_)) == Twice(LAMBDA x : G(F(x)), 0)

Init == a = Twice(Increment, 0) /\ b = Fold(+, 0, <<1, 0>>)
Mix == Set(a, (a (+) b) % 5) /\ Keep(b)
Jump == /\ \E step \in Image(LAMBDA x : x * x, 0 .. 2) : Set(b, (b + step) % 7)
        /\ Keep(a)
        /\ Grows(b)
Reset == b > 4 /\ b' = Fold(LAMBDA x, y : IF x < y THEN x ELSE y, 9, <<a, b, 6>>) /\ Set(a, Both(Increment, Increment))
Next == Mix \/ Jump \/ Reset

TypeOK == a \in 0 .. 4 /\ b \in 0 .. 6
Folded == Fold(LAMBDA x, y : x + y, 0, <<a, b>>) = a + b
Small == a + b < 10
=============================================================================
