---- MODULE Configured ----
\* What a configuration can say of a module: replaced constants and definitions, constraints, symmetry, view, properties.
EXTENDS Integers, FiniteSets, TLC
CONSTANTS Node, Advance(_, _, _)
ASSUME SomeNode == Node # {}
VARIABLES owner, count, last  \* last: history that nothing depends on
vars == <<owner, count, last>>

R == INSTANCE Replaced WITH Top <- 3

Nobody == CHOOSE n : n \notin Node

Init == /\ owner = Nobody
        /\ last = Nobody
        /\ count = [n \in Node |-> 0]

\* Advance says what count' is: a parameter stands for a primed variable.
Take(n) == /\ owner = Nobody
           /\ owner' = n
           /\ Advance(n, count, count')
           /\ count'[n] \in Nat
           /\ last' = n

Give(n) == /\ owner = n
           /\ R!Below(count[n])
           /\ owner' = Nobody
           /\ UNCHANGED <<count, last>>

Next == \E n \in Node : Take(n) \/ Give(n)
Spec == /\ Init
        /\ [][Next]_vars
        /\ WF_vars(Next)

ByOne(n, before, after) == after = [before EXCEPT ![n] = @ + 1]
UpToTwo(n, before, after) == \E more \in 1 .. 2 : after = [before EXCEPT ![n] = @ + more]
ShortNat == 0 .. 4
ShortLimit == 2

Few == \A n \in Node : count[n] < 3
NoneTwice == \A n \in Node : count'[n] = count[n] \/ n # last
Symmetry == Permutations(Node)
WithoutHistory == <<owner, count>>

TypeOK == /\ SomeNode
          /\ owner \in Node \cup {Nobody}
          /\ <<count[CHOOSE n \in Node : TRUE]>> \in UNION {[1 .. k -> Nat] : k \in 0 .. 2}
AtMostThree == \A n \in Node : count[n] <= 3
NeverTwo == \A n \in Node : count[n] # 2

Grows == [][\A n \in Node : count'[n] >= count[n]]_count
ByOneOnly == [][\A n \in Node : count'[n] <= count[n] + 1]_vars
AlwaysTyped == [](owner = Nobody \/ owner = last)
SomebodyTakes == <>(owner # Nobody)
Refined == Spec
Frozen == Init /\ [][FALSE]_vars /\ WF_vars(Next)
====
