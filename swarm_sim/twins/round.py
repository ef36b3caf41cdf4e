"""Plays one part of the network for one round: real nodes, decoded messages, delivery until no message is left.

Rules
- Endpoints 0 .. 3 are the replicas with these numbers, endpoint 4 is the second copy of the twin. A message to the
  twin's number reaches both copies, if they are in the part. They never hear each other, like a node and itself.
- Every endpoint gets the same requests when the first round begins, half of the endpoints in reverse order. The two
  copies always differ, so if both lead a view they propose different bodies.
- A later round begins with a leap in time: each node ticks once, with its counters set so that the view timer of each
  slot fires and each open slot's state is sent again (Status). The skipped ticks would have done the same for boards
  that heard nothing meanwhile, except for progress reports and the fetching that follows them. These are omitted: a
  round lasts one period in total. A laggard gets the decision by answers to its Status.
- Delivery is first in, first out. Messages to the other part are lost; later rounds repeat state, not messages.
- Nothing reboots, so nothing is written to flash.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from amu.boards.host import Decoded, Settings
from amu.core import limits
from amu.core.limits import BROADCAST, GROUND
from amu.core.types import AnyMessage, Array, TraceEvent
from amu.node.events import EVENTS
from amu.node.journal import FRESH, Recovered
from amu.node.node import Node
from amu.wire.messages import Request
from specs.checking.trace_line import Told

REPLICAS = 4
ENDPOINTS = 5
SECOND_COPY = 4
OPERATIONS = (1, 2)
CLIENT = 1
DELIVERIES_MAX = 20_000  # per part and round; a few hundred are usual
VOTES = {f"Vote{phase}": phase for phase in range(1, 5)}

Emit = Callable[[int, int, list[TraceEvent]], None]  # endpoint, first sequence number, events


class Violation(Exception):
    """An honest replica broke a rule, or an assertion of flight code failed. The text says which, and what."""


class GuardError(Exception):
    """Something happened that the digest of a state ignores: states with equal digests may have different futures."""


@dataclass
class Record:
    """The commitments of an honest replica, from its trace, not from the flight code's state."""

    votes: dict[tuple[int, int], tuple[int, bytes]] = field(default_factory=dict)  # (slot, phase) -> (view, value)
    decided: dict[int, bytes] = field(default_factory=dict)  # slot -> value
    ledgers: dict[int, bytes] = field(default_factory=dict)  # applied slot -> digest

    def note(self, name: str, fields: Told) -> None:
        """Record an event. Raises Violation if it contradicts an earlier one."""
        slot = fields.get("slot", 0)
        if name in VOTES:
            self._vote(slot, VOTES[name], fields["view"], fields["value"])
        elif name in ("Decide", "Learn"):
            if self.decided.setdefault(slot, fields["value"]) != fields["value"]:
                raise Violation(f"decides two values in slot {slot}")
        elif name == "Apply":
            self.ledgers[slot] = fields["digest"]
        elif name == "Silent":
            raise Violation(f"falls silent: {fields['reason']}")

    def _vote(self, slot: int, phase: int, view: int, value: bytes) -> None:
        before = self.votes.get((slot, phase))
        if before is not None and before[0] > view:
            raise Violation(f"vote of phase {phase} in slot {slot} goes back from view {before[0]} to {view}")
        if before is not None and before[0] == view:
            raise Violation(f"votes twice in slot {slot}, view {view}, phase {phase}")
        self.votes[slot, phase] = (view, value)

    def facts(self) -> frozenset[tuple[str, int, bytes]]:
        """The facts about slots on which honest replicas must agree."""
        decided = {("decided", slot, value) for slot, value in self.decided.items()}
        return frozenset(decided | {("ledger", slot, digest) for slot, digest in self.ledgers.items()})


