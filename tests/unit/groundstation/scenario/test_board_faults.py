"""The queue of board events: their times, what waits for what, and the effect of a healed core."""

from collections.abc import Collection
from typing import Any

from groundstation.faults.board_fault import BoardFault
from groundstation.scenario.board_faults import Schedule
from groundstation.scenario.model import Liveness

CORE = Liveness(core=[0, 1, 2], at=10, bound_seconds=20)
PAUSE = 0.25


def fault(at: float, node: int, kind: str, **fields: Any) -> BoardFault:
    return BoardFault.model_validate({"at": at, "node": node, "kind": kind, **fields})


def schedule(*faults: BoardFault, core: Liveness | None = None, **fields: Any) -> Schedule:
    return Schedule(faults, core, PAUSE, **fields)


def told(schedule: Schedule, off: Collection[int] = (), armed: Collection[int] = ()) -> list[tuple[float, int, str]]:
    """All events that still come by themselves: when, on which board, which."""
    events = []
    while (due := schedule.next_due()) is not None:
        taken = schedule.due(due, lambda node: node not in off, lambda node, fault: node in armed)
        events += [(due, event.node, event.action) for event in taken]
    return events


def test_events_come_by_time_then_in_the_order_of_the_scenario() -> None:
    faults = [fault(5, 1, "kill", restart_after=2), fault(3, 0, "amnesia"), fault(5, 2, "restart")]
    assert told(schedule(*faults)) == [(3, 0, "erase"), (5, 1, "kill"), (5, 2, "restart"), (7, 1, "start")]


def test_pause_ends_by_itself() -> None:
    assert told(schedule(fault(3, 0, "pause", seconds=4))) == [(3, 0, "pause"), (7, 0, "resume")]


def test_a_power_cut_waits_for_a_board_that_is_on() -> None:
    cuts = schedule(fault(3, 1, "power_cut"), fault(4, 2, "power_cut"))
    assert told(cuts, off=[1], armed=[2]) == []
    assert cuts.told(3.5, lambda node: node != 1) == ["power_cut on board 1, which is off, at 3.00 s"]
    cuts.started(1, 8)
    cuts.started(2, 9)
    assert told(cuts) == [(8 + PAUSE, 1, "power_cut"), (9 + PAUSE, 2, "power_cut")]


def test_the_start_after_a_power_cut_waits_for_the_death() -> None:
    for died, started in ((4, 5), (7, 7 + PAUSE)):
        cut = schedule(fault(3, 1, "power_cut", restart_after=2))
        assert told(cut) == [(3, 1, "power_cut")]
        cut.died(2, died)
        assert cut.waiting() == []
        cut.died(1, died)
        assert told(cut) == [(started, 1, "start")]


def test_a_board_that_died_without_a_power_cut_gets_no_start() -> None:
    cut = schedule(fault(3, 1, "power_cut", restart_after=2))
    cut.died(1, 1)
    assert [event.action for event in cut.waiting()] == ["power_cut"]


def test_a_resumed_schedule_knows_what_has_begun() -> None:
    faults = [fault(3, 1, "power_cut", restart_after=2), fault(6, 2, "kill", restart_after=5)]
    assert told(schedule(*faults, begun=[0, 2], now=8)) == [(8, 1, "start"), (11, 2, "start")]
    armed = schedule(*faults, begun=[0, 2, 3], armed=[1], now=8)
    assert told(armed) == []
    armed.died(1, 9)
    assert told(armed) == [(9 + PAUSE, 1, "start")]


def test_core_meets_no_fault_from_the_healing_on() -> None:
    faults = [fault(9, 0, "kill", restart_after=2), fault(10, 1, "kill"), fault(8, 2, "pause", seconds=5)]
    heals = [(10, node, "heal") for node in (0, 1, 2)]
    assert told(schedule(*faults, core=CORE)) == [(8, 2, "pause"), (9, 0, "kill"), *heals]


def test_board_outside_the_core_is_not_started_after_the_healing() -> None:
    faults = [fault(1, 3, "kill", restart_after=2), fault(9, 3, "kill", restart_after=2), fault(12, 3, "kill")]
    events = [event for event in told(schedule(*faults, core=CORE)) if event[1] == 3]
    assert events == [(1, 3, "kill"), (3, 3, "start"), (9, 3, "kill"), (12, 3, "kill")]


def test_in_a_storm_a_power_cut_of_a_board_that_is_off_is_void() -> None:
    storm = schedule(fault(3, 1, "power_cut", restart_after=1), core=CORE)
    assert told(storm, off=[1])[0] == (3, 1, "power_cut")  # for the record
    storm.started(1, 4)
    storm.died(1, 5)
    assert storm.waiting() == []


def test_a_power_cut_armed_on_a_board_of_the_core_does_not_strike_after_the_healing() -> None:
    storm = schedule(fault(9, 1, "power_cut", restart_after=0.5), fault(9, 3, "power_cut", restart_after=5), core=CORE)
    assert len(told(storm)) == 2 + len(CORE.core)
    storm.died(1, 10)
    storm.died(3, 11)
    assert storm.waiting() == []
