"""Checks channels (LNK), turns (MUT) and snapshots (SNP) of a run against their trace modules, in this process.

Theory. Every event of the services names an operator of the trace module and gives all its arguments, and these
determine what is on each channel, so no search is needed. A receipt must take the first item of its channel: the module
does not allow the receipt of an item that was lost, duplicated, reordered or never sent. Nor does it allow a turn that
begins too early, a recorded state that is not the board's, or a recorded channel with other items than those on it.

Rules
- Events are taken in the order of the file. A board traces each step before it sends the resulting messages, and the
  ground carries both, so every receipt comes after its sending. (Lamport times would not do: a board that lost its
  memory starts again at 0.)
- If boards were already running when the run joined them, or if events are missing, the contents of the channels are
  unknown. Nothing is checked from there on, and the verdict says so.
- If the run has no such events, the verdict says "not checked".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from amu.core import limits
from amu.wire.messages import Segment
from specs import FOLDER
from specs.checking.continuity import Hole
from specs.checking.messages.refusals import Refusals
from specs.checking.premises import PREMISES
from specs.checking.run import Checker, Run
from specs.checking.schema import OUT_OF_ORDER, Fields
from specs.checking.trace import Event
from specs.tla.language import language
from specs.tla.language.language import of_python
from specs.tla.observe.observe import Observation, ObservationError, Observer
from specs.tla.values.values import Value
from specs.verdict import Progress, Verdict, ignore_progress

NO_MESSAGES = "RunStart does not say whether messages are traced, and there are none"
MUTEX_EVENTS = frozenset({"MutexRequest", "MutexReceive", "MutexEnter", "MutexRelease"})
SNAPSHOT_EVENTS = frozenset(
    {"SnapshotRecord", "SnapshotMarker", "SnapshotDone", "SnapshotAbandoned", "SnapshotIgnored"}
)
CHANNEL_EVENTS = frozenset({"ChannelSend", "ChannelDeliver"})
ITEM_EVENTS = frozenset({"MutexReceive", "SnapshotMarker", "SnapshotIgnored"})  # what happens to a delivered item
SHARED_EVENTS = frozenset({"Boot", "ChannelRestart"})
POSITION_EVENTS = frozenset({"Apply", "Adopt"})
MESSAGE_EVENTS = frozenset({"Send", "Receive"})  # those of segments by which items came
NO_ITEM = "item"  # Refuse.reason of what a channel delivered that is not an item
NO_BOOT = -1  # of trace_link.tla
EVENTS_TOGETHER = 256  # between two reports of progress
EVENTS = MUTEX_EVENTS | SNAPSHOT_EVENTS | CHANNEL_EVENTS | SHARED_EVENTS | POSITION_EVENTS | MESSAGE_EVENTS | {"Refuse"}


@dataclass(frozen=True)
class Protocol:
    """A trace module, the events that it takes, and the property identifiers of its operators (properties.md).

    `proved`: what the proofs rest on, invariants of the module `proofs`.
    """

    module: Path
    events: frozenset[str]
    own_events: frozenset[str]
    is_step: str
    invariants: dict[str, str]
    properties: dict[str, str]
    proved: dict[str, str] = field(default_factory=dict)
    proofs: Path | None = None

    @property
    def identifiers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.is_step, *self.rules.values())))

    @property
    def rules(self) -> dict[str, str]:
        """The identifier of each operator."""
        return {**self.invariants, **self.properties, **self.proved}


MUTEX = Protocol(
    FOLDER / "lamport_mutex" / "trace_lamport_mutex.tla",
    MUTEX_EVENTS | SHARED_EVENTS,
    MUTEX_EVENTS,
    "MUT-1",
    {
        "MutualExclusion": "MUT-2",
        "GrantedInOrder": "MUT-3",
        "LaterMeansKnown": "MUT-5",
        "RequestsArrive": "MUT-6",
        "QueueTruthful": "MUT-6",
        "TimesGrow": "MUT-7",
        "WireBounded": "MUT-8",
    },
    {"RebootEndsTurn": "MUT-9", "NoTakingAway": "MUT-9"},
    {
        "TypeOK": "MUT-1",
        "Lives": "MUT-1",
        "Hearing": "MUT-5",
        "Channels": "MUT-7",
        "Queues": "MUT-6",
        "Truthful": "MUT-6",
        "LaterIsLater": "MUT-5",
        "Turns": "MUT-3",
    },
    FOLDER / "lamport_mutex" / "lamport_mutex_proofs.tla",
)
SNAPSHOT = Protocol(
    FOLDER / "snapshot" / "trace_snapshot.tla",
    MUTEX_EVENTS | SNAPSHOT_EVENTS | SHARED_EVENTS | POSITION_EVENTS,
    SNAPSHOT_EVENTS,
    "SNP-1",
    {"MarkerOnce": "SNP-5"},
    {
        "ConsistentCutKept": "SNP-2",
        "PartsFitKept": "SNP-2",
        "ChannelsExactKept": "SNP-3",
        "DoneIsWholeKept": "SNP-6",
        "StateKept": "SNP-7",
        "NoSilentEnd": "SNP-8",
        "OneHolderInPictureKept": "SNP-9",
    },
)
LINK = Protocol(
    FOLDER / "link" / "trace_link.tla",
    CHANNEL_EVENTS | ITEM_EVENTS | SHARED_EVENTS | MESSAGE_EVENTS | {"Refuse"},
    CHANNEL_EVENTS | ITEM_EVENTS,
    "LNK-1",
    {"NothingInvented": "LNK-1", "QueueKept": "LNK-5", "LeftForGood": "LNK-6"},
    {},
)
OF_SMALL_MODELS: dict[str, Value] = {
    "Times": frozenset(),
    "Clocks": frozenset(),
}  # constants that bound the steps of a model alone
PROTOCOLS = (MUTEX, SNAPSHOT, LINK)
IDENTIFIERS = tuple(identifier for protocol in PROTOCOLS for identifier in protocol.identifiers)


def constants(
    protocol: Protocol, replica_count: int, byzantine: Collection[int], has_messages: bool = False
) -> dict[str, Value]:
    """The trace module's constants. Those that are 0 bound TLC's search; here every argument is logged."""
    found: dict[str, Value] = {
        "Board": frozenset(range(replica_count)),
        "Liar": frozenset(byzantine),
        "TimeMax": 0,
        "BootMax": 0,
    }
    if protocol is LINK:
        found.update(QueueMax=limits.CHANNEL_QUEUE_ITEMS_MAX, NumberMax=0)
        found.update(TracesMessages=has_messages, SegmentKind=Segment.KIND)
    if protocol is SNAPSHOT:
        found["ItemsMax"] = limits.SNAPSHOT_ITEMS_MAX
    return found


def observer(
    protocol: Protocol, replica_count: int, byzantine: Collection[int], has_messages: bool = False
) -> Observer:
    """An observer for the observations of one run (see `observation`)."""
    return _observer(PROTOCOLS.index(protocol), replica_count, frozenset(byzantine), has_messages).restarted()


@lru_cache(maxsize=64)
def _observer(place: int, replica_count: int, byzantine: frozenset[int], has_messages: bool) -> Observer:
    """The observer of the protocol at `place` in PROTOCOLS. It is a template and is never fed itself."""
    protocol = PROTOCOLS[place]
    known = constants(protocol, replica_count, byzantine, has_messages)
    module, beside = language.load(protocol.module, known), None
    if protocol.proofs is not None:
        proofs = language.load(protocol.proofs, {"Board": known["Board"], "Liar": known["Liar"], **OF_SMALL_MODELS})
        beside = proofs, tuple(protocol.proved)
    return Observer(
        module,
        init="TraceInit",
        next_action="TraceNext",
        invariants=tuple(protocol.invariants),
        properties=tuple(protocol.properties),
        beside=beside,
    )


def observation(event: Event) -> Observation:
    """The event as a step of the operator of its name."""
    fields = {"node": event.node, "boot": event.boot, "lamport": event.lamport}
    arguments = {name: _value(value) for name, value in (fields | event.fields).items()}
    if event.fields.get("peer_boot", NO_BOOT) is None:
        arguments["peer_boot"] = NO_BOOT
    return Observation(event.line, event.name, arguments)


def _value(item: object) -> Value:
    """What JSON has and TLA+ has not, null or a fraction within a list, becomes a text: no module allows it there."""
    try:
        return of_python(item)
    except TypeError:
        return str(item)


class ServicesChecker(Checker):
    """Takes the events of replicas."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._kept = Kept()

    def feed(self, event: Event) -> None:
        self._kept.add(event)

    def finish(self, tlc: bool) -> None:
        run = self.run
        swarm = run.swarm
        holes = run.replica_holes()
        check_kept(
            self._kept.events, holes, swarm.replica_count, swarm.byzantine, run.verdict, run.tell, run.has_messages
        )
        if run.traces_messages is None and not run.has_messages:
            run.verdict.doubt(LINK.is_step, NO_MESSAGES)


