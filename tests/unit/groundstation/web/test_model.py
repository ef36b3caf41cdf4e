"""The console's picture of a run, compared with what the flight says of itself."""

import json
from pathlib import Path
from typing import Any

import pytest

from groundstation.flight.rehearsal import Flight
from groundstation.record import run_directory
from groundstation.scenario.model import Scenario, parse
from groundstation.web import model
from groundstation.web import tail as tail_module
from groundstation.web.model import OPERATIONS_MAX, SLOTS_MAX, Model
from groundstation.web.series import SAMPLES_MAX, Series
from groundstation.web.tail import Tail
from tests.support.host_flight import fly

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
    return fly(tmp_path_factory.mktemp("runs"), **SCENARIO)


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
            row = json.loads(json.dumps(folded.tables[table].get(key)))
            copy[table] |= {key: row}
            if row is None:
                del copy[table][key]
        folded.changed.clear()
    assert copy == json.loads(json.dumps(folded.tables))


def test_tables_are_bounded() -> None:
    folded = Model()
    head = {"run": "r", "boot": 0, "lamport": 1, "ticks": 1, "received": 1.0}
    for number in range(OPERATIONS_MAX + 50):
        told = {"event": "Telecommand", "stage": "queued", "client": 0, "operation": number, "command": ["noop"]}
        folded.feed({**head, "offset": number, "node": 255, "seq": number, **told})
    assert len(folded.tables["operations"]) == OPERATIONS_MAX
    assert "0" not in folded.tables["operations"]
    for slot in range(1, SLOTS_MAX + 50):
        vote = {"event": "Vote1", "slot": slot, "view": 0, "value": "ab" * 32}
        folded.feed({**head, "offset": slot, "node": 1, "seq": slot, **vote})
    assert sorted(cell["slot"] for cell in folded.tables["slots"].values()) == list(range(50, SLOTS_MAX + 50))


def test_lives_of_boards_are_spans(flight: Flight) -> None:
    spans = [span for span in _fold(flight).tables["spans"].values() if span["board"] == 1]
    (off,) = [span for span in spans if span["kind"] == "off"]
    assert off["why"] == "killed"
    boots = [span["since"] for span in spans if span["kind"] == "boot"]
    assert len(boots) == 2
    assert (off["since"] > boots[0], off["until"]) == (True, boots[1])


def test_samples_end_with_the_picture(flight: Flight) -> None:
    tables = _fold(flight).tables
    last = tables["series"][max(tables["series"], key=int)]
    assert last["lost"] <= sum(tables["run"]["run"]["frames"].values())
    assert last["confirmed"] <= sum(each["state"] == "confirmed" for each in tables["operations"].values())
    assert all(last["boards"][node][0] <= board["applied"] for node, board in tables["boards"].items())


LATE = SCENARIO | {"faults": [{"fault": "delay", "seconds": 0.1}]}


@pytest.mark.parametrize("scenario", [None, parse(LATE, "test")])
def test_frames_that_were_late_are_not_lost(scenario: Scenario | None) -> None:
    folded = Model(scenario)
    head = {"run": "r", "boot": 0, "lamport": 1, "ticks": 1, "node": 255, "seq": 0, "offset": 0, "received": 1.0}
    folded.feed({**head, "event": "Fault", "counts": {"accepted": 20, "delivered": 13, "delay": 20, "board off": 7}})
    (sample,) = folded.tables["series"].values()
    assert sample["lost"] == 7


def test_there_are_never_more_samples_than_the_most() -> None:
    series, board = Series(), {"heard": 1.0, "applied": 1, "view": 0, "heap_free": 5, "heap_run": 0}
    kept: dict[str, Any] = {}
    for tenth in range(20_000):
        series.take(tenth / 10, {"0": board}, tenth, 0)
        assert len(series.rows) <= SAMPLES_MAX
        for key in series.changed:
            kept[key] = series.rows.get(key)
        series.changed.clear()
    assert {key: row for key, row in kept.items() if row is not None} == series.rows
    moments = [row["at"] for row in series.rows.values()]
    assert moments == sorted(moments)
    assert (moments[0], moments[-1] > 1990) == (0.0, True)
    assert series.rows["0"]["boards"]["0"] == [1, 0, 5, None]


