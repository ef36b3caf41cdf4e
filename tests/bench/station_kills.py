"""Kills ground stations at random moments and resumes their runs: nothing may be lost, and nothing invented.

    python -m tests.bench.station_kills [--kills 50] [--seed 1] [--parallel 3] [--scenario first-light]

Each flight is a scenario flown by `amu rehearse`. Its ground station is killed up to three times, with SIGKILL or, one
time in five, with SIGHUP as by a closed terminal; the boards are alone for 0.2 to 60 s; then `amu rehearse --resume`
continues. The last ground station flies to the end.

A flight is good if its verdict is PASS, if no board has died by itself, if each operation that was confirmed stands in
the log exactly once and as it was confirmed, and if the first run's record begins the last one's. Exit code 0 if all
are. The moments and pauses follow from the seed; the state that they hit does not, since boards live by the wall clock.
"""

import argparse
import concurrent.futures
import contextlib
import json
import math
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundstation.boards.base import BoardError, board_kind
from tests.support.executed import confirmed_but_not_executed_once
from tests.support.hang_ups import hear_hang_ups

KILLS_OF_A_FLIGHT_MAX = 3
MOMENT_SECONDS_MAX = 9.0  # from the first line of a ground station's own record
AWAY_SECONDS = (0.2, 60.0)
HANG_UPS = 0.2
GIVE_UP_SECONDS = 600.0
POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Kill:
    """When, from the ground station's first line on, how, and how long the boards are alone then."""

    moment: float
    signal: int
    away: float


@dataclass
class Flight:
    """One mission with all of its ground stations."""

    number: int
    seed: int
    kills: list[Kill]
    done: list[Kill] = field(default_factory=list)  # those that met a living ground station
    complaints: list[str] = field(default_factory=list)
    verdict: str = "none"
    operations: int = 0

    def row(self) -> str:
        """A line of the table."""
        kills = "  ".join(
            f"{signal.Signals(kill.signal).name[3:]} at {kill.moment:.2f} s, away {kill.away:.1f} s"
            for kill in self.done
        )
        told = "; ".join(self.complaints) or "good"
        return (
            f"{self.number:4}  seed {self.seed:<4}  {self.verdict:12} {self.operations:4} confirmed  {told}   [{kills}]"
        )


def plan(kills: int, seed: int) -> list[Flight]:
    """Flights with so many kills in all."""
    draw = random.Random(f"station kills {seed}")
    flights: list[Flight] = []
    while kills > 0:
        count = min(kills, draw.randint(1, KILLS_OF_A_FLIGHT_MAX))
        kills -= count
        drawn = [
            Kill(
                draw.uniform(0.0, MOMENT_SECONDS_MAX),
                signal.SIGHUP if draw.random() < HANG_UPS else signal.SIGKILL,
                math.exp(draw.uniform(math.log(AWAY_SECONDS[0]), math.log(AWAY_SECONDS[1]))),
            )
            for _ in range(count)
        ]
        flights.append(Flight(len(flights), draw.randrange(1000), drawn))
    return flights


def _command(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from groundstation.cli import main; main()", "rehearse", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True, preexec_fn=hear_hang_ups
    )


def fly(flight: Flight, scenario: str, folder: Path) -> Flight:
    """Fly it, with its kills, and record the outcome."""
    arguments = [scenario, "--seed", str(flight.seed)]
    runs: list[Path] = []
    try:
        for life, kill in enumerate([*flight.kills, None]):
            out = folder / f"{flight.number}-{life}"
            station = _command(*arguments, "--no-tlc", "--json", "--out", str(out))
            is_killed = kill is not None and _strike(station, out, kill)
            told, errors = station.communicate(timeout=GIVE_UP_SECONDS)
            runs += sorted(path.parent for path in out.glob("*/trace.ndjson"))
            # A hang-up after the end of the mission changes nothing.
            if kill is None or not is_killed or station.returncode == 0:
                _judge(flight, station.returncode, told, errors, runs)
                return flight
            if kill.signal == signal.SIGHUP and station.returncode != 5:
                flight.complaints.append(f"hung up: exit {station.returncode}: {errors[-300:]!r}")
            flight.done.append(kill)
            time.sleep(kill.away)
            # Killed before its record began, a ground station has changed nothing: the one before it counts.
            arguments = ["--resume", str(_current(runs))]
    except subprocess.TimeoutExpired:
        station.kill()
        flight.complaints.append(f"no end in {GIVE_UP_SECONDS:g} s")
    finally:
        _switch_off(runs)
    return flight


def _current(runs: list[Path]) -> Path:
    """The run that the boards fly in."""
    holder = json.loads((runs[0] / "boards" / "station.json").read_text())
    return Path(holder["directory"])


def _strike(station: subprocess.Popen[str], out: Path, kill: Kill) -> bool:
    """Wait for the moment and strike; False if the ground station has ended before."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not _has_begun(out):
        if station.poll() is not None or time.monotonic() > give_up:
            return False
        time.sleep(POLL_SECONDS)
    try:
        station.wait(kill.moment)
    except subprocess.TimeoutExpired:
        station.send_signal(kill.signal)
        return True
    return False


def _has_begun(out: Path) -> bool:
    return any(path.stat().st_size for path in out.glob("*/trace.ndjson"))


def _judge(flight: Flight, code: int, told: str, errors: str, runs: list[Path]) -> None:
    try:
        verdict: dict[str, Any] = json.loads(told)
    except ValueError:
        flight.complaints.append(f"exit {code}, no verdict: {errors[-500:]!r}")
        return
    flight.verdict = f"{verdict['verdict']} ({code})"
    flight.operations = verdict["mission"]["operations_confirmed"]
    if code != 0:
        flight.complaints.append(f"findings: {verdict['findings'][:3]}")
    if verdict["mission"]["crashed"]:
        flight.complaints.append(f"boards {verdict['mission']['crashed']} died by themselves")
    last = Path(verdict["run"]) / "trace.ndjson"
    flight.complaints += confirmed_but_not_executed_once(last)
    first = (runs[0] / "trace.ndjson").read_bytes()
    if not last.read_bytes().startswith(first[: first.rfind(b"\n") + 1]):
        flight.complaints.append("the first record does not begin the last one")


def _switch_off(runs: list[Path]) -> None:
    for run in runs:
        if (run / "boards").is_dir():
            with contextlib.suppress(BoardError):
                for board in board_kind("virtual").attach(run / "boards"):
                    board.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.station_kills")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=3)
    parser.add_argument("--scenario", default="first-light")
    options = parser.parse_args()
    flights = plan(options.kills, options.seed)
    folder = Path(tempfile.mkdtemp(prefix="amu-station-kills-"))
    print(f"{options.kills} kills in {len(flights)} flights of {options.scenario}, kept in {folder}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        flying = [pool.submit(fly, flight, options.scenario, folder) for flight in flights]
        for future in concurrent.futures.as_completed(flying):
            print(future.result().row(), flush=True)
    met = sum(len(flight.done) for flight in flights)
    bad = [flight.number for flight in flights if flight.complaints]
    confirmed = sum(flight.operations for flight in flights)
    print(f"{met} kills of {options.kills} met a ground station in flight; {confirmed} operations were confirmed")
    print(f"{len(flights) - len(bad)} of {len(flights)} flights good" + (f"; bad: {bad}" if bad else ""))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
