"""Initial states, successors and breadth-first exploration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specs.checking.language import EvaluationError, explore
from tests.support.tla_models import MODELS, Write, writer


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# (distinct states, depth) by TLC 2.15 with the constants of tests/support/tla_models.py
BY_TLC = {"Mutex": (55, 9), "Commit": (288, 11), "Registers": (105, 7), "Recursion": (32, 6), "Instances": (71, 11)}


@pytest.mark.parametrize("model", [model for model in MODELS if model.name in BY_TLC], ids=lambda model: model.name)
def test_exploration_finds_what_tlc_found(model: Any) -> None:
    module = model.load()
    found = explore(module, "Init", "Next", model.invariants)
    assert (found.distinct_states, found.depth) == BY_TLC[model.name]
    assert found.complete
    assert found.violated is None
    for name in model.violated:
        violation = explore(module, "Init", "Next", (*model.invariants, name))
        assert violation.violated == name
        assert [module.holds(name, state) for state in violation.path[-2:]] == [True, False]
        steps = list(zip(violation.path, violation.path[1:]))
        assert steps
        assert all(module.is_step("Next", (), before, after) for before, after in steps)


def test_exploration_stops_at_its_limit_and_counts_deadlocks(write: Write) -> None:
    module = write("VARIABLE x\nInit == x = 0\nNext == x < 5 /\\ x' \\in {x + 1, x + 2}")
    whole = explore(module, "Init", "Next")
    assert (whole.distinct_states, whole.deadlocks, whole.complete) == (7, 2, True)
    cut = explore(module, "Init", "Next", limit=3)
    assert (cut.distinct_states, cut.complete) == (3, False)


def test_steps_found_are_steps_checked() -> None:
    """The enumerator and the two-state predicate say the same of every pair of reachable states."""
    for model in MODELS:
        if model.name not in ("Mutex", "Guards", "HigherOrder"):
            continue
        module = model.load()
        states = list(module.initials())
        for state in states:
            states += [next_state for next_state in module.successors("Next", state) if next_state not in states]
        for state in states:
            successors = set(module.successors("Next", state))
            assert {other for other in states if module.is_step("Next", (), state, other)} == successors


def test_operators_may_assign_their_parameters(write: Write) -> None:
    module = write(
        """VARIABLES x, y
Start(v, S) == v \\in S
Init == Start(x, {1, 2}) /\\ Start(y, {x})
Put(v, e) == v' = e
Next == Put(x, y + 1) /\\ LET both == x' + 1  Other(v) == Put(v, both)  Go == Other(y) IN Go"""
    )
    assert {state.values for state in module.initials()} == {(1, 1), (2, 2)}
    assert [state.values for state in module.successors("Next", module.state(x=0, y=5))] == [(6, 7)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Next == x' = y' /\\ y' = 1", "y is read before it has a value"),
        ("Next == x' = 1", "Next gives no value to y"),
        ("Next == x' > 1 /\\ UNCHANGED y", "x is read before it has a value"),
        ("Next == x' \\in 5 /\\ UNCHANGED y", "5 is not a set"),
    ],
)
def test_what_cannot_be_enumerated_is_an_error(write: Write, text: str, message: str) -> None:
    module = write("VARIABLES x, y\nInit == x = 0 /\\ y = 0\n" + text)
    with pytest.raises(EvaluationError) as caught:
        explore(module, "Init", "Next")
    assert message in str(caught.value)