def test_ordered_faults_begin_and_end() -> None:
    folded = Model(parse(SCENARIO, "test"))
    assert set(folded.tables["faults"]) == {"drop"}
    head = {"run": "r", "node": 255, "boot": 0, "ticks": 1, "lamport": 1}
    start = {"event": "RunStart", "scenario": "s", "seed": 1, "replica_count": 4, "byzantine": []}
    rule = {"fault": "partition", "groups": [[0]]}
    begin = {"kind": "fault", "name": "storm", "seconds": None, "rule": rule}
    told = {"event": "Order", "order": "1", "sender": "alice"}
    for number, fields in enumerate(
        (
            start,
            {**told, "told": begin, "outcome": "refused", "reason": "no"},
            {**told, "told": begin, "outcome": "accepted"},
            {**told, "told": {"kind": "end-fault", "name": "storm"}, "outcome": "accepted"},
            {**told, "told": {"kind": "of a later version"}, "outcome": "accepted"},
        )
    ):
        folded.feed({**head, "offset": number, "seq": number, "received": float(number), **fields})
    row = folded.tables["faults"]["storm"]
    assert (row["start"], row["end"], row["sender"], len(row["cuts"])) == (2.0, 3.0, "alice", 6)


def test_lines_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "trace.ndjson"
    rejoin = {"node": 1, "boot": 0, "seq": 0, "lamport": 1, "ticks": 1, "received": 0.5, "event": "Rejoin", "floor": 0}
    sound = json.dumps(rejoin)
    others = [
        "nonsense",
        "[1]",
        '{"event": "Rejoin", "floor": 0}',
        json.dumps({**rejoin, "node": "1"}),
        sound.replace("0.5", "NaN"),
        sound.replace("0.5", "1e999"),
        sound.replace(', "received": 0.5', ""),
        sound[:-1] + ', "more": ' + "[" * 150 + "]" * 150 + "}",
        "[" * 20_000,
        json.dumps({**rejoin, "node": 255, "event": "RunStart", "replica_count": 10**9}),
    ]
    path.write_text("\n".join([*others, sound]) + '\n{"eve')
    tail = Tail(path)
    assert [line["event"] for line in tail.read()] == ["Rejoin"]
    assert (tail.position, tail.unreadable) == (path.stat().st_size - len('{"eve'), len(others))


def test_a_line_that_does_not_end_is_skipped_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "LINE_BYTES_MAX", 1000)
    monkeypatch.setattr(tail_module, "READ_BYTES_MAX", 300)
    path = tmp_path / "trace.ndjson"
    sound = (
        b'{"node": 1, "boot": 0, "seq": 0, "lamport": 1, "ticks": 1, "received": 0.5, "event": "Rejoin", "floor": 0}\n'
    )
    path.write_bytes(sound + b"x" * 5000 + b"\n" + sound)
    tail, found = Tail(path), []
    while tail.is_behind:
        found += tail.read()
        assert len(tail._rest) <= 1000
    assert [line["offset"] for line in found] == [0, len(sound) + 5001]
    assert (tail.position, tail.unreadable) == (path.stat().st_size, 1)


def test_a_line_whose_optional_fields_mean_nothing_stops_nobody() -> None:
    folded = Model()
    head = {"node": 255, "boot": 0, "seq": 0, "lamport": 1, "ticks": 0, "received": 1.0, "offset": 0}
    order = {**head, "event": "Order", "order": "1", "sender": "s", "outcome": "accepted"}
    for line in (
        {**order, "told": {"kind": "alarm", "alarm": ["x"]}},
        {**order, "told": {"kind": "alarm", "alarm": "Boards off"}},
        {**head, "event": "BoardFault", "board": 1, "kind": "pause", "seconds": "long"},
        {**head, "event": "Fault", "counts": {"drop": "many"}},
    ):
        assert isinstance(folded.takes(line), bool)
    assert folded.takes({**head, "event": "BoardStart", "board": 1, "received": 2.0})
    assert folded.tables["boards"]["1"]["on"]
    assert folded.run["now"] == 2.0
