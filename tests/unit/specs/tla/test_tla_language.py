"""The evaluator by itself: constructs, traps, errors, explanations. TLC: tests/conformance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specs.tla.language.language import TRUE, EvaluationError, ModuleError, Unsupported, load, of_python, record
from specs.tlc import runner as tlc
from specs.tlc import sany
from tests.support.modules.tla_models import Write, writer


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# --- values of expressions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[x \\in {1, 2} |-> x = 1] = <<TRUE, FALSE>>", True),
        ("{1 = 1, 2 = 2, TRUE}", {True}),
        ("[a |-> 1 < 2]", {"a": True}),
        ("IF (1 = 1) = TRUE THEN <<2 > 1>> ELSE <<>>", [True]),
        # As SANY has it, the conjunction belongs to the CHOOSE.
        ("CHOOSE v \\in {1, 2} : TRUE /\\ v = 2", 2),
        ("(CHOOSE v \\in SUBSET {1, 2} : v # {}) = (CHOOSE v \\in {{1, 2}, {2}, {1}, {}} : v # {})", True),
        ("LET x == 1 IN LET F(y) == x + y IN LET z == F(1) IN {F(z) : w \\in {1}}", {3}),
        ("{x \\in {1, 2, 3} : \\E y \\in {x - 1} : \\A z \\in {y} : z > 0}", {2, 3}),
        ('[s \\in {"s0", "t0"} |-> s]', {"s0": "s0", "t0": "t0"}),
        ("SUBSET {1} \\cup {{2}}", {frozenset(), frozenset({1}), frozenset({2})}),
        ("UNION {{1}} \\cup {2}", {1, 2}),
        ("{i \\in -1 .. 3 : i \\in DOMAIN <<7, 8>>}", {1, 2}),
        ("{i \\in 0 .. 3 : i \\notin DOMAIN [j \\in {0, 2} |-> j]}", {1, 3}),
        ('<<"a" \\in DOMAIN [a |-> 1], "b" \\in DOMAIN [a |-> 1], 0 \\in DOMAIN <<7>>>>', [True, False, False]),
        ("LET f[n \\in Nat] == n IN <<5 \\in DOMAIN f, -5 \\in DOMAIN f>>", [True, False]),
    ],
)
def test_expressions(write: Write, expression: str, value: Any) -> None:
    assert write(f"E == {expression}").value("E") == of_python(value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('1 + "a"', "no value: + of a number and a string"),
        ('"a" + "b"', "no value: a string where a number is wanted"),
        ("<<1>> + <<2>>", "no value: a sequence where a number is wanted"),
        ("3 * <<1>>", "<<1>> is not an integer"),
        ('2 * "a"', "is not an integer"),
        ("{1} - {2}", "no value"),
        ("-TRUE", "no value: a Boolean where a number is wanted"),
        ("TRUE + 1", "no value"),
        ("{1} < {1, 2}", "no value: a set where a number is wanted"),
        ('"a" < "b"', "no value"),
        ("<<1>> >= <<2>>", "no value"),
        ("{1} .. {2}", "no value"),
        ('"%d" % 3', "is not an integer"),
        ("7 % 0", "must be positive"),
        ("7 \\div 0", "div 0"),
        ("2 ^ (-1)", "must be natural"),
        ("1 \\in <<1, 2>>", "<<1, 2>> is not a set"),
        ('"a" \\in [a |-> 1]', "is not a set"),
        ("\\A x \\in <<1>> : TRUE", "is not a set"),
        ("{x \\in [a |-> 1] : TRUE}", "is not a set"),
        ("{1} \\cup <<2>>", "is not a set"),
        ("<<1>> \\subseteq {1}", "is not a set"),
        ("UNION {1}", "is not a set"),
        ("SUBSET 1", "is not a set"),
        ("Cardinality(<<1>>)", "is not a set"),
        ("Len({1})", "is not a sequence"),
        ("Head(<<>>)", "empty sequence"),
        ("Tail(<<>>)", "empty sequence"),
        ("SubSeq(<<1>>, 1, 2)", "outside the sequence"),
        ("<<1>>[2]", "2 is not in the domain"),
        ("<<1>>[0]", "0 is not in the domain"),
        ("LET f == <<<<1, 2>>, <<3>>>> F(i, j) == f[i][j] IN F(2, 2)", "2 is not in the domain of <<3>>"),
        ("LET f == <<<<1, 2>>, <<3>>>> F(i, j) == f[i][j] IN F(0, 1)", "0 is not in the domain of <<<<1, 2>>, <<3>>>>"),
        ("LET f == <<<<1, 2>>>> F(i, j) == f[i][j] IN F(1, TRUE)", "TRUE is not in the domain of <<1, 2>>"),
        ("LET f == <<<<1, 2>>>> F(i, j) == f[1][i][j] IN F(1, 1)", "1 is not a function"),
        ("LET S == {1} F(x) == x \\in S IN F(TRUE)", "1 is compared with TRUE"),
        ("LET S == Nat F(x) == x \\notin S IN F({})", "a set is of another kind than the elements"),
        ("\\E i \\in <<{1}, 2>>[1] \\cup {2} : <<{1}, 2>>[i] = 1", "{1} is compared with 1"),
        ('[a |-> 1]["b"]', '"b" is not in the domain'),
        ("[a |-> 1].b", '"b" is not in the domain'),
        ("<<1>>.b", "no value: an element or a field that a sequence cannot have"),
        ("5[1]", "5 is not a function"),
        ("(5).b", "no value: a number where a function, a record or a sequence is wanted"),
        ("DOMAIN 5", "is not a function"),
        ("1 \\in DOMAIN 5", "is not a function"),
        ("[5 EXCEPT ![1] = 2]", "is not a function"),
        ("1 /\\ TRUE", "1 is not a Boolean"),
        ("TRUE => <<>>", "<<>> is not a Boolean"),
        ("IF 1 THEN 2 ELSE 3", "1 is not a Boolean"),
        ("~ {}", "{} is not a Boolean"),
        ("{x \\in {1} : x}", "1 is not a Boolean"),
        ("CHOOSE x \\in {1} : x = 2", "CHOOSE"),
        ("CASE 1 = 2 -> 3", "CASE: no arm is true, M.tla:3"),
        ("{x : x \\in Nat}", "infinite"),
        ("\\E x \\in Nat : x > 3", "infinite"),
        ("\\A <<x, y>> \\in {<<1>>} : TRUE", "is not a tuple of 2"),
        ('Assert(FALSE, "oops")', "oops"),
        ("LET F(x) == x + 1 IN F({})", "no value"),
        ("LET f[n \\in Nat] == f[n + 1] IN f[0]", "no value: a definition recurses too deep"),
    ],
)
def test_an_expression_without_a_value_is_an_error(write: Write, expression: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=r"(?s)in E \(M.tla:3\)") as caught:
        write(f"E == {expression}").value("E")
    assert message in str(caught.value)


def test_errors_name_the_definitions_on_the_way(write: Write) -> None:
    module = write("VARIABLE x\nInner(y) ==\n  y + x\nOuter == Inner(1) = 2")
    with pytest.raises(EvaluationError, match=r"(?s)in Inner \(M.tla:4\)\s+in Outer \(M.tla:6\)"):
        module.holds("Outer", module.state(x="a"))


# --- actions -----------------------------------------------------------------------------------------


def test_primes_read_the_second_state(write: Write) -> None:
    module = write(
        """VARIABLES x, y
