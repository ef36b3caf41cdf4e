"""Recordings and tables for other tools: read back by those tools' own libraries, they equal the trace."""

import builtins
import hashlib
import json
import resource
import sys
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from mcap.reader import SeekingReader, make_reader
from typer.testing import CliRunner

from amu.core.limits import GROUND
from groundstation.record import run_directory
from groundstation.report.exports import fields, recording, table
from groundstation.report.exports.selected import Selected
from specs.checking.schema import FLIGHT_EVENTS, GROUND_EVENTS
from specs.checking.trace import TraceError
from swarm_sim.testing.cluster import Cluster
from tests.support.command import app

RUNNER = CliRunner()
FORMS = ("mcap", "parquet")
SCENARIO = b'name = "small"\n'
FIRMWARE = "ab" * 32


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run in which a board dies and comes back, and the ground says things of its own."""
    cluster = Cluster(4, seed=3)
    cluster.start()
    for _ in range(3):
        operation = cluster.request(["noop"])
        assert cluster.run(2000, lambda number=operation: cluster.confirmed(number) is not None)
    cluster.kill(0)
    cluster.start(0)
    cluster.ground("Fault", counts={"accepted": 5, "drop": 2})
    cluster.ground("BoardFault", board=1, kind="pause", seconds=2, mood={"of": ["the", "board"]}, attempt="many")
    cluster.run(300)
    # A folder's name that duckdb would read as a pattern.
    folder = tmp_path_factory.mktemp("runs") / "it's [a] run*"
    folder.mkdir()
    (folder / run_directory.SCENARIO).write_bytes(SCENARIO)
    (folder / run_directory.SECRET).write_text("not for others")
    run_directory.write_json(folder / run_directory.VERSIONS, {"firmware_sha256": FIRMWARE})
    cluster.finish(folder / run_directory.TRACE)
    return folder


def _export(*arguments: object) -> Any:
    return RUNNER.invoke(app, ["export", *map(str, arguments)])


def _lines(run: Path) -> list[Any]:
    return [json.loads(text) for text in (run / run_directory.TRACE).read_text().splitlines()]


def _recording(run: Path, out: Path, *options: object) -> SeekingReader:
    assert _export(run, "--to", "mcap", "--out", out, *options).exit_code == 0
    reader = make_reader(BytesIO(out.read_bytes()))
    assert isinstance(reader, SeekingReader)
    return reader


def _rows(out: Path) -> list[dict[str, Any]]:
    found = duckdb.read_parquet(str(out))
    return [dict(zip(found.columns, row)) for row in found.fetchall()]


# --- MCAP -----------------------------------------------------------------------------------------


def test_a_recording_equals_the_trace_event_for_event(run: Path, tmp_path: Path) -> None:
    reader = _recording(run, tmp_path / "x.mcap")
    messages = sorted(reader.iter_messages(log_time_order=False), key=lambda found: found[2].sequence)
    assert b"".join(found.data + b"\n" for _, _, found in messages) == (run / run_directory.TRACE).read_bytes()
    for (schema, channel, message), line in zip(messages, _lines(run)):
        assert message.log_time == message.publish_time == round(line["received"] * 1e9)
        assert channel.topic == recording.topic(line["node"], line["event"])
        assert schema is not None
        assert _problems(json.loads(schema.data), line) == []


def test_a_reader_gets_the_order_of_the_trace_by_time(run: Path, tmp_path: Path) -> None:
    reader = _recording(run, tmp_path / "x.mcap")
    assert [json.loads(message.data) for _, _, message in reader.iter_messages()] == _lines(run)


def _problems(schema: dict[str, Any], line: dict[str, Any]) -> list[str]:
    """What a line breaks of the few words of JSON Schema that are used."""
    known = {"integer": int, "number": (int, float), "string": str, "null": type(None)}
    found = [f"no {name}" for name in schema["required"] if name not in line]
    for name, wanted in schema["properties"].items():
        kinds = wanted.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if name in line and kinds and not any(isinstance(line[name], known[kind]) for kind in kinds):
            found.append(f"{name} is not of {kinds}")
        if name in line and "enum" in wanted and line[name] not in wanted["enum"]:
            found.append(f"{name} is {line[name]}")
    return found


def test_a_line_that_breaks_a_schema_is_seen() -> None:
    schema = recording.schema("/board/consensus")
    line = {"node": 1, "boot": 0, "seq": 0, "lamport": 1, "received": 0.5, "event": "Vote1", "view": 0}
    assert _problems(schema, line) == []
    assert _problems(schema, line | {"view": "0"}) == ["view is not of ['integer']"]
    assert _problems(schema, line | {"event": "Boot"}) == ["event is Boot"]
    assert _problems(schema, {name: line[name] for name in line if name != "node"}) == ["no node"]


def test_every_event_has_one_channel() -> None:
    held = {name: set(recording.schema(name)["properties"]["event"]["enum"]) for name in recording.TOPICS}
    ground = [event for name in held if name.startswith("/ground") for event in held[name]]
    flight = [event for name in held if name.startswith("/board") for event in held[name]]
    assert sorted(ground) == sorted(GROUND_EVENTS)
    assert sorted(flight) == sorted(FLIGHT_EVENTS)
    assert all(held.values())
    # An event of the ground station that no set names would come here by default.
    about_boards = {"Attach", "BoardCrash", "BoardKill", "BoardLine", "BoardMode", "BoardStart", "Health", "PowerCut"}
    assert held["/ground/boards"] == about_boards


def test_a_recording_is_indexed_and_has_the_scenario_and_the_hashes(run: Path, tmp_path: Path) -> None:
    reader = _recording(run, tmp_path / "x.mcap")
    summary = reader.get_summary()
    assert summary is not None
    assert summary.statistics is not None
    assert summary.statistics.message_count == len(_lines(run))
    assert summary.chunk_indexes
    assert all(each.message_index_offsets for each in summary.chunk_indexes)
    attached = {each.name: each.data for each in reader.iter_attachments()}
    assert attached.keys() == {run_directory.SCENARIO, run_directory.VERSIONS}  # not the secret
    assert attached[run_directory.SCENARIO] == SCENARIO
    told = {each.name: each.metadata for each in reader.iter_metadata()}
    trace = (run / run_directory.TRACE).read_bytes()
    assert told["run"]["trace_sha256"] == hashlib.sha256(trace).hexdigest()
    assert told["run"]["firmware_sha256"] == FIRMWARE
    assert told["run"]["seed"] == str(_lines(run)[0]["seed"])
    assert told["files"]["sha256 scenario.toml"] == hashlib.sha256(SCENARIO).hexdigest()


def test_the_same_trace_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    _recording(run, tmp_path / "a.mcap")
    _recording(run, tmp_path / "b.mcap")
    assert (tmp_path / "a.mcap").read_bytes() == (tmp_path / "b.mcap").read_bytes()


# --- Parquet --------------------------------------------------------------------------------------


def test_a_table_equals_the_trace_event_for_event(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    assert _export(run, "--to", "parquet", "--out", out).exit_code == 0
    rows, lines = _rows(out), _lines(run)
    assert [row["line"] for row in rows] == list(range(1, len(lines) + 1))
    assert [_event(row) for row in rows] == lines


def _event(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the line that it was."""
    extra = json.loads(row["extra"] or "{}")
    found = {name: value for name, value in row.items() if name not in ("line", "extra") and value is not None}
    for name, kind in fields.kinds().items():
        if name in found and name != "kind" and kind == "json":
            found[name] = json.loads(found[name])
    if found["node"] != GROUND and "kind" in found:
        found["kind"] = int(found["kind"])
    nulls = {} if found["node"] == GROUND else {name: None for name, _ in FLIGHT_EVENTS[found["event"]]}
    return nulls | found | extra


