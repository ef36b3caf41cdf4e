"""How fast the simulator is, which part of it is flight code, and how fast a bare event loop is on the same messages.

    python -m tests.bench.sim_rate [--slots N] [--repeats N]

One faultless scenario flies with messages decoded and encoded, checked (trace checker and all oracles) and not, every
message traced; and once without that. Beside it, in the same process, the very same tree of events - who causes what,
after which delay - runs with empty handlers through a bare heap and through SimPy.

Rates are by processor time on one core, the best of several rounds in which everything takes its turn: disturbances
only make a run longer. Nothing here passes or fails.
"""

import argparse
import gc
import heapq
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import simpy

from groundstation.scenario.model import Scenario, parse
from swarm_sim.simulation import Simulation

SIZES = (4, 7)
MODES = {  # encoded, checked, messages traced
    "decoded, untraced": (False, False, False),
    "decoded": (False, False, True),
    "decoded, checked": (False, True, True),
    "encoded": (True, False, True),
    "encoded, checked": (True, True, True),
}
WANT_PER_SECOND = {"decoded, untraced": 40_000, "encoded": 8_000}  # deliveries, n = 4
WANT_CHECKED_OVER_BARE = 2.0
SAMPLE_SECONDS = 0.001
SAMPLED_FLIGHTS = 3

# Where a sampled line of code belongs: the first place that its file's path contains.
PARTS = (
    ("consensus", "/firmware/amu/consensus/"),
    ("ledger", "/firmware/amu/ledger/"),
    ("ledger", "/firmware/amu/node/application"),
    ("journal", "/firmware/amu/node/journal"),
    ("journal", "/swarm_sim/world/flash"),
    ("CBOR", "/firmware/amu/wire/cbor"),
    ("messages", "/firmware/amu/wire/codec"),
    ("messages", "/firmware/amu/wire/messages"),
    ("HMAC", "/firmware/amu/wire/auth"),
    ("HMAC", "/hmac.py"),
    ("framing", "/firmware/amu/wire/"),
    ("framing", "/firmware/amu/core/ring"),
    ("trace", "/firmware/amu/node/tracer"),
    ("trace", "/swarm_sim/world/events"),
    ("runtime", "/firmware/amu/boards/"),
    ("runtime", "/swarm_sim/world/runtimes"),
    ("node", "/firmware/amu/"),
    ("oracles", "/swarm_sim/oracles/"),
    ("oracles", "/swarm_sim/linearizability/"),
    ("oracles", "/swarm_sim/world/marks"),
    ("world", "/swarm_sim/"),
    ("world", "/groundstation/"),
    ("checker", "/specs/"),
    ("checker", ".tla"),
)
NOT_FLIGHT = frozenset({"trace", "oracles", "world", "checker", "other"})  # not what a board does


@dataclass(frozen=True)
class Flown:
    """A flight's processor time and what it did in it; `board_seconds` of virtual time, by the boards' clocks."""

    seconds: float
    steps: int
    deliveries: int
    slots: int
    board_seconds: float
    verdict: str


@dataclass(frozen=True)
class Pattern:
    """Which event causes which: `causes[k]` are (delay, event) of those that event k puts into the heap; -1: before the
    first."""

    causes: dict[int, list[tuple[float, int]]]
    events: int


def scenario(nodes: int, slots: int, trace_messages: bool = True) -> Scenario:
    """Four operations in flight, no faults."""
    mission = {"boards": nodes, "slots": slots, "limit_seconds": 10_000}
    workload = {"operations": slots, "in_flight": 4, "mix": {"noop": 1}}
    told = {"name": "bench", "description": "a bench", "mission": mission, "workload": workload, "faults": []}
    return parse({**told, "clock": {"trace_messages": trace_messages}}, "sim_rate")


def fly(nodes: int, slots: int, is_encoded: bool, is_checked: bool, trace_messages: bool = True) -> Flown:
    """One flight. All its figures except the processor time are the same each time."""
    simulation = Simulation(scenario(nodes, slots, trace_messages), None, is_encoded, is_checked)
    gc.collect()
    start = time.process_time()
    outcome = simulation.fly()
    seconds = time.process_time() - start
    ticks = sum(board._ticks for board in simulation.world.boards)
    counts = outcome.counts
    return Flown(
        seconds,
        counts["deliveries"] + ticks,
        counts["deliveries"],
        counts["slots"],
        counts["milliseconds"] / 1000,
        outcome.verdict,
    )


