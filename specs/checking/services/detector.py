"""Checks the suspicions of a recorded run against specs/failure_detector/trace_failure_detector.tla, in this process.

Theory. As in specs/checking/consensus/conformance.py, no search is needed: an event names its operator and arguments
and reports its outcome, so the next state is known, and the module says whether that step is allowed. A board's
suspicions depend only on its own ticks and receipts, so the order of each board's own events is enough; boards need no
common order.

Rules
- A board is followed from its boot. Events before that (if the run joined the board), and those between a hole and the
  next boot, are counted but not checked.
- Of the receipts from a peer that is not suspected, only the last before an event about the peer is taken.
- After the first bad step of a board, its events up to its next boot are skipped, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from amu.core import limits
from specs import FOLDER
from specs.checking.continuity import Hole
from specs.checking.premises import PREMISES
from specs.checking.run import Checker, Run
from specs.checking.trace import Event
from specs.tla.language import language
from specs.tla.language.language import Module, State
from specs.verdict import Verdict

MODULE = FOLDER / "failure_detector" / "trace_failure_detector.tla"

# Property identifiers, see specs/failure_detector/properties.md, and the operators behind them.
IS_STEP = "FDT-1"
INVARIANTS = {"TraceTypeOK": IS_STEP, "WithinEnvelope": "FDT-4"}
STEP_PROPERTIES = {"MonotoneStep": "FDT-2", "FallsWhenHeardStep": "FDT-3", "HeardIsToldStep": "FDT-3"}
IDENTIFIERS = tuple(dict.fromkeys((*INVARIANTS.values(), *STEP_PROPERTIES.values())))

EVENTS = frozenset({"Boot", "Receive", "Suspicion", "Heard"})

# Bounds on how fast the level rises in flight, for any history of receipts:
# tests/properties/firmware/test_detector_properties.py.
PATIENCE_TICKS = 340
SLOPE = 2

UNKNOWN = NO_TICKS = -1

Pair = tuple[int, int]  # who watches whom


def constants(replica_count: int) -> dict[str, object]:
    """The module's constants for a swarm of `replica_count` boards."""
    replicas = range(replica_count)
    level_max = limits.LEVEL_MILLI_MAX // limits.LEVEL_MILLI_PER_PART
    return {
        "Process": frozenset(replicas),
        "Pair": frozenset((q, p) for q in replicas for p in replicas if p != q),
        "LevelMax": level_max,
        "Patience": PATIENCE_TICKS,
        "Slope": SLOPE,
        "SilenceMax": limits.SILENT_TICKS_MAX,
        "Delta": (level_max - 1) // SLOPE,
        "FlightMax": 1,
        "PartMilli": limits.LEVEL_MILLI_PER_PART,
        "SampleTicks": limits.DETECTOR_SAMPLE_TICKS,
        "TicksMax": 0,
    }


@dataclass
class Replay:
    """The detectors' state in the module's terms, computed from the events."""

    replica_count: int
    level: dict[Pair, int] = field(init=False)
    silence: dict[Pair, int] = field(init=False)
    heard_at: dict[Pair, int] = field(init=False)
    owed: frozenset[Pair] = frozenset()

    def __post_init__(self) -> None:
        replicas = range(self.replica_count)
        self.level = {(q, p): UNKNOWN for q in replicas for p in replicas if p != q}
        self.silence = dict.fromkeys(self.level, 0)
        self.heard_at = dict.fromkeys(self.level, NO_TICKS)

    def state(self, module: language.Module) -> State:
        """The module's state. Variables that traces do not show are constant: no crash, empty channels, 0 holds."""
        return module.state(
            crashed=frozenset(),
            stable=False,
            flight=language.function(dict.fromkeys(self.level, 0)),
            level=language.function(self.level),
            silence=language.function(self.silence),
            holds=language.function({replica: replica == 0 for replica in range(self.replica_count)}),
            owed=self.owed,
            heardAt=language.function(self.heard_at),
        )

    def boot(self, node: int) -> None:
        for pair in self.level:
            if pair[0] == node:
                self.level[pair], self.silence[pair], self.heard_at[pair] = UNKNOWN, 0, NO_TICKS
        self.owed = frozenset(pair for pair in self.owed if pair[0] != node)

    def take(self, event: Event) -> tuple[object, ...]:
        """Apply the effect of the event. Returns the arguments of its operator."""
        node, fields = event.node, event.fields
        ticks = NO_TICKS if event.ticks is None else event.ticks
        if event.name == "Boot":
            self.boot(node)
            return (node,)
        if event.name == "Receive":
            pair = (node, fields["from"])
            if self.level[pair] > 0:
                self.owed |= {pair}
            else:
                self.heard_at[pair] = ticks
            return (*pair, ticks)
        pair = (node, fields["peer"])
        if event.name == "Suspicion":
            self.level[pair] = fields["level_milli"] // limits.LEVEL_MILLI_PER_PART
            self.silence[pair] = fields["silent_ticks"]
            return (*pair, fields["silent_ticks"], fields["level_milli"], ticks)
        self.level[pair] = self.silence[pair] = 0
        self.heard_at[pair] = ticks
        self.owed -= {pair}
        return (*pair, fields["silent_ticks"], ticks)


Predicates = list[tuple[str, Callable[..., bool]]]


@lru_cache(maxsize=8)
def _compiled(replica_count: int) -> tuple[Module, Predicates, Predicates]:
    """The module, its invariants and its properties of steps. Compiled once for all runs of a swarm's size."""
    module = language.load(MODULE, constants(replica_count))
    invariants = [(name, module.predicate(name)) for name in INVARIANTS]
    return module, invariants, [(name, module.action(name)) for name in STEP_PROPERTIES]


