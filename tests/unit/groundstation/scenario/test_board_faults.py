"""The queue of board events: what comes when, and what a healed core keeps out of it."""

from typing import Any

from groundstation.scenario.board_faults import POSTPONE_SECONDS, BoardEvent, Schedule
from groundstation.scenario.model import BoardFault, Liveness

CORE = Liveness(core=[0, 1, 2], at=10, bound_seconds=20)


def fault(at: float, node: int, kind: str, **fields: Any) -> BoardFault:
    return BoardFault.model_validate({"at": at, "node": node, "kind": kind, **fields})


def told(schedule: Schedule) -> list[tuple[float, int, str]]:
    """Everything that is still to come: when, to whom, what."""
    events = []
    while (due := schedule.next_due()) is not None:
        events += [(due, event.node, event.action) for event in schedule.due(due)]
    return events


def test_events_come_by_time_then_in_the_order_of_the_scenario() -> None:
    faults = [fault(5, 1, "kill", restart_after=2), fault(3, 0, "amnesia"), fault(5, 2, "restart")]
    assert told(Schedule(faults)) == [(3, 0, "erase"), (5, 1, "kill"), (5, 2, "restart"), (7, 1, "start")]


def test_pause_ends_by_itself() -> None:
    schedule = Schedule([fault(3, 0, "pause", seconds=4)])
    assert schedule.due(3) == [BoardEvent(0, "pause", until=7)]
    assert told(schedule) == [(7, 0, "resume")]


def test_core_meets_no_fault_from_the_healing_on() -> None:
    faults = [fault(9, 0, "kill", restart_after=2), fault(10, 1, "kill"), fault(8, 2, "pause", seconds=5)]
    heals = [(10, node, "heal") for node in (0, 1, 2)]
    assert told(Schedule(faults, CORE)) == [(8, 2, "pause"), (9, 0, "kill"), *heals]


def test_board_outside_the_core_is_not_started_after_the_healing() -> None:
    faults = [fault(1, 3, "kill", restart_after=2), fault(9, 3, "kill", restart_after=2), fault(12, 3, "kill")]
    events = [event for event in told(Schedule(faults, CORE)) if event[1] == 3]
    assert events == [(1, 3, "kill"), (3, 3, "start"), (9, 3, "kill"), (12, 3, "kill")]


def test_what_cannot_happen_yet_is_put_off_but_not_beyond_the_healing() -> None:
    event = BoardEvent(3, "power_cut")
    schedule = Schedule([], CORE)
    schedule.due(CORE.at)
    assert schedule.waiting() == []
    schedule.postpone(event, 9)
    assert told(schedule) == [(9 + POSTPONE_SECONDS, 3, "power_cut")]
    schedule.postpone(event, 9.95)
    assert schedule.waiting() == []
