"""Bounds of the evaluator: what nests deep, is large or never ends is worked out or refused, soon and in words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from specs.tla.explore.reachable import explore
from specs.tla.language.language import EvaluationError, ModuleError, load
from specs.tla.syntax import configuration, reader, syntax
from specs.tla.syntax.configuration import ConfigurationError
from tests.support.modules.tla_models import Write, writer


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# --- nesting --------------------------------------------------------------------------------------

NESTED: dict[str, Callable[[int], str]] = {
    "negation": lambda n: "~ " * n + "TRUE",
    "sets": lambda n: "{" * n + "1" + "}" * n + " # {}",
    "tuples": lambda n: "<<" * n + "1" + ">>" * n + " # <<>>",
    "implications": lambda n: "(TRUE => " * n + "TRUE" + ")" * n,
    "conditionals": lambda n: "IF 1 = 1 THEN " * n + "TRUE" + " ELSE FALSE" * n,
    "quantifiers": lambda n: "".join(f"\\A a{i} \\in {{{i}}} : " for i in range(n)) + f"a0 + a{n - 1} = {n - 1}",
    "definitions in LET": lambda n: "".join(f"LET a{i} == {i} IN " for i in range(n)) + f"a0 + a{n - 1} = {n - 1}",
    "records": lambda n: "[a |-> " * n + "1" + "]" * n + " # [b |-> 1]",
    "functions": lambda n: "".join(f"[a{i} \\in {{1}} |-> " for i in range(n)) + f"a0 + a{n - 1}" + "]" * n + " # <<>>",
    "indices": lambda n: "<<" * n + "7" + ">>" * n + "[1]" * n + " = 7",
}


@pytest.mark.parametrize("kind", NESTED)
def test_nesting_within_the_bound_is_evaluated(kind: str, write: Write) -> None:
    """Deeper than Python lets one of its expressions nest."""
    depth = reader.NESTING_MAX // 2 - 5 if kind == "indices" else reader.NESTING_MAX - 20
    if kind == "implications":
        depth = reader.NESTING_MAX // 2 - 5  # two levels each
    assert write(f"E == {NESTED[kind](depth)}").value("E") is True


@pytest.mark.parametrize("kind", NESTED)
def test_nesting_beyond_the_bound_is_bad_input(kind: str, write: Write) -> None:
    with pytest.raises(ModuleError, match=r"M\.tla:3: an expression nests more than 400 deep"):
        write(f"E == {NESTED[kind](reader.NESTING_MAX + 20)}").value("E")


def test_parentheses_do_not_nest(write: Write) -> None:
    depth = 2 * reader.NESTING_MAX
    assert write(f"E == {'(' * depth}1 + 2{')' * depth} = 3").value("E") is True


LONG: dict[str, Callable[[int], str]] = {
    "sums": lambda n: " + ".join(["1"] * n) + f" = {n}",
    "sums and differences": lambda n: "1 + 2 - 1" + " + 1 - 1" * n + " = 2",
    "products of sums": lambda n: " + ".join(["2 * 3"] * n) + f" = {6 * n}",
    "merged functions": lambda n: "Cardinality(DOMAIN (" + " @@ ".join(f"{i} :> 1" for i in range(n)) + f")) = {n}",
    "unions": lambda n: "Cardinality(" + " \\cup ".join(f"{{{i}}}" for i in range(n)) + f") = {n}",
    "sequences": lambda n: "Len(" + " \\o ".join(["<<1>>"] * n) + f") = {n}",
    "own operators": lambda n: " ++ ".join(["1"] * n) + f" = {n}",
    "conjuncts": lambda n: " /\\ ".join(["1 = 1"] * n),
    "listed conjuncts": lambda n: "\n" + "  /\\ 1 = 1\n" * n,
    "listed disjuncts": lambda n: "\n" + "  \\/ 1 = 2\n" * n + "  \\/ 1 = 1",
    "conditionals": lambda n: "".join(f"IF {i} = {n} THEN FALSE ELSE " for i in range(n)) + "TRUE",
    "cases": lambda n: "CASE " + " [] ".join(f"{i} = {n - 1} -> {i} = {n - 1}" for i in range(n)),
    "updates": lambda n: f"[[i \\in 1..{n} |-> 0] EXCEPT " + ", ".join(f"![{i}] = @ + {i}" for i in range(1, n + 1))
    + f"][{n}] = {n}",
    "tuples": lambda n: "Len(<<" + ", ".join(["1"] * n) + f">>) = {n}",
    "sets": lambda n: "Cardinality({" + ", ".join(map(str, range(n))) + f"}}) = {n}",
    "records": lambda n: "[" + ", ".join(f"f{i} |-> {i}" for i in range(n)) + f"].f{n - 1} = {n - 1}",
}  # fmt: skip


@pytest.mark.parametrize("kind", LONG)
def test_a_chain_is_as_long_as_it_likes(kind: str, write: Write) -> None:
    count = 700 if kind in ("conditionals", "cases", "updates") else 2000  # the parser takes long over these
    module = write(f"a ++ b == a + b\nE == {LONG[kind](count)}", extends="Integers, Sequences, FiniteSets, TLC")
    assert module.value("E") is True


def test_a_long_chain_is_an_action(write: Write) -> None:
    conjuncts = "".join(f"  /\\ x # {-i}\n" for i in range(1, 2000))
    module = write(f"VARIABLE x\nInit == x = 0\nNext ==\n{conjuncts}  /\\ x' = x + 1\n  /\\ x' < 3")
    found = explore(module, "Init", "Next")
    assert (found.distinct_states, found.complete) == (3, True)


def test_a_chain_of_conjuncts_or_factors_is_as_long_as_it_likes(write: Write) -> None:
    conjuncts = " /\\ ".join(["1 = 1"] * 1500)
    module = write(f"E == {conjuncts}\nF == <<1, 2, 3>> \\in {{1}} \\X {{2}} \\X {{3}}")
    assert (module.value("E"), module.value("F")) == (True, True)


def test_input_that_would_take_the_parser_minutes_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax, "PARSE_SECONDS_MAX", 0)
    with pytest.raises(ModuleError, match="not parsed within 0 s of processor time"):
        write("E == " + "(" * 20_000 + "1" + ")" * 20_000)


def test_definitions_that_build_on_each_other_without_end_are_refused(write: Write) -> None:
    chain = "\n".join(f"A{i} == A{i - 1} + 1" for i in range(1, 3000))
    module = write(f"A0 == 0\n{chain}")
    assert module.value("A200") == 200
    with pytest.raises(ModuleError, match="needs definitions that nest too deep"):
        module.value("A2999")


def test_a_recursion_without_end_has_no_value(write: Write) -> None:
    module = write("RECURSIVE R(_)\nR(n) == IF n = 0 THEN 0 ELSE 1 + R(n - 1)\nE == R(100000)")
    assert module.value("R", None, 200) == 200
    with pytest.raises(EvaluationError, match="recurses too deep"):
        module.value("E")


def test_nested_sets_of_a_configuration_are_bounded() -> None:
    deepest = configuration.NESTING_MAX
    found = configuration.parse(f"CONSTANT A = {'{' * deepest}1{'}' * deepest}")
    assert found.constants["A"] != frozenset()
    with pytest.raises(ConfigurationError, match="configuration:2: a set that nests more than 100 deep"):
        configuration.parse("\nCONSTANT A = " + "{" * 100_000 + "}" * 100_000)


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("9999 ^ 9999", r"9999 \^ 9999 has more than 8192 bits"),
        ("2 ^ (2 ^ (2 ^ 10))", "has more than 8192 bits"),
        ("(0 - 3) ^ 99999999999", "has more than 8192 bits"),
        ("10 ^ 2000 * 10 ^ 2000", "an integer of more than 8192 bits"),
        ("{a \\in 1 .. 10 ^ 9 : a > 3}", "an interval has more than 1000000 elements"),
        ("{a + 1 : a \\in 1 .. 10 ^ 9}", "an interval has more than 1000000 elements"),
        ("\\A a \\in 1 .. 10 ^ 9 : a > 0", "an interval has more than 1000000 elements"),
        ("LET n == 10 ^ 9 IN \\A a, b \\in 1 .. n : a > 0 /\\ b > 0", "more than 1000000 elements"),
        ("{<<a, b>> : a, b \\in 1 .. 10000}", "a set or function of more than 1000000 elements"),
        ("[a, b \\in 1 .. 10000 |-> 1]", "a set or function of more than 1000000 elements"),
        ("\\A S \\in SUBSET (1 .. 60) : S # {0}", "SUBSET has more than 100000 elements"),
        ("SUBSET (1 .. 60) = {}", "SUBSET has too many elements to enumerate"),
        ("[1 .. 60 -> 1 .. 60] = {}", "a set of functions has too many elements to enumerate"),
        ("\\A f \\in [1 .. 60 -> 1 .. 60] : f[1] > 0", "a set of functions has more than 100000 elements"),
        ("Permutations(1 .. 13)", "Permutations of 13 elements; want at most 9"),
        ("Len([a \\in 1 .. 600000 |-> a] \\o [a \\in 1 .. 600000 |-> a])", "a sequence of more than 1000000 elements"),
    ],
)
def test_the_error_of_a_value_that_is_too_large_names_the_bound(expression: str, complaint: str, write: Write) -> None:
    module = write(f"E == {expression}")
    with pytest.raises(EvaluationError, match=complaint):
        module.value("E")


@pytest.mark.parametrize(
    "expression",
    [
        "2 ^ 8000 > 2 ^ 7999 /\\ (0 - 1) ^ 99999999999 = 0 - 1 /\\ 1 ^ 99999999999 = 1 /\\ 0 ^ 9 = 0",
        "(0 - 1) ^ 4 = 1 /\\ (0 - 2) ^ 3 = 0 - 8 /\\ 3 * 4 = 12",
        "\\E a \\in 1 .. 10 ^ 9 : a = 3",
        "Cardinality(1 .. 10 ^ 9) = 10 ^ 9 /\\ Cardinality(3 .. 1) = 0",
        "5 \\in 1 .. 10 ^ 9 /\\ {1, 2} \\in SUBSET (1 .. 60)",
        "IsFiniteSet(1 .. 10 ^ 9) /\\ IsFiniteSet(SUBSET (1 .. 100)) /\\ IsFiniteSet([1 .. 70 -> BOOLEAN])",
        "~IsFiniteSet(Nat) /\\ ~IsFiniteSet(Nat \\ {1}) /\\ ~IsFiniteSet(SUBSET Int) /\\ ~IsFiniteSet({1} \\X Nat)",
        "IsFiniteSet({} \\X Nat) /\\ IsFiniteSet({1} \\cup {}) /\\ ~IsFiniteSet(Nat \\cup {0 - 1})",
        "LET n == 1000 IN Cardinality({<<a, b>> : a, b \\in 1 .. n}) = 10 ^ 6",
        "[a, b \\in 1 .. 3 |-> a * b][2, 3] = 6",
    ],
)
def test_large_values_within_the_bounds_are_evaluated(expression: str, write: Write) -> None:
    assert write(f"E == {expression}").value("E") is True


@pytest.mark.parametrize("number", ["9" * 5000, "\\h" + "f" * 5000, "\\b" + "1" * 5000])
def test_a_number_of_too_many_digits_is_bad_input(number: str, write: Write) -> None:
    with pytest.raises(ModuleError, match=r"M\.tla:3: a number of 500\d digits; want at most 2400"):
        write(f"E == {number}").value("E")
    if number.isdigit():
        with pytest.raises(ConfigurationError, match="configuration:1: a number of 5000 digits"):
            configuration.parse(f"CONSTANT A = {number}")


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [lambda path: load(path), configuration.read], ids=["module", "configuration"])
def test_a_file_that_is_not_text_is_refused(read: Callable[[Path], object], tmp_path: Path) -> None:
    pipe, folder, bytes_ = tmp_path / "Pipe.tla", tmp_path / "Folder.tla", tmp_path / "Bytes.tla"
    os.mkfifo(pipe)
    folder.mkdir()
    (tmp_path / "Zero.tla").symlink_to("/dev/zero")
    bytes_.write_bytes(b"---- MODULE Bytes ----\nA == \xff\n====\n")
    for path, complaint in (
        (pipe, "it is a pipe"),
        (folder, "it is a directory"),
        (bytes_, "line 2: not UTF-8"),
        (tmp_path / "Zero.tla", "it is a device"),
        (tmp_path / "none", "No such file"),
    ):
        with pytest.raises(ModuleError, match=complaint):
            read(path)


def test_a_module_and_a_configuration_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "M.tla"
    path.write_bytes(b"\xef\xbb\xbf---- MODULE M ----\nE == TRUE\n====\n")
    assert load(path).value("E") is True
    path = tmp_path / "M.cfg"
    path.write_bytes(b"\xef\xbb\xbfINIT I NEXT N\n")
    assert configuration.read(path).init == "I"
