"""From end to end, as an operator runs it: MicroPython boards on pseudo-terminals, `amu`, the verdict.

Boards live by the wall clock here, so tests assert outcomes and nothing about time.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.boards.base import board_kind
from tests.support.executed import confirmed_but_not_executed_once

SMALL = """
name = "small"
description = "A small mission for a test."

[mission]
slots = {slots}
limit_seconds = 300
no_progress_seconds = {no_progress}

[workload]
operations = 10
in_flight = 4

[[faults]]
fault = "jitter"
seconds_max = 0.01

[[faults]]
fault = "drop"
probability = 0.02
"""
KILL = '[[board_faults]]\nat = {at}\nnode = {node}\nkind = "kill"\n'
GIVE_UP_SECONDS = 240


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """A folder of runs. All their boards are switched off at the end."""
    path = tmp_path / "runs"
    yield path
    for boards in path.glob("*/boards"):
        for board in board_kind("virtual").attach(boards):
            board.close()


def _scenario(tmp_path: Path, more: str = "", slots: int = 15, no_progress: int = 60) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SMALL.format(slots=slots, no_progress=no_progress) + more)
    return str(path)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from groundstation.cli import main; main()", *arguments]


def _environment() -> dict[str, str]:
    # From another folder than the checkout, as an installed command would be called.
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _amu(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(*arguments),
        cwd=tmp_path,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=GIVE_UP_SECONDS,
    )


def _verdict(done: subprocess.CompletedProcess[str]) -> Any:
    """The one JSON object on standard output."""
    return json.loads(done.stdout)


def _start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        _command(*arguments),
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _wait_for_decisions(runs: Path, process: subprocess.Popen[str], slots: int) -> Path:
    """The run's folder, once its trace tells of so many applied slots."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        assert process.poll() is None, "the rehearsal ended too soon"
        for trace in runs.glob("*/trace.ndjson"):
            if trace.read_bytes().count(b'"event":"Apply"') >= 4 * slots:
                return trace.parent
        time.sleep(0.05)
    raise AssertionError(f"no {slots} slots in {GIVE_UP_SECONDS} s")


def test_small_mission_passes_and_checks_again(tmp_path: Path, runs: Path) -> None:
    flown = _amu(tmp_path, "rehearse", _scenario(tmp_path), "--seed", "5", "--out", str(runs), "--no-tlc", "--json")
    assert flown.returncode == 0, flown.stdout + flown.stderr
    verdict = _verdict(flown)
    assert verdict["verdict"] == "pass"
    assert verdict["mission"]["seed"] == 5
    assert verdict["steps"]["Decide"] >= 3 * 15
    states = {state for name, state in verdict["invariants"].items() if name not in verdict["not_met"]}
    assert states == {"holds"}
    assert not {"CON-1", "CON-4", "LOG-1", "LOG-2", "LED-1", "ORD-1", "ORD-2", "ORD-3"} & set(verdict["not_met"])
    [run] = runs.iterdir()
    for name in ("trace.ndjson", "scenario.toml", "versions.json", "verdict.json", "report.html", "ground.log"):
        assert (run / name).stat().st_size > 0, name
    assert json.loads((run / "versions.json").read_text())["micropython"].count(".") >= 2

    checked = _amu(tmp_path, "check", str(run), "--json")
    assert checked.returncode == 0
    assert _verdict(checked)["steps"] == verdict["steps"]
    assert _amu(tmp_path, "check", str(run / "trace.ndjson")).returncode == 0

    again = _amu(tmp_path, "rehearse", "--replay", str(run), "--out", str(runs), "--no-tlc", "--json")
    assert again.returncode == 0
    assert _verdict(again)["mission"]["seed"] == 5


def test_boards_that_stand_still_and_a_core_that_heals(tmp_path: Path, runs: Path) -> None:
    """Board 0 is killed while it is paused, board 1 is paused until the core heals; board 3 stays dead."""
    faults = (
        '[[board_faults]]\nat = 0.5\nnode = 0\nkind = "pause"\nseconds = 60\n'
        '[[board_faults]]\nat = 1.0\nnode = 0\nkind = "kill"\nrestart_after = 0.5\n'
        '[[board_faults]]\nat = 1.0\nnode = 1\nkind = "pause"\nseconds = 60\n'
        '[[board_faults]]\nat = 1.5\nnode = 3\nkind = "kill"\nrestart_after = 60\n'
        "[liveness]\ncore = [0, 1, 2]\nat = 3.0\nbound_seconds = 120\n"
    )
    flown = _amu(tmp_path, "rehearse", _scenario(tmp_path, faults), "--out", str(runs), "--no-tlc", "--json")
    assert flown.returncode == 0, flown.stdout + flown.stderr
    assert _verdict(flown)["verdict"] == "pass"
    [run] = runs.iterdir()
    events = [json.loads(line) for line in (run / "trace.ndjson").read_text().splitlines()]
    told = [(event["event"], event["board"]) for event in events if event["event"] in ("BoardFault", "BoardKill")]
    assert told == [("BoardFault", 0), ("BoardKill", 0), ("BoardFault", 1), ("BoardKill", 3)]
    assert [event["board"] for event in events if event["event"] == "BoardStart"] == [0, 1, 2, 3, 0]


