"""Tabs, instances under primes and ENABLED, modules inside modules, aliases of variables, mutual recursion."""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.tla.explore.model import load_configured
from specs.tla.explore.reachable import Exploration, explore
from specs.tla.language.language import Module, ModuleError, load
from specs.tla.syntax import configuration
from tests.support.modules.tla_models import Write, writer


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


def explored(module: Module, *invariants: str) -> Exploration:
    found = explore(module, "Init", "Next", invariants)
    assert found.complete or found.violated
    return found


# --- tabs --------------------------------------------------------------------------------------------


def test_a_tab_ends_at_the_next_multiple_of_8_columns(write: Write) -> None:
    tabs = "Next ==\n\t\\/ /\\ x = 0\n\t   /\\ x' = 1\n        \\/ /\\ x = 1\n           /\\ x' = 2"
    module = write(f"VARIABLE x\nInit == x = 0\n{tabs}\nSmall == x < 2")
    assert explored(module, "Small").violated == "Small"
    # With a tab of one column the last line would belong to the second disjunct.
    module = write("VARIABLE x\nA ==\n\t\\/ x = 1\n\t\\/ x = 2\n    /\\ x # 2")
    assert [module.holds("A", module.state(x=value)) for value in (1, 2, 3)] == [True, False, False]


def test_a_tab_after_text_moves_to_the_next_stop(write: Write) -> None:
    module = write("VARIABLE x\nA ==\t\\/ x = 1\n\t\\/ x = 2\nB == x = 1 \\/\t/\\ x = 2\n\t\t/\\ x = 3")
    assert [module.holds("A", module.state(x=value)) for value in (1, 2, 3)] == [True, True, False]
    assert [module.holds("B", module.state(x=value)) for value in (1, 2, 3)] == [True, False, False]


def test_tabs_in_strings_and_comments_keep_their_meaning(write: Write) -> None:
    module = write(
        'A == Len("a\tb")\nB ==\n  (* a "\tcomment *)\n\t/\\ 1 = 1 \\* and\tone "more\n\t/\\ "\t" # "x"\t/\\ 2 = 2\n'
        'C == "\t" = "\t" /\\\t/\\ 1 = 1\n\t\t\t/\\ 1 = 2'
    )
    assert (module.value("A"), module.value("B"), module.value("C")) == (3, True, False)


# --- ENABLED and instances -----------------------------------------------------------------------------

INNER = """VARIABLES a, b
Apart == a' = 0 /\\ b' = 1
Grows == a' = a + 1
Stays == UNCHANGED a /\\ b' = 5
CanApart == ENABLED Apart
CanGrow == ENABLED (Grows /\\ b' = a')
CanStay == ENABLED (Stays /\\ a' = a)
CanNot == ENABLED (a' = a /\\ a' = a + 1)
CanTest == ENABLED (a' \\in {a, a + 1} /\\ b' = 0 /\\ a' > a)"""


@pytest.mark.parametrize("given", ["a <- z, b <- z", "a <- z + 1, b <- z", "a <- z, b <- w", "a <- w, b <- 1 - z"])
def test_enabled_binds_the_variables_of_the_instance(given: str, write: Write) -> None:
    """Its primed variables are not those of the module outside, as Lamport defines ENABLED."""
    module = write(f"VARIABLES z, w\nI == INSTANCE Inner WITH {given}", Inner=INNER)
    names = ("CanApart", "CanGrow", "CanStay", "CanNot", "CanTest")
    text = "VARIABLES z, w\nI == INSTANCE Inner WITH " + given
    module = write("\n".join([text, *[f"{name} == I!{name}" for name in names]]), Inner=INNER)
    state = module.state(z=1, w=0)
    assert [module.holds(name, state) for name in names] == [True, True, True, False, True]


def test_enabled_outside_an_instance_speaks_of_the_variables_outside(write: Write) -> None:
    text = "VARIABLE z\nI == INSTANCE Inner WITH a <- z, b <- z\nE == ENABLED I!Apart\nF == ENABLED I!Grows"
    module = write(text, Inner=INNER)
    assert [module.holds(name, module.state(z=1)) for name in ("E", "F")] == [False, True]


