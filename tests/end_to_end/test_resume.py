"""Ground stations that die at the worst moments, and others that resume their runs. Real boards, real deaths.

The acts of the dying station choose the moments, never the time, so that a busy machine hits the same ones.
"""

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.boards.base import BoardError, board_kind
from groundstation.record import past
from groundstation.record.board_events import OUTSIDE, SWITCHED_OFF
from tests.support.executed import confirmed_but_not_executed_once
from tests.support.hang_ups import hear_hang_ups

GIVE_UP_SECONDS = 240
SCENARIO = """
name = "small"
description = "A small mission for a test."

[mission]
slots = {slots}
limit_seconds = 300
no_progress_seconds = 100

[workload]
operations = 10
in_flight = 4

[[faults]]
fault = "jitter"
seconds_max = 0.01

[[board_faults]]
at = 1.0
node = 2
kind = "restart"
"""

# A ground station that kills itself where it stands: at the first byte of its record; in the middle of writing a batch
# of lines; once the record holds so many confirmed operations and counts of delayed frames; between reading from a
# board and recording what was read; between what it says it will do to a board, and doing it.
DOOMED = """
import os, signal, sys
from groundstation.flight import fleet
from groundstation.record import line_log
from groundstation.links import intake

point, count = sys.argv.pop(1), int(sys.argv.pop(1))
confirmed = delayed = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def last():
    global count
    count -= 1
    return count == 0

flush, receive, restart = line_log.LineLog.flush, intake.Intake.receive, fleet.Fleet._restart

def doomed_flush(log):
    global confirmed, delayed
    confirmed += log._batch.count(b'"stage":"confirmed"')
    delayed += log._batch.count(b'"jitter":')
    if log._batch and point in ("byte", "write") and last():
        os.write(log._descriptor, log._batch[:1 if point == "byte" else len(log._batch) // 2])
        die()
    flush(log)
    if point == "record" and min(confirmed, delayed) >= count:
        die()

def doomed_receive(self, descriptor):
    got = receive(self, descriptor)
    if point == "read" and last():
        die()
    return got

def doomed_restart(*arguments):
    if point == "restart":
        die()
    restart(*arguments)

line_log.LineLog.flush, intake.Intake.receive, fleet.Fleet._restart = doomed_flush, doomed_receive, doomed_restart

from groundstation.cli import main
main()
"""
ALIVE = "from groundstation.cli import main; main()"


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """A folder of runs. All their boards are switched off at the end."""
    path = tmp_path / "runs"
    yield path
    for boards in path.glob("*/boards"):
        with contextlib.suppress(BoardError):
            for board in board_kind("virtual").attach(boards):
                board.close()


def _run(tmp_path: Path, *arguments: str, doom: tuple[str, int] | None = None) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", ALIVE] if doom is None else [sys.executable, "-c", DOOMED, doom[0], str(doom[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [*program, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=GIVE_UP_SECONDS
    )
    if doom is not None:
        assert done.returncode == -signal.SIGKILL, done.stderr
    return done


def _scenario(tmp_path: Path, slots: int = 40) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO.format(slots=slots))
    return str(path)


def _flown_last(runs: Path) -> Path:
    (holder,) = runs.glob("*/boards/station.json")
    return Path(json.loads(holder.read_text())["directory"])


def _dead(tmp_path: Path, runs: Path) -> Path:
    """The folder of a run whose ground station is dead, and whose boards live."""
    out = ("--out", str(runs), "--no-tlc")
    _run(tmp_path, "rehearse", _scenario(tmp_path), *out, doom=("record", 2))
    return _flown_last(runs)