Sum == x + y
Rises == Sum' = Sum + 1
Set(v, e) == v' = e
Same(v) == UNCHANGED v
Move == Set(x, x + 1) /\\ Same(y)
Twice == LET total == Sum IN total' = 2 * total
Indexed(f, i) == f[i]' = 0
First == Indexed(<<x, y>>, 1)
Either == [Move]_<<x, y>>
Strict == <<Either>>_x
Operators == LET Next(v) == v' IN Next(x) = Next(y) + 1"""
    )
    states = {(x, y): module.state(x=x, y=y) for x in range(4) for y in range(4)}

    def allows(name: str, before: tuple[int, int], after: tuple[int, int]) -> bool:
        return module.is_step(name, (), states[before], states[after])

    assert allows("Rises", (1, 1), (3, 0))
    assert not allows("Rises", (1, 1), (1, 1))
    assert allows("Move", (1, 2), (2, 2))
    assert not allows("Move", (1, 2), (2, 3))
    assert not allows("Move", (1, 2), (1, 2))
    assert allows("Twice", (1, 1), (2, 2))
    assert not allows("Twice", (1, 1), (2, 1))
    assert allows("First", (3, 3), (0, 3))
    assert not allows("First", (3, 3), (3, 0))
    assert allows("Either", (3, 3), (3, 3))
    assert allows("Either", (2, 3), (3, 3))
    assert not allows("Either", (2, 3), (2, 2))
    assert allows("Strict", (2, 3), (3, 3))
    assert not allows("Strict", (3, 3), (3, 3))
    assert allows("Operators", (0, 0), (3, 2))
    assert not allows("Operators", (3, 2), (2, 2))


