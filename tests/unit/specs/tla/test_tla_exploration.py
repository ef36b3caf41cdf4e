"""Initial states, successors and breadth-first exploration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specs.tla.explore.reachable import explore
from specs.tla.language.contexts import Context
from specs.tla.language.language import EvaluationError, Module, ModuleError
from specs.tla.language.modules import Operator
from specs.tla.language.steps import Action
from specs.tla.language.successors import UNASSIGNED, Planner
from tests.support.modules.tla_models import MODELS, Write, writer


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# (distinct states, depth) by TLC 2.15 with the constants of tests/support/modules/tla_models.py
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
def test_a_set_that_cannot_be_enumerated_is_an_error(write: Write, text: str, message: str) -> None:
    module = write("VARIABLES x, y\nInit == x = 0 /\\ y = 0\n" + text)
    with pytest.raises(EvaluationError) as caught:
        explore(module, "Init", "Next")
    assert message in str(caught.value)


def test_a_determined_action_has_the_successor_that_is_enumerated() -> None:
    """What is compiled to a straight line says the same as the search, in every reachable state of every model."""
    determined_steps = 0
    for model in MODELS:
        module = model.load()
        states = list(module.initials())
        for state in states:
            states += [other for other in module.successors("Next", state) if other not in states]
        for operator in module.definitions.values():
            action = _action(module, operator)
            if action is None or not action.is_determined or action.parameters:
                continue
            plan = Planner(module.compiler, False).plan(operator.definition.body, Context(scope=operator.scope))
            blank = (UNASSIGNED,) * len(module.variables)
            for state in states:
                found = set(plan(state.values, blank, {}))
                assert set(action.after(state.values, {}, blank)) == found
                determined_steps += len(found)
    assert determined_steps > 100


def _action(module: Module, operator: Operator) -> Action | None:
    try:
        return Action(module.compiler, operator, None)
    except ModuleError:
        return None  # no action, or one with operators as parameters


def test_a_branching_step_is_not_determined(write: Write) -> None:
    module = write(
        """VARIABLES x, y
Line(n) == /\\ x > n
           /\\ LET z == x + n IN IF z > 3 THEN x' = z /\\ y' = 1 ELSE y' = x /\\ x' = y' + 1
           /\\ y' > 0
Half == x' = 1
Branch == (x' = 1 \\/ x' = 2) /\\ y' = x'
Pick == x' \\in {1} /\\ y' = 2
Late == y' = x' /\\ x' = 1
Check == x' = 1 /\\ y' = 2 /\\ (x' = y' \\/ x < y')"""
    )
    actions = {name: Action(module.compiler, module.definitions[name], None) for name in module.definitions}
    assert {name for name, action in actions.items() if action.is_determined} == {"Line", "Check"}
    blank = (UNASSIGNED, UNASSIGNED)
    assert list(actions["Line"].after((2, 0), {"n": 1}, blank)) == [(3, 2)]
    assert list(actions["Line"].after((3, 0), {"n": 1}, blank)) == [(4, 1)]
    assert list(actions["Line"].after((3, 0), {"n": 1}, (5, UNASSIGNED))) == []
    assert list(actions["Line"].after((0, 0), {"n": 1}, blank)) == []
    assert list(actions["Check"].after((1, 0), {}, blank)) == [(1, 2)]
    assert list(actions["Check"].after((2, 0), {}, blank)) == []
    with pytest.raises(EvaluationError, match=r"M\.tla:4"):
        list(actions["Line"].after(("a", 0), {"n": 1}, blank))
