"""Kills boards at random moments, again and again, with operations under way: nothing may be lost or contradicted.

    python -m tests.bench.cycles [--kind virtual] [--cycles 1000] [--seed 1] [--of-flight 50] [--first 0] [--flights N]

A cycle ends the life of a board and begins its next one: killed at a moment, its power cut in the middle of a flash
write, or restarted at once. Moments, boards and pauses follow from the seed and may overlap, so that now and then no
quorum is up. Emulated boards live in virtual time, so their flights repeat to the byte; kind `host` is for tests.

A flight is good if its verdict is PASS - the trace is whole, no vote contradicts another, every step is as the modules
allow - and if each confirmed operation stands in the log exactly once and as it was confirmed. Exit code 0 if all are.
`--first` and `--flights` fly a part of the plan; see `cycles_of_picos` for cables pulled from Picos.
"""

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.record import run_directory
from groundstation.record.board_events import RESET, WORDS
from groundstation.scenario.model import Scenario, parse
from groundstation.verdict.verdict import judge
from specs.checking.check import check_trace
from specs.verdict import PASS
from tests.support.executed import confirmed_but_not_executed_once

BOARDS = 4
KINDS = ("kill", "kill", "power_cut", "restart")
ENDS = ("BoardKill", "PowerCut", RESET)  # what ends a life in a cycle
GAP_SECONDS = {"emulated": (0.4, 2.6)}  # between two cycles of a flight
GAP_SECONDS_OF_FAST_BOARDS = (0.1, 1.1)
AWAY_SECONDS = (0.05, 1.5)
FLASH_OPERATIONS_MAX = 8
END_SECONDS = 300.0  # for what is left to do after the last cycle


@dataclass
class Flight:
    """One mission and its outcome."""

    number: int
    scenario: Scenario
    cycles: int
    verdict: str = "none"
    ends: dict[str, int] = field(default_factory=dict)
    operations: int = 0
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)

    @property
    def lives_ended(self) -> int:
        """How many of its cycles met a living board."""
        return sum(self.ends.get(name, 0) for name in ENDS)

    def row(self) -> str:
        """A line of the table."""
        ends = ", ".join(f"{WORDS[name]} {count}" for name, count in self.ends.items())
        told = "; ".join(self.complaints) or "good"
        where = f"{self.verdict:8} {self.operations:5} confirmed, {ends} in {self.seconds:.0f} s"
        return f"{self.number:4}  seed {self.scenario.mission.seed:<6} {where}  {told}"


def plan(kind: str, cycles: int, seed: int, of_flight: int) -> list[Flight]:
    """Flights with so many cycles in all."""
    draw = random.Random(f"board cycles {kind} {seed}")
    flights: list[Flight] = []
    while cycles > 0:
        count = min(cycles, of_flight)
        cycles -= count
        flights.append(Flight(len(flights), _scenario(kind, count, draw), count))
    return flights


def _scenario(kind: str, count: int, draw: random.Random) -> Scenario:
    now, faults = 0.0, []
    for _ in range(count):
        now += draw.uniform(*GAP_SECONDS.get(kind, GAP_SECONDS_OF_FAST_BOARDS))
        fault: dict[str, Any] = {"at": round(now, 3), "node": draw.randrange(BOARDS), "kind": draw.choice(KINDS)}
        if fault["kind"] != "restart":
            fault["restart_after"] = round(draw.uniform(*AWAY_SECONDS), 3)
        if fault["kind"] == "power_cut":
            fault["after_operations"] = draw.randint(1, FLASH_OPERATIONS_MAX)
        faults.append(fault)
    is_slow = kind == "emulated"
    document = {
        "name": "cycles",
        "description": "Boards are killed again and again.",
        "mission": {
            "boards": BOARDS,
            "slots": 8,
            "seed": draw.randrange(100_000),
            "limit_seconds": now + END_SECONDS,
            "no_progress_seconds": now + END_SECONDS,
            "settle_seconds": 30.0,
            "journal": draw.choice(["files", "pages"]),
        },
        "clock": {"tick_ms": 50 if is_slow else 20, "view_timeout_seconds": 3.0 if is_slow else 0.5},
        "workload": {"operations": 8, "in_flight": 2, "pause_seconds": 0.2},
        "faults": [{"fault": "drop", "probability": 0.01}, {"fault": "jitter", "seconds_max": 0.01}],
        "board_faults": faults,
    }
    return parse(document, "cycles")


def fly(flight: Flight, kind: str, folder: Path) -> Flight:
    """Fly it, and record the outcome."""
    began = time.monotonic()
    flown = rehearsal.fly(rehearsal.Plan(flight.scenario, kind, folder), SilentDisplay())
    flight.seconds = time.monotonic() - began
    flight.ends = dict(flown.summary["board_events"])
    judge_into(flight, flown)
    return flight


def judge_into(flight: Flight, flown: rehearsal.Flight) -> None:
    """Verdict and complaints of a flight."""
    trace = flown.directory / run_directory.TRACE
    judgement = judge(check_trace(trace), flown.summary, flown.directory)
    flight.verdict, flight.operations = judgement.verdict, flown.summary["operations_confirmed"]
    if judgement.verdict != PASS:
        flight.complaints.append(f"{flown.directory}: {judgement.findings[:3] or flown.summary['waits_for']}")
    flight.complaints += confirmed_but_not_executed_once(trace)


def report(flights: list[Flight]) -> int:
    """Print the sum. The exit code."""
    bad = [flight.number for flight in flights if flight.complaints]
    met = sum(flight.lives_ended for flight in flights)
    cycles, confirmed = sum(flight.cycles for flight in flights), sum(flight.operations for flight in flights)
    print(f"{met} lives ended in {cycles} cycles; {confirmed} operations were confirmed")
    print(f"{len(flights) - len(bad)} of {len(flights)} flights good" + (f"; bad: {bad}" if bad else ""))
    return 1 if bad else 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cycles")
    parser.add_argument("--kind", default="virtual")
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--of-flight", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--flights", type=int)
    options = parser.parse_args()
    flights = plan(options.kind, options.cycles, options.seed, options.of_flight)
    flights = flights[options.first :][: options.flights]
    folder = Path(tempfile.mkdtemp(prefix="amu-cycles-"))
    print(f"{sum(flight.cycles for flight in flights)} cycles in {len(flights)} flights, kept in {folder}", flush=True)
    for flight in flights:
        print(fly(flight, options.kind, folder).row(), flush=True)
    sys.exit(report(flights))


if __name__ == "__main__":
    main()
