"""Figures of emulated Picos in their own time: processor time and latency of a decision, operations a second, lines.

    python -m tests.bench.picos [--nodes 4 7 13] [--pico 6] [--journal files] [--parts decision load lines heap]

Each figure is one line: name, value, unit, bound. Everything follows from image and firmware, so two runs on any
machines give the same lines.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amu.core.limits import faults_max
from amu.wire import messages
from groundstation.boards.base import BoardError
from hil.boards.emulated.board import micropython_image
from hil.boards.emulated.pico_chip import NANOS
from hil.profile import collector
from hil.profile.swarm import BITS_PER_BYTE, MILLISECOND, Setting, Swarm
from tests.bench import unit_costs
from tests.bench.unit_costs import UnitCosts
from tests.support.flight import full_ledger

NODES = (4, 7, 13)
IN_FLIGHT = (1, 4, 32)
BAUDS = (None, 921_600, 115_200)
WARM_UP = 2
SETTLE_MS = 100  # between operations: boards finish what is left of the one before, and collect garbage
VIEW_TIMEOUT_MS = 20_000
OPERATIONS_MIN = 8  # of a load
OPERATIONS_EACH = 5  # and for each in flight: begin and end weigh little
LOADED_NODES = 4
LINES_IN_FLIGHT = 4
PARTS = ("decision", "load", "lines", "heap")
# At most so many milliseconds, or at least so many a second; None: no bound is set.
DECISION_MS_MAX = {4: 80, 7: 150, 13: 260}
WANT_PER_SECOND = {32: 40.0}

BOOT_MS_MAX = 1_200
HEAP_FREE_MIN, HEAP_RUN_MIN = 100 * 1024, 60 * 1024
SAMPLE_NANOS = 100_000  # of the heap only: a collection takes some milliseconds
FULL_BOOT_MS = 10_000  # then a board that restores full tables has given up
RESULTS = {
    "short": ["ok"],
    "ordinary": ["ok", 9_000, 30],
    "longest": ["refused", "r" * 53],
}  # of the operations that full tables remember

Row = Callable[[str, str, str], None]


@dataclass(frozen=True)
class Decided:
    """Milliseconds a decision and board: processor time, and until f + 1 boards have replied."""

    busy: float
    latency: float


@dataclass(frozen=True)
class Loaded:
    """With operations in flight. `bytes_per_slot`: on the busiest direction of the busiest line."""

    operations_per_second: float
    slots_per_second: float
    busy: float  # milliseconds a board and slot
    bytes_per_slot: float


class Bench:
    """A swarm that has warmed up."""

    def __init__(self, swarm: Swarm) -> None:
        self._swarm = swarm
        self._nodes = swarm.setting.nodes
        self.boot_ms = max(swarm.boot().values()) / MILLISECOND
        self.boot_heap = self._heap()
        for _ in range(WARM_UP):
            self._operation()
        swarm.run(SETTLE_MS)

    def decide(self, decisions: int) -> Decided:
        """One operation at a time."""
        busy = latency = 0
        for _ in range(decisions):
            before = self._busy()
            latency += self._operation()
            busy += self._busy() - before
            self._swarm.run(SETTLE_MS)
        return Decided(busy / self._nodes / decisions / MILLISECOND, latency / decisions / MILLISECOND)

    def load(self, in_flight: int) -> Loaded:
        """Keep so many operations in flight; one has ended when f + 1 boards have replied."""
        swarm, count = self._swarm, max(OPERATIONS_MIN, OPERATIONS_EACH * in_flight)
        began, busy, slots, moved = swarm.now, self._busy(), self._slots(), self._moved()
        flying: list[int] = []
        asked = 0

        def is_done() -> bool:
            nonlocal asked, flying
            flying = [each for each in flying if len(swarm.replies(each)) <= faults_max(self._nodes)]
            due = min(count - asked, in_flight - len(flying))
            flying += swarm.requests(due)
            asked += due
            return asked == count and not flying

        swarm.run_until(is_done, f"replies to {count} operations")
        seconds, slots = (swarm.now - began) / NANOS, self._slots() - slots
        busiest = max(after - before for after, before in zip(self._moved(), moved, strict=True))
        busy = self._busy() - busy
        swarm.run(SETTLE_MS)
        return Loaded(count / seconds, slots / seconds, busy / self._nodes / slots / MILLISECOND, busiest / slots)

    def flight_heap(self) -> tuple[int, int, int]:
        """Least bytes free and least longest run after any collection since the boot, and slots decided."""
        return *self._heap(), self._slots()

    def _heap(self) -> tuple[int, int]:
        """Since it was asked last."""
        chips = [self._swarm.chip(node) for node in range(self._nodes)]
        left = [each for chip in chips for each in chip.sample(**self._swarm.sampling or {})["collections"]]
        return min(free for free, _ in left), min(run for _, run in left)

    def _operation(self) -> int:
        """One operation until all boards have replied. Returns when f + 1 had, in nanoseconds from the request."""
        swarm, began = self._swarm, self._swarm.now
        operation = swarm.request()
        swarm.run_until(lambda: len(swarm.replies(operation)) == self._nodes, f"replies to operation {operation}")
        return sorted(swarm.replies(operation).values())[faults_max(self._nodes)] - began

    def _busy(self) -> int:
        return sum(self._swarm.counts(node).busy for node in range(self._nodes))

    def _slots(self) -> int:
        """Slots that the swarm has decided."""
        times = [slot for node in range(self._nodes) for _, slot in self._swarm.times("Decide", node)]
        return max(times, default=0)

    def _moved(self) -> list[int]:
        """Bytes on each line, there and back."""
        counts = [self._swarm.counts(node) for node in range(self._nodes)]
        return [count.bytes_in for count in counts] + [count.bytes_out for count in counts]


def tell_decisions(row: Row, bench: Bench, costs: UnitCosts, nodes: int, decisions: int) -> None:
    told, least = bench.decide(decisions), costs.decision(nodes)
    want = f", want at most {DECISION_MS_MAX[nodes]}" if nodes in DECISION_MS_MAX else ""
    for what, value in (("processor time", told.busy), ("latency", told.latency)):
        bound = f"unit costs add up to {least:.1f} ms, ratio {value / least:.2f}{want}"
        row(f"Pico, n = {nodes}: {what} a decision", f"{value:.1f} ms", bound)


def tell_load(row: Row, bench: Bench, nodes: int) -> None:
    for in_flight in IN_FLIGHT:
        told = bench.load(in_flight)
        want = f", want at least {WANT_PER_SECOND[in_flight]:g}" if in_flight in WANT_PER_SECOND else ""
        bound = f"{told.busy:.0f} ms of processor a slot allow {1000 / told.busy:.1f} slots/s"
        name = f"Pico, n = {nodes}, {in_flight} in flight"
        row(f"{name}: operations/s", f"{told.operations_per_second:.1f} 1/s", bound + want)
        row(f"{name}: slots/s", f"{told.slots_per_second:.2f} 1/s", bound)


def tell_heap(row: Row, bench: Bench, nodes: int) -> None:
    free, run = bench.boot_heap
    least = f"least heap meanwhile {free} B, {run} in one run"
    row(f"Pico, n = {nodes}: boot to ready", f"{bench.boot_ms:.1f} ms", f"want at most {BOOT_MS_MAX}; {least}")
    free, run, slots = bench.flight_heap()
    row(f"Pico, n = {nodes}: least heap free", f"{free} B", f"of {slots} slots, want at least {HEAP_FREE_MIN}")
    row(f"Pico, n = {nodes}: least longest run", f"{run} B", f"of {slots} slots, want at least {HEAP_RUN_MIN}")


def tell_full(row: Row, image: Path) -> None:
    """One board restores a ledger with all tables full, from files: only a board can make a ring of pages."""
    for name, result in RESULTS.items():
        with Swarm(Setting(), image, store=full_ledger.store(4, result)) as swarm:
            swarm.start(1)
            swarm.send(1, messages.Hello(1))
            end = swarm.now + FULL_BOOT_MS * MILLISECOND
            while swarm.now < end and not swarm.telemetry and not swarm.texts:
                swarm.step()
            value, bound = f"{swarm.now / MILLISECOND:.1f} ms", f"want at most {BOOT_MS_MAX}"
            if not swarm.telemetry:
                last = " ".join(swarm.texts).strip().splitlines()[-1:] or [f"no answer in {FULL_BOOT_MS} ms"]
                value, bound = "none", last[0]
            row(f"Pico, full tables, {name} results: boot to ready", value, bound)


def tell_line(row: Row, bench: Bench, setting: Setting) -> None:
    told = bench.load(LINES_IN_FLIGHT)
    line, bound = "USB", f"{told.bytes_per_slot:.0f} bytes a slot"
    if setting.baud is not None:
        line = f"{setting.baud} baud"
        bound += f": the line allows {setting.baud / BITS_PER_BYTE / told.bytes_per_slot:.1f} slots/s"
    row(f"Pico, n = {setting.nodes}, {line}: slots/s", f"{told.slots_per_second:.2f} 1/s", bound)


def tell_swarm(row: Row, image: Path, costs: UnitCosts, setting: Setting, chosen: argparse.Namespace) -> None:
    """All figures of one swarm."""
    is_limited = setting.baud is not None
    if is_limited and "lines" not in chosen.parts:
        return
    sampling = {"nanos": SAMPLE_NANOS, "collection": collector.addresses(image)}
    with Swarm(setting, image, sampling) as swarm:
        bench = Bench(swarm)
        if "decision" in chosen.parts and not is_limited:
            tell_decisions(row, bench, costs, setting.nodes, chosen.pico)
        if "load" in chosen.parts and not is_limited and setting.nodes == LOADED_NODES:
            tell_load(row, bench, setting.nodes)
        if "lines" in chosen.parts:
            tell_line(row, bench, setting)
        if "heap" in chosen.parts and not is_limited:
            tell_heap(row, bench, setting.nodes)


def setting(nodes: int, baud: int | None, chosen: argparse.Namespace) -> Setting:
    """View timers of some seconds: no view shall change."""
    ticks = VIEW_TIMEOUT_MS // chosen.tick_ms
    return Setting(nodes, baud, chosen.tick_ms, ticks, chosen.journal)


def tell(row: Row, chosen: argparse.Namespace) -> None:
    """All figures, or a line that says why there are none."""
    try:
        image = micropython_image()
    except BoardError as error:
        print(f"emulated Picos: skipped; {error}")
        return
    print(f"emulated Picos in their own time, ticks of {chosen.tick_ms} ms, journal in {chosen.journal}, sound lines")
    costs = unit_costs.measure(image, chosen.journal)
    for name, microseconds in costs.microseconds.items():
        row(f"Pico: {name}", f"{microseconds} us", "unit cost")
    if "heap" in chosen.parts:
        tell_full(row, image)
    for nodes in chosen.nodes:
        for baud in BAUDS:
            tell_swarm(row, image, costs, setting(nodes, baud, chosen), chosen)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this module, also for `tests.bench`."""
    parser.add_argument("--nodes", type=int, nargs="+", default=list(NODES), help="numbers of emulated Picos")
    parser.add_argument("--pico", type=int, default=6, help="decisions on emulated Picos")
    parser.add_argument("--journal", choices=("files", "pages"), default=Setting().journal)
    parser.add_argument("--tick-ms", type=int, default=Setting().tick_ms, help="of emulated Picos")
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=list(PARTS))


def main() -> None:
    from tests.bench.__main__ import row

    parser = argparse.ArgumentParser(prog="python -m tests.bench.picos", description=__doc__.splitlines()[0])
    add_options(parser)
    chosen = parser.parse_args()
    tell(row, chosen)


if __name__ == "__main__":
    main()
