"""Expressions have the values that TLC gives them; where TLC ends with an error, so does the evaluator.

The answers were written down from TLC 2.15. tests/conformance/language/random_modules.py asks TLC itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.tla.language.language import EvaluationError, ModelValue, ModuleError, of_python, to_tla
from specs.tla.values.values import LazyValue
from specs.tlc.states import parse
from tests.support.modules.tla_models import FOLDER, Write, writer

EXTENDS = "Integers, Sequences, FiniteSets, TLC, Bags"
ERROR = "error"
ANSWERS = dict(
    [
        line.split("  ==>  ")
        for line in (FOLDER / "answers.txt").read_text(encoding="utf-8").splitlines()
        if "==>" in line
    ]
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


@pytest.mark.parametrize("expression", ANSWERS)
def test_an_expression_has_tlcs_value(expression: str, write: Write) -> None:
    answer = ANSWERS[expression]
    if answer == ERROR:
        with pytest.raises((EvaluationError, ModuleError)):
            to_tla(write(f"E == {expression}", extends=EXTENDS).value("E"))
        return
    found = of_python(write(f"E == {expression}", extends=EXTENDS).value("E"))
    found = found.worked_out() if isinstance(found, LazyValue) else found
    assert found == parse(f"/\\ value = {answer}")["value"]


def test_powers_and_sums_are_not_bounded_to_32_bits_as_in_tlc(write: Write) -> None:
    """TLC reports an overflow here. Numbers of a log may be larger, so this evaluator goes on."""
    assert write("E == 2147483647 + 1", extends=EXTENDS).value("E") == 2**31


@pytest.mark.parametrize(
    ("comparison", "kinds"),
    [
        ('1 = "a"', '1 is compared with "a": a number and a string'),
        ("x # {}", "1 is compared with {}: a number and a set"),
        ('<<1, x>> = <<1, "a">>', '1 is compared with "a": a number and a string'),
        ('[a |-> {x}] = [a |-> {"b"}]', '1 is compared with "b": a number and a string'),
        ('x \\in {"a", "b"}', '"a" is compared with 1'),
        ('"a" \\in Nat', '"a" \\in Nat: a string is of another kind than the elements'),
        ("[a |-> 1] = {<<1>>}", "a record and a set"),
        ("CHOOSE y \\in {1, 2} : y = TRUE", "1 is compared with TRUE: a number and a Boolean"),
        ("TRUE \\in DOMAIN <<x>>", "1 is compared with TRUE"),
    ],
)
def test_the_error_names_what_is_compared(comparison: str, kinds: str, write: Write) -> None:
    module = write(f"VARIABLE x\nE ==\n  {comparison}", extends=EXTENDS)
    with pytest.raises(EvaluationError, match=r"(?s)in E \(M\.tla:4\)") as caught:
        module.value("E", module.state(x=1))
    assert kinds in str(caught.value)


def test_model_values_compare_with_all_unless_they_are_typed(write: Write) -> None:
    text = (
        'CONSTANTS none, A_one, A_two, B_one\nE == <<none = 1, none \\in {1}, none = A_one, A_one = A_two, none # "a">>'
    )
    names = ("none", "A_one", "A_two", "B_one")
    constants = {name: ModelValue(name) for name in names}
    found = write(text, constants, extends=EXTENDS).value("E")
    assert [bool(item) for item in found] == [False, False, False, False, True]
    for wrong in ("A_one = 1", "A_one = B_one", '"a" \\in {A_one}'):
        with pytest.raises(EvaluationError, match="is compared with"):
            write(text.replace("E ==", f"F == {wrong}\nE =="), constants, extends=EXTENDS).value("F")