def _verdict(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_a_run_survives_the_death_of_five_ground_stations(tmp_path: Path, runs: Path) -> None:
    out = ("--out", str(runs), "--no-tlc", "--json")
    _run(tmp_path, "rehearse", _scenario(tmp_path), *out, doom=("restart", 1))
    records = []
    for doom in (("write", 6), ("read", 60), ("byte", 10), ("read", 2)):
        run = _flown_last(runs)
        record = (run / "trace.ndjson").read_bytes()
        records.append(record[: record.rfind(b"\n") + 1])
        _run(tmp_path, "rehearse", "--resume", str(run), *out, doom=doom)
    done = _run(tmp_path, "rehearse", "--resume", str(_flown_last(runs)), *out)
    assert done.returncode == 0, done.stdout + done.stderr
    verdict = _verdict(done)
    trace = Path(verdict["run"]) / "trace.ndjson"
    assert (verdict["verdict"], verdict["mission"]["crashed"]) == ("pass", [])
    assert confirmed_but_not_executed_once(trace) == []
    for record in records:
        assert trace.read_bytes().startswith(record)
    # The act that the schedule began when its ground station died has been completed, once.
    assert verdict["mission"]["board_events"] == {"BoardKill": 1}
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    assert len([event for event in events if event["event"] == "Resume"]) == 5
    queued = [event["operation"] for event in events if event.get("stage") == "queued"]
    assert queued == sorted(set(queued)), "a number was used twice"


def test_a_ground_station_that_dies_at_its_first_byte_is_followed(tmp_path: Path, runs: Path) -> None:
    """Nothing was switched on yet; the record is lost, and says so."""
    out = ("--out", str(runs), "--no-tlc", "--json")
    _run(tmp_path, "rehearse", _scenario(tmp_path), *out, doom=("byte", 1))
    done = _run(tmp_path, "rehearse", "--resume", str(_flown_last(runs)), *out)
    verdict = _verdict(done)
    assert verdict["mission"]["crashed"] == []
    assert "there is nothing in it" in verdict["mission"]["record_lost"]


def test_a_damaged_record_gives_an_honest_verdict_under_new_numbers(tmp_path: Path, runs: Path) -> None:
    run = _dead(tmp_path, runs)
    trace = run / "trace.ndjson"
    asked = [json.loads(line)["operation"] for line in trace.read_bytes().splitlines() if b'"queued"' in line]
    lines = trace.read_bytes().splitlines(keepends=True)
    trace.write_bytes(b"".join(lines[:20]) + b"!" + b"".join(lines[20:]))
    done = _run(tmp_path, "rehearse", "--resume", str(run), "--out", str(runs), "--no-tlc", "--json")
    verdict = _verdict(done)
    assert (done.returncode, verdict["verdict"]) == (5, "incomplete"), verdict["findings"]
    assert "damage before line" in verdict["mission"]["record_lost"]
    new = (Path(verdict["run"]) / "trace.ndjson").read_bytes()
    numbers = [json.loads(line)["operation"] for line in new.splitlines() if b'"queued"' in line]
    assert asked
    assert min(numbers) > max(asked)
    assert confirmed_but_not_executed_once(Path(verdict["run"]) / "trace.ndjson") == []
    assert trace.read_bytes() != new


def test_boards_have_one_ground_station_and_one_folder(tmp_path: Path, runs: Path) -> None:
    run = _dead(tmp_path, runs)
    listed = json.loads(_run(tmp_path, "ps", "--json").stdout)
    (swarm,) = [swarm for swarm in listed if swarm["run"] == str(run)]
    assert (len(swarm["boards"]), swarm["station"], swarm["scenario"]) == (4, None, "small")

    shutil.copytree(run, tmp_path / "copy")
    refused = _run(tmp_path, "rehearse", "--resume", str(tmp_path / "copy"), "--out", str(runs))
    assert (refused.returncode, "is a copy of" in refused.stderr) == (2, True)

    moved = runs / "moved"
    run.rename(moved)
    done = _run(tmp_path, "rehearse", "--resume", str(moved), "--out", str(runs), "--no-tlc", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _verdict(done)["mission"]["crashed"] == []
    again = _run(tmp_path, "rehearse", "--resume", str(moved), "--out", str(runs))
    assert (again.returncode, "fly on in a later run" in again.stderr) == (2, True)


def test_boards_that_were_left_behind_are_stopped_and_can_be_resumed(tmp_path: Path, runs: Path) -> None:
    run = _dead(tmp_path, runs)
    stopped = _run(tmp_path, "stop", str(run))
    assert (stopped.returncode, stopped.stdout) == (0, f"stopped 4 boards of {run}\n")
    assert not [board for board in board_kind("virtual").attach(run / "boards") if board.alive()]
    again = _run(tmp_path, "stop", str(run))
    assert (again.returncode, "all its boards are off, there is nothing to stop" in again.stderr) == (2, True)
    before = past.read(run / "trace.ndjson", lambda event: None)
    done = _run(tmp_path, "rehearse", "--resume", str(run), "--out", str(runs), "--no-tlc", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    # They were switched off: they did not crash, and the mission did nothing to them.
    verdict = _verdict(done)
    assert verdict["mission"]["crashed"] == []
    assert verdict["mission"]["board_events"][SWITCHED_OFF] == 4
    lines = {line["name"]: line["detail"] for line in verdict["lines"]}
    assert f"{OUTSIDE} 4" in lines["board faults"]
    assert lines["ground stations"] == f"2 flew this run, one after the other; resumed from {run.name}"
    # What is shown while it flies is counted from the beginning of the record.
    shown = re.search(r"delayed (\d+)", done.stderr)
    assert shown is not None
    assert int(shown[1]) >= before.fates["jitter"] > 0


def test_boards_of_a_living_ground_station_are_left_alone(tmp_path: Path, runs: Path) -> None:
    program = [sys.executable, "-c", ALIVE, "rehearse", _scenario(tmp_path, slots=100_000), "--out", str(runs)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        program, cwd=tmp_path, env=environment, stderr=pipe, stdout=pipe, text=True, preexec_fn=hear_hang_ups
    ) as station:
        assert station.stderr is not None
        while "boots" not in station.stderr.readline():
            assert station.poll() is None
        run = _flown_last(runs)
        for command in (("stop", str(run)), ("rehearse", "--resume", str(run))):
            refused = _run(tmp_path, *command)
            assert refused.returncode == 2
            assert f"(process {station.pid}) flies these boards" in refused.stderr
        station.send_signal(signal.SIGHUP)
        station.send_signal(signal.SIGHUP)
        station.communicate(timeout=GIVE_UP_SECONDS)
        assert station.returncode == 5
    assert json.loads((run / "verdict.json").read_text())["mission"]["outcome"] == "interrupted"
    assert (run / "report.html").exists()


def test_a_closed_terminal_does_no_harm(tmp_path: Path, runs: Path) -> None:
    """A real terminal: output fails with an error from then on, and the kernel reports the hang-up."""
    arguments = ["rehearse", _scenario(tmp_path, slots=100_000), "--out", str(runs), "--no-tlc"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "TERM": "xterm"}
    station, terminal = pty.fork()
    if station == 0:
        os.chdir(tmp_path)
        hear_hang_ups()
        os.execve(sys.executable, [sys.executable, "-c", ALIVE, *arguments], environment)
    said = b""
    while b"boots" not in said:
        said += os.read(terminal, 4096)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(station, 0)[1]) in (2, 5)
    run = _flown_last(runs)
    assert json.loads((run / "verdict.json").read_text())["verdict"] == "incomplete"
    assert (run / "report.html").exists()
    assert not [board for board in board_kind("virtual").attach(run / "boards") if board.alive()]
