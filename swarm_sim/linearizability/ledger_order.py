"""Rules of a whole ledger history: identities, the order of slots, counters that only grow.

A reply contains the slot in which its operation took effect, so the order of effects is known without a search. It must
agree with real time across all objects: if one operation was answered before another was submitted, its slot is not the
later one. Fencing tokens and job numbers come from one counter each, so they grow with the slot.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from amu.core.types import Array
from amu.wire import cbor

GRANTS = ("lease-acquire", "shard-split", "shard-handover")
FORGOTTEN = ("stale: ", "busy: ")  # refusals that leave open the effect of an earlier copy of the request


@dataclass(frozen=True)
class LedgerOperation:
    """One operation of one client, as recorded by the ground.

    command: `[verb, field, ...]`. invoked: the time of the first submission. returned: the time at which f + 1 boards
    had sent the same reply, or None. Times are in any one unit. slot, result: that reply, or None.
    """

    client: int
    number: int
    command: Array
    invoked: float
    returned: float | None = None
    slot: int | None = None
    result: Array | None = None

    def __post_init__(self) -> None:
        answered = [part is not None for part in (self.returned, self.slot, self.result)]
        if any(answered) != all(answered):
            raise ValueError(f"{self.label}: want all of returned, slot and result, or none of them")

    @property
    def label(self) -> str:
        """Names it to people."""
        return f"client {self.client} operation {self.number} {self.command}"

    @property
    def is_answered(self) -> bool:
        """Whether the reply gives its effect."""
        return self.result is not None and not self.is_forgotten

    @property
    def is_forgotten(self) -> bool:
        """Whether the ledger no longer knew the operation: it may have taken effect before, or may later."""
        return (
            self.result is not None
            and len(self.result) == 2
            and self.result[0] == "refused"
            and str(self.result[1]).startswith(FORGOTTEN)
        )


@dataclass(frozen=True)
class Breach:
    """A rule of the whole history that `operation` breaks."""

    operation: LedgerOperation
    reason: str


def breaches(history: Sequence[LedgerOperation]) -> Iterator[Breach]:
    """All breaches of rules by the history as a whole."""
    yield from _answered_twice(history)
    yield from _out_of_order(history)
    tokens = [one for one in history if one.command[:1] and one.command[0] in GRANTS]
    yield from _not_growing(tokens, "token")
    yield from _not_growing([one for one in history if one.command[:1] == ["job-open"]], "job number")


def once(history: Sequence[LedgerOperation]) -> list[LedgerOperation]:
    """The operations without duplicates: of several copies an answered one, if there is one."""
    found: dict[tuple[int, int], LedgerOperation] = {}
    for operation in history:
        key = (operation.client, operation.number)
        if key not in found or (operation.is_answered and not found[key].is_answered):
            found[key] = operation
    return list(found.values())


def is_numbered(result: Array | None) -> TypeGuard[Array]:
    """Whether it is `["ok", number, slot]`: a grant, or a new job."""
    return result is not None and len(result) == 3 and result[0] == "ok" and all(type(n) is int for n in result[1:])


def earliest_slots(history: Sequence[LedgerOperation]) -> list[int]:
    """For each operation, the highest slot answered before it was submitted. 1 if there is none."""
    events = []
    for index, operation in enumerate(history):
        events.append((operation.invoked, 0, index))
        if operation.returned is not None:
            events.append((operation.returned, 1, index))
    highest = 1
    earliest = [1] * len(history)
    for _, is_answer, index in sorted(events):
        slot = history[index].slot
        if not is_answer:
            earliest[index] = highest
        elif slot is not None:
            highest = max(highest, slot)
    return earliest


def _out_of_order(history: Sequence[LedgerOperation]) -> Iterator[Breach]:
    for operation, earliest in zip(history, earliest_slots(history)):
        if operation.slot is not None and operation.slot < earliest:
            reason = f"took effect in slot {operation.slot}, but slot {earliest} was answered before it was submitted"
            yield Breach(operation, reason)


def _answered_twice(history: Sequence[LedgerOperation]) -> Iterator[Breach]:
    first: dict[tuple[int, int], LedgerOperation] = {}
    for operation in history:
        if not operation.is_answered:
            continue
        before = first.setdefault((operation.client, operation.number), operation)
        if _reply(before) != _reply(operation):
            reason = f"was applied twice: slot {before.slot} {before.result}, slot {operation.slot} {operation.result}"
            yield Breach(operation, reason)


def _reply(operation: LedgerOperation) -> bytes:
    """The wire form, for comparison: in Python True == 1."""
    return bytes(cbor.encode([operation.command, operation.slot, operation.result]))


def _not_growing(history: Sequence[LedgerOperation], counter: str) -> Iterator[Breach]:
    """Numbers that do not grow with the slot. Within a slot any order is possible, but no number is used twice."""
    given: dict[tuple[int, int], tuple[int, int, int]] = {}
    for index, operation in enumerate(history):
        if operation.slot is not None and is_numbered(operation.result):
            row = (operation.slot, operation.result[1], index)
            given.setdefault((operation.client, operation.number), row)
    rows = sorted(given.values())
    for (_, before, _), (_, number, index) in itertools.pairwise(rows):
        if number <= before:
            yield Breach(history[index], f"{counter} {number} was given out when {before} had been")
