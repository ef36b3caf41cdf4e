"""Four boards and a clean ether: how fast, how many frames, how much heap. Virtual boards are MicroPython processes."""

import json
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any
from unittest import mock

from amu.wire.messages import Health
from groundstation.faults.ether import Ether
from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.scenario.model import Scenario, parse
from groundstation.station.telecommand import Station

BOARDS = 4
QUORUM = 3


@dataclass
class Measured:
    """Per decision where nothing else is said. Times in seconds."""

    decisions: int
    decisions_per_second: float
    latency_p50: float
    latency_p99: float
    frames: float
    wire_bytes: float
    flash_writes: float
    heap_free: list[int]  # smallest of all boards at each Health round, in order of time


class CountingEther(Ether):
    """Also counts bytes."""

    wire_bytes = 0
    frames = 0

    def accept(self, now: float, node: int, frame: bytes, header: Any) -> Any:
        CountingEther.wire_bytes += len(frame)
        CountingEther.frames += 1
        return super().accept(now, node, frame, header)


class WatchingStation(Station):
    """Also keeps each board's Health messages."""

    health: list[tuple[int, Health]] = []

    def _on_health(self, now: float, board: int, message: Any) -> None:
        WatchingStation.health.append((board, message))
        super()._on_health(now, board, message)


def scenario(decisions: int, trace_messages: bool, in_flight: int) -> Scenario:
    return parse(
        {
            "name": "bench",
            "description": "clean ether",
            "mission": {"boards": BOARDS, "slots": decisions, "limit_seconds": 3600.0},
            "clock": {"trace_messages": trace_messages, "view_timeout_seconds": 5.0},
            "workload": {"operations": 0, "in_flight": in_flight, "mix": {"noop": 1}},
        },
        "bench",
        "",
    )


def run(decisions: int, trace_messages: bool = False, in_flight: int = 4, kind: str = "virtual") -> Measured:
    """Fly until so many slots are decided. Emulated boards are measured in their own time."""
    CountingEther.wire_bytes = CountingEther.frames = 0
    WatchingStation.health = []
    with (
        tempfile.TemporaryDirectory(prefix="amu-bench-") as folder,
        mock.patch.object(rehearsal, "Ether", CountingEther),
        mock.patch.object(rehearsal, "Station", WatchingStation),
    ):
        plan = rehearsal.Plan(scenario(decisions, trace_messages, in_flight), kind, Path(folder))
        flight = rehearsal.fly(plan, SilentDisplay())
        return _measure(flight.directory / "trace.ndjson")


def _measure(trace: Path) -> Measured:
    proposed: dict[int, float] = {}
    decided: dict[int, list[float]] = defaultdict(list)
    with trace.open() as lines:
        for text in lines:
            line = json.loads(text)
            if line["event"] == "Propose":
                proposed.setdefault(line["slot"], line["received"])
            elif line["event"] == "Decide":
                decided[line["slot"]].append(line["received"])
    latencies = sorted(
        sorted(times)[QUORUM - 1] - proposed[slot] for slot, times in decided.items() if len(times) >= QUORUM
    )
    slots = len(latencies)
    span = max(map(max, decided.values())) - min(proposed.values())
    last = dict(WatchingStation.health)
    rounds: dict[int, int] = {}
    for _, message in WatchingStation.health:
        rounds[message.ticks] = min(rounds.get(message.ticks, message.heap_free), message.heap_free)
    return Measured(
        slots,
        slots / span,
        latencies[slots // 2],
        latencies[slots * 99 // 100],
        CountingEther.frames / slots,
        CountingEther.wire_bytes / slots,
        # A short run may end before the boards' first Health.
        sum(message.records / max(1, message.applied_slot) for message in last.values()) / len(last) if last else nan,
        [rounds[ticks] for ticks in sorted(rounds)],
    )