def test_arguments_are_not_captured_by_bound_variables(write: Write) -> None:
    module = write(
        "VARIABLE f\nInc(g, i) == \\A j \\in DOMAIN g : g'[j] = g[j] + (IF j = i THEN 1 ELSE 0)\nA(j) == Inc(f, j)"
    )
    before, after = module.state(f=[5, 6]), module.state(f=[5, 7])
    assert module.is_step("A", (2,), before, after)
    assert not module.is_step("A", (1,), before, after)


def test_every_variable_counts(write: Write) -> None:
    module = write("VARIABLES x, y, z\nvars == <<x, <<y, z>>>>\nA == UNCHANGED vars")
    state = module.state(x={1}, y={"a": 1}, z=[])
    assert module.is_step("A", (), state, module.state(x={1}, y={"a": 1}, z=[]))
    for name in module.variables:
        assert not module.is_step("A", (), state, module.replace(state, **{name: 0}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("E == x''", "an action where a prime takes at most a state expression"),
        ("E == (UNCHANGED x)'", "an action where a prime takes at most a state expression: UNCHANGED x"),
        ("A == x' = 1\nE == A'", "M.tla:5: an action where a prime takes at most a state expression: A"),
        ("E == y", "M.tla:4: y has no definition"),
        ("E == Len(x, x)", "Len takes 1 arguments, not 2"),
        ("Op(a) == a\nE == Op", "Op takes 1 arguments, not 0"),
        ("E == E + 1", "E is used before its definition (M.tla:4)"),
        ("E == \\A F \\in {1} : ENABLED (F' = 1)'", "ENABLED and ' have no order of precedence"),
        ("E == @", "outside an EXCEPT"),
        ("Op(F(_)) == F(1)\nE == Op(LAMBDA a, b : a)", "LAMBDA of 2 parameters"),
        ("Op(F(_)) == F(1)\nE == Op(3)", "operator of 1 arguments"),
    ],
)
def test_meaningless_definitions_are_refused(write: Write, text: str, message: str) -> None:
    with pytest.raises(ModuleError) as caught:
        write("VARIABLE x\n" + text).require("E")
    assert message in str(caught.value)
    assert "M.tla:" in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "[]x", "<>(x = 1)", "x ~> x", "WF_x(x' = 1)", "\\A y : y = x", "\\EE y : y = x", "CHOOSE y : y = x", "1.5",
        "Infinity", "E!1", "RandomElement({1})",
    ],
)  # fmt: skip
def test_unsupported_operators_are_refused_when_they_are_evaluated(write: Write, expression: str) -> None:
    extends = "Reals, Sequences, FiniteSets, TLC"
    module = write(f"VARIABLE x\nE == {expression}\nDeep == IF x = 1 THEN E ELSE 2\nFine == x = 1", extends=extends)
    assert module.holds("Fine", module.state(x=1))
    for name in ("E", "Deep"):
        with pytest.raises(ModuleError, match=r"M\.tla:4"):
            module.require(name)


def test_operators_that_prime_a_parameter_cannot_be_called_with_values(write: Write) -> None:
    module = write("VARIABLE x\nSet(v) == v' = 1\nApply(F(_)) == F(1)")
    with pytest.raises(Unsupported, match="a parameter of Set is primed"):
        module.action("Set")
    with pytest.raises(Unsupported, match="takes operators"):
        module.predicate("Apply")


