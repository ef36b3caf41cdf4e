"""What boards report of their health: MSG-6."""

from pathlib import Path

import pytest

from amu.core.limits import HEALTH_PERIOD_TICKS, TICKS_WRAP
from specs.verdict import HOLDS, NOT_CHECKED
from tests.support.records.edits import found, judged
from tests.support.records.traces import Script

FIRST = {
    "board_ticks": HEALTH_PERIOD_TICKS,
    "heap_free": 9_000,
    "heap_run": 700,
    "applied_slot": 1,
    "frames_surplus": 3,
}
SECOND = FIRST | {"board_ticks": 2 * HEALTH_PERIOD_TICKS, "applied_slot": 2}


def script(**change: int) -> Script:
    """Board 2 reports twice; `change`: of its second report."""
    made = Script()
    made.good_slot(1)
    made.ground("Health", board=2, **FIRST)
    made.good_slot(2)
    made.ground("Health", board=2, **SECOND | change)
    return made


PLANTED = {
    "a slot far ahead": {"applied_slot": 10**6},
    "the slot before": {"applied_slot": 1},
    "the next slot": {"applied_slot": 3},
    "ticks that run backward": {"board_ticks": 0},
    "the same ticks": {"board_ticks": HEALTH_PERIOD_TICKS},
    "ticks at which nothing is due": {"board_ticks": 2 * HEALTH_PERIOD_TICKS + 1},
    "a run longer than all": {"heap_run": 9_001},
    "fewer drops than before": {"frames_surplus": 2},
}


def test_a_sound_report_holds(tmp_path: Path) -> None:
    verdict = judged(script().end().lines, tmp_path)
    assert verdict.verdict == "pass", verdict.violations
    assert verdict.invariants["MSG-6"] == HOLDS


def test_without_a_report_nothing_is_claimed(tmp_path: Path) -> None:
    made = Script()
    made.good_slot(1)
    assert judged(made.end().lines, tmp_path).invariants["MSG-6"] == NOT_CHECKED


@pytest.mark.parametrize("name", PLANTED)
def test_each_breach_is_found_by_name(name: str, tmp_path: Path) -> None:
    assert found(script(**PLANTED[name]).end().lines, tmp_path) == ["MSG-6"]


def test_ticks_behind_those_of_an_event_are_found(tmp_path: Path) -> None:
    made = script()
    place = next(at for at, line in enumerate(made.lines) if line["event"] == "Apply" and line["slot"] == 2)
    node = made.lines[place]["node"]
    made.ground("Health", board=node, **SECOND)
    assert found([*made.end().lines], tmp_path) == []
    made.lines[place]["ticks"] = 3 * HEALTH_PERIOD_TICKS
    for line in made.lines[place:]:
        if line["node"] == node:
            line["ticks"] = 3 * HEALTH_PERIOD_TICKS
    assert found(made.lines, tmp_path) == ["MSG-6"]


@pytest.mark.parametrize(("after", "is_found"), [(0, False), (HEALTH_PERIOD_TICKS, False), (50, True), (None, True)])
def test_the_ticks_of_a_report_wrap(after: int | None, is_found: bool, tmp_path: Path) -> None:
    before = TICKS_WRAP - HEALTH_PERIOD_TICKS
    made = Script()
    made.good_slot(1)
    for line in made.lines:
        if line["node"] == 2:
            line["ticks"] = before - 1
    made.ground("Health", board=2, **FIRST | {"board_ticks": before})
    made.ground("Health", board=2, **FIRST | {"board_ticks": before if after is None else after})
    assert ("MSG-6" in found(made.end().lines, tmp_path)) == is_found


def test_a_new_life_counts_its_ticks_anew(tmp_path: Path) -> None:
    made = script()
    made.reboot(2, applied=2)
    made.restore(2, 2, **{f"hi{phase}": (0, "value 2") for phase in range(1, 5)})
    made.ground("Health", board=2, **SECOND | {"board_ticks": HEALTH_PERIOD_TICKS, "frames_surplus": 0})
    assert "MSG-6" not in found(made.end().lines, tmp_path)


def test_the_next_station_may_read_an_old_report_again(tmp_path: Path) -> None:
    made = script()
    made.resume()
    made.ground("Health", board=2, **FIRST)
    assert found(made.end().lines, tmp_path) == []
    made = script()
    made.resume()
    made.ground("Health", board=2, **FIRST | {"applied_slot": 3})
    assert found(made.end().lines, tmp_path) == ["MSG-6"]
    made = script()
    made.resume()
    made.good_slot(3)
    made.ground("Health", board=2, **FIRST)
    assert found(made.end().lines, tmp_path) == ["MSG-6"]


def test_a_liar_may_report_anything(tmp_path: Path) -> None:
    made = Script(byzantine=(3,))
    made.good_slot(1)
    made.ground("Health", board=3, **FIRST | {"applied_slot": 10**6})
    assert found(made.end().lines, tmp_path) == []
