"""Boards that reset by themselves, or lose their line: taken up again, recorded as what is known, nothing invented."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pytest

from groundstation.boards import bench
from groundstation.boards.base import BoardPlan
from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Flight, Plan
from groundstation.links.base import Link, LinkLost
from groundstation.links.memory_link import MemoryLine, MemoryLink
from groundstation.record import run_directory
from groundstation.record.board_events import BY_ITSELF
from groundstation.scenario.model import parse
from groundstation.verdict.verdict import CRASH, Judgement, judge
from specs.checking.check import check_trace
from specs.verdict import INCOMPLETE, PASS
from swarm_sim.testing.host_board import HostBoard
from tests.support.executed import confirmed_but_not_executed_once

LONG = 1000.0


class Leave(NamedTuple):
    """Board `node` leaves its line at second `at` of its life under the ground station, for `seconds`.

    is_reset: its memory is gone. keeps_line: only that. words: it says so before.
    """

    node: int
    at: float
    seconds: float
    is_reset: bool = True
    keeps_line: bool = False
    words: bytes = b""


class WildBoard(HostBoard):
    """A board in memory that leaves when `leaves` says so, and comes back without being asked."""

    resets_itself: ClassVar[bool] = True
    leaves: ClassVar[list[Leave]] = []

    def __init__(self, plan: BoardPlan) -> None:
        super().__init__(plan)
        self._clock = 0.0
        self._plan = [leave for leave in self.leaves if leave.node == plan.node]
        self._away: Leave | None = None

    def alive(self) -> bool:
        return super().alive() and self._away is None

    def kill(self) -> None:
        super().kill()
        if self._away is not None:
            self._come_back(self._away._replace(is_reset=False))

    def link(self) -> Link:
        if self._away is not None:
            raise LinkLost("away")
        return self._link

    def advance(self, seconds: float) -> None:
        self._clock += seconds
        if self._away is not None and self._clock >= self._away.at + self._away.seconds:
            self._come_back(self._away)
        elif self._away is None and self._plan and self._clock >= self._plan[0].at:
            self._leave(self._plan.pop(0))
        super().advance(seconds)

    def _leave(self, leave: Leave) -> None:
        self._line.give(leave.words)
        if leave.keeps_line:
            self._runtime = None
            self.start()
            return
        self._line.pull()
        self._away = leave
        if leave.is_reset:
            self._runtime = None
        else:
            self._port()._line = MemoryLine("nowhere")

    def _come_back(self, leave: Leave) -> None:
        self._away = None
        self._line = MemoryLine("another")
        self._link = MemoryLink(self._line)
        if leave.is_reset:
            self.start()
        elif self._runtime is not None:
            self._port()._line = self._line

    def _port(self) -> Any:
        assert self._runtime is not None
        return self._runtime._port


@pytest.fixture
def fly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Flight]:
    monkeypatch.setattr(bench, "board_kind", lambda name: WildBoard)

    def flown(*leaves: Leave, **changes: Any) -> Flight:
        monkeypatch.setattr(WildBoard, "leaves", list(leaves))
        document: dict[str, Any] = {
            "name": "wild",
            "description": "A small mission for a test.",
            "mission": {"slots": 20, "limit_seconds": 60.0, "no_progress_seconds": 8.0, "settle_seconds": 2.0},
            "clock": {"tick_ms": 10, "view_timeout_seconds": 0.5},
            "workload": {"operations": 20, "in_flight": 2, "pause_seconds": 0.2},
        }
        return rehearsal.fly(Plan(parse(document | changes, "test"), "host", tmp_path / "runs"), SilentDisplay())

    return flown


def _judge(flight: Flight) -> Judgement:
    trace = flight.directory / run_directory.TRACE
    assert confirmed_but_not_executed_once(trace) == []
    return judge(check_trace(trace), flight.summary, flight.directory)


def _told(flight: Flight, node: int) -> list[tuple[str, Any]]:
    """What the record says about the board: event of the ground station, and its reason or status."""
    lines = [json.loads(line) for line in (flight.directory / run_directory.TRACE).read_text().split("\n") if line]
    names = ("BoardStart", "BoardKill", "BoardCrash", "BoardLine")
    return [
        (line["event"], line.get("reason") or line.get("status"))
        for line in lines
        if line.get("board") == node and line["event"] in names
    ]


START, RESET = ("BoardStart", None), ("BoardKill", BY_ITSELF)
LOST, BACK = ("BoardLine", "lost"), ("BoardLine", "back")


def test_a_board_that_resets_by_itself_is_taken_up_again(fly: Callable[..., Flight]) -> None:
    flight = fly(Leave(2, 0.8, 0.6))
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    assert _told(flight, 2) == [START, LOST, BACK, RESET, START]
    assert flight.summary["board_events"] == {"BoardLine": 1, "Reset": 1}
    assert "line lost 1, reset by itself 1" in [line.detail for line in judgement.lines if line.name == "board faults"]
    assert (flight.summary["crashed"], flight.summary["away"]) == ([], [])


def test_boards_that_reset_one_after_the_other_lose_nothing(fly: Callable[..., Flight]) -> None:
    flight = fly(*(Leave(node, 0.3 + 0.4 * node, 0.3) for node in range(4)))
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    assert flight.summary["board_events"]["Reset"] >= 4


def test_a_reset_on_a_line_that_stays_is_seen_by_the_new_life(fly: Callable[..., Flight]) -> None:
    flight = fly(Leave(1, 0.8, 0.0, keeps_line=True))
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    assert _told(flight, 1) == [START, RESET, START]


def test_a_cable_pulled_from_a_board_that_flies_on_ends_no_life(fly: Callable[..., Flight]) -> None:
    """What it said meanwhile is lost, so the verdict is incomplete; but it is not wrong."""
    flight = fly(Leave(2, 0.8, 0.6, is_reset=False))
    judgement = _judge(flight)
    assert judgement.verdict == INCOMPLETE
    assert _told(flight, 2) == [START, LOST, BACK]
    assert any("of node 2, boot 0 are missing" in finding for finding in judgement.findings)
    assert not judgement.checked["violations"]


def test_a_board_that_does_not_come_back_may_have_crashed_or_not(fly: Callable[..., Flight]) -> None:
    flight = fly(Leave(3, 0.8, LONG))
    judgement = _judge(flight)
    assert judgement.verdict == INCOMPLETE
    assert judgement.findings == ["board 3: no line at the end of the mission"]
    assert _told(flight, 3) == [START, LOST]
    assert (flight.summary["crashed"], flight.summary["away"]) == ([], [3])


def test_a_traceback_is_a_crash_and_the_next_life_is_recorded(fly: Callable[..., Flight]) -> None:
    flight = fly(Leave(2, 0.8, 0.6, words=b"\x00Traceback: a planted bug\n\x00"))
    judgement = _judge(flight)
    assert judgement.verdict == CRASH
    assert judgement.checked["missing"] == []
    assert _told(flight, 2) == [START, ("BoardCrash", "Traceback: a planted bug"), BACK, START]
    assert (flight.summary["crashed"], flight.summary["away"]) == ([2], [])


def test_a_board_that_is_away_is_killed_and_started_by_the_scenario(fly: Callable[..., Flight]) -> None:
    faults = [{"at": 1.0, "node": 2, "kind": "kill", "restart_after": 0.4}]
    flight = fly(Leave(2, 0.8, 0.5), board_faults=faults)
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    assert _told(flight, 2) == [START, LOST, ("BoardKill", None), START]


def test_a_kind_that_does_not_reset_by_itself_has_crashed(
    fly: Callable[..., Flight], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WildBoard, "resets_itself", False)
    flight = fly(Leave(2, 0.8, LONG))
    assert _judge(flight).verdict == CRASH
    assert _told(flight, 2) == [START, ("BoardCrash", None)]