class DetectorChecker:
    """Takes the events of all honest boards. Each board's events must be in their order."""

    def __init__(self, replica_count: int, holes: Sequence[Hole], verdict: Verdict) -> None:
        self.module, self._invariants, self._step_properties = _compiled(replica_count)
        self._holes: dict[tuple[int, int], list[int]] = {}  # (node, boot) -> ends of holes, the next one last
        for hole in sorted(holes, key=lambda hole: -hole.last_seq):
            self._holes.setdefault((hole.node, hole.boot), []).append(hole.last_seq)
        self._verdict = verdict
        self._followed: set[int] = set()
        self._replay = Replay(replica_count)
        self._state = self._replay.state(self.module)

    def feed(self, event: Event) -> None:
        """The next event of its board, as `Kept` has them."""
        holes = self._holes.get((event.node, event.boot))
        while holes and event.seq > holes[-1]:
            holes.pop()
            self._lose(event.node)
        if event.name == "Boot":
            self._followed.add(event.node)
        elif event.name not in EVENTS:
            return
        elif event.node not in self._followed:
            if event.name != "Receive":
                self._verdict.counts["detector events not checked"] += 1
            return
        self._step(event)

    def _step(self, event: Event) -> None:
        peer = event.fields.get("peer", event.fields.get("from"))
        if peer is not None and (event.node, peer) not in self._replay.level:
            if event.name != "Receive":
                self._bad(event, IS_STEP, f"board {event.node} does not watch {peer}")
            return
        before = self._state
        arguments = self._replay.take(event)
        after = self._replay.state(self.module)
        broken = [name for name, allows in self._step_properties if not allows(before, after)]
        broken += [name for name, holds in self._invariants if not holds(after)]
        for name in broken:
            identifier = STEP_PROPERTIES.get(name) or INVARIANTS[name]
            self._bad(event, identifier, f"{name} does not hold; before: {self._shown(event, before)}")
        if not broken and not self.module.is_step(event.name, arguments, before, after):
            explanation = self.module.explain(event.name, arguments, before, after)
            self._bad(event, IS_STEP, f"{explanation.reason}; before: {self._shown(event, before)}")
        if event.node in self._followed:
            self._verdict.steps[event.name] += 1
            self._state = after

    def _shown(self, event: Event, state: State) -> str:
        """The part of the state that belongs to the event's board and peer."""
        peer = event.fields.get("peer", event.fields.get("from"))
        if peer is None:
            return "all that it had reported"
        pair = (event.node, peer)
        return f"level {state['level'][pair]}, silent for {state['silence'][pair]} ticks"

    def _bad(self, event: Event, identifier: str, why: str) -> None:
        self._verdict.violate(identifier, f"{event}: {why}")
        self._lose(event.node)

    def _lose(self, node: int) -> None:
        """Stop following the board: its suspicions are unknown until its next boot."""
        self._followed.discard(node)
        self._replay.boot(node)
        self._state = self._replay.state(self.module)


class Kept:
    """The events that the module needs, in order.

    Of the receipts from a peer that is not suspected only the last before an event about the peer is kept: a run has
    many.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._suspected: set[Pair] = set()  # as the board reported
        self._last: dict[Pair, Event] = {}

    def add(self, event: Event) -> None:
        """The next event of its board, of a name in EVENTS."""
        name, node = event.name, event.node
        if name == "Receive" and (not self._suspected or (node, event.fields["from"]) not in self._suspected):
            self._last[node, event.fields["from"]] = event
            return
        if name in ("Suspicion", "Heard"):
            receipt = self._last.pop((node, event.fields["peer"]), None)
            if receipt is not None:
                self.events.append(receipt)
        self.events.append(event)
        if name == "Suspicion":
            self._suspected.add((node, event.fields["peer"]))
        elif name == "Heard":
            self._suspected.discard((node, event.fields["peer"]))
        elif name == "Boot":
            self._suspected = {pair for pair in self._suspected if pair[0] != node}
            self._last = {pair: kept for pair, kept in self._last.items() if pair[0] != node}


class SuspicionChecker(Checker):
    """Takes the events of replicas."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._kept = Kept()

    def feed(self, event: Event) -> None:
        self._kept.add(event)

    def finish(self, tlc: bool) -> None:
        run = self.run
        check_kept(self._kept.events, run.replica_holes(), run.swarm.replica_count, run.verdict)


def check_detector(events: Iterable[Event], holes: Sequence[Hole], replica_count: int, verdict: Verdict) -> None:
    """Check the suspicions of honest boards against the module, and report to `verdict`.

    `events`: those of honest boards, each board's in their order, at least those of EVENTS. `verdict.steps` counts
    Boot, Suspicion, Heard, and the receipts that are needed.
    """
    kept = Kept()
    for event in events:
        if event.name in EVENTS:
            kept.add(event)
    check_kept(kept.events, holes, replica_count, verdict)


def check_kept(events: Sequence[Event], holes: Sequence[Hole], replica_count: int, verdict: Verdict) -> None:
    """As `check_detector`, of what is kept of the events."""
    verdict.expect(*IDENTIFIERS)
    checker = DetectorChecker(replica_count, holes, verdict)
    for event in events:
        checker.feed(event)
    if not verdict.steps["Suspicion"] + verdict.steps["Heard"]:
        for identifier in IDENTIFIERS:
            verdict.nothing_held(identifier, PREMISES[identifier].lack)
    elif any(event.ticks is None for event in events if event.name != "Boot"):
        verdict.doubt(IS_STEP, "events lack the board's counter, `ticks`")
