"""From end to end on emulated Picos: missions under faults, repeated to the byte; a dead emulator; a broken image."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from groundstation.clocks.clocks import of_events
from specs.checking.trace import Reader
from tests.conformance.boards.test_emulated_uf2 import image_of

MISSION = """
name = "picos"
description = "Four Picos: drop, a partition, a kill and a restart."

[mission]
boards = 4
slots = 7
limit_seconds = 90
no_progress_seconds = 40

[clock]
tick_ms = 20
view_timeout_seconds = 8.0

[workload]
operations = 8
in_flight = 2

[[faults]]
fault = "delay"
seconds = 0.004

[[faults]]
fault = "drop"
probability = 0.02

[[faults]]
fault = "partition"
name = "board 0 cut off"
start = 2.0
end = 3.0
groups = [[0]]

[[board_faults]]
at = 3.5
node = 1
kind = "kill"
restart_after = 1.0
"""
BRANCH_TO_ITSELF = b"\xfe\xe7"
GIVE_UP_SECONDS = 240


def rehearse(tmp_path: Path, image: Path, *arguments: str) -> "subprocess.Popen[str]":
    scenario = tmp_path / "picos.toml"
    scenario.write_text(MISSION)
    program = "from groundstation.cli import main; main()"
    command = [sys.executable, "-c", program, "rehearse", *(arguments or [str(scenario)])]
    return subprocess.Popen(
        [*command, "--kind", "emulated", "--out", str(tmp_path / "runs")],
        env={**os.environ, "AMU_PICO_UF2": str(image)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def test_a_flight_ends_with_an_emulator_and_says_so(tmp_path: Path) -> None:
    image = tmp_path / "hangs.uf2"
    image.write_bytes(image_of(BRANCH_TO_ITSELF * 128))
    flying = rehearse(tmp_path, image)
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while len(emulators := children(flying.pid)) < 4:
        assert flying.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.01)
    os.kill(emulators[2], signal.SIGKILL)
    said, _ = flying.communicate(timeout=GIVE_UP_SECONDS)
    assert flying.returncode == 2, said
    assert "board 2: AMU-0002: its emulator ended by signal 9; its flash is lost" in " ".join(said.split())
    assert "Traceback" not in said


def test_a_broken_image_is_refused_before_any_board_is_made(tmp_path: Path) -> None:
    image = tmp_path / "broken.uf2"
    image.write_bytes(image_of(bytes(600))[:-7])
    flying = rehearse(tmp_path, image)
    said, _ = flying.communicate(timeout=GIVE_UP_SECONDS)
    assert flying.returncode == 2, said
    assert "is not a UF2 file for an RP2040: 1529 bytes; want a whole number of blocks" in " ".join(said.split())
    assert "Traceback" not in said


@pytest.mark.long
def test_a_mission_under_faults_passes_and_is_repeated_to_the_byte(pico_image: Path, tmp_path: Path) -> None:
    runs: list[Path] = []
    traces = []
    for _ in range(2):
        flying = rehearse(tmp_path, pico_image, *(("--replay", str(runs[0]), "--no-tlc") if runs else ()))
        said, _ = flying.communicate()
        assert flying.returncode == 0, said
        (run,) = set((tmp_path / "runs").iterdir()) - set(runs)
        runs.append(run)
        traces.append((run / "trace.ndjson").read_text().replace(run.name, "RUN"))
    assert '"event":"BoardKill"' in traces[0]
    assert traces[0] == traces[1]
    clocks = of_events(Reader(runs[0] / "trace.ndjson"))
    drifts = [life.drift for life in clocks.lives() if life.drift is not None]
    assert len(drifts) >= 4
    assert all(abs(drift.ppm) <= drift.error for drift in drifts)  # emulated time has none
    assert clocks.troubles() == []