def test_a_table_answers_a_question(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    assert _export(run, "--to", "parquet", "--out", out).exit_code == 0
    name = str(out).replace("'", "''")
    [(kind, mood, attempt)] = duckdb.sql(
        f"SELECT kind, extra->'$.mood.of'->>1, extra->>'$.attempt' FROM '{name}' WHERE event = 'BoardFault'"
    ).fetchall()
    assert (kind, mood, attempt) == ("pause", "board", "many")
    found = duckdb.sql(f"SELECT node, count(*) FROM '{name}' WHERE event = 'Decide' GROUP BY node ORDER BY node")
    lines = _lines(run)
    decided = {line["node"] for line in lines if line["event"] == "Decide"}
    assert found.fetchall() == [
        (node, sum(line["event"] == "Decide" and line["node"] == node for line in lines)) for node in sorted(decided)
    ]
    told = dict(duckdb.sql(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{name}')").fetchall())
    assert told["scenario.toml"].encode() == SCENARIO
    assert told["trace_sha256"] == hashlib.sha256((run / run_directory.TRACE).read_bytes()).hexdigest()


def test_the_columns_are_those_of_the_schema() -> None:
    columns = table.columns()
    assert columns.keys() >= {name for shape in FLIGHT_EVENTS.values() for name, _ in shape}
    assert columns["slot"] == columns["peer_boot"] == "UBIGINT"
    assert columns["hi1"] == columns["byzantine"] == columns["sent_counts"] == "JSON"
    assert len({name.lower() for name in columns}) == len(columns)  # SQL does not tell them apart


# --- both -----------------------------------------------------------------------------------------


def _count(out: Path) -> int:
    if out.suffix == ".parquet":
        return len(_rows(out))
    summary = make_reader(BytesIO(out.read_bytes())).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    return summary.statistics.message_count


@pytest.mark.parametrize("form", FORMS)
def test_a_part_of_a_trace_without_a_run(run: Path, tmp_path: Path, form: str) -> None:
    trace = tmp_path / "some.ndjson"
    trace.write_bytes((run / run_directory.TRACE).read_bytes() + b'{"cut')
    end = _lines(run)[-1]["received"]
    result = _export(trace, "--to", form, "--since", end / 4, "--until", end / 2)
    assert result.exit_code == 0
    assert "the last line was cut off, and is left out" in result.output
    wanted = sum(end / 4 <= line["received"] <= end / 2 for line in _lines(run))
    assert 0 < wanted == _count(tmp_path / f"some.{form}") < len(_lines(run))


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_exists_is_kept(run: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "x"
    out.write_text("mine")
    result = _export(run, "--to", form, "--out", out)
    assert result.exit_code == 2
    assert "exists already" in result.output
    assert out.read_text() == "mine"


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_leaves_nothing(run: Path, tmp_path: Path, form: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        result = _export(run, "--to", form, "--out", tmp_path / "x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.exit_code == 2
    assert "cannot be written" in result.output
    assert result.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_duckdb_refuses_is_one_line_and_leaves_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(table.CONFIG, "memory_limit", "1KB")
    result = _export(run, "--to", "parquet", "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert "cannot be written" in result.output
    assert result.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("form", "package", "module"), [("mcap", "mcap", "recording"), ("parquet", "duckdb", "table")])
def test_a_missing_extra_is_named(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, package: str, module: str
) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, f"groundstation.report.exports.{module}")
    exports = sys.modules["groundstation.report.exports"]
    monkeypatch.delattr(exports, module)
    monkeypatch.setattr(builtins, "__import__", without)
    result = _export(run, "--to", form, "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert result.output == f"amu export: {package} is not installed: pip install 'amu-swarm[export]'\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_bad_trace_is_one_line_and_leaves_nothing(tmp_path: Path, form: str) -> None:
    trace = tmp_path / "trace.ndjson"
    trace.write_text('{"event": "Boot"}\n')
    result = _export(trace, "--to", form)
    assert result.exit_code == 2
    assert "trace.ndjson: line 1: every event needs a field 'node'" in result.output
    assert list(tmp_path.iterdir()) == [trace]


def test_memory_does_not_grow_with_the_trace(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "CHUNK_BYTES", 2**14)
    content = (run / run_directory.TRACE).read_bytes()

    def peak(copies: int) -> int:
        trace = tmp_path / f"{copies}.ndjson"
        trace.write_bytes(content * copies)
        with (tmp_path / f"{copies}.mcap").open("wb") as file:
            tracemalloc.start()
            try:
                recording.write(Selected(trace), trace, file)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    assert peak(12) - peak(2) < len(content)  # although it has ten times as much more to write


def test_no_event_is_an_error(run: Path) -> None:
    with pytest.raises(TraceError, match="holds no event received in that time"):
        list(Selected(run / run_directory.TRACE, since=10**9))
