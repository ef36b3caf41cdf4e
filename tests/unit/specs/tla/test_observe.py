"""Observations checked against a module: what is logged, searched for and refused, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from specs.tla.language.language import Module, ModuleError, load
from specs.tla.observe.observe import Observation, ObservationError, Observer, Result
from specs.verdict import HOLDS, VIOLATED
from tests.support.modules.tla_models import FOLDER, writer

PARCELS = FOLDER / "Parcels.tla"

Seen = tuple[str | None, dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def module() -> Module:
    return load(PARCELS, {"Depot": {1, 2, 3}, "WeightMax": 3})


def observed(module: Module, seen: Sequence[Seen], **options: Any) -> tuple[Result, Observer]:
    observer = Observer(module, **options)
    for line, (name, arguments, state) in enumerate(seen, 1):
        observer.feed(Observation(line, name, arguments, state))
    observer.finish()
    return observer.result(), observer


def send(weight: int = 2, **state: Any) -> Seen:
    return "Send", {"from": 1, "weight": weight}, state


def receive(weight: int = 2, **state: Any) -> Seen:
    return "Receive", {"at": 2, "from": 1, "weight": weight}, state


# --- accepted -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "states",
    [
        ({}, {}),
        ({"road": {(1, 2)}}, {"stock": [0, 2, 0]}),
        ({"road": {(1, 2)}, "stock": [0, 0, 0]}, {"road": set(), "stock": [0, 2, 0]}),
    ],
    ids=["nothing logged", "part of the state logged", "the whole state logged"],
)
def test_steps_are_taken_however_much_of_the_state_is_logged(module: Module, states: Sequence[dict[str, Any]]) -> None:
    result, observer = observed(module, [send(**states[0]), receive(**states[1])])
    assert result.accepted
    assert result.steps == {"Send": 1, "Receive": 1}
    assert result.candidates_most == 1
    assert [repr(state) for state in observer.candidates] == ["/\\ stock = <<0, 2, 0>> /\\ road = {}"]


def test_arguments_that_are_not_logged_are_searched_for_in_next(module: Module) -> None:
    result, observer = observed(module, [("Send", {"from": 1}, {}), ("Receive", {"at": 2}, {"stock": [0, 3, 0]})])
    assert result.accepted
    assert result.candidates_most == 3  # any of three weights was possible
    assert len(observer.candidates) == 1
    assert result.searched == [
        "Send: weight is not logged: searched for in Next",
        "Receive: from, weight is not logged: searched for in Next",
    ]


def test_silent_steps_happen_unlogged_when_allowed(module: Module) -> None:
    seen = [send(1), send(2), send(3), ("Send", {"from": 2, "weight": 1}, {})]
    assert not observed(module, seen)[0].accepted  # three parcels are on the road
    assert observed(module, seen, silent=["Lose"])[0].accepted


def test_states_without_names_are_steps_of_next_or_stuttering(module: Module) -> None:
    states = [{"road": set()}, {"road": {(1, 2)}}, {"road": {(1, 2)}}, {"road": set(), "stock": [0, 0, 2]}]
    result, _ = observed(module, [(None, {}, state) for state in states])
    assert result.accepted
    assert result.steps == {"Next": 3}
    result, _ = observed(module, [(None, {}, states[0]), (None, {}, states[3])])
    assert not result.accepted


def test_the_first_observation_may_state_the_initial_state(module: Module) -> None:
    assert observed(module, [("Init", {}, {"road": set()}), send()])[0].accepted
    assert observed(module, [("Init", {}, {"road": set(), "stock": [0, 0, 0]}), send()])[0].accepted
    result, _ = observed(module, [("Init", {}, {"stock": [0, 0, 1]}), send()])
    assert result.bad is not None
    assert "no initial state" in result.bad.why
    result, _ = observed(module, [("Init", {}, {"road": {(1, 1)}, "stock": [0, 0, 0]})])
    assert result.bad is not None
    assert "road = {} is false" in result.bad.why


def test_events_outside_the_module_are_counted(module: Module) -> None:
    result, _ = observed(module, [send(), ("Boot", {"node": 3}, {}), receive(), ("Boot", {}, {})])
    assert result.accepted
    assert result.outside == {"Boot": 2}
    assert "2 events are outside module Parcels" in result.verdict().notes[0]


# --- refused --------------------------------------------------------------------------------------


def refused(module: Module, seen: Sequence[Seen], **options: Any) -> Any:
    result, _ = observed(module, seen, **options)
    assert result.bad is not None
    assert result.verdict().verdict == "violation"
    return result.bad


def test_a_false_guard_is_named_with_the_lines_of_trace_and_module(module: Module) -> None:
    bad = refused(module, [send(2), receive(3)])
    assert (bad.line, bad.step) == (2, "Receive(at = 2, from = 1, weight = 3)")
    assert (bad.module_file.name, bad.module_line, bad.guard) == ("Parcels.tla", 17, "<<from, weight>> \\in road")
    assert "weight = 3" in bad.why
    assert bad.state == "/\\ stock = <<0, 0, 0>> /\\ road = {<<1, 2>>}"


def test_a_guard_behind_assignments_is_found(module: Module) -> None:
    bad = refused(module, [send(), ("Receive", {"at": 1, "from": 1, "weight": 2}, {"road": set()})])
    assert (bad.module_line, bad.guard) == (18, "at # from")


@pytest.mark.parametrize("state", [{"stock": [0, 3, 0]}, {"stock": [0, 3, 0], "road": set()}])
def test_a_state_that_the_module_does_not_allow_is_set_beside_the_one_it_does(
    module: Module, state: dict[str, Any]
) -> None:
    bad = refused(module, [send(), receive(2, **state)])
    assert "stock = <<0, 2, 0>> where <<0, 3, 0>> was observed" in bad.why


def test_a_guard_without_value_is_not_a_step(module: Module) -> None:
    bad = refused(module, [send(), ("Spend", {"at": 7, "weight": 1}, {})])
    assert bad.without_value
    assert "stock[at] >= weight cannot be evaluated: 7 is not in the domain of <<0, 0, 0>>" in bad.why


def test_searched_arguments_that_do_not_exist_are_not_a_step(module: Module) -> None:
    bad = refused(module, [send(), ("Receive", {"at": 1}, {})])
    assert "no choice of the unlogged arguments" in bad.why


def test_steps_after_the_first_bad_one_are_counted(module: Module) -> None:
    result, _ = observed(module, [receive(), send(), send()])
    assert (result.not_reached, result.steps.total()) == (2, 0)


# --- invariants and properties --------------------------------------------------------------------


def test_invariants_are_checked_in_every_state(module: Module) -> None:
    seen = [send(3), receive(3), send(2), receive(2)]
    result, _ = observed(module, seen, invariants=["NotFull"])
    assert result.invariants == {"NotFull": VIOLATED}
    assert result.bad is not None
    assert (result.bad.line, result.bad.broken, result.bad.guard) == (4, "NotFull", "stock[d] < 5")
    assert observed(module, seen[:3], invariants=["NotFull"])[0].invariants == {"NotFull": HOLDS}


def test_an_invariant_must_hold_in_every_state_that_is_possible(module: Module) -> None:
    seen: list[Seen] = [send(3), receive(3), ("Send", {"from": 1}, {}), ("Receive", {"at": 2}, {})]
    assert observed(module, seen, invariants=["NotFull"])[0].invariants == {"NotFull": VIOLATED}


def test_properties_of_steps_and_of_states_are_checked_against_the_trace(module: Module) -> None:
    seen = [send(2), receive(2), send(3), receive(3)]
    result, _ = observed(module, seen, properties=["Light", "Typed"])
    assert result.properties == {"Light": VIOLATED, "Typed": HOLDS}
    assert result.bad is not None
    assert (result.bad.line, result.bad.guard) == (4, "stock'[d] <= stock[d] + 2")


# --- bad input ------------------------------------------------------------------------------------


def test_too_little_logged_is_an_error_that_says_what_to_log(module: Module) -> None:
    with pytest.raises(ObservationError, match=r"line 1: more than 2 states .* log more of the state .*stock, road"):
        observed(module, [("Send", {"from": 1}, {})], candidates_max=2)


def test_an_operator_that_is_not_an_action_is_an_error(module: Module) -> None:
    with pytest.raises(ObservationError, match="NotFull is not an action"):
        observed(module, [("NotFull", {}, {})])


def test_an_argument_that_cannot_be_searched_for_is_an_error() -> None:
    module = load(PARCELS, {"Depot": {1, 2}, "WeightMax": 1})
    observer = Observer(module, next_action="Lose")
    with pytest.raises(ObservationError, match="not all arguments are logged"):
        observer.feed(Observation(1, "Send", {"from": 1}))


def test_values_that_the_module_leaves_open_must_be_logged(tmp_path: Path) -> None:
    """No answer is not a verdict: the step may well be allowed."""
    write = writer(tmp_path)
    module = write(
        """VARIABLES x, y
Init == x = 0 /\\ y = 0
Half == x' = 1
Late == x' = y' /\\ y' > 0
Next == Half \\/ Late"""
    )
    for name, said in (
        ("Half", "Half gives no value to y: log it"),
        ("Late", "y is read before it has a value: log it"),
    ):
        with pytest.raises(ObservationError, match=f"line 1: .*{said}"):
            observed(module, [(name, {}, {})])
        assert observed(module, [(name, {}, {"y": 1})])[0].accepted


def test_unknown_names_are_errors(module: Module) -> None:
    with pytest.raises(ModuleError, match="no definition Fuller"):
        Observer(module, invariants=["Fuller"])
    with pytest.raises(ObservationError, match="line 1: Parcels has no variable street"):
        observed(module, [send(2, street=3)])
