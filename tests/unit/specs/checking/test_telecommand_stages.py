"""What the ground station tells of its telecommands: TCM-1 to TCM-4."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amu.wire import cbor
from specs.checking.check import check_trace
from specs.checking.trace_line import printable
from specs.verdict import HOLDS, NOT_CHECKED, VIOLATED, Verdict
from tests.support.records.traces import Script

COMMAND = ["shard-create", 3, b"b", b"m"]
CLIENT = 1


class Flight(Script):
    """Two slots with an operation each, and the ground station's account of them."""

    def __init__(self, byzantine: tuple[int, ...] = ()) -> None:
        super().__init__(byzantine=byzantine)
        self.requests = {1: [[CLIENT, 1, COMMAND]], 2: [[CLIENT, 2, ["reboot"]]]}
        self.results: dict[int, list[Any]] = {1: ["ok"], 2: ["refused", "malformed: unknown verb"]}

    def tell(self, operation: int, stage: str, **fields: Any) -> None:
        self.ground("Telecommand", client=CLIENT, operation=operation, stage=stage, **fields)

    def ask(self, operation: int, command: list[Any], boards: tuple[int, ...] = (0, 1, 2, 3)) -> None:
        self.tell(operation, "queued", command=command, encoded=cbor.encode(command).hex())
        for board in boards:
            self.tell(operation, "uplinked", board=board, attempt=1)

    def slot(self, slot: int) -> None:
        """Decide and apply it on all boards."""
        self.propose(slot, 0, "a", 0)
        self.rounds(slot, "a")
        self.decide(slot, 0, "a")
        (client, operation, command) = self.requests[slot][0]
        for node in self.honest:
            fields = {"slot": slot, "client": client, "operation": operation, "command": command}
            self.emit(node, "Operation", **fields, result=self.results[slot])
            self.apply(slot, "a", node)

    def answer(self, slot: int, *boards: int, result: list[Any] | None = None) -> None:
        for board in boards:
            self.tell(slot, "applied", board=board, slot=slot, result=result or self.results[slot])

    def confirm(self, slot: int) -> None:
        self.tell(slot, "confirmed", slot=slot, result=self.results[slot], seconds=0.0)


def flown(byzantine: tuple[int, ...] = ()) -> Flight:
    flight = Flight(byzantine)
    flight.ask(1, COMMAND)
    flight.tell(1, "received", board=0, status="busy")
    flight.tell(1, "received", board=0, status="queued")
    flight.tell(1, "uplinked", board=0, attempt=2)
    flight.slot(1)
    flight.answer(1, 0, 1)
    flight.confirm(1)
    flight.answer(1, 2, 3)
    flight.ask(2, ["reboot"])
    flight.slot(2)
    flight.answer(2, *flight.honest)
    return flight


def judged(flight: Script, tmp_path: Path) -> Verdict:
    return check_trace(flight.end().write(tmp_path / "trace.ndjson"))


def violated(flight: Script, tmp_path: Path) -> list[str]:
    return [key for key, state in judged(flight, tmp_path).invariants.items() if state == "violated"]


def test_a_sound_account_holds(tmp_path: Path) -> None:
    flight = flown()
    flight.confirm(2)
    verdict = judged(flight, tmp_path)
    assert verdict.verdict == "pass", verdict.violations
    assert {verdict.invariants[f"TCM-{number}"] for number in range(1, 5)} == {"holds"}
    assert verdict.steps["telecommand applied"] == 8


