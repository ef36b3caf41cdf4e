"""Orders in flight: on boards in this process, in virtual time, from a script instead of a socket."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.boards import bench
from groundstation.flight import rehearsal
from groundstation.flight.driver import PacedClock, SteppedClock
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Flight, Plan
from groundstation.orders.order import Order, OrderError, read
from groundstation.record import past, run_directory
from groundstation.scenario.mission_end import COMPLETE, INTERRUPTED, NO_PROGRESS
from groundstation.scenario.model import parse
from specs.checking.check import check_trace
from swarm_sim.testing.host_board import HostBoard

SCENARIO = {
    "name": "small",
    "description": "A small mission for a test.",
    "mission": {"slots": 6, "limit_seconds": 60.0, "no_progress_seconds": 6.0, "settle_seconds": 1.0},
    "clock": {"tick_ms": 10, "view_timeout_seconds": 0.5},
    "workload": {"operations": 6, "in_flight": 4},
}
LEASE = {
    "kind": "telecommand",
    "verb": "lease-acquire",
    "fields": {"resource": "dock/9", "holder": 2, "slots": 50},
}
FINISH = {"kind": "finish"}
TURNS_A_SECOND = 500  # of boards in virtual time


class Script:
    """Orders that are due at a mission second, by counting turns."""

    def __init__(self, *lines: tuple[float, dict[str, Any]]) -> None:
        self.answers: list[dict[str, Any]] = []
        self._lines = list(lines)
        self._turns = 0

    def take(self) -> Iterator[tuple[Order, Any]]:
        self._turns += 1
        while self._lines and self._turns >= self._lines[0][0] * TURNS_A_SECOND:
            _, body = self._lines.pop(0)
            yield read(json.dumps({"id": f"o{len(self.answers)}", "sender": "alice", "order": body})), self

    def answer(self, content: dict[str, Any]) -> None:
        self.answers.append(content)

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def fly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Flight, Script]]:
    monkeypatch.setattr(bench, "board_kind", lambda name: HostBoard)

    def flown(*lines: tuple[float, dict[str, Any]], **changes: Any) -> tuple[Flight, Script]:
        script = Script(*lines)
        monkeypatch.setattr(rehearsal, "OrderPort", lambda folder: script)
        monkeypatch.setattr(rehearsal, "PacedClock", SteppedClock)  # nobody watches
        plan = Plan(parse(SCENARIO | changes, "test"), "host", tmp_path, takes_orders=True)
        return rehearsal.fly(plan, SilentDisplay()), script

    return flown


def _lines(flight: Flight, event: str, **wanted: Any) -> list[dict[str, Any]]:
    with (flight.directory / run_directory.TRACE).open() as file:
        found = [json.loads(line) for line in file]
    return [line for line in found if line["event"] == event and wanted.items() <= line.items()]


def test_a_commanded_mission_ends_by_order_and_passes(fly: Callable[..., tuple[Flight, Script]]) -> None:
    flight, script = fly((0.5, LEASE), (8.0, FINISH))
    assert flight.outcome == COMPLETE
    assert flight.summary["mission_seconds"] >= 7.9  # it had what it wanted long before
    assert [answer["outcome"] for answer in script.answers] == ["accepted", "accepted"]
    number = script.answers[0]["operation"]
    (queued,) = _lines(flight, "Telecommand", operation=number, stage="queued")
    assert queued["sender"] == "alice"
    (confirmed,) = _lines(flight, "Telecommand", operation=number, stage="confirmed")
    assert confirmed["result"][0] == "ok"
    verdict = check_trace(flight.directory / run_directory.TRACE)
    assert not verdict.violations
    assert not verdict.missing


def test_an_early_end_says_what_the_mission_still_wanted(fly: Callable[..., tuple[Flight, Script]]) -> None:
    flight, _ = fly((0.1, FINISH), mission={"slots": 10_000, "limit_seconds": 60.0})
    assert flight.outcome == INTERRUPTED
    assert any("of 10000 slots decided" in text for text in flight.summary["waits_for"])
    assert not _open_operations(flight)


def _open_operations(flight: Flight) -> list[int]:
    found = past.read(flight.directory / run_directory.TRACE, lambda event: None)
    return [operation.number for operation in found.operations.values() if operation.is_open]


def test_boards_are_killed_started_and_paused_by_order(fly: Callable[..., tuple[Flight, Script]]) -> None:
    def board(node: int, action: str, **fields: Any) -> dict[str, Any]:
        return {"kind": "board", "board": node, "action": action, "fields": fields}

    flight, script = fly(
        (0.3, board(1, "kill")),
        (0.4, board(1, "kill")),
        (0.4, board(2, "start")),
        (0.4, board(1, "clock_jump", ticks=3)),
        (0.4, board(7, "kill")),
        (0.6, board(1, "start")),
        (2.0, board(2, "kill", restart_after=1.0)),
        (6.0, FINISH),
    )
    told = [(answer["outcome"], answer.get("reason", "")) for answer in script.answers]
    assert [outcome for outcome, _ in told] == [
        "accepted",
        "refused",
        "refused",
        "refused",
        "refused",
        "accepted",
        "accepted",
        "accepted",
    ]
    assert "board 1 is off" in told[1][1]
    assert "board 2 is on already" in told[2][1]
    assert "cannot play clock_jump" in told[3][1]
    assert "there is no board 7" in told[4][1]
    assert [len(_lines(flight, "BoardKill", board=node)) for node in (1, 2)] == [1, 1]
    assert [len(_lines(flight, "BoardStart", board=node)) for node in (1, 2)] == [2, 2]
    assert len(_lines(flight, "Order", outcome="refused")) == 4
    assert flight.outcome == COMPLETE


def test_a_link_fault_is_played_between_its_orders(fly: Callable[..., tuple[Flight, Script]]) -> None:
    storm = {"kind": "fault", "name": "storm", "rule": {"fault": "drop", "probability": 1.0, "source": [3]}}
    flight, script = fly(
        (0.1, storm),
        (0.2, storm),
        (0.9, {"kind": "end-fault", "name": "storm"}),
        (1.0, {"kind": "end-fault", "name": "rain"}),
        (8.0, FINISH),
    )
    assert [answer["outcome"] for answer in script.answers] == [
        "accepted",
        "refused",
        "accepted",
        "refused",
        "accepted",
    ]
    assert "storm" in script.answers[1]["reason"]
    lost = [line for line in _lines(flight, "Fault") if line["counts"].get("storm")]
    assert lost
    assert max(line["received"] for line in lost) < 1.5  # what was counted is recorded a little later
    assert flight.outcome == COMPLETE


def test_an_order_is_on_record_before_it_is_done(fly: Callable[..., tuple[Flight, Script]]) -> None:
    flight, _ = fly((0.3, {"kind": "board", "board": 1, "action": "kill", "fields": {}}), (0.4, LEASE), (6.0, FINISH))
    (kill, lease, _) = _lines(flight, "Order")
    assert kill["seq"] < _lines(flight, "BoardKill", board=1)[0]["seq"]
    assert lease["seq"] < _lines(flight, "Telecommand", operation=lease["operation"])[0]["seq"]


def test_a_resumed_station_plays_what_was_ordered_and_not_begun(
    fly: Callable[..., tuple[Flight, Script]], tmp_path: Path
) -> None:
    storm = {"kind": "fault", "name": "storm", "rule": {"fault": "drop", "probability": 0.1}}
    kill = {"kind": "board", "board": 2, "action": "kill", "fields": {"restart_after": 30.0}}
    flight, script = fly((0.1, storm), (0.3, kill), (0.4, LEASE), (1.0, FINISH))
    found = past.read(flight.directory / run_directory.TRACE, lambda event: None)
    assert [order.told["kind"] for order in found.orders] == ["fault", "board", "telecommand", "finish"]
    assert found.operations[script.answers[2]["operation"]].sender == "alice"
    number = found.orders[1].number
    assert number in found.begun
    assert number is not None
    assert number + 1 not in found.begun  # the start is still to come


def test_a_healed_core_takes_no_strike(fly: Callable[..., tuple[Flight, Script]]) -> None:
    flight, script = fly(
        (1.0, {"kind": "board", "board": 1, "action": "kill", "fields": {}}),
        (4.0, FINISH),
        liveness={"core": [0, 1, 2], "at": 0.5, "bound_seconds": 30.0},
    )
    assert script.answers[0]["outcome"] == "refused"
    assert "healed its core" in script.answers[0]["reason"]
    assert not _lines(flight, "BoardKill")


def test_a_full_queue_says_no(fly: Callable[..., tuple[Flight, Script]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groundstation.station.client.QUEUE_MAX", 3)
    _, script = fly((0.05, LEASE), (0.05, LEASE), (6.0, FINISH))
    assert script.answers[0]["outcome"] == "refused"
    assert "the queue is full: 3 operations are open" in script.answers[0]["reason"]


def test_an_order_that_cannot_be_read_never_reaches_the_desk() -> None:
    with pytest.raises(OrderError):
        read(json.dumps({"id": "1", "sender": "alice", "order": {"kind": "unknown"}}))


def test_a_paced_flight_does_not_run_ahead_of_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, slept = 100.0, 0.0

    def sleep(seconds: float) -> None:
        nonlocal wall, slept
        wall, slept = wall + seconds, slept + seconds

    monkeypatch.setattr("groundstation.flight.driver.time.monotonic", lambda: wall)
    monkeypatch.setattr("groundstation.flight.driver.time.sleep", sleep)
    clock = PacedClock(speed=4.0, start=8.0)
    for _ in range(500):
        clock.wait({}, clock.now() + 1.0)
        assert (clock.now() - 8.0) / 4.0 <= wall - 100.0 + 1e-9
    assert clock.now() == pytest.approx(8.0 + 500 * 0.002 * 4.0)
    assert slept == pytest.approx(1.0)
    wall += 50.0  # a slow host: nothing is made up for by sleeping less than nothing
    clock.wait({}, clock.now() + 1.0)
    assert slept == pytest.approx(1.0)


PROCEDURE = {
    "steps": [
        {"name": "look", "expect": {"voting": 3}},
        {"name": "lease", "hold": True, "poll": ["operator"], "order": LEASE, "expect": {"stage": "confirmed"}},
        {"name": "end", "order": FINISH},
    ]
}
INJECTS = [
    {"name": "silence", "step": "lease", "order": {"kind": "board", "board": 1, "action": "kill"}},
    {"name": "storm", "order": {"kind": "fault", "name": "drops", "rule": {"fault": "drop", "probability": 0.1}}},
]


def test_a_procedure_is_flown_by_orders_and_ends_the_mission(fly: Callable[..., tuple[Flight, Script]]) -> None:
    def word(action: str, step: str) -> dict[str, Any]:
        return {"kind": "procedure", "action": action, "step": step}

    flight, script = fly(
        (1.0, word("step", "look")),
        (1.1, word("step", "lease")),
        (1.2, {"kind": "inject", "name": "storm"}),
        (1.3, {"kind": "poll", "step": "lease", "answer": "go", "role": "operator"}),
        (1.4, {"kind": "note", "text": "board 1 is silent"}),
        procedure=PROCEDURE,
        injects=INJECTS,
    )
    assert [answer["outcome"] for answer in script.answers] == ["refused", *["accepted"] * 4]
    assert flight.outcome == COMPLETE
    assert [line["status"] for line in _lines(flight, "Procedure", step="lease")] == [
        *("held", "polling", "ordered", "expecting", "done")
    ]
    (asked,) = _lines(flight, "Poll", role="operator")
    assert (asked["answer"], asked["sender"]) == ("go", "alice")
    assert [line["inject"] for line in _lines(flight, "Inject")] == ["storm", "silence"]
    assert _lines(flight, "BoardKill", board=1)
    (note,) = [line for line in _lines(flight, "Order") if line["told"]["kind"] == "note"]
    assert (note["sender"], note["role"], note["told"]["text"]) == ("alice", "director", "board 1 is silent")
    assert not check_trace(flight.directory / run_directory.TRACE).violations


def test_without_people_a_procedure_flies_by_itself(fly: Callable[..., tuple[Flight, Script]], tmp_path: Path) -> None:
    scenario = parse(SCENARIO | {"procedure": PROCEDURE, "injects": INJECTS}, "test")
    flight = rehearsal.fly(Plan(scenario, "host", tmp_path), SilentDisplay())
    assert flight.outcome == COMPLETE
    assert {line["sender"] for line in _lines(flight, "Poll")} == {"procedure", "automatic"}


def test_a_step_that_fails_without_people_is_no_progress(
    fly: Callable[..., tuple[Flight, Script]], tmp_path: Path
) -> None:
    steps = [{"name": "look", "expect": {"slots": 1_000_000}, "within_seconds": 2.0}]
    flight = rehearsal.fly(
        Plan(parse(SCENARIO | {"procedure": {"steps": steps}}, "test"), "host", tmp_path), SilentDisplay()
    )
    assert flight.outcome == NO_PROGRESS
    waits_for = "\n".join(flight.summary["waits_for"])
    assert re.search("'look', is failed .within 2 s: slot [0-9]+ of 1000000 is applied by", waits_for)
