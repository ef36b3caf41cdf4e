------------------------------- MODULE Probes -------------------------------
(* One expression per construct; the evaluator's values must be TLC's. *)
EXTENDS Integers, Sequences, FiniteSets, TLC, Bags
CONSTANTS m1, m2

LOCAL Pair == <<1, 2>>
Square(x) == x * x
Apply2(F(_, _), x, y) == F(x, y)
a \prec b == a < b
Table == [x \in 1 .. 3, y \in {"a", "b"} |-> <<y, x>>]
Nested == [p |-> [q |-> <<[r |-> 1], [r |-> 2]>>], s |-> {}]
Named(n) == CASE n = 1 -> "one" [] n \in 2 .. 3 -> "few" [] OTHER -> "many"
RECURSIVE Digits(_)
Digits(n) == IF n < 10 THEN <<n>> ELSE Append(Digits(n \div 10), n % 10)
Signum[n \in Int] == IF n < 0 THEN -1 ELSE IF n = 0 THEN 0 ELSE 1

Probes == <<
    \* numbers
    7 \div 2, -7 \div 2, (-7) \div 2, (-7) % 2, 7 % 3, 2 ^ 10, 2 ^ 0, 3 - 2 - 1, 2 * 3 + 4, -3 + 1, 1 - -1, \b101, \hfF, \o17,
    3 .. 1, 1 .. 3, -1 .. 1, {x \in 1 .. 9 : x % 4 = 1}, {Square(x) : x \in -2 .. 2},
    \* Booleans
    TRUE, ~ TRUE \/ TRUE, FALSE => FALSE, TRUE <=> FALSE, (TRUE /\ FALSE) = FALSE, {TRUE, 1 = 1}, 1 # 2, 1 /= 1, <<TRUE, 2 > 1>>,
    1 \in {1, 2}, 3 \notin {1, 2}, \A x \in {} : FALSE, \E x \in {} : TRUE, \A x, y \in 1 .. 2 : x + y < 5,
    \E x \in 1 .. 3, y \in {3} : x = y, \A <<x, y>> \in {<<1, 2>>, <<2, 3>>} : x < y, (\A x \in {1} : x = 1) /\ FALSE,
    \* precedence
    SUBSET {1} \cup {{2}}, UNION {{1}} \cup {2}, DOMAIN <<5, 6>> \cup {3}, {1} \cup ({2} \cap {2}), ({1, 2} \ {2}) \cup {3},
    ~ 1 = 2, 1 + 1 \in 1 .. 1 + 1, 1 + 2 * 3 ^ 2, -2 ^ 2, (1 \in {1} /\ 2 \in {2}) \/ FALSE, 2 \div 1 - 1, ({1} \X {2}) \ {<<1, 2>>},
    FALSE /\ (TRUE \/ TRUE), IF TRUE THEN 1 ELSE 2 + 3, (IF TRUE THEN 1 ELSE 2) + 3,
    CHOOSE x \in 1 .. 3 : x > 1 /\ x # 2, (CHOOSE x \in 1 .. 3 : x > 1) + 5, 1 \prec 2, <<1>> \o <<2>> \o <<3>>, 10 - 4 + 3,
    \* bulleted lists
    /\ TRUE
    /\ \/ FALSE
       \/ /\ TRUE
          /\ TRUE
    /\ 1 = 1 => 2 = 2,
    \* sets
    SUBSET {1, 2}, SUBSET {}, UNION {{1, 2}, {2, 3}, {}}, UNION SUBSET {1, 2}, {{1}, {}} \ {{}}, {1, 2} \cap {2, 3},
    {1, 2} \subseteq {1, 2, 3}, {} \subseteq {}, Cardinality({1, 1, 2}), Cardinality(SUBSET (1 .. 5)), IsFiniteSet({1}),
    {<<x, y>> : x \in {1, 2}, y \in {3}}, {<<x, y>> \in {1, 2} \X {1, 2} : x < y}, {1} \X {2} \X {3}, ({1} \X {2}) \X {3},
    {m1, m2} \ {m1}, m1 = m2, m1 \in {m2}, {m1, m1}, {1, 2} = {2, 1, 1}, (1 .. 2) = {2, 1}, 2 \in Nat, -2 \in Nat, -2 \in Int,
    {1} \in SUBSET Nat, <<1, 2>> \in Nat \X Nat, <<1>> \in Seq({1}), "s" \in STRING, TRUE \in BOOLEAN, {x \in BOOLEAN : ~ x},
    -1 \in Nat \cup {-1}, {3} \subseteq Nat, [a |-> 1] \in [a : Nat], [a |-> 1, b |-> 2] \in [a : Nat],
    3 \in {n \in Nat : n > 2}, 1 \in {n \in Int : n > 2}, [a |-> 1] \in [a : {n \in Int : n < 2}], {1, 2} \subseteq {n \in Nat : n > 0},
    <<1, 2>> \in {s \in Seq({1, 2}) : Len(s) < 2}, {1} \subseteq Nat \cup {-1}, <<1, 1>> \in UNION {[1 .. k -> {1}] : k \in 0 .. 2},
    UNION {{x, 2} : x \in {1, 3}}, UNION {}, UNION {1 .. 2, {5}}, {1} \in UNION {SUBSET {1}, {{2}}},
    \* functions and records
    [x \in {1, 2} |-> x + 1], [x \in {2, 3} |-> x + 1], [x \in {"a"} |-> 1], [x \in {} |-> x], Table[2, "a"], Table[<<3, "b">>],
    DOMAIN Table, [{1, 2} -> {0, 1}], [{} -> {1}], [{1} -> {}], [{m1} -> {m2}], [a : {1, 2}, b : {"x"}], [a |-> 1, b |-> <<>>],
    [a |-> 1, b |-> 2].b, [a |-> 1]["a"], DOMAIN [a |-> 1, b |-> 2], [a |-> 1] = [x \in {"a"} |-> 1], <<1, 2>> = [x \in 1 .. 2 |-> x],
    Nested.p.q[2].r, [Nested EXCEPT !.p.q[1].r = @ + 10], [Nested EXCEPT !.s = {1}, !.p = @.q], [Pair EXCEPT ![1] = 5, ![1] = @ + 1],
    [Table EXCEPT ![1, "b"] = 0][1, "b"], [[x \in 0 .. 1 |-> {}] EXCEPT ![0] = @ \cup {1}], [Pair EXCEPT ![9] = 1],
    [(0 :> 1) EXCEPT ![5] = 2], [a |-> 1] \in [{"b"} -> Nat], [a |-> 1] \in [{"a"} -> Nat], <<1>> \in [1 .. 2 -> Nat],
    0 :> 1, 1 :> 0, (0 :> 1) @@ (0 :> 2 @@ 1 :> 3), (m1 :> 1 @@ m2 :> 2)[m2], <<7, 8>> @@ <<1, 2, 3>>, [x \in {m1, m2} |-> x = m1],
    [<<x, y>> \in {<<1, 2>>} |-> x + y], [n \in Nat |-> n * n][12], Signum[-5], [Pair EXCEPT ![2] = <<@, @>>],
    \* sequences
    <<>>, Len(<<1, 2>>), Head(<<1, 2>>), Tail(<<1, 2>>), Tail(<<1>>), Append(<<>>, 1), SubSeq(<<1, 2, 3>>, 2, 3), SubSeq(<<1, 2>>, 2, 1),
    <<1>> \o <<>>, SelectSeq(<<1, 2, 3, 4>>, LAMBDA x : x % 2 = 0), <<1, <<2>>>>[2][1], SortSeq(<<3, 1, 2>>, LAMBDA x, y : x > y),
    SortSeq(<<3, 1, 2>>, <), Digits(907), [i \in DOMAIN <<4, 5>> |-> i], "a\"b\\c", <<"x", "y">>,
    \* operators as arguments, LET, CASE
    Apply2(+, 1, 2), Apply2(LAMBDA x, y : <<y, x>>, 1, 2), Apply2(\cup, {1}, {2}), Apply2(Append, <<1>>, 2), Apply2(\prec, 2, 1),
    LET x == 1 y == x + 1 IN <<x, y>>, LET f[i \in 0 .. 3] == IF i = 0 THEN 1 ELSE 2 * f[i - 1] IN f[3], LET F(x) == x + 1 IN F(F(1)),
    LET S == {1, 2} never == CHOOSE x \in {} : TRUE IN IF S = {} THEN never ELSE S, Named(1), <<Named(3), Named(4)>>,
    Permutations({1, 2}), Permutations({m1}), ToString(5), TLCEval({1}), Assert(TRUE, "no"),
    \* bags
    SetToBag({1, 2}) (+) SetToBag({2}), BagCardinality(SetToBag({"a", "b"})), CopiesIn("a", SetToBag({"a"}) (+) SetToBag({"a"})),
    (SetToBag({5, 6}) (+) SetToBag({5})) (-) SetToBag({5, 6}), BagToSet(SetToBag({3})), BagIn(2, SetToBag({1})), EmptyBag,
    IsABag(SetToBag({1})), SetToBag({4}) \sqsubseteq SetToBag({4, 5})
>>
=============================================================================
