"""A virtual board that runs out of memory begins a new life and rejoins; repeated without progress, that is a crash."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Flight, Plan
from groundstation.record import run_directory
from groundstation.scenario.model import parse
from groundstation.verdict.verdict import CRASH, Judgement, judge
from hil import firmware_files
from specs.checking.check import check_trace
from specs.verdict import ENDED_BY_ITSELF, PASS

VICTIM = 1
# MicroPython raises the same error for a block that is too large and for a heap in pieces.
PLANT = """
_{method} = Runtime.{method}
_left = [{count}]


def _planted(self):
    if self._me == {victim} and self._node.applied_slot >= {slot} and _left[0]:
        _left[0] -= 1
        bytearray(1 << 40)
    _{method}(self)


Runtime.{method} = _planted
"""


@pytest.fixture
def fly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Flight]:
    def flown(method: str, count: int, slot: int) -> Flight:
        source = firmware_files.main_path().read_text()
        head, mark, tail = source.partition('\nif __name__ == "__main__":')
        assert mark
        planted = tmp_path / "main.py"
        planted.write_text(head + PLANT.format(method=method, count=count, slot=slot, victim=VICTIM) + mark + tail)
        monkeypatch.setattr(firmware_files, "main_path", lambda: planted)
        document: dict[str, Any] = {
            "name": "short-of-memory",
            "description": "A board runs out of memory.",
            "mission": {"slots": 24, "limit_seconds": 120.0, "no_progress_seconds": 60.0},
            "workload": {"operations": 30, "in_flight": 6},
        }
        plan = Plan(parse(document, "test"), "virtual", tmp_path / "runs")
        return rehearsal.fly(plan, SilentDisplay())

    return flown


def judged(flight: Flight) -> Judgement:
    return judge(check_trace(flight.directory / run_directory.TRACE), flight.summary, flight.directory)


def events(flight: Flight, name: str) -> list[dict[str, Any]]:
    lines = (flight.directory / run_directory.TRACE).read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_a_board_without_memory_begins_a_new_life_and_the_run_passes(fly: Callable[..., Flight]) -> None:
    flight = fly("_tick", count=2, slot=5)
    judgement = judged(flight)
    assert judgement.verdict == PASS, judgement.findings
    assert [(event["node"], event["boot"]) for event in events(flight, "Restart")] == [(VICTIM, 1), (VICTIM, 2)]
    for restart in events(flight, "Restart"):
        assert "MemoryError: memory allocation failed" in restart["reason"]
        assert "in _planted" in restart["reason"]
        assert 0 < restart["heap_run"] <= restart["heap_free"]
    assert judgement.checked["counts"][ENDED_BY_ITSELF] == 2
    assert next(line.detail for line in judgement.lines if line.name == "restarts").endswith(": 2")
    assert flight.summary["crashed"] == []
    log = (flight.directory / run_directory.LOG).read_text()
    assert log.count("a new life begins") >= 2
    assert "Traceback" in log


def test_a_board_that_gets_nowhere_has_crashed_and_its_last_words_are_kept(fly: Callable[..., Flight]) -> None:
    flight = fly("start", count=99, slot=0)
    judgement = judged(flight)
    assert judgement.verdict == CRASH
    assert flight.summary["crashed"] == [VICTIM]
    (crash,) = events(flight, "BoardCrash")
    lines = crash["reason"].split("\n")
    assert lines[0].startswith("Traceback")
    assert any(line.startswith("MemoryError: memory allocation failed") for line in lines)
    assert "given up after 3 such lives" in (flight.directory / run_directory.LOG).read_text()
    assert [event["node"] for event in events(flight, "Boot")].count(VICTIM) == 0
