"""The live check: the state of each property while the trace grows, with a planted violation."""

import json
import time
from pathlib import Path

import pytest

from groundstation.record import run_directory
from groundstation.web import check
from groundstation.web.check import Checking, LiveCheck
from specs.checking.check import check_trace
from tests.support.host_flight import fly
from tests.support.records.planted import with_another_decision

GIVE_UP_SECONDS = 120.0


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    flight = fly(tmp_path_factory.mktemp("runs"), mission={"slots": 5}, workload={"operations": 5})
    return (flight.directory / run_directory.TRACE).read_bytes()


def _fed(lines: list[bytes]) -> LiveCheck:
    live = LiveCheck()
    for line in lines:
        live.feed(line)
    return live


def test_the_verdict_on_the_whole_trace_is_that_of_the_check(trace: bytes, tmp_path: Path) -> None:
    state = _fed(trace.splitlines(keepends=True)).conclude()
    assert state["checked"] == len(trace)
    path = tmp_path / "trace.ndjson"
    path.write_bytes(trace)
    assert {name: told for name, (told, _) in state["properties"].items()} == check_trace(path).invariants


def test_properties_wait_for_what_they_speak_of(trace: bytes) -> None:
    lines = trace.splitlines(keepends=True)
    assert _fed(lines[:3]).conclude()["properties"]["CON-4"] == ("not checked", "nothing was decided")
    assert _fed(lines).conclude()["properties"]["CON-4"] == ("holds", "")


def test_no_first_part_of_a_sound_trace_is_violated(trace: bytes) -> None:
    lines = trace.splitlines(keepends=True)
    for count in range(1, len(lines), 97):
        state = _fed(lines[:count]).conclude()
        assert not state["violations"], count
        assert state["error"] is None


def test_a_planted_violation_turns_its_property_red(trace: bytes) -> None:
    state = _fed(with_another_decision(trace).splitlines(keepends=True)).conclude()
    violated = {name for name, (told, _) in state["properties"].items() if told == "violated"}
    assert "CON-4" in violated
    rows = check.rows(json.loads(json.dumps(state)))
    assert rows["CON-4"]["state"] == "violated"
    assert rows["CON-4"]["violations"][0].startswith("CON-4: line ")
    ((module, line),) = [place for place in rows["CON-4"]["places"] if place[0] == "tetrabft/tetrabft.tla"]
    assert (Path(check.properties.FOLDER) / module).read_text().split("\n")[line - 1].startswith("Agreement ==")
    assert rows["CON-4"]["sentence"] == "no two honest replicas decide differently"


def test_a_line_that_is_no_event_is_named_and_ends_the_check(trace: bytes) -> None:
    lines = trace.splitlines(keepends=True)
    state = _fed([*lines[:5], b"nonsense\n", *lines[5:]]).conclude()
    assert "line 6" in state["error"]
    assert state["checked"] == sum(map(len, lines[:5])) + len(b"nonsense\n")


def test_a_trace_beyond_the_bound_is_checked_up_to_there(trace: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "BYTES_MAX", len(trace) // 2)
    state = _fed(trace.splitlines(keepends=True)).conclude()
    assert "amu check judges the whole trace" in state["error"]
    assert len(trace) // 2 - 1000 < state["checked"] <= len(trace) // 2
    assert state["properties"]["CON-4"] == ("holds", "")


def test_the_process_follows_a_trace_that_grows(trace: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trace.ndjson"
    half = trace.index(b"\n", len(trace) // 2) + 1

    checking = Checking(path)
    try:
        for part in (trace[:half], trace[half:]):
            with path.open("ab") as file:
                file.write(part)
            size, give_up = path.stat().st_size, time.monotonic() + GIVE_UP_SECONDS
            while checking.state.get("checked") != size and time.monotonic() < give_up:
                time.sleep(0.02)
        state = checking.state
    finally:
        checking.close()
    assert state["properties"]["CON-4"] == ["holds", ""]
    assert state["error"] is None


def test_a_check_ends_at_any_moment(trace: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_bytes(trace)
    for pause in (0.0, 0.0, 0.3, 0.6):  # before it has begun, and in the middle
        checking = Checking(path)
        time.sleep(pause)
        checking.close()
        assert checking._process.returncode is not None
        assert not checking._thread.is_alive()
