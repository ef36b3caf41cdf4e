"""Splits a ledger history into parts, each with its sequential object.

Parts: each leased resource; each set of related shards, with their leases; each job. Shards are related if one is split
from the other or if clients requested overlapping ranges, so that the rules of one part never depend on the shards of
another.

Time in a part is ledger time: an operation that was answered in slot s took effect in s. One without an answer takes
effect in any slot from the highest that was answered before it was submitted, or never.
"""

import bisect
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from amu.core.types import Array
from swarm_sim.linearizability import job_rules, ledger_rules
from swarm_sim.linearizability.history import Nature, Operation
from swarm_sim.linearizability.job_rules import Job
from swarm_sim.linearizability.ledger_commands import is_well_formed, shard_of
from swarm_sim.linearizability.ledger_order import LedgerOperation, earliest_slots, is_numbered
from swarm_sim.linearizability.ledger_rules import Span, Table, overlap

SINGLE = "single"  # operations whose answer depends on no other operation
NO_ROOM_FOR_JOB = ["refused", "no room for another job"]

Outcomes = Iterable[tuple[Array, Hashable]]
Rules = Callable[[Any, Span, Operation], Outcomes]


class LedgerPart:
    """One object of the ledger. State: (slot of the last answer, the object's own state)."""

    def __init__(self, name: str, operations: Sequence[Operation], start: Hashable, rules: Rules) -> None:
        self.name = name
        self.operations = operations
        self.initial: Hashable = (1, start)
        self._rules = rules
        self._slots = sorted({_slot(operation) for operation in operations if not operation.is_pending})

    def step(self, state: tuple[int, Any], operation: Operation) -> Iterator[Hashable]:
        """An answered operation takes effect in its slot, a pending one in a span up to the next answered slot."""
        now, table = state
        slot = _slot(operation)
        if not operation.is_pending:
            for result, after in self._rules(table, (slot, slot), operation):
                if result == operation.response:
                    yield slot, after
            return
        index = bisect.bisect_right(self._slots, now)
        last = self._slots[index] if index < len(self._slots) else now
        if slot <= last:
            for result, after in self._rules(table, (max(now, slot), last), operation):
                if result[0] == "ok":
                    yield now, after

    def nature(self, operation: Operation) -> Nature:
        """Nothing: even a refusal advances ledger time."""
        return Nature.NONE

    def wants(self, operation: Operation) -> None:
        """Any."""

    def is_dead(self, state: Hashable) -> bool:
        """Never."""
        return False

    def impossible(self) -> None:
        """Not known."""


def parts(history: Sequence[LedgerOperation], workers: int) -> Iterator[LedgerPart]:
    """The parts of a history of a swarm of `workers` boards. The history must have no duplicates."""
    groups: dict[str, list[Operation]] = {}
    opens = []
    shards = _related_shards(history)
    for operation, earliest in zip(history, earliest_slots(history)):
        timed = _in_ledger_time(operation, earliest)
        name = _object_of(operation, shards)
        if name is not None:
            groups.setdefault(name, []).append(timed)
        elif is_well_formed(operation.command) and operation.command[0] == "job-open":
            opens.append(timed)
    for name in sorted(groups):
        yield _part(name, groups[name], opens, workers)


def _part(name: str, operations: list[Operation], opens: list[Operation], workers: int) -> LedgerPart:
    if name == SINGLE:
        return LedgerPart(name, operations, None, _single)
    if not name.startswith("job "):
        return LedgerPart(name, operations, Table(), _table)
    is_opened = any(operation.request[0] == "job-open" for operation in operations)
    return LedgerPart(name, operations + ([] if is_opened else opens), Job(), partial(_job, workers))


def _table(table: Any, slots: Span, operation: Operation) -> Outcomes:
    verb, *fields = operation.request
    return ledger_rules.RULES[verb](table, slots, operation.response, *fields)


def _job(workers: int, job: Any, slots: Span, operation: Operation) -> Outcomes:
    verb, *fields = operation.request
    return job_rules.RULES[verb](job, slots, operation.response, workers, *fields)


def _single(state: Hashable, slots: Span, operation: Operation) -> Outcomes:
    """Rules for a no-op, a malformed command, and a job-open that got no number."""
    verb, answer = operation.request[0], operation.response
    if verb == "noop":
        return [(["ok"], state)]
    if verb == "job-open":
        return [(NO_ROOM_FOR_JOB, state)]
    is_refusal = answer[0] == "refused" and str(answer[1]).startswith("malformed: ")
    return [(answer, state)] if is_refusal else []


def _in_ledger_time(operation: LedgerOperation, earliest: int) -> Operation:
    """The operation in ledger time: slot s is between 2s and 2s + 1. `request`: verb and fields, or ("malformed",)."""
    request = tuple(operation.command) if is_well_formed(operation.command) else ("malformed",)
    if not operation.is_answered or operation.slot is None:
        return Operation(operation.client, request, None, 2 * earliest, None, operation.label)
    first = 2 * operation.slot
    return Operation(operation.client, request, operation.result, first, first + 1, operation.label)


def _slot(operation: Operation) -> int:
    return int(operation.invoked) // 2


def _object_of(operation: LedgerOperation, shards: dict[int, int]) -> str | None:
    """The name of its part. None for an operation without an answer that belongs to no part, or to any job."""
    command = operation.command
    if not is_well_formed(command) or command[0] == "noop":
        return SINGLE if operation.is_answered else None
    verb, first = command[0], command[1]
    if verb == "job-open":
        if operation.result is None or not operation.is_answered:
            return None
        return f"job {operation.result[1]}" if is_numbered(operation.result) else SINGLE
    if verb.startswith("job-"):
        return f"job {first}"
    number = shard_of(first) if verb.startswith("lease-") else first
    return f"resource {first}" if number is None else f"shards with {_root(shards, number)}"


def _related_shards(history: Sequence[LedgerOperation]) -> dict[int, int]:
    """A forest of related shards: shard -> a smaller one of its set, or itself."""
    shards: dict[int, int] = {}
    ranges = []
    for operation in history:
        if is_well_formed(operation.command):
            verb, *fields = operation.command
            if verb == "shard-split":
                _join(shards, fields[0], fields[3])
            elif verb == "shard-create":
                ranges.append(tuple(fields))
    for i, (number, start, end) in enumerate(ranges):
        for other, other_start, other_end in ranges[:i]:
            if overlap(start, end, other_start, other_end):
                _join(shards, number, other)
    return shards


def _root(shards: dict[int, int], number: int) -> int:
    while shards.get(number, number) != number:
        number = shards[number]
    return number


def _join(shards: dict[int, int], one: int, other: int) -> None:
    low, high = sorted((_root(shards, one), _root(shards, other)))
    shards[high] = low