def record(nodes: int, slots: int) -> Pattern:
    """The events of a flight as they cause each other."""
    simulation = Simulation(scenario(nodes, slots), None, False, False)
    world = simulation.world
    put = world.at
    causes: dict[int, list[tuple[float, int]]] = {}
    present = -1
    events = 0

    def at(when: float, action: Callable[..., None], *arguments: Any) -> None:
        nonlocal events
        causes.setdefault(present, []).append((when - world.now, events))
        put(when, happen, events, action, arguments)
        events += 1

    def happen(event: int, action: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        nonlocal present
        present = event
        action(*arguments)

    world.at = at  # type: ignore[method-assign]
    simulation.fly()
    return Pattern(causes, events)


def bare_heap(pattern: Pattern) -> int:
    """Events that a heap and a loop get through."""
    causes, heap, count = pattern.causes, [(0.0, 0, -1)], 0
    while heap:
        now, _, event = heapq.heappop(heap)
        for delay, caused in causes.get(event, ()):
            count += 1
            heapq.heappush(heap, (now + delay, count, caused))
    return count


def by_simpy(pattern: Pattern) -> int:
    """The same by SimPy's quickest way, callbacks on time-outs: no process, no store."""
    environment, causes, count = simpy.Environment(), pattern.causes, 0

    def happen(timeout: Any) -> None:
        nonlocal count
        for delay, caused in causes.get(timeout.value, ()):
            count += 1
            environment.timeout(delay, caused).callbacks.append(happen)

    environment.timeout(0.0, -1).callbacks.append(happen)
    environment.run()
    return count


def seconds_of(loop: Callable[[Pattern], int], pattern: Pattern) -> float:
    """Processor time of one run of an event loop."""
    gc.collect()
    start = time.process_time()
    assert loop(pattern) == pattern.events, "the loop has lost events"
    return time.process_time() - start


def sample(nodes: int, slots: int, is_encoded: bool, is_checked: bool) -> dict[str, float]:
    """Share of each part in the processor time of a flight, by sampling at regular intervals."""
    found: Counter[str] = Counter()

    def look(_: int, frame: Any) -> None:
        found[part_of(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    try:
        for _ in range(SAMPLED_FLIGHTS):
            simulation = Simulation(scenario(nodes, slots), None, is_encoded, is_checked)
            signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
            simulation.fly()
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    total = found.total()
    return {name: count / total for name, count in found.most_common()}


def part_of(frame: Any) -> str:
    """The part that a frame works for: its own file's, or, in a library, the caller's."""
    while frame is not None:
        path = frame.f_code.co_filename
        for name, place in PARTS:
            if place in path and "/tests/" not in path:
                return name
        frame = frame.f_back
    return "other"


def measure(nodes: int, slots: int, repeats: int) -> None:
    """Print the table of a size, the event loops, the profiles and what the bound is."""
    loops = {"bare heap": bare_heap, "SimPy": by_simpy}
    pattern = record(nodes, slots)
    best: dict[str, Flown] = {}
    quickest: dict[str, float] = {}
    for _ in range(repeats):
        for label, mode in MODES.items():
            flown = fly(nodes, slots, *mode)
            assert flown.verdict == "pass", f"n = {nodes}, {label}: {flown.verdict}"
            best[label] = min(best.get(label, flown), flown, key=lambda one: one.seconds)
        for name, loop in loops.items():
            quickest[name] = min(quickest.get(name, float("inf")), seconds_of(loop, pattern))
    bare = best["decoded"]
    print(f"n = {nodes}, {bare.slots} slots, {bare.deliveries} deliveries, best of {repeats}")
    print("                          steps/s  deliveries/s  slots/s  simulated : real")
    for label, flown in best.items():
        show(label, flown, nodes)
    for label in ("decoded", "encoded"):
        ratio = best[f"{label}, checked"].seconds / best[label].seconds
        print(f"  {label}, checked : not {ratio:5.2f}   (want at most {WANT_CHECKED_OVER_BARE:.0f})")
    for name, seconds in quickest.items():
        rate = f"{pattern.events / seconds:10.0f} events/s with empty handlers"
        print(f"  {name:18} {rate}: {bare.seconds / seconds:.1f} times as fast as decoded")
    tell_bound(bare, quickest["bare heap"], nodes, slots)


def show(label: str, flown: Flown, nodes: int) -> None:
    """A line of the table."""
    want = WANT_PER_SECOND.get(label) if nodes == SIZES[0] else None
    rates = [figure / flown.seconds for figure in (flown.steps, flown.deliveries, flown.slots, flown.board_seconds)]
    bound = "" if want is None else f"   (want {want} deliveries/s)"
    print(f"  {label:18} {rates[0]:13.0f} {rates[1]:13.0f} {rates[2]:8.0f} {rates[3]:17.2f}{bound}")


def tell_bound(bare: Flown, heap_seconds: float, nodes: int, slots: int) -> None:
    """Print the profiles, and the part that no change to the simulator can remove."""
    shares = {}
    for label in ("decoded", "encoded", "decoded, checked"):
        shares[label] = sample(nodes, slots, *MODES[label][:2])
        told = [f"{name} {share:.0%}" for name, share in shares[label].items() if share >= 0.005]
        print(f"  {label}: {', '.join(told)}")
    flight = sum(share for name, share in shares["decoded"].items() if name not in NOT_FLIGHT)
    microseconds = bare.seconds / bare.deliveries * 1e6
    print(f"  bound: of {microseconds:.1f} us a delivery {flight:.0%} are a board's own, so with trace and world")
    print(f"  for nothing it were {1e6 / (microseconds * flight):.0f} deliveries/s;", end=" ")
    print(f"the heap alone takes {heap_seconds / bare.seconds:.0%} of the time")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sim_rate", description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    for nodes in SIZES:
        measure(nodes, chosen.slots * SIZES[0] // nodes, chosen.repeats)


if __name__ == "__main__":
    main()
