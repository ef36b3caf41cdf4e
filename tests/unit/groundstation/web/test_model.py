"""The console's picture of a run, compared with what the flight says of itself."""

import json
from pathlib import Path
from typing import Any

import pytest

from groundstation.boards import bench
from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Flight, Plan
from groundstation.record import run_directory
from groundstation.scenario.model import parse
from groundstation.web import model
from groundstation.web.model import OPERATIONS_MAX, SLOTS_MAX, Model
from groundstation.web.tail import Tail
from swarm_sim.testing.host_board import HostBoard

SCENARIO = {
    "name": "small",
    "description": "A small mission for a test.",
    "mission": {"slots": 10, "limit_seconds": 60.0},
    "workload": {"operations": 10, "in_flight": 4},
    "faults": [{"fault": "drop", "probability": 0.05}],
    "board_faults": [{"at": 0.2, "node": 1, "kind": "kill", "restart_after": 0.3}],
}


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Flight:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "board_kind", lambda name: HostBoard)
        return rehearsal.fly(Plan(parse(SCENARIO, "test"), "host", tmp_path_factory.mktemp("runs")), SilentDisplay())


def _fold(flight: Flight) -> Model:
    tail, folded = Tail(flight.directory / run_directory.TRACE), Model()
    while lines := tail.read():
        for line in lines:
            folded.feed(line)
    return folded


def test_picture_agrees_with_the_flight(flight: Flight) -> None:
    tables, summary = _fold(flight).tables, flight.summary
    assert {node: board["applied"] for node, board in tables["boards"].items()} == summary["applied"]
    assert all(board["on"] for board in tables["boards"].values())
    assert tables["boards"]["1"]["boot"] == 1
    operations = tables["operations"].values()
    assert len(operations) == summary["operations_issued"]
    assert sum(each["state"] == "confirmed" for each in operations) == summary["operations_confirmed"]
    assert all(len(each["boards"]) == 4 for each in operations)
    assert tables["run"]["run"]["frames"] == {name: count for name, count in summary["fates"].items() if count}
    assert tables["run"]["run"]["ended"] == summary["outcome"]
    slots = {cell["slot"] for cell in tables["slots"].values()}
    assert set(range(1, summary["slots"] + 1)) <= slots
    assert {cell["phase"] for cell in tables["slots"].values() if cell["slot"] <= summary["slots"]} == {5}


def test_picture_is_the_same_whether_followed_or_read_at_once(flight: Flight, tmp_path: Path) -> None:
    data = (flight.directory / run_directory.TRACE).read_bytes()
    growing, followed = tmp_path / "trace.ndjson", Model()
    tail = Tail(growing)
    assert tail.read() == []  # not there yet
    with growing.open("wb", buffering=0) as file:
        for start in range(0, len(data), 997):
            file.write(data[start : start + 997])
            for line in tail.read():
                followed.feed(line)
    assert not tail.is_behind
    assert followed.tables == _fold(flight).tables


def test_changed_names_every_row_that_changed(flight: Flight) -> None:
    copy: dict[str, dict[str, Any]] = {name: {} for name in model.TABLES}
    folded, tail = Model(), Tail(flight.directory / run_directory.TRACE)
    for line in tail.read():
        folded.feed(line)
        for table, key in folded.changed:
            copy[table][key] = json.loads(json.dumps(folded.tables[table][key]))
        folded.changed.clear()
    assert copy == json.loads(json.dumps(folded.tables))


def test_tables_are_bounded() -> None:
    folded = Model()
    head = {"run": "r", "boot": 0, "lamport": 1, "ticks": 1, "received": 1.0}
    for number in range(OPERATIONS_MAX + 50):
        told = {"event": "Telecommand", "stage": "queued", "client": 0, "operation": number, "command": ["noop"]}
        folded.feed({**head, "line": number + 1, "node": 255, "seq": number, **told})
    assert len(folded.tables["operations"]) == OPERATIONS_MAX
    assert "0" not in folded.tables["operations"]
    for slot in range(1, SLOTS_MAX + 50):
        vote = {"event": "Vote1", "slot": slot, "view": 0, "value": "ab" * 32}
        folded.feed({**head, "line": slot, "node": 1, "seq": slot, **vote})
    assert sorted(cell["slot"] for cell in folded.tables["slots"].values()) == list(range(50, SLOTS_MAX + 50))


def test_lines_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_bytes(b'nonsense\n[1]\n{"event": "Apply"}\n{"eve')
    tail = Tail(path)
    assert [line["event"] for line in tail.read()] == ["Apply"]
    assert (tail.count, tail.unreadable) == (3, 2)
