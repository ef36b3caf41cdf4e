"""The log that honest nodes applied, slot by slot, read from their Operation and Apply events.

Theory. The ledger is a state machine: all honest nodes apply the same operations in the same slots, so one log stands
for all of them, and checking it once checks every node. This file checks that the logs agree; the digests show that the
resulting states agree (LOG-2).

Rules
- A node's part of a slot counts only if no event between two Apply events is missing.
- An operation belongs to the slot that its node applies next (LED-15). A boot that ended may owe that slot.
- The log ends before the first slot that no honest node reports in full: the state after such a slot is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from amu.core.types import Array
from specs.checking.continuity import Hole
from specs.checking.trace import Event

SAME_RESULTS = "LED-12"
OF_THE_BODY = "LED-15"

Violate = Callable[[str, str], None]


@dataclass(frozen=True)
class Operation:
    """One request in the order of the log, as reported by the first honest node that applied it."""

    slot: int
    client: int
    operation: int
    command: Array  # as in the trace: bytes are hexadecimal text
    result: Array
    event: Event

    def same(self, other: Operation) -> bool:
        """Whether two nodes report the same operation and result."""
        return (self.client, self.operation, self.command, self.result) == (
            other.client,
            other.operation,
            other.command,
            other.result,
        )


@dataclass(frozen=True)
class Part:
    """What a node reports of a slot: its operations in order, and the Apply that ends them."""

    operations: list[Operation]
    applied: Event


@dataclass
class Log:
    """Slots 1 .. `last_slot` with their operations. `missing`: the slot after it, if the trace has a later one.

    `told`: the first whole part of each slot, by slot, those after `missing` too. `hashed`: all events with a digest.
    """

    slots: list[list[Operation]] = field(default_factory=list)
    missing: int | None = None
    told: dict[int, Part] = field(default_factory=dict)
    hashed: list[Event] = field(default_factory=list)

    @property
    def last_slot(self) -> int:
        return len(self.slots)

    def operations(self) -> Iterable[Operation]:
        for slot in self.slots:
            yield from slot


def agreed_log(
    events: Iterable[Event], holes: Sequence[Hole], violate: Violate, joined: Collection[tuple[int, int]] = ()
) -> Log:
    """The log from the Operation and Apply events of honest nodes, in file order.

    `joined`: (node, boot) of lives whose beginning is not in the trace. Calls `violate(SAME_RESULTS, what)` where two
    nodes report different things about a slot, `violate(OF_THE_BODY, what)` where an operation is of another slot.
    """
    parts = _Parts(holes, joined, violate)
    log = Log()
    for event in events:
        if event.name != "Operation":
            log.hashed.append(event)
        operations = parts.feed(event)
        if operations is None:
            continue
        slot = event.fields["slot"]
        first = log.told.setdefault(slot, Part(operations, event))
        difference = _difference(first.operations, operations)
        if difference is not None:
            nodes = f"node {first.applied.node} and node {event.node}"
            violate(SAME_RESULTS, f"slot {slot}: {nodes} differ in {difference}")
    while log.last_slot + 1 in log.told:
        log.slots.append(log.told[log.last_slot + 1].operations)
    later = [slot for slot in log.told if slot > log.last_slot]
    log.missing = log.last_slot + 1 if later else None
    return log


def _difference(first: list[Operation], second: list[Operation]) -> str | None:
    if len(first) != len(second):
        return f"the number of operations: {len(first)} and {len(second)}"
    for one, other in zip(first, second):
        if not one.same(other):
            return f"an operation: {one.event} and {other.event}"
    return None


class _Parts:
    """Collects each node's operations until the Apply event that ends the slot."""

    def __init__(self, holes: Sequence[Hole], joined: Collection[tuple[int, int]], violate: Violate) -> None:
        self._violate = violate
        self._joined = joined
        self._holes: dict[tuple[int, int], list[Hole]] = defaultdict(list)
        for hole in holes:
            self._holes[hole.node, hole.boot].append(hole)
        self._open: dict[tuple[int, int], list[Operation]] = defaultdict(list)
        self._applied_seq: dict[tuple[int, int], int] = {}

    def feed(self, event: Event) -> list[Operation] | None:
        """The operations of the slot that `event` ends. None if it ends none, or if events of the slot are missing."""
        key = (event.node, event.boot)
        if event.name == "Operation":
            fields = event.fields
            numbers = fields["slot"], fields["client"], fields["operation"]
            self._open[key].append(Operation(*numbers, fields["command"], fields["result"], event))
            return None
        if event.name != "Apply":
            return None
        since = self._applied_seq.get(key)
        self._applied_seq[key] = event.seq
        operations, slot = self._open.pop(key, []), event.fields["slot"]
        if since is None and key in self._joined:
            return None
        after = -1 if since is None else since
        if any(after < hole.last_seq and hole.first_seq < event.seq for hole in self._holes[key]):
            return None
        for operation in operations:
            if operation.slot != slot:
                self._violate(OF_THE_BODY, f"{operation.event}: the node applies slot {slot} next")
        return [operation for operation in operations if operation.slot == slot]