def test_enabled_in_an_instance_of_an_instance_with_parameters_and_in_a_let(write: Write) -> None:
    middle = "VARIABLE m\nJ(k) == INSTANCE Inner WITH a <- m + k, b <- m\nCan == J(1)!CanApart /\\ J(2)!CanGrow"
    text = """VARIABLE z
I == INSTANCE Middle WITH m <- 2 * z
Nested == I!Can
Direct == I!J(3)!CanApart
InLet == LET K == INSTANCE Inner WITH a <- z, b <- z IN K!CanApart /\\ ~K!CanNot
InBody == \\E n \\in {1} : LET K == INSTANCE Inner WITH a <- z + n, b <- n IN K!CanGrow"""
    module = write(text, Inner=INNER, Middle=middle)
    for name in ("Nested", "Direct", "InLet", "InBody"):
        assert module.holds(name, module.state(z=1)), name


def test_instances_with_parameters_and_in_lets_are_actions(write: Write) -> None:
    counter = "VARIABLE c\nCONSTANT Step\nUp == c < 4 /\\ c' = c + Step\nSame == UNCHANGED c\nBig == c > 2"
    text = """VARIABLES x, y
I(v, s) == INSTANCE Counter WITH c <- v, Step <- s
Init == x = 0 /\\ y = 0
Next == \\/ I(x, 1)!Up /\\ I(y, 1)!Same
        \\/ \\E n \\in {2} : LET M == INSTANCE Counter WITH c <- y, Step <- n IN M!Up /\\ UNCHANGED x
Bound == ~(I(x, 0)!Big /\\ I(y, 0)!Big)
Primed == [][I(x, 1)!Big => I(x, 1)!Big']_x"""
    module = write(text, Counter=counter)
    found = explored(module)
    assert found.distinct_states == 5 * 3
    assert explored(module, "Bound").violated == "Bound"
    assert module.is_step("Next", (), module.state(x=1, y=0), module.state(x=1, y=2))
    assert not module.is_step("Next", (), module.state(x=1, y=0), module.state(x=2, y=2))


def test_an_instance_in_a_let_has_parameters(write: Write) -> None:
    """Numbers and values as TLC gives them."""
    counter = """CONSTANT Step
VARIABLE c
Up == c < 5 /\\ c' = c + Step
Same == UNCHANGED c
After(n) == c + n * Step
Next == After(1)'"""
    text = """VARIABLES x, y
Init == x = 0 /\\ y = 1
Next == \\E n \\in {2, 3} : LET M(v) == INSTANCE Counter WITH c <- v, Step <- n
                            Only(v) == INSTANCE Counter WITH c <- v, Step <- 1
                        IN \\/ M(x)!Up /\\ M(y)!Same
                           \\/ Only(y)!Up /\\ M(x)!Same
Twice(a) == LET M(v) == INSTANCE Counter WITH c <- v + a, Step <- 2 IN M(M(1)!After(2))!After(3)
Primed == LET M(v) == INSTANCE Counter WITH c <- v, Step <- 1 IN M(x)!Next
Given == LET M(P(_)) == INSTANCE Counter WITH c <- P(x), Step <- 1
             Times(n) == 10 * n
         IN M(Times)!After(1) + M(LAMBDA n : n + 3)!After(0)"""
    module = write(text, Counter=counter)
    assert explored(module).distinct_states == 35
    state = module.state(x=2, y=1)
    assert module.value("Twice", state, 5) == (1 + 5 + 2 * 2) + 5 + 3 * 2
    assert module.value("Given", state) == 21 + 5
    with pytest.raises(ModuleError, match=r"M\.tla:\d+: M takes 1 arguments, not 2"):
        write("E == LET M(v) == INSTANCE Counter WITH c <- v, Step <- 1 IN M(1, 2)!Same", Counter=counter)