class Kept:
    """The events that the modules take, in order.

    Of the events that tell how far a board is, only those before a SnapshotRecord are kept, and of messages only the
    first segment after an item was given, and what was received last before a delivery: a run has many.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._position: dict[int, Event] = {}  # of each board, not kept so far
        self._received: dict[int, Event] = {}  # what each board received last, not kept so far
        self._given: set[tuple[int, int]] = set()  # channels with items that no segment has carried so far
        self._refusals = Refusals()

    def add(self, event: Event) -> None:
        """The next event, of a name in EVENTS."""
        name, node = event.name, event.node
        if name == "Receive":
            self._received[node] = event
            return
        if name == "Send":
            channel = (node, event.fields["to"])
            if event.fields["kind"] == Segment.KIND and channel in self._given:
                self._given.discard(channel)
                self.events.append(event)
            return
        if name in POSITION_EVENTS:
            self._position[node] = event
            return
        if name == "Refuse":
            self._refusals.add(event)
            if event.fields["reason"] == OUT_OF_ORDER:
                self._received[node] = event
            if event.fields["reason"] != NO_ITEM:
                return
        if name == "Boot":
            for of_life in (self._position, self._received):
                of_life.pop(node, None)
        elif name in ("ChannelSend", "ChannelRestart"):
            self._given.add((node, event.fields["peer"]))
        if name in ("ChannelDeliver", "ChannelRestart"):
            self._keep_received(event)
        elif name == "SnapshotRecord" and node in self._position:
            self.events.append(self._position.pop(node))
        self.events.append(event)

    def _keep_received(self, event: Event) -> None:
        """What the board received before it adopts a peer or delivers an item. Of a flood of refusals the trace has
        only the beginning, so any segment may be behind it."""
        node, peer = event.node, event.fields["peer"]
        received = self._received.pop(node, None)
        if received is not None:
            self.events.append(received)
        if self._refusals.is_flooded(event):
            fields: Fields = {"from": peer, "kind": Segment.KIND, "reason": OUT_OF_ORDER}
            self.events.append(Event(event.line, node, event.boot, event.seq, event.lamport, "Refuse", fields))


def check_ops(
    events: Iterable[Event],
    holes: Sequence[Hole],
    replica_count: int,
    byzantine: Collection[int],
    verdict: Verdict,
    tell: Progress = ignore_progress,
    has_messages: bool = False,
) -> None:
    """Check channels, turns and snapshots against their modules, and report to `verdict`.

    `events`: those of honest boards in the file's order, at least those of EVENTS. `holes`: of honest boards.
    `has_messages`: whether they tell what was sent and received.
    """
    kept = Kept()
    for event in events:
        if event.name in EVENTS:
            kept.add(event)
    check_kept(kept.events, holes, replica_count, byzantine, verdict, tell, has_messages)


def check_kept(
    events: Sequence[Event],
    holes: Sequence[Hole],
    replica_count: int,
    byzantine: Collection[int],
    verdict: Verdict,
    tell: Progress,
    has_messages: bool,
) -> None:
    """As `check_ops`, of what is kept of the events."""
    told, missing = _told(events, holes)
    for protocol in PROTOCOLS:
        verdict.expect(*protocol.identifiers)
        taken = [event for event in told if event.name in protocol.events]
        if not any(event.name in protocol.own_events for event in taken):
            was_there = missing is not None and any(event.name in protocol.own_events for event in events)
            for identifier in protocol.identifiers:
                if was_there:
                    verdict.doubt(identifier, f"not judged from there on: {missing}")
                else:
                    verdict.nothing_held(identifier, PREMISES[identifier].lack)
            continue
        _hold(protocol, taken, observer(protocol, replica_count, byzantine, has_messages), verdict, tell)
        if missing is not None:
            for identifier in protocol.identifiers:
                verdict.doubt(identifier, f"not judged from there on: {missing}")
    if missing is not None and any(event.name not in SHARED_EVENTS for event in events):
        verdict.note(f"turns and snapshots were checked up to this only: {missing}")


def _told(events: Iterable[Event], holes: Sequence[Hole]) -> tuple[list[Event], str | None]:
    """The events up to the first that cannot be judged, and why it cannot."""
    hole = min(holes, key=lambda hole: hole.line, default=None)
    booted: set[int] = set()
    told: list[Event] = []
    for event in events:
        if hole is not None and event.line >= hole.line:
            return told, str(hole)
        if event.name == "Boot":
            booted.add(event.node)
        elif event.node not in booted:
            return told, f"what node {event.node} did before the run joined it is not known"
        told.append(event)
    return told, None


def _hold(protocol: Protocol, events: Sequence[Event], checker: Observer, verdict: Verdict, tell: Progress) -> None:
    for number, event in enumerate(events):
        try:
            checker.feed(observation(event))
        except ObservationError as error:  # a field of another kind than the module's
            verdict.violate(protocol.is_step, f"{event}: {error}")
            break
        if number % EVENTS_TOGETHER == 0:
            tell(f"events of {protocol.module.stem}", number, len(events))
    checker.finish()
    result = checker.result()
    verdict.steps.update({name: count for name, count in result.steps.items() if name in protocol.own_events})
    if result.bad is not None:
        broken = result.bad.broken or ""
        identifier = protocol.rules.get(broken, protocol.is_step)
        verdict.violate(identifier, str(result.bad))
    if result.not_reached:
        verdict.counts[f"events not checked after the bad step of {protocol.is_step}"] = result.not_reached
