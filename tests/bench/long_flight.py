"""A long flight of virtual boards on the heap that stands for a Pico: does memory run out, does free heap fall?

    python -m tests.bench.long_flight [--slots 20000] [--in-flight 8] [--parts 10]

One line for each part of the flight: least free heap and least longest run that any board has reported, both after a
collection. Ends with exit code 1 when a board ran out of memory.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.record import run_directory
from groundstation.scenario.model import Scenario, parse

MIX = {"noop": 4, "lease-acquire": 2, "shard-create": 1, "job-open": 1}  # most of what is asked for is refused


def scenario(slots: int, in_flight: int) -> Scenario:
    told = {
        "name": "long-flight",
        "description": "no faults, tables that fill up",
        "mission": {"boards": 4, "slots": slots, "limit_seconds": 36_000.0, "no_progress_seconds": 600.0},
        "clock": {"trace_messages": False, "view_timeout_seconds": 5.0},
        "workload": {"operations": 0, "in_flight": in_flight, "mix": MIX},
    }
    return parse(told, "long-flight", "")


def events(trace: Path, names: frozenset[str]) -> Iterator[dict[str, Any]]:
    with trace.open() as lines:
        for line in lines:
            event = json.loads(line)
            if event["event"] in names:
                yield event


def tell(trace: Path, parts: int) -> int:
    """Print the parts. How many lives ended for want of memory."""
    reports = list(events(trace, frozenset({"Health"})))
    restarts = list(events(trace, frozenset({"Restart", "BoardCrash"})))
    size = max(1, len(reports) // parts)
    for first in range(0, len(reports) // size * size, size):
        some = reports[first : first + size]
        slots = max(event["applied_slot"] for event in some)
        free, run = min(event["heap_free"] for event in some), min(event["heap_run"] for event in some)
        print(f"  up to slot {slots:6}   least free heap {free:8} B   least longest run {run:8} B")
    print(f"  lives that ended for want of memory: {len(restarts)}")
    return len(restarts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.long_flight", description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=20_000)
    parser.add_argument("--in-flight", type=int, default=8, help="operations")
    parser.add_argument("--parts", type=int, default=10, help="lines to print")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="amu-long-") as folder:
        plan = rehearsal.Plan(scenario(chosen.slots, chosen.in_flight), "virtual", Path(folder))
        flight = rehearsal.fly(plan, SilentDisplay())
        print(f"four virtual boards, {chosen.slots} slots, {chosen.in_flight} operations in flight")
        sys.exit(1 if tell(flight.directory / run_directory.TRACE, chosen.parts) else 0)


if __name__ == "__main__":
    main()
