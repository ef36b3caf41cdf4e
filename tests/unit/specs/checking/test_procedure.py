"""The record of a crew's procedure: PRC-1 to PRC-4, each broken in many ways, and found by its name."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amu.core.limits import GROUND
from specs.verdict import HOLDS, NOT_CHECKED
from tests.support.records.edits import found, judged
from tests.support.records.traces import Script

KILL = {"kind": "board", "board": 2, "action": "kill", "fields": {}}
NOISE = {"kind": "fault", "name": "noise", "seconds": None, "rule": {"fault": "drop", "probability": 0.1}}
FINISH = {"kind": "finish"}
HEARD_SECONDS = 5.0
STEPS = [
    {"name": "look", "phases": ["expecting", "done"], "poll": [], "within_seconds": 5.0, "delay_seconds": 0.0},
    {
        "name": "lease",
        "phases": ["held", "polling", "ordered", "expecting", "delaying", "done"],
        "poll": ["operator", "director"],
        "within_seconds": 10.0,
        "delay_seconds": 2.0,
    },
    {"name": "last", "phases": ["held", "done"], "poll": [], "within_seconds": 5.0, "delay_seconds": 0.0},
]
NUMBERS = {step["name"]: number for number, step in enumerate(STEPS)}

Told = tuple[float, str, dict[str, Any]]  # mission second, event, fields


class Record(Script):
    """A script whose lines have a mission second."""

    at = 0.0

    def _line(self, node: int, event: str, fields: dict[str, Any]) -> dict[str, Any]:
        line = super()._line(node, event, fields)
        line["received"] = self.at
        return line


def _order(at: float, sender: str, told: dict[str, Any], name: str = "1", outcome: str = "accepted") -> Told:
    return at, "Order", {"order": name, "sender": sender, "told": told, "outcome": outcome}


def _step(at: float, step: str, status: str, sender: str = "procedure") -> Told:
    return at, "Procedure", {"step": step, "number": NUMBERS[step], "status": status, "sender": sender}


def _word(at: float, sender: str, action: str, step: str, status: str) -> list[Told]:
    return [
        _order(at, sender, {"kind": "procedure", "action": action, "step": step}),
        _step(at, step, status, sender),
    ]


def _poll(at: float, role: str, answer: str, sender: str = "procedure", step: str = "lease") -> Told:
    return at, "Poll", {"step": step, "role": role, "answer": answer, "sender": sender}


def _says(at: float, sender: str, role: str, answer: str) -> list[Told]:
    told = {"kind": "poll", "step": "lease", "answer": answer, "role": role}
    return [_order(at, sender, told), _poll(at, role, answer, sender)]


def _begun(at: float, name: str, told: dict[str, Any], sender: str = "procedure") -> Told:
    return at, "Inject", {"inject": name, "status": "begun", "sender": sender, "told": told}


def sound() -> list[Told]:
    """A procedure with all that may happen: a no-go, a failure, injects of both kinds, a pause, a skip."""
    loaded = {"step": "", "number": 0, "status": "loaded", "sender": "procedure"}
    return [
        (1.0, "Procedure", {**loaded, "title": "Test", "steps": STEPS, "heard_seconds": HEARD_SECONDS}),
        _step(1.0, "look", "expecting"),
        _step(2.0, "look", "done"),
        _step(2.0, "lease", "held"),
        *_word(3.0, "olga", "step", "lease", "polling"),
        _poll(3.0, "quorum", "go"),
        *_says(3.1, "olga", "operator", "go"),
        *_says(3.2, "dan", "director", "no-go"),
        _step(3.2, "lease", "held"),
        *_word(3.5, "olga", "step", "lease", "polling"),
        _poll(3.5, "quorum", "go"),
        *_says(3.6, "olga", "operator", "go"),
        *_says(3.7, "dan", "director", "go"),
        _step(3.7, "lease", "ordered"),
        _begun(3.7, "board 2 fails", KILL),
        _order(3.7, "procedure", KILL, "inject/board 2 fails"),
        _order(3.7, "procedure", FINISH, "step/1/1", "refused"),
        _step(3.7, "lease", "failed"),
        *_word(4.0, "olga", "retry", "lease", "polling"),
        _poll(4.0, "quorum", "go"),
        *_says(4.1, "olga", "operator", "go"),
        *_says(4.2, "dan", "director", "go"),
        _step(4.2, "lease", "ordered"),
        _order(4.2, "procedure", FINISH, "step/1/2"),
        _step(4.2, "lease", "expecting"),
        _order(4.5, "dan", {"kind": "inject", "name": "noise"}),
        _begun(4.5, "noise", NOISE, "dan"),
        _order(4.5, "procedure", NOISE, "inject/noise", "refused"),
        (4.5, "Inject", {"inject": "noise", "status": "refused", "sender": "procedure"}),
        _step(5.0, "lease", "delaying"),
        *_word(6.0, "olga", "pause", "lease", "paused"),
        *_word(9.0, "olga", "continue", "lease", "continued"),
        _step(10.0, "lease", "done"),
        _step(10.0, "last", "held"),
        *_word(11.0, "olga", "skip", "last", "skipped"),
    ]


def _written(told: list[Told], byzantine: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    made = Record(byzantine=byzantine)
    made.good_slot(1)
    for at, event, fields in told:
        made.at = at
        made.ground(event, **fields)
    return made.end().lines


def _found(told: list[Told], tmp_path: Path, byzantine: tuple[int, ...] = ()) -> list[str]:
    return found(_written(told, byzantine), tmp_path)


def _place(told: list[Told], event: str, nth: int = 0, **fields: Any) -> int:
    """The place of an event with these fields."""
    matching = [
        place
        for place, (_, name, have) in enumerate(told)
        if name == event and all(have.get(key) == value for key, value in fields.items())
    ]
    return matching[nth]


Change = Callable[[list[Told]], None]


def _without(event: str, nth: int = 0, **fields: Any) -> Change:
    return lambda told: told.__delitem__(_place(told, event, nth, **fields))


def _at(at: float, event: str, nth: int = 0, **fields: Any) -> Change:
    """Another second, of this event and those before it that would be later."""

    def change(told: list[Told]) -> None:
        place = _place(told, event, nth, **fields)
        for before, (second, name, have) in enumerate(told):
            if before < place:
                told[before] = min(second, at), name, have
        told[place] = at, *told[place][1:]

    return change


def _with(change: dict[str, Any], event: str, nth: int = 0, **fields: Any) -> Change:
    def apply(told: list[Told]) -> None:
        place = _place(told, event, nth, **fields)
        told[place] = *told[place][:2], told[place][2] | change

    return apply


def _silent(told: list[Told]) -> None:
    """The no-go, and its order, are not there."""
    place = _place(told, "Poll", answer="no-go")
    del told[place - 1 : place + 1]


PLANTED: dict[str, tuple[str, Change]] = {
    "a step is left out": ("PRC-1", _without("Procedure", step="look", status="done")),
    "a step that does not begin": ("PRC-1", _without("Procedure", step="look", status="expecting")),
    "a phase is left out": ("PRC-1", _without("Procedure", step="lease", status="delaying")),
    "another number": ("PRC-1", _with({"number": 2}, "Procedure", step="lease", status="delaying")),
    "another step": ("PRC-1", _with({"step": "last"}, "Procedure", step="lease", status="delaying")),
    "a phase that it has not": ("PRC-1", _with({"status": "delaying"}, "Procedure", step="look", status="expecting")),
    "a delay that is too short": ("PRC-1", _at(9.5, "Procedure", step="lease", status="done")),
    "a hold that nobody lifts": ("PRC-1", _with({"sender": "procedure"}, "Procedure", step="lease", status="polling")),
    "a hold that somebody else lifts": ("PRC-1", _with({"sender": "dan"}, "Procedure", step="lease", status="polling")),
    "a hold without an order": ("PRC-1", _without("Order", sender="olga", order="1")),
    "an order that was refused": ("PRC-1", _with({"outcome": "refused"}, "Order", sender="olga", order="1")),
    "an order of another kind": ("PRC-1", _with({"told": {"kind": "finish"}}, "Order", sender="olga", order="1")),
    "an automatic word without a hold": (
        "PRC-1",
        _with({"sender": "automatic"}, "Procedure", step="lease", status="delaying"),
    ),
    "a step that moves in a pause": ("PRC-1", _without("Procedure", step="lease", status="continued")),
    "a continuation without a pause": ("PRC-1", _without("Procedure", step="lease", status="paused")),
    "a second plan": ("PRC-1", lambda told: told.insert(5, told[0])),
    "no plan": ("PRC-1", lambda told: told.__setitem__(slice(None), [told[2]])),
    "a plan without phases": ("PRC-1", _with({"steps": [{"name": "look"}]}, "Procedure", status="loaded")),
    "more steps than planned": ("PRC-1", lambda told: told.append(told[-1])),
    "nobody says go": ("PRC-2", _without("Poll", 2, role="director")),
    "the quorum says nothing": ("PRC-2", _without("Poll", 2, role="quorum")),
    "a no-go is passed over": ("PRC-2", _with({"answer": "no-go"}, "Poll", 2, role="quorum")),
    "back to the hold without a no-go": ("PRC-2", _silent),
    "another answer than was ordered": ("PRC-2", _with({"answer": "go"}, "Poll", answer="no-go")),
    "a role that is not asked": ("PRC-2", _with({"role": "observer"}, "Poll", role="operator")),
    "an answer that is neither": ("PRC-2", _with({"answer": "maybe"}, "Poll", answer="no-go")),
    "the ground station answers for a person": ("PRC-2", _with({"sender": "procedure"}, "Poll", role="operator")),
    "a person answers for the quorum": ("PRC-2", _with({"sender": "dan"}, "Poll", role="quorum")),
    "somebody else answers": ("PRC-2", _with({"sender": "eve"}, "Poll", role="operator")),
    "an answer outside a poll": ("PRC-2", lambda told: told.insert(3, _poll(2.0, "quorum", "go", step="lease"))),
    "a refused order that leads on": ("PRC-2", _with({"outcome": "refused"}, "Order", order="step/1/2")),
    "an order that was not given": ("PRC-2", _without("Order", order="step/1/2")),
    "a failure of an order that was taken": ("PRC-2", _with({"outcome": "accepted"}, "Order", order="step/1/1")),
    "an inject that has no order": ("PRC-4", _without("Inject", inject="board 2 fails")),
    "an inject of another order": ("PRC-4", _with({"told": NOISE}, "Inject", inject="board 2 fails")),
    "an inject that is played again": ("PRC-4", lambda told: told.append(_begun(12.0, "board 2 fails", KILL))),
    "an order that comes again": ("PRC-4", lambda told: told.append(_order(12.0, "procedure", KILL, "inject/noise"))),
    "an inject that nobody ordered": ("PRC-4", _without("Order", sender="dan", nth=3)),
    "an inject that somebody else ordered": ("PRC-4", _with({"sender": "eve"}, "Inject", sender="dan")),
    "a refusal of what was not begun": ("PRC-4", _with({"inject": "other"}, "Inject", status="refused")),
}


def test_a_sound_record_holds(tmp_path: Path) -> None:
    verdict = judged(_written(sound()), tmp_path)
    assert verdict.verdict == "pass", verdict.violations
    assert [verdict.invariants[f"PRC-{number}"] for number in range(1, 5)] == [HOLDS] * 4


def test_without_a_procedure_nothing_is_claimed(tmp_path: Path) -> None:
    verdict = judged(_written([]), tmp_path)
    assert [verdict.invariants[f"PRC-{number}"] for number in range(1, 5)] == [NOT_CHECKED] * 4


@pytest.mark.parametrize("name", PLANTED)
def test_each_breach_is_found_by_name(name: str, tmp_path: Path) -> None:
    told = copy.deepcopy(sound())
    identifier, change = PLANTED[name]
    change(told)
    assert identifier in _found(told, tmp_path)


def test_an_expected_state_has_its_time(tmp_path: Path) -> None:
    told = sound()[:2]
    assert _found([*told, _step(5.9, "look", "failed")], tmp_path) == ["PRC-1"]
    assert _found([*told, _step(6.0, "look", "failed")], tmp_path) == []


def test_a_step_that_waits_may_be_tried_again_by_a_person_only(tmp_path: Path) -> None:
    told = sound()[:2]
    assert _found([*told, *_word(2.0, "olga", "retry", "look", "expecting")], tmp_path) == []
    assert _found([*told, _step(2.0, "look", "expecting")], tmp_path) == ["PRC-1"]


# --- the quorum -------------------------------------------------------------------------------------------------


def _asked(at: float, answer: str, **fields: Any) -> list[Told]:
    """Boards spoke at 0 s; the quorum is asked at `at`."""
    loaded, *_ = sound()
    plan = [STEPS[1] | {"phases": ["polling", "done"]}]
    poll = at, "Poll", {**_poll(at, "quorum", answer)[2], **fields}
    begin = {**_step(1.0, "lease", "polling")[2], "number": 0}
    return [(0.0, "Procedure", loaded[2] | {"steps": plan}), (0.0, "Procedure", begin), poll]


@pytest.mark.parametrize(
    ("at", "answer", "light", "is_sound"),
    [
        (4.9, "go", 0.0, True),
        (4.9, "no-go", 0.0, False),
        (5.1, "go", 0.0, False),
        (5.1, "no-go", 0.0, True),
        (5.1, "go", 1.0, True),  # their words needed a second to arrive
        (6.4, "go", 1.0, False),
        (4.9, "no-go", 1.0, True),  # nobody knows when they arrived
    ],
)
def test_the_quorum_says_what_was_heard(at: float, answer: str, light: float, is_sound: bool, tmp_path: Path) -> None:
    told = _asked(at, answer, light_seconds=light)
    assert _found(told, tmp_path) == ([] if is_sound else ["PRC-3"])


def test_a_liar_may_have_been_heard_or_not(tmp_path: Path) -> None:
    assert _found(_asked(4.9, "no-go"), tmp_path, byzantine=(1,)) == ["PRC-3"]
    assert _found(_asked(4.9, "go"), tmp_path, byzantine=(1,)) == []
    assert _found(_asked(5.1, "go"), tmp_path, byzantine=(1,)) == ["PRC-3"]


def test_boards_that_do_not_vote_make_no_quorum(tmp_path: Path) -> None:
    made = Record()
    made.good_slot(1)
    for node in (1, 2):
        made.reboot(node, journal="blank")
    for at, event, fields in _asked(1.0, "go"):
        made.at = at
        made.ground(event, **fields)
    assert "PRC-3" in found(made.end().lines, tmp_path)


def test_a_plan_that_makes_no_sense_is_an_error_of_the_trace_never_a_crash(tmp_path: Path) -> None:
    for plan in (
        None,
        "steps",
        [1],
        [[]],
        [{"name": 1}],
        [STEPS[0] | {"phases": [[], "done"]}],
        [STEPS[0] | {"phases": []}],
        [STEPS[0] | {"delay_seconds": 10**400}],
        [STEPS[0] | {"poll": [{}]}],
    ):
        told = sound()
        told[0] = *told[0][:2], told[0][2] | {"steps": plan, "heard_seconds": 10**400}
        assert "PRC-1" in _found(told, tmp_path), plan


def test_where_lines_of_the_ground_are_missing_nothing_is_judged(tmp_path: Path) -> None:
    lines = _written(sound())
    at = next(place for place, line in enumerate(lines) if line["event"] == "Procedure" and line["status"] == "done")
    assert lines[at]["node"] == GROUND
    del lines[at]
    assert found(lines, tmp_path) == []
