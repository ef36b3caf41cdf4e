"""How fast traces are checked: in this process and by TLC, on the same consensus steps, in one run.

    python -m tests.bench.check_rate [--no-tlc]

Traces come from the deterministic cluster. "whole" is all that `amu check` does (reading, clocks, log rules, every
consensus step and invariant, the ledger); "consensus" is the part that TLC does, too: each step against tetrabft.tla
with all its invariants. "knowledge" is the share of the whole check that goes into what replicas had received and what
they said (KNW-1 to KNW-3, CON-17): the same trace is checked with and without. Rates are steps per second of processor
time, on one core. The ratio to TLC compares elapsed times, including TLC's start, because other load slows both alike.
Nothing here passes or fails.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from amu.core.limits import GROUND
from specs.checking import order
from specs.checking.check import check_trace
from specs.checking.consensus import tlc as slots_tlc
from specs.checking.consensus.conformance import SLOT_EVENTS, SlotChecker
from specs.checking.consensus.log_rules import LogChecker
from specs.checking.consensus.reports import Reports
from specs.checking.consensus.result import SlotResult
from specs.checking.consensus.slots import SlotsChecker
from specs.checking.consensus.transfers import Transfers
from specs.checking.swarm import Swarm
from specs.checking.trace import Event, Reader
from specs.verdict import PASS
from swarm_sim.testing.cluster import Cluster

LENGTHS = (100, 1_000, 10_000)
TARGET_OVER_TLC = {100: 20, 10_000: 3}
TARGET_STEPS_PER_SECOND = 10_000  # consensus steps, n = 4, one core, all invariants on
TARGET_KNOWLEDGE = 0.4
WORDS = frozenset({"Send", "Receive", "Refuse", "Wish"})
PROPOSE_AND_CONTROL = 1
TICKS_MAX = 1_000_000
REPEATS = 3


@dataclass(frozen=True)
class Flight:
    """A trace and what is in it."""

    path: Path
    swarm: Swarm
    slots: dict[int, list[Event]]
    events: int


def fly(folder: Path, replica_count: int, steps: int, trace_messages: bool = True) -> Flight:
    """A faultless run of about `steps` consensus steps: in each slot a proposal, and of each replica five steps."""
    cluster = Cluster(replica_count, seed=1, trace_messages=trace_messages)
    cluster.start()
    operations = max(1, steps // (5 * replica_count + PROPOSE_AND_CONTROL))
    for _ in range(operations):
        number = cluster.request(["noop"])
        cluster.run(TICKS_MAX, until=lambda number=number: cluster.confirmed(number) is not None)  # type: ignore[misc]
    path = cluster.finish(folder / f"{replica_count}-{steps}-{trace_messages}.ndjson")
    events = list(Reader(path))
    slots: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.node != GROUND and event.name in SLOT_EVENTS:
            slots[event.fields["slot"]].append(event)
    return Flight(path, Swarm(replica_count, frozenset(), 4), slots, len(events))


def consensus(flight: Flight) -> list[SlotResult]:
    """Check every consensus step of the flight against the module."""
    results = []
    for slot, events in sorted(flight.slots.items()):
        results.append(SlotChecker(flight.swarm, slot, sorted(events, key=order.sort_key), None).check())
    assert all(result.bad is None and not result.violated for result in results)
    return results


def count(results: list[SlotResult]) -> int:
    return sum(sum(result.counts().values()) for result in results)


def seconds_of(work: object, *arguments: object) -> tuple[float, float]:
    """Processor time and elapsed time, the best of a few runs: disturbances only make a run longer."""
    assert callable(work)
    processor, elapsed = [], []
    for _ in range(REPEATS):
        start = time.process_time(), time.perf_counter()
        work(*arguments)
        processor.append(time.process_time() - start[0])
        elapsed.append(time.perf_counter() - start[1])
    return min(processor), min(elapsed)


def by_tlc(flight: Flight, results: list[SlotResult]) -> float:
    """Seconds that TLC takes over all slots, its start included."""
    start = time.perf_counter()
    for batch in slots_tlc._batches(results):
        answer = slots_tlc.run(flight.swarm, batch)
        assert answer.ok, answer.message
        assert len(slots_tlc.accepted_slots(batch, answer)) == len(batch)
    return time.perf_counter() - start


def measure(flight: Flight, with_tlc: bool) -> tuple[float, float]:
    """Print a line; returns consensus steps per second by themselves and within the whole check."""
    results = consensus(flight)
    steps = count(results)
    assert check_trace(flight.path).verdict == PASS
    alone, elapsed = seconds_of(consensus, flight)
    whole, _ = seconds_of(check_trace, flight.path)
    line = f"{flight.swarm.replica_count:3} {steps:7} {flight.events:8} {steps / alone:12.0f} {steps / whole:10.0f}"
    line += f" {flight.events / whole:10.0f}"
    if with_tlc:
        other = by_tlc(flight, results)
        nearest = min(LENGTHS, key=lambda length: abs(length - steps))
        target = TARGET_OVER_TLC.get(nearest)
        bound = "" if target is None else f" (want {target})"
        line += f" {steps / other:8.0f} {other / elapsed:9.1f}x{bound}"
    print(line, flush=True)
    return steps / alone, steps / whole


def _pass_over(checker: object, event: Event) -> None:
    """Take nothing from an event. A mock would count each call, which takes time."""


def unasked(path: Path) -> None:
    """The whole check, but nobody asks what replicas had received and what they said."""
    feed = SlotsChecker.feed

    def take_steps(self: SlotsChecker, event: Event) -> None:
        if event.name not in WORDS:
            feed(self, event)

    with (
        mock.patch.object(SlotsChecker, "feed", take_steps),
        mock.patch.object(LogChecker, "_say", _pass_over),
        mock.patch.object(Reports, "receive", _pass_over),
        mock.patch.object(Transfers, "take", _pass_over),
    ):
        assert check_trace(path).verdict == PASS


def share_of_knowledge(flight: Flight) -> float:
    """The part of the whole check's processor time that goes into what replicas knew."""
    return 1 - seconds_of(unasked, flight.path)[0] / seconds_of(check_trace, flight.path)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--no-tlc", action="store_true", help="leave TLC out")
    arguments = parser.parse_args()
    print("  n   steps   events  consensus/s    whole/s   events/s    TLC/s  over TLC")
    with tempfile.TemporaryDirectory(prefix="amu-bench-") as scratch:
        folder = Path(scratch)
        rates = [measure(fly(folder, 4, steps), not arguments.no_tlc) for steps in LENGTHS]
        quiet = measure(fly(folder, 4, LENGTHS[-1], trace_messages=False), False)
        measure(many := fly(folder, 13, LENGTHS[-1]), False)
        shares = share_of_knowledge(fly(folder, 4, LENGTHS[-1])), share_of_knowledge(many)
    alone, whole = rates[-1]
    print(f"consensus at n = 4: {alone:.0f} steps/s with all invariants (want {TARGET_STEPS_PER_SECOND});", end=" ")
    print(f"within the whole check {whole:.0f}, without message events {quiet[1]:.0f}")
    print(f"knowledge: {shares[0]:.0%} of the whole check at n = 4, {shares[1]:.0%} at n = 13", end=" ")
    print(f"(want at most {TARGET_KNOWLEDGE:.0%})")
    flat = alone / rates[1][0], whole / rates[1][1]
    print(f"rate at {LENGTHS[-1]} steps over that at {LENGTHS[1]} (flat is 1): {flat[0]:.2f}, whole {flat[1]:.2f}")


if __name__ == "__main__":
    main()