def test_without_telecommands_nothing_is_claimed(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    verdict = judged(script, tmp_path)
    assert {f"TCM-{number}" for number in range(1, 5)} <= verdict.not_met


Line = dict[str, Any]


def stage(flight: Flight, name: str, number: int = 0) -> Line:
    return [line for line in flight.lines if line.get("stage") == name][number]


def set_all(flight: Flight, name: str, **fields: Any) -> None:
    for line in flight.lines:
        if line.get("stage") == name:
            line.update(fields)


PLANTED: dict[str, tuple[Callable[[Flight], object], str]] = {
    "confirmed by one board": (lambda flight: stage(flight, "applied", 1).update(stage="conflict"), "TCM-2"),
    "confirmed by one board twice": (lambda flight: stage(flight, "applied", 1).update(board=0), "TCM-2"),
    "confirmed with another result": (lambda flight: stage(flight, "confirmed").update(result=["ok", 1, 2]), "TCM-2"),
    "confirmed in another slot": (lambda flight: stage(flight, "confirmed").update(slot=2), "TCM-2"),
    "confirmed before it was asked": (lambda flight: flight.lines.sort(key=late_queue), "TCM-2"),
    "confirmed though nobody applied it": (lambda flight: flight.lines.extend(invented(flight)), "TCM-3"),
    "malformed on no receipt": (lambda flight: stage(flight, "confirmed").update(stage="malformed"), "TCM-2"),
    "stale on no receipt": (lambda flight: stage(flight, "confirmed").update(stage="stale"), "TCM-2"),
    "a stage without a name": (lambda flight: stage(flight, "received").update(stage="thought of"), "TCM-1"),
    "a stage without its field": (lambda flight: stage(flight, "received").pop("status"), "TCM-1"),
    "a field of another type": (lambda flight: stage(flight, "applied").update(slot="1"), "TCM-1"),
    "an attempt left out": (lambda flight: stage(flight, "uplinked", 4).update(attempt=3), "TCM-1"),
    "an unknown status": (lambda flight: stage(flight, "received").update(status="read"), "TCM-1"),
    "the same status twice": (lambda flight: stage(flight, "received").update(status="queued"), "TCM-1"),
    "an answer that was not asked for": (
        lambda flight: stage(flight, "uplinked", 1).update(board=0, attempt=2),
        "TCM-1",
    ),
    "a number used again": (lambda flight: stage(flight, "queued", 1).update(operation=1), "TCM-1"),
    "answers with another result": (lambda flight: set_all(flight, "applied", result=["ok", 1, 2]), "TCM-3"),
    "True for 1": (lambda flight: stage(flight, "applied", 5).update(result=[True]), "TCM-3"),
    "an answer of another slot": (lambda flight: stage(flight, "applied", 4).update(slot=1), "TCM-3"),
    "an answer of a slot to come": (lambda flight: stage(flight, "applied", 4).update(slot=10**6), "TCM-3"),
    "another command was asked for": (lambda flight: stage(flight, "queued").update(command=["noop"]), "TCM-4"),
    "other bytes were sent": (lambda flight: stage(flight, "queued").update(encoded="80"), "TCM-4"),
    "bytes that are none": (lambda flight: stage(flight, "queued").update(encoded="no"), "TCM-4"),
    "refused as malformed, and applied": (
        lambda flight: stage(flight, "received", 1).update(status="malformed"),
        "TCM-3",
    ),
    "refused as stale, and applied": (lambda flight: stage(flight, "received", 1).update(status="stale"), "TCM-3"),
    "more seconds than it took": (lambda flight: stage(flight, "confirmed").update(seconds=2.0), "TCM-2"),
    "seconds as a text": (lambda flight: stage(flight, "confirmed").update(seconds="0"), "TCM-2"),
    "nobody asked for it": (lambda flight: flight.lines.remove(stage(flight, "queued", 1)), "TCM-4"),
}


def late_queue(line: Line) -> int:
    return line.get("stage") == "queued" and line["operation"] == 1


def invented(flight: Flight) -> list[Line]:
    """The account of an operation that no board applied."""
    first = len(flight.lines)
    flight.ask(3, ["noop"])
    for board in (0, 1):
        flight.tell(3, "applied", board=board, slot=2, result=["ok"])
    flight.tell(3, "confirmed", slot=2, result=["ok"], seconds=0.0)
    made = flight.lines[first:]
    del flight.lines[first:]
    return made


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_account_is_found(name: str, tmp_path: Path) -> None:
    flight = flown()
    change, identifier = PLANTED[name]
    change(flight)
    for number, line in enumerate([line for line in flight.lines if line["node"] == 255]):
        line["seq"] = number
    assert identifier in violated(flight, tmp_path)


UPLINKS = [
    (True, True, HOLDS),
    (True, False, VIOLATED),  # boards answer what nobody asked them
    (False, True, VIOLATED),
    (False, False, HOLDS),
    (None, True, HOLDS),
    (None, False, NOT_CHECKED),
]


@pytest.mark.parametrize(("told", "has_uplinks", "state"), UPLINKS)
def test_requests_to_boards_are_in_the_trace_if_the_run_says_so(
    told: bool | None, has_uplinks: bool, state: str, tmp_path: Path
) -> None:
    flight = flown()
    if told is not None:
        flight.lines[0]["traces_uplinks"] = told
    if not has_uplinks:
        flight.lines = [line for line in flight.lines if line.get("stage") != "uplinked"]
        for number, line in enumerate([line for line in flight.lines if line["node"] == 255]):
            line["seq"] = number
    assert judged(flight, tmp_path).invariants["TCM-1"] == state


@pytest.mark.parametrize(("late", "state"), [(0.0, HOLDS), (0.001, VIOLATED), (-0.001, VIOLATED)])
def test_seconds_count_from_when_it_was_queued(late: float, state: str, tmp_path: Path) -> None:
    flight = flown()
    for number, line in enumerate(flight.lines):
        line["received"] = number / 8
    queued, confirmed = stage(flight, "queued"), stage(flight, "confirmed")
    confirmed["seconds"] = confirmed["received"] - queued["received"] + late
    assert judged(flight, tmp_path).invariants["TCM-2"] == state


def test_an_answer_that_comes_before_its_slot_is_found(tmp_path: Path) -> None:
    flight = Flight()
    flight.ask(1, COMMAND)
    flight.answer(1, 2)
    flight.slot(1)
    assert violated(flight, tmp_path) == ["TCM-3"]


def test_a_liar_may_answer_what_it_likes(tmp_path: Path) -> None:
    flight = flown(byzantine=(3,))
    flight.tell(2, "applied", board=3, slot=77, result=["ok"])
    flight.tell(2, "conflict", board=3, slot=77, result=["ok"])
    for operation, status in ((1, "malformed"), (2, "stale")):
        flight.tell(operation, "received", board=3, status=status)
    flight.confirm(2)
    verdict = judged(flight, tmp_path)
    assert verdict.verdict == "pass", verdict.violations


def test_an_end_stands(tmp_path: Path) -> None:
    flight = flown()
    flight.confirm(1)
    assert violated(flight, tmp_path) == ["TCM-2"]


def test_nothing_is_sent_after_the_end(tmp_path: Path) -> None:
    flight = flown()
    flight.tell(1, "uplinked", board=1, attempt=2)
    assert violated(flight, tmp_path) == ["TCM-1"]


@pytest.mark.parametrize("status", ["malformed", "stale"])
def test_enough_refusals_end_an_operation(status: str, tmp_path: Path) -> None:
    flight = flown()
    flight.ask(3, ["noop"])
    flight.tell(3, "received", board=1, status=status)
    flight.tell(3, "received", board=2, status=status)
    flight.tell(3, status, seconds=0.0)
    assert violated(flight, tmp_path) == []


@pytest.mark.parametrize(("later", "breaches"), [(63, ["TCM-3"]), (64, ["TCM-3"]), (65, [])])
def test_boards_forget_what_they_applied_long_ago(later: int, breaches: list[str], tmp_path: Path) -> None:
    """They remember the client's last 64 numbers. What is forgotten is stale, but never malformed."""
    for status, found in (("stale", breaches), ("malformed", ["TCM-3"])):
        flight = Flight()
        flight.requests = {1: [[CLIENT, 1, COMMAND]], 2: [[CLIENT, later, ["reboot"]]]}
        flight.ask(1, COMMAND)
        flight.slot(1)
        flight.ask(later, ["reboot"])
        flight.slot(2)
        for board in (0, 1):
            flight.tell(1, "received", board=board, status=status)
        flight.tell(1, status, seconds=0.0)
        assert violated(flight, tmp_path) == found


def test_the_next_station_starts_over_with_every_board(tmp_path: Path) -> None:
    flight = flown()
    flight.resume()
    flight.tell(2, "uplinked", board=1, attempt=1)
    flight.answer(2, 1, 0)
    flight.confirm(2)
    assert violated(flight, tmp_path) == []
    flight = flown()
    flight.resume()
    flight.answer(2, 1)
    flight.confirm(2)
    assert violated(flight, tmp_path) == ["TCM-2"]


@pytest.mark.parametrize(("dies", "breaches"), [(True, []), (False, ["TCM-1"])])
def test_the_last_requests_of_a_station_that_died_are_not_on_record(
    dies: bool, breaches: list[str], tmp_path: Path
) -> None:
    """A link takes a request before the trace tells of it, so board 3 may have been asked unseen."""
    flight = Flight()
    flight.ask(1, COMMAND, boards=(0, 1, 2))
    if dies:
        flight.resume()
    flight.tell(1, "received", board=3, status="queued")
    flight.slot(1)
    flight.answer(1, 0, 1)
    flight.confirm(1)
    assert violated(flight, tmp_path) == breaches


def test_clients_without_a_station_in_the_trace_are_named(tmp_path: Path) -> None:
    flight = Flight()
    flight.requests = {1: [[9, 1, ["noop"]]], 2: [[CLIENT, 1, COMMAND]]}
    flight.results = {1: ["ok"], 2: ["ok"]}
    flight.slot(1)
    flight.ask(1, COMMAND)
    flight.slot(2)
    verdict = judged(flight, tmp_path)
    assert (verdict.verdict, verdict.violations) == ("pass", [])
    assert verdict.invariants["TCM-4"] == "not checked"
    assert verdict.reasons["TCM-4"] == "client 9 has another station"


def test_the_command_is_compared_as_the_trace_prints_it(tmp_path: Path) -> None:
    assert stage(flown(), "queued")["command"] == printable(COMMAND)
