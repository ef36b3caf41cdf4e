"""amu explain answers about a trace, and refuses anything else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.command import app
from tests.unit.groundstation.why.stalls import answer, kills


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["explain", *arguments])


def test_the_command_answers_in_words_and_in_json(tmp_path: Path) -> None:
    answer(tmp_path, {"board_faults": kills(0, 1)})
    trace = str(tmp_path / "trace.ndjson")
    said = _run(trace, "--at", "6")
    assert said.exit_code == 0
    assert "boards 0 and 1 unheard exceed f = 1" in said.output
    told = json.loads(_run(trace, "--at", "6", "--json").stdout)
    assert (told["state"], told["cause"]) == ("impossible under the present faults", "crash")
    assert [board["node"] for board in told["boards"] if board["kind"] == "crash"] == [0, 1]
    assert isinstance(told["links"], list)
    before = json.loads(_run(trace, "--at", "1.5", "--json").stdout)
    assert (before["state"], before["at"]) == ("moving", 1.5)
    done = json.loads(_run(trace, "--at", "6", "--slot", "1", "--json").stdout)
    assert (done["state"], done["slot"]) == ("moving", 1)


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The lines of a trace: two boards of four die."""
    folder = tmp_path_factory.mktemp("stall")
    answer(folder, {"mission": {"limit_seconds": 4.5}, "board_faults": kills(0, 1)}, 4.0)
    return [json.loads(line) for line in (folder / "trace.ndjson").read_text().splitlines()]


def _refused(path: Path, *arguments: str) -> str:
    found = _run(str(path), *arguments)
    assert found.exit_code == 2, found.output
    return " ".join(found.output.split())


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    for text, what in (
        ("", "no event"),
        ("hello\n", "line 1: not JSON"),
        ('{"#meta": {"format": "ITF"}, "vars": ["x"], "states": [{"x": 1}]}\n', "line 1: every event needs a field"),
        ("---- MODULE x ----\n", "line 1: not JSON"),
    ):
        path.write_text(text)
        assert what in _refused(path)
    assert "trace.ndjson" in _refused(tmp_path)
    assert "nowhere" in _refused(tmp_path / "nowhere")
    assert "is a device" in _refused(Path("/dev/null"))


def test_a_question_that_has_no_answer_is_refused(tmp_path: Path, stall: list[dict[str, Any]]) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in stall))
    end = stall[-1]["received"]
    assert f"the trace ends at mission second {end:.12g}" in _refused(path, "--at", "1e9")
    assert _run(str(path), "--at", str(end)).exit_code == 0
    last = max(line["slot"] for line in stall if line["event"] == "Apply")
    assert "no board can have begun it yet" in _refused(path, "--slot", str(last + 100))
    assert _run(str(path), "--slot", str(last + 1)).exit_code == 0
    for arguments in (("--at", "-1"), ("--at", "nan"), ("--slot", "0"), ("--slot", "x")):
        assert arguments[0] in _refused(path, *arguments)


def _start(**fields: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda line: {**line, **fields} if line["event"] == "RunStart" else line


def _links(links: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda line: {**line, "links": links} if line["event"] == "Fault" else line


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_start(replica_count=3), "RunStart.replica_count"),
        (_start(tick_seconds="x"), "RunStart.tick_seconds"),
        (_start(tick_seconds=-1), "RunStart.tick_seconds"),
        (_start(traces_messages=1), "RunStart.traces_messages"),
        (_links([[0]]), "Fault.links"),
        (_links([["a", 1, 2, 3, 4]]), "Fault.links"),
        (_links([[0, 99, 2, 3, 4]]), "Fault.links"),
        (_links([[0, 1, 2, None, 4]]), "Fault.links"),
        (_links({"0": 1}), "Fault.links"),
    ],
)
def test_a_broken_trace_is_refused_with_its_line_and_field(
    change: Callable[[dict[str, Any]], dict[str, Any]], what: str, tmp_path: Path, stall: list[dict[str, Any]]
) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_text("".join(json.dumps(change(line)) + "\n" for line in stall))
    said = _refused(path)
    assert what in said
    assert "line " in said


def test_a_trace_without_its_begin_is_refused_and_without_its_end_answered(
    tmp_path: Path, stall: list[dict[str, Any]]
) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in stall[1:]))
    assert "has no RunStart" in _refused(path)
    path.write_text("".join(json.dumps(line) + "\n" for line in stall)[:-40])
    assert json.loads(_run(str(path), "--json").stdout)["cause"] == "crash"


def test_without_the_length_of_a_tick_it_cannot_tell(tmp_path: Path, stall: list[dict[str, Any]]) -> None:
    path = tmp_path / "trace.ndjson"
    lines = [{name: value for name, value in line.items() if name != "tick_seconds"} for line in stall]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = json.loads(_run(str(path), "--json").stdout)
    assert (told["state"], told["cause"], told["unknown"]) == ("stuck", "cannot tell", ["RunStart.tick_seconds"])


def test_boards_heard_twice_at_one_moment_have_no_rate(tmp_path: Path, stall: list[dict[str, Any]]) -> None:
    trace = tmp_path / "trace.ndjson"
    start = {name: value for name, value in stall[0].items() if name != "tick_seconds"}
    for first in (start, stall[0]):  # without and with the length of a tick
        trace.write_text("".join(json.dumps(line | {"received": 1.0}) + "\n" for line in [first, *stall[1:]]))
        found = _run(str(trace), "--json")
        assert found.exit_code == 0, found.output
        assert json.loads(found.stdout)["at"] == 1.0