class Endpoint:
    """A node, and its record if it is honest."""

    def __init__(self, number: int, twin: int, traces_messages: bool = False) -> None:
        self.number = number
        self.replica = twin if number == SECOND_COPY else number
        self.record = None if self.replica == twin else Record()
        settings = Settings(self.replica, REPLICAS, trace_messages=traces_messages)
        self.node = Node(settings, Recovered(FRESH, None, []), 1)
        self.node.services._applied_slot = _no_snapshots  # a closure cannot be kept; ops are off and never call it
        self.operations = tuple(reversed(OPERATIONS)) if (self.replica + number // SECOND_COPY) % 2 else OPERATIONS

    @property
    def has_applied(self) -> bool:
        return bool(self.node.applied_slot >= 1)

    def begin(self, is_first: bool) -> None:
        """Begin a round: the first one submits the requests, any other fires all timers."""
        node = self.node
        if is_first:
            for operation in self.operations:
                node.step(GROUND, 0, Request(CLIENT, operation, ["noop"]))
            return
        node.replica._ticks = limits.STATUS_PERIOD_TICKS - 1
        for instance in node.replica.instances:
            if instance is not None:
                instance._ticks_in_view = node.replica.view_timeout_ticks << limits.VIEW_TIMEOUT_DOUBLINGS_MAX
                instance._ticks_still = limits.STATUS_PERIOD_TICKS << limits.STATUS_DOUBLINGS_MAX
        node.tick()

    def note(self, name: str, fields: Told) -> None:
        """Record an event of its trace. Raises Violation or GuardError."""
        if name == "Refuse" and fields["reason"] == "lamport":
            raise GuardError("a message refused for its time: the digest of a state leaves Lamport times out")
        if self.record is not None:
            self.record.note(name, fields)


class _Member(Decoded):
    """An endpoint while its part plays a round: its messages reach the members of the part."""

    def __init__(self, endpoint: Endpoint, part: "_Part") -> None:
        settings = Settings(endpoint.replica, REPLICAS)
        super().__init__(endpoint.node, settings, _NoFlash(), None)  # type: ignore[arg-type]
        self.endpoint = endpoint
        self._part = part

    def _send_events(self, first_seq: int, events: list[TraceEvent]) -> None:
        endpoint, emit = self.endpoint, self._part.emit
        if emit is not None:
            emit(endpoint.number, first_seq, events)
        for event in events:
            name, names = EVENTS[event[0]]
            endpoint.note(name, dict(zip(names, event[2:])))

    def _send(self, destination: int, lamport: int, message: AnyMessage) -> None:
        source = self.endpoint.replica
        for member in self._part.members:
            replica = member.endpoint.replica
            if replica != source and destination in (BROADCAST, replica):
                self._part.queue.append((source, member, lamport, message))


class _NoFlash:
    """A journal that discards its records: nothing reboots."""

    def append(self, records: list[Array]) -> None:
        pass

    def checkpoint(self, data: Array) -> None:
        raise GuardError("a checkpoint: the digest of a state leaves the journal out")

    def is_tight(self) -> bool:
        return False


class _Part:
    """The endpoints that hear each other in a round."""

    def __init__(self, endpoints: Iterable[Endpoint], emit: Emit | None) -> None:
        self.emit = emit
        self.queue: deque[tuple[int, _Member, int, AnyMessage]] = deque()
        self.members = [_Member(endpoint, self) for endpoint in endpoints]


def play(endpoints: Iterable[Endpoint], is_first: bool, emit: Emit | None = None) -> int:
    """One round in one part. Returns the number of messages delivered; raises Violation."""
    part = _Part(endpoints, emit)
    queue = part.queue
    deliveries = 0
    member = part.members[0]
    try:
        for member in part.members:
            member.endpoint.begin(is_first)
            member.perform()
        while queue:
            source, member, time, message = queue.popleft()
            member.endpoint.node.step(source, time, message)
            member.perform()
            deliveries += 1
            if deliveries > DELIVERIES_MAX:
                raise Violation("messages without end")
    except (Violation, AssertionError) as error:
        raise Violation(f"endpoint {member.endpoint.number}: {error}") from error
    return deliveries


def contradiction(facts: Iterable[frozenset[tuple[str, int, bytes]]]) -> str | None:
    """A description of a fact on which honest replicas disagree, or None."""
    said: dict[tuple[str, int], bytes] = {}
    for what, slot, value in sorted(frozenset().union(*facts)):
        if said.setdefault((what, slot), value) != value:
            return f"slot {slot}: honest replicas have different values {what}"
    return None


def _no_snapshots() -> int:
    raise AssertionError("ops are off")