def test_a_module_may_stand_inside_another(write: Write) -> None:
    text = """VARIABLE x
Limit == 2
---- MODULE Inner ----
VARIABLE y
---- MODULE Innermost ----
Twice(n) == 2 * n + Limit
====
D == INSTANCE Innermost
Up == y < D!Twice(Limit) /\\ y' = y + 1
====
I == INSTANCE Inner WITH y <- x
Init == x = 0
Next == I!Up"""
    assert explored(write(text)).distinct_states == 7
    with pytest.raises(ModuleError, match="y has no definition"):
        write(text + "\nBad == y")


# --- aliases, recursion, operators ---------------------------------------------------------------------------


def test_a_definition_may_be_another_name_of_a_variable(write: Write) -> None:
    text = """VARIABLES x, y
now == x
again == now
both == <<again, y>>
Init == now = 0 /\\ y = 0
Next == \\/ again' = x + 1 /\\ now < 2 /\\ UNCHANGED y
        \\/ LET here == y IN here' = 1 /\\ here = 0 /\\ UNCHANGED again
        \\/ x = 2 /\\ UNCHANGED both"""
    module = write(text)
    assert explored(module).distinct_states == 6
    assert module.is_step("Next", (), module.state(x=0, y=0), module.state(x=1, y=0))


def test_operators_may_call_each_other(write: Write) -> None:
    text = """RECURSIVE Even(_), Size(_)
Odd(n) == IF n = 0 THEN FALSE ELSE Even(n - 1)
Even(n) == n = 0 \\/ Odd(n - 1)
Half(n) == IF n < 2 THEN n ELSE 1 + Size(n \\div 2)
Size(n) == Half(n)
E == <<Odd(7), Even(7), Size(9)>>"""
    module = write(text)
    assert module.value("E") == (True, False, 4)


IN_A_LET = """VARIABLES x, y
F(n, z) ==
  LET RECURSIVE A(_), B(_, _), C(_)
      A(k) == IF k = 0 THEN <<0>> ELSE Append(C(k - 1), 1)
      twice(m) == IF m > 3 THEN m ELSE m + A(0)[1]
      B(k, d) == IF k = 0 THEN <<twice(d)>> ELSE Append(A(k - 1), d)
      C(k) == IF k = 0 THEN <<z>> ELSE B(k - 1, k) \\o A(0)
  IN A(n)
Through(n) ==
  LET RECURSIVE O(_)
      h(j) == O(j)
      O(j) == IF j = 0 THEN 0 ELSE 1 + h(j - 1)
  IN h(n)
Init == x = 0 /\\ y = 0
Next == /\\ x < 8 /\\ UNCHANGED y
        /\\ LET RECURSIVE E(_), O(_)
               E(k) == IF k = 0 THEN TRUE ELSE O(k - 1)
               O(k) == IF k = 0 THEN FALSE ELSE E(k - 1)
           IN IF E(x) THEN x' = x + 1 ELSE x' = x + 2"""


def test_operators_of_a_let_may_call_each_other(write: Write) -> None:
    """The values and the number of states are those of TLC."""
    module = write(IN_A_LET)
    assert module.value("F", None, 6, 5) == (0, 2, 0, 1, 5, 0, 1)
    assert module.value("Through", None, 4) == 4
    assert explored(module).distinct_states == 6


def test_symbols_of_operators_are_arguments(write: Write) -> None:
    text = """RECURSIVE Fold(_, _, _)
Fold(Op(_, _), base, set) == IF set = {} THEN base
  ELSE LET e == CHOOSE e \\in set : TRUE IN Op(e, Fold(Op, base, set \\ {e}))
Apply(Op(_), a) == Op(a)
a ++ b == 10 * a + b
E == <<Fold(+, 0, 1..4), Fold(\\cup, {}, {{1}, {2}}), Fold(/\\, TRUE, {TRUE}), Fold(\\/, FALSE, {TRUE, FALSE}),
       Fold(++, 0, {1, 2}), Apply(SUBSET, {}), Apply(-., 3), Apply(~, TRUE), Apply(DOMAIN, <<5>>),
       Fold(=>, TRUE, {TRUE})>>"""
    assert write(text).value("E") == (
        10, frozenset((1, 2)), True, True, 30, frozenset((frozenset(),)), -3, False, frozenset((1,)), True
    )  # fmt: skip


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "M.tla").write_text("---- MODULE M ----\nA == LET I == INSTANCE Nowhere IN I!B\n====\n")
    with pytest.raises(ModuleError, match="M: no module Nowhere"):
        load(tmp_path / "M.tla")


