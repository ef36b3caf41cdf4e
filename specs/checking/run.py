"""What the checkers of one run share, and the interface of each checker that `protocols.PROTOCOLS` lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from amu.core.limits import BROADCAST
from specs.checking.beginning import Beginning
from specs.checking.continuity import Continuity, Hole
from specs.checking.swarm import Swarm
from specs.checking.trace import Event
from specs.tla.language.language import State
from specs.verdict import Progress, Verdict, ignore_progress


class Sent(NamedTuple):
    """A message of an honest board, as its Send tells it. `to`: 254 for every other replica."""

    to: int
    kind: int
    slot: int
    view: int


class Sends:
    """What honest boards sent, by sender and Lamport time. `order.LamportOrder`, the first checker, adds each Send.

    A board that lost its memory may use a time again, so one time may name several messages.
    """

    def __init__(self) -> None:
        self.senders: set[int] = set()  # nodes with a Send so far
        self._first: dict[int, Sent] = {}  # by time and sender
        self._again: dict[int, list[Sent]] = {}  # further ones of the same time

    def add(self, event: Event) -> None:
        """An event Send."""
        fields = event.fields
        self.senders.add(event.node)
        key = event.lamport << 8 | event.node
        sent = Sent(fields["to"], fields["kind"], fields["slot"], fields["view"])
        if self._first.setdefault(key, sent) != sent:
            self._again.setdefault(key, []).append(sent)

    def at(self, sender: int, time: int) -> tuple[Sent, ...]:
        """All that `sender` sent at Lamport time `time`."""
        first = self._first.get(time << 8 | sender)
        return () if first is None else (first, *self._again.get(time << 8 | sender, ()))

    def of(self, receipt: Event) -> Sent | None:
        """What an event Receive received: the sender's message of that time, to this node, of that kind. None: unknown
        so far, because the sender lies or is the ground station, or its event is missing, or the receipt is wrong."""
        fields = receipt.fields
        key = fields["sent"] << 8 | fields["from"]
        first = self._first.get(key)
        if first is None:
            return None
        node, kind = receipt.node, fields["kind"]
        if first.kind == kind and (first.to == node or first.to == BROADCAST):
            return first
        for sent in self._again.get(key, ()):
            if sent.kind == kind and sent.to in (node, BROADCAST):
                return sent
        return None


class Adoption(NamedTuple):
    """A state that a node adopted. `pieces`: how many of it had arrived, at most; None: unknown."""

    event: Event
    pieces: int | None


class Transfers(Protocol):
    """The pieces of states that nodes asked for."""

    adopted: list[Adoption]

    def take(self, event: Event) -> None:
        """A Receive or a Refuse of a replica or of a learner."""

    def adopt(self, event: Event) -> None:
        """An Adopt of a replica or of a learner."""


class Reports(Protocol):
    """What each node has received about the slots and checkpoints that replicas have reached."""

    are_traced: bool

    @property
    def transfers(self) -> Transfers: ...

    def receive(self, event: Event) -> None:
        """A receipt of a replica or of a learner."""

    def ask_state(self, event: Event) -> None:
        """A FetchState of a replica or of a learner."""

    def giver(self, event: Event, before: Event | None) -> tuple[frozenset[int], int]:
        """Those whom the node asked for the state that it adopts, and the one that gave it."""

    def of_state(self, event: Event) -> frozenset[int]:
        """Those that may have told the node of their checkpoint of the event's slot."""


class Log(Protocol):
    """How far the log has come, after the events so far."""

    state: State  # of trace_replicated_log.tla
    reports: Reports

    def first_leader(self, slot: int) -> int | None: ...

    def join(self) -> None:
        """A board turns out to have acted before the trace."""


class AppliedLog(Protocol):
    """The operations that honest nodes applied."""

    @property
    def last_slot(self) -> int: ...

    def operations(self) -> Iterable[Any]:
        """Each `specs.checking.ledger.log.Operation`, in order."""


@dataclass
class Run:
    """What all checkers of a trace share: the swarm, the holes of the trace, the messages sent, and the verdict.

    `traces_messages`: whether boards trace what they send and receive; `traces_uplinks`: whether the ground station
    traces each request that leaves for a board; None: RunStart does not say.
    `log`: the checker of the log from slot to slot, which other checkers ask for its state.
    """

    swarm: Swarm
    verdict: Verdict = field(default_factory=Verdict)
    continuity: Continuity = field(default_factory=Continuity)
    learner_count: int = 0
    traces_messages: bool | None = None
    traces_uplinks: bool | None = None
    tell: Progress = ignore_progress
    sends: Sends = field(default_factory=Sends)
    beginning: Beginning = field(init=False)
    log: Log = field(init=False)  # set by that checker
    applied: AppliedLog = field(init=False)  # set by the ledger's checker when it finishes

    def __post_init__(self) -> None:
        self.beginning = Beginning(self.swarm)

    @property
    def has_messages(self) -> bool:
        """Whether the trace has what boards sent and received, or must have it. Known when the trace has ended."""
        return bool(self.sends.senders) if self.traces_messages is None else self.traces_messages

    def is_told(self, node: int) -> bool:
        """Whether the trace has everything that a node has done so far, in this life and in those before."""
        return self.continuity.is_whole(node) and node not in self.beginning.past

    def holes(self) -> list[Hole]:
        """Holes in the traces of honest boards."""
        return [hole for hole in self.continuity.holes if hole.node not in self.swarm.byzantine]

    def replica_holes(self) -> list[Hole]:
        """Holes in the traces of honest replicas: a decision may be in them."""
        return [hole for hole in self.holes() if hole.node < self.swarm.replica_count]


class Checker:
    """Checks one protocol's events against its rules, and reports to `run.verdict`."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def feed(self, event: Event) -> None:
        """An event of the protocol, of an honest board, in file order."""
        raise NotImplementedError

    def ground(self, event: Event) -> None:
        """An event of the ground station, after RunStart, in file order."""

    def finish(self, tlc: bool) -> None:
        """The trace has ended. `tlc`: let TLC judge the same steps too. Raises TlcError."""

    def not_held(self) -> set[str]:
        """Properties of the protocol that no event was compared with. Called after `finish`."""
        return set()


class KeepingChecker(Checker):
    """Keeps its events until the trace has ended: `finish` checks them, when all holes of the trace are known."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._events: list[Event] = []

    def feed(self, event: Event) -> None:
        self._events.append(event)