def test_board_fault_that_virtual_boards_cannot_play_is_bad_input(tmp_path: Path, runs: Path) -> None:
    fault = '[[board_faults]]\nat = 1\nnode = 0\nkind = "clock_jump"\nticks = 50\n'
    refused = _amu(tmp_path, "rehearse", _scenario(tmp_path, fault), "--out", str(runs))
    assert refused.returncode == 2
    assert refused.stderr == (
        "amu rehearse: board_faults[0]: virtual boards cannot play clock_jump; "
        "they play amnesia, full_flash, heap_exhaustion, kill, line_noise, pause, power_cut, "
        "restart, slow_host, unplug, worn_flash\n"
    )
    assert not runs.exists()


def test_checker_sees_a_doctored_trace(tmp_path: Path, runs: Path) -> None:
    flown = _amu(tmp_path, "rehearse", _scenario(tmp_path), "--out", str(runs), "--no-tlc")
    assert flown.returncode == 0, flown.stdout + flown.stderr
    [run] = runs.iterdir()
    lines = [json.loads(line) for line in (run / "trace.ndjson").read_text().splitlines()]

    # One board decides otherwise in slot 5.
    forged = [dict(line) for line in lines]
    decision = next(line for line in forged if line["event"] == "Decide" and line["slot"] == 5)
    decision["value"] = "00" * 32
    _write(tmp_path / "forged.ndjson", forged)
    checked = _amu(tmp_path, "check", str(tmp_path / "forged.ndjson"), "--json")
    assert checked.returncode == 3
    assert _verdict(checked)["verdict"] == "violation"

    # One event of one board is missing.
    _write(tmp_path / "gap.ndjson", [line for line in lines if (line["node"], line["seq"]) != (2, 40)])
    checked = _amu(tmp_path, "check", str(tmp_path / "gap.ndjson"), "--json")
    assert checked.returncode == 5
    assert _verdict(checked)["verdict"] == "incomplete"


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_control_c_ends_in_order_and_is_incomplete(tmp_path: Path, runs: Path) -> None:
    process = _start(tmp_path, "rehearse", _scenario(tmp_path, slots=5000), "--out", str(runs), "--no-tlc", "--json")
    run = _wait_for_decisions(runs, process, 3)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=GIVE_UP_SECONDS)
    assert process.returncode == 5
    assert json.loads(out)["mission"]["outcome"] == "interrupted"
    assert (run / "trace.ndjson").read_bytes().endswith(b"\n")
    assert not [board for board in board_kind("virtual").attach(run / "boards") if board.alive()]


def test_boards_outlive_a_ground_station_that_is_killed(tmp_path: Path, runs: Path) -> None:
    process = _start(tmp_path, "rehearse", _scenario(tmp_path, slots=5000), "--out", str(runs), "--no-tlc")
    run = _wait_for_decisions(runs, process, 5)
    process.kill()
    process.communicate()

    # What was recorded checks clean as far as it goes.
    checked = _amu(tmp_path, "check", str(run), "--json")
    assert checked.returncode == 5
    verdict = _verdict(checked)
    assert (verdict["verdict"], verdict["violations"]) == ("incomplete", [])
    assert verdict["counts"]["slots decided"] >= 3
    assert all(board.alive() for board in board_kind("virtual").attach(run / "boards"))

    record = b"".join(line for line in (run / "trace.ndjson").read_bytes().splitlines(True) if line.endswith(b"\n"))

    # A new ground station continues with the same boards, and with a mission of a size for a test.
    flown = (run / "scenario.toml").read_text()
    (run / "scenario.toml").write_text(flown.replace("slots = 5000", f"slots = {verdict['counts']['slots'] + 20}"))
    resumed = _amu(tmp_path, "rehearse", "--resume", str(run), "--out", str(runs), "--no-tlc", "--json")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    verdict = _verdict(resumed)
    assert verdict["mission"]["resumed"] == run.name
    assert "slots not checked" not in verdict["counts"]
    flight = Path(verdict["run"])
    assert (flight / "trace.ndjson").read_bytes().startswith(record)
    assert confirmed_but_not_executed_once(flight / "trace.ndjson") == []

    # Its boards have flown on without it: the first run's record is no longer complete.
    again = _amu(tmp_path, "rehearse", "--resume", str(run), "--out", str(runs), "--no-tlc")
    assert again.returncode == 2
    assert f"its boards fly on in a later run; resume that one: {flight}" in again.stderr


def test_swarm_without_a_quorum_exits_4(tmp_path: Path, runs: Path) -> None:
    faults = KILL.format(at=0.5, node=0) + KILL.format(at=0.5, node=1)
    scenario = _scenario(tmp_path, faults, slots=5000, no_progress=3)
    done = _amu(tmp_path, "rehearse", scenario, "--out", str(runs), "--no-tlc", "--json")
    assert done.returncode == 4
    assert _verdict(done)["verdict"] == "no_progress"