# --- lazy functions and sets, configurations ----------------------------------------------------------------


def test_functions_on_infinite_sets_are_lazy(write: Write) -> None:
    text = """f[i \\in Int] == i + 1
g == [i \\in Nat, j \\in STRING |-> <<i + 1, j>>]
h[<<a, b>> \\in Nat \\X Nat, c \\in Nat] == a + 10 * b + 100 * c
Evens == {n \\in Nat : n % 2 = 0}
Pairs == {<<i, j>> \\in Int \\X Int : j > i}
binom[n \\in 0..5, k \\in 0..5] ==
  IF k = 0 \\/ k = n THEN 1 ELSE IF k > n THEN 0 ELSE binom[n - 1, k - 1] + binom[n - 1, k]
rows[i \\in 0..3] == [j \\in 0..3 |-> IF j = 0 THEN i ELSE rows[i][j - 1] + 1]
E == <<[f EXCEPT ![5] = 0, ![6] = @ + 1][5], [f EXCEPT ![5] = 0, ![6] = @ + 1][6], [f EXCEPT ![5] = 0][7], g[2, "x"],
       h[<<1, 2>>, 3], 4 \\in Evens, 5 \\in Evens, <<3, 4>> \\in Pairs, <<4, 3>> \\in Pairs, binom[5, 2], rows[2][3],
       [n \\in Evens |-> n][4], -3 \\in DOMAIN f, <<1, 2>> \\in Seq(1..3) \\cap Seq(0..2)>>"""
    assert write(text).value("E") == (
        0, 8, 8, (3, "x"), 321, True, False, True, False, 10, 5, 4, True, True
    )  # fmt: skip


def test_a_condition_is_asked_of_the_element_only(write: Write) -> None:
    assert write("E == 2 \\in {n \\in {0, 2} : 4 \\div n = 2}").value("E") is True
    assert write("E == Cardinality([1..8 -> 1..9]) + Cardinality(SUBSET (1..25))").value("E") == 9**8 + 2**25


def test_symbols_of_operators_in_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "M.tla").write_text(
        "---- MODULE M ----\nEXTENDS Naturals, Sequences\nCONSTANTS Add(_, _), Join(_, _)\nVARIABLE x\n"
        "Plus(a, b) == 10 * a - (0 - b)\nInit == x = Join(<<1 + 2>>, <<Add(1, 1)>>)\nNext == UNCHANGED x\n"
        "Twelve == x = <<12, 1>>\n====\n"
    )
    constants = "CONSTANTS\n  + <- Plus\n  Add <- \\div\n  Join <- \\circ\n  a = a a = a\n"
    settings = configuration.parse(constants + "INIT Init NEXT Next INVARIANT Twelve\n")
    assert settings.replacements == {"+": "Plus", "Add": "\\div", "Join": "\\o"}
    module = load_configured(tmp_path / "M.tla", settings)
    assert [state["x"] for state in module.initials("Init")] == [(12, 1)]
    with pytest.raises(ModuleError, match="configuration:2: N is given twice"):
        configuration.parse("CONSTANT N = 1\nN = 2")


def test_an_entry_of_a_function_is_an_action(write: Write) -> None:
    text = """VARIABLE x
Step[n \\in 1..2] == x < 4 /\\ x' = x + n
Init == x = 0
Next == \\E n \\in 1..3 : Step[n]"""
    assert explored(write(text)).distinct_states == 6