def test_misuse_is_refused(write: Write) -> None:
    module = write("VARIABLES x, y\nA(n) == x' = n\nP == x = 1")
    state = module.state(x=1, y=2)
    with pytest.raises(ModuleError, match="variables missing or unknown: y, z"):
        module.state(x=1, z=2)
    with pytest.raises(ModuleError, match="no variable z"):
        module.replace(state, z=1)
    with pytest.raises(ModuleError, match="takes 1 arguments, not 0"):
        module.is_step("A", (), state, state)
    with pytest.raises(ModuleError, match="takes 1 arguments"):
        module.explain("A", (), state, state)
    with pytest.raises(ModuleError, match="is an action"):
        module.holds("A", state)
    with pytest.raises(ModuleError, match="no definition Q"):
        module.holds("Q", state)
    with pytest.raises(ModuleError, match="depends on the state"):
        module.value("P")
    with pytest.raises(TypeError, match="not a TLA"):
        module.state(x=None, y=2)


# --- states ----------------------------------------------------------------------------------------------


def test_states_are_values(write: Write) -> None:
    module = write("VARIABLES x, state, self\nP == x = 1")
    state = module.state(x=True, state=[1], self={"a": {2}})
    assert state["x"] is TRUE
    assert state["self"] == record(a={2})
    assert list(state) == ["x", "state", "self"]
    assert state == module.state(x=True, state=(1,), self=record(a={2}))
    assert hash(state) == hash(module.replace(state, x=True))
    assert module.replace(state, state="new")["state"] == "new"
    assert state["state"] == (1,)
    assert repr(state) == "/\\ x = TRUE /\\ state = <<1>> /\\ self = [a |-> {2}]"


# --- loading ---------------------------------------------------------------------------------------------


def test_constants(write: Write) -> None:
    text = "CONSTANTS N, Op(_, _)\nASSUME N > 1\nTable == [i \\in 1 .. N |-> Op(i, TRUE)]\nView == Nat"
    module = write(text, {"N": 2, "Op": lambda number, flag: [number, bool(flag)], "View": {0, 1}})
    assert module.value("Table") == ((1, TRUE), (2, TRUE))
    with pytest.raises(ModuleError, match=r"M.tla:4: ASSUME is false: N > 1"):
        write(text, {"N": 1, "Op": max})
    with pytest.raises(ModuleError, match=r"M.tla:4: cannot evaluate ASSUME"):
        write(text, {"N": "a", "Op": max})
    with pytest.raises(ModuleError, match="CONSTANT Op must be a Python function of 2"):
        write(text, {"N": 2, "Op": 3})
    with pytest.raises(ModuleError, match="CONSTANT N must be a value"):
        write(text, {"N": max, "Op": max})
    with pytest.raises(ModuleError, match="CONSTANT Op has no value"):
        write(text, {"N": 2})
    with pytest.raises(ModuleError, match="no CONSTANT and no definition Typo"):
        write(text, {"N": 2, "Op": max, "Typo": 3})


def test_extra_definitions(tmp_path: Path) -> None:
    path = tmp_path / "M.tla"
    path.write_text("---- MODULE M ----\nVARIABLE x\n====\n")
    assert load(path, extra_definitions="More == x # 1\n").holds("More", load(path).state(x=2))


