"""What the runner of a procedure knows of the swarm: not before it can have arrived, and in bounded memory."""

from typing import Any

from amu.core.limits import GROUND
from groundstation.procedures.horizon import Horizon
from groundstation.procedures.seen import Seen
from groundstation.scenario.model import parse
from groundstation.scenario.procedures import Expect

HEARD_SECONDS = 16.0
LIGHT = {"fault": "light_time", "pairs": [{"nodes": [0, 3], "seconds": 100.0}, {"nodes": [0, 2], "seconds": 1.0}]}


def _seen(light: bool = True) -> Seen:
    scenario = parse({"name": "far", "description": "A test.", "faults": [LIGHT] if light else []}, "test")
    return Seen(4, HEARD_SECONDS, Horizon(scenario))


def _board(node: int, event: str, at: float, **fields: Any) -> dict[str, Any]:
    return {"node": node, "event": event, "received": at, **fields}


def _stage(stage: str, at: float, **fields: Any) -> dict[str, Any]:
    return {"node": GROUND, "event": "Telecommand", "operation": 5, "stage": stage, "received": at, **fields}


def test_a_board_is_heard_one_light_time_after_it_spoke_and_until_its_last_word_is_old() -> None:
    seen = _seen()
    for node in range(4):
        seen.take(_board(node, "Boot", 10.0, journal="ok", applied_slot=0))
    assert [seen.is_heard(node, 10.5) for node in range(4)] == [True, True, False, False]
    assert [seen.is_heard(node, 11.0) for node in range(4)] == [True, True, True, False]
    assert [seen.is_heard(node, 109.9) for node in range(4)] == [False] * 4
    assert [seen.is_heard(node, 110.0) for node in range(4)] == [False, False, False, True]
    assert seen.is_heard(3, 126.0)
    assert not seen.is_heard(3, 126.1)


def test_a_stage_is_reached_when_its_word_has_arrived() -> None:
    seen, confirmed = _seen(), Expect.model_validate({"stage": "confirmed"})
    received = Expect.model_validate({"stage": "received"})
    seen.take(_stage("received", 20.0, board=3))
    seen.take(_stage("received", 21.0, board=2))
    assert seen.lacks(received, 5, 21.9)
    assert not seen.lacks(received, 5, 22.0)
    seen.take(_stage("confirmed", 30.0))
    assert seen.lacks(confirmed, 5, 129.9)
    assert seen.lacks(Expect.model_validate({"confirmed": 1}), None, 129.9)
    assert not seen.lacks(confirmed, 5, 130.0)
    assert not seen.lacks(Expect.model_validate({"confirmed": 1}), None, 130.0)


def test_slots_are_those_that_boards_had_applied_one_light_time_ago() -> None:
    seen, slots = _seen(), Expect.model_validate({"slots": 7})
    for node in (2, 3):
        seen.take(_board(node, "Apply", 40.0, slot=7))
    assert seen.lacks(slots, None, 139.9)
    assert not seen.lacks(slots, None, 140.0)


def test_a_board_that_forgot_has_applied_what_it_says() -> None:
    seen = _seen(light=False)
    for node in (0, 1):
        seen.take(_board(node, "Apply", 1.0, slot=9))
    assert not seen.lacks(Expect.model_validate({"slots": 9}), None, 1.0)
    seen.take(_board(0, "Boot", 9.0, journal="blank", applied_slot=2))
    assert seen.lacks(Expect.model_validate({"slots": 9}), None, 9.0)


def test_without_light_time_everything_is_known_at_once() -> None:
    seen = _seen(light=False)
    seen.take(_board(3, "Boot", 10.0, journal="ok", applied_slot=0))
    assert seen.is_heard(3, 10.0)


def test_what_is_on_its_way_is_bounded_and_known_a_sixteenth_late_at_most() -> None:
    seen = _seen()
    for number in range(10_000):
        seen.take(_board(3, "Apply", number / 100, slot=number))
    words = seen._coming[3]._words
    assert len(words) <= 100 / (HEARD_SECONDS / 16) + 2
    for second in range(100, 200, 7):
        seen.lacks(Expect.model_validate({"slots": 1}), None, float(second))
        assert (second - 101) * 100 - 1 <= seen._applied.get(3, 0) <= (second - 100) * 100
