----------------------------- MODULE Recursion -----------------------------
(* Recursive operators and functions, CHOOSE, nested LET: a bag of numbers that is summed, halved and sorted. *)
EXTENDS Integers, Sequences, FiniteSets
CONSTANT Weight
VARIABLES chosen, total, order

RECURSIVE Sum(_)
Sum(S) == IF S = {} THEN 0 ELSE LET x == CHOOSE y \in S : TRUE IN x + Sum(S \ {x})

Factorial[n \in Nat] == IF n = 0 THEN 1 ELSE n * Factorial[n - 1]
Power[base \in 1 .. 3, exponent \in 0 .. 4] == IF exponent = 0 THEN 1 ELSE base * Power[base, exponent - 1]

RECURSIVE Even(_), Odd(_)
Even(n) == IF n = 0 THEN TRUE ELSE Odd(n - 1)
Odd(n) == IF n = 0 THEN FALSE ELSE Even(n - 1)

Sorted(S) == LET RECURSIVE Insert(_)
                 Insert(T) == IF T = {} THEN <<>>
                              ELSE LET least == CHOOSE x \in T : \A y \in T : x <= y
                                   IN <<least>> \o Insert(T \ {least})
             IN Insert(S)
Largest(S) == LET biggest[T \in SUBSET S] ==
                      IF T = {} THEN 0
                      ELSE LET x == CHOOSE x \in T : TRUE
                               rest == biggest[T \ {x}]
                           IN IF x > rest THEN x ELSE rest
              IN biggest[S]

Init == chosen = {} /\ total = 0 /\ order = <<>>
Take == \E x \in Weight \ chosen :
          /\ chosen' = chosen \cup {x}
          /\ total' = Sum(chosen')
          /\ order' = Sorted(chosen')
Drop == /\ Even(total) /\ chosen # {}
        /\ LET gone == Largest(chosen) IN
             chosen' = chosen \ {gone} /\ total' = total - gone /\ order' = Sorted(chosen \ {gone})
Next == Take \/ Drop

Right == /\ total = Sum({order[n] : n \in DOMAIN order})
         /\ Len(order) = Cardinality(chosen)
         /\ \A n \in 1 .. Len(order) - 1 : order[n] < order[n + 1]
Tables == Factorial[5] = 120 /\ Power[3, 4] = 81 /\ Odd(7) /\ ~ Even(7)
NotAll == chosen # Weight
=============================================================================