def test_extended_modules_share_their_names_but_for_local_ones(tmp_path: Path) -> None:
    texts = {
        "Base": "EXTENDS Naturals\nVARIABLE x\nStep == 2",
        "Left": "EXTENDS Base\nLOCAL Hidden == 1\nLeftSum == x + Step + Hidden",
        "Right": "EXTENDS Base\nDoubled == x * Step",
        "Top": "EXTENDS Left, Right\nHidden == 100\nBoth == LeftSum + Doubled + Hidden",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.tla").write_text(f"---- MODULE {name} ----\n{text}\n====\n")
    module = load(tmp_path / "Top.tla")
    assert module.variables == ("x",)
    assert module.value("Both", module.state(x=10)) == 13 + 20 + 100
    assert {path.stem for path in module.sources} == set(texts)


def test_no_such_module_and_bad_syntax(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ModuleError, match=r"M: no module Nowhere: it is neither in the folder"):
        write("E == 1", extends="Nowhere")
    with pytest.raises(ModuleError, match=r"M\.tla:4: syntax error"):
        write("E == 1\nF == [1 |->\nG == 2")
    with pytest.raises(ModuleError, match="cycle"):
        write("E == 1", extends="M")
    (tmp_path / "Other.tla").write_text("---- MODULE Wrong ----\n====\n")
    with pytest.raises(ModuleError, match="holds module Wrong"):
        load(tmp_path / "Other.tla")
    (tmp_path / "Empty.tla").write_text("nothing here")
    with pytest.raises(ModuleError):
        load(tmp_path / "Empty.tla")


def test_standard_operators_need_their_module(write: Write) -> None:
    with pytest.raises(ModuleError, match=r"M\.tla:3: Len has no definition"):
        write("E == Len(<<>>)", extends="Naturals").require("E")
    with pytest.raises(ModuleError, match=r"-\. has no definition"):
        write("E == -1", extends="Naturals").require("E")


# --- explanations --------------------------------------------------------------------------------------------

LOCKS = """VARIABLES owner, count
Free(l) == owner[l] = "none"
Known(p) == p \\in {"a", "b"}
Set(v, l, e) == v' = [v EXCEPT ![l] = e]
Take(p, l) ==
  /\\ Known(p)
  /\\ LET limit == 2 IN
     /\\ Free(l)
     /\\ count < limit
  /\\ \\A m \\in DOMAIN owner : m # l => owner[m] # p
  /\\ Set(owner, l, p)
  /\\ IF count = 0 THEN count' = 1 ELSE count' = count + 1
Rest == UNCHANGED <<owner, count>>"""


@pytest.mark.parametrize(
    ("arguments", "before", "after", "line", "guard", "values"),
    [
        (("c", 1), {}, {}, 5, 'p \\in {"a", "b"}', {"p": "c"}),
        (("a", 1), {"owner": ["b", "none"]}, {}, 4, 'owner[l] = "none"', {"l": 1}),
        (("a", 1), {"count": 2}, {}, 11, "count < limit", {"count": 2, "limit": 2}),
        (("a", 1), {"owner": ["none", "a"]}, {}, 12, "owner[m] # p", {"m": 2, "p": "a"}),
        (("a", 1), {}, {"owner": ["b", "none"]}, 6, "v' = [v EXCEPT ![l] = e]", {"v'": ("b", "none"), "e": "a"}),
        (("a", 1), {"count": 1}, {"count": 3}, 14, "count' = count + 1", {"count": 1, "count'": 3}),
    ],
)
def test_the_first_false_guard_is_named(
    write: Write, arguments: tuple[Any, ...], before: Any, after: Any, line: int, guard: str, values: dict[str, Any]
) -> None:
    module = write(LOCKS)
    state = module.state(**{"owner": ["none", "none"], "count": 0, **before})
    then = {"owner": [arguments[0], *state["owner"][1:]], "count": state["count"] + 1, **after}
    found = module.explain("Take", arguments, state, module.state(**then))
    assert not module.is_step("Take", arguments, state, module.state(**then))
    assert (found.line, found.guard, found.error, found.allowed) == (line, guard, None, False)
    assert found.file.name == "M.tla"
    assert values.items() <= found.values.items()
    assert f"M.tla:{line}" in str(found)
    assert f"{guard} is false" in str(found)


def test_unchanged_names_the_variable_that_changed(write: Write) -> None:
    module = write(LOCKS)
    state = module.state(owner=["none"], count=0)
    found = module.explain("Rest", (), state, module.replace(state, count=1))
    assert found.guard == "count"
    assert found.values == {"count": 0, "count'": 1}


def test_an_allowed_step_and_a_guard_without_value(write: Write) -> None:
    module = write(LOCKS)
    state = module.state(owner=["none"], count=0)
    assert module.explain("Take", ("a", 1), state, module.state(owner=["a"], count=1)).allowed
    found = module.explain("Take", ("a", 7), state, state)
    assert found.line == 4
    assert found.error is not None
    assert "7 is not in the domain" in found.error
    assert "cannot be evaluated" in str(found)


def test_a_guard_may_hold_operators_that_are_not_values(write: Write) -> None:
    module = write("VARIABLE x\nInc(n) == n + 1\nTwice(F(_), n) == F(F(n))\nBase == 3\nGuard == Twice(Inc, x) < Base")
    found = module.explain("Guard", (), module.state(x=2))
    assert found.guard == "Twice(Inc, x) < Base"
    assert found.values == {"x": 2, "Base": 3}


# --- SANY --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar")
def test_sany_refuses_what_the_parser_takes(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ModuleError, match="=> and => have no order of precedence"):
        write("E == TRUE => FALSE => TRUE")
    with pytest.raises(ModuleError, match="Precedence conflict"):
        sany.check(tmp_path / "M.tla")
    sany.check(write("E == TRUE => (FALSE => TRUE)").path)
