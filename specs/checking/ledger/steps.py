"""Operations of the log as steps of ledger.tla and operations.tla.

Whether a command is malformed depends on its encoding, which the modules do not describe. Such a step has the verb
MALFORMED_VERB, and the node must have refused it as malformed. The modules judge everything else about a step.

The modules' values: keys become 0, 1, 2, ... in their order, and the end b"" of a range comes after all of them.
`shard/3` becomes <<"shard", 3>> and `dock/1` <<"dock/1", 0>>. Opaque tokens and digests stay text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amu.core import limits
from amu.core.errors import CodecError
from amu.core.types import Array
from amu.ledger import commands
from specs.checking.ledger.log import Operation
from specs.tla.values.values import Value

EXACTLY_ONCE = "LED-11"

TICK = "tick"
OK = "ok"
REFUSED = "refused"
MALFORMED = "malformed"
STALE = "stale"
BUSY = "busy"
MALFORMED_VERB = "Malformed"
REASONS = (MALFORMED, STALE, BUSY)  # refusals that do not depend on the ledger's state begin with one of these

NO_KEY = -1
NO_DIGEST = ""
BYTES_FIELDS = frozenset({"start", "end", "last_key", "opaque", "at_key", "payload", "digest"})
KEY_FIELDS = ("start", "end", "last_key", "at_key")
TEXT_FIELDS = ("opaque", "payload", "digest")


@dataclass(frozen=True)
class Request:
    """The part of an operation that operations.tla uses. `answer` is the result as text."""

    client: int
    operation: int
    answer: str


@dataclass(frozen=True)
class Step:
    """One step: `verb` and `arguments` name an action of ledger.tla.

    `outcome` is TICK (then there is no request), OK, REFUSED, or one of REASONS. A result has a number and a slot
    (`granted`: token and expiry, or job and deadline), a job's `status`, or neither.
    """

    verb: str
    arguments: tuple[Value, ...]
    outcome: str
    request: Request | None
    granted: tuple[int, int] | None
    status: str | None
    where: object  # for messages: a text, or an event, which is formatted only when needed
    operation: Operation | None = None  # of the log, and
    fields: Mapping[str, Value] | None = None  # of its command by name, bytes as bytes, if it is well-formed

    @property
    def told(self) -> tuple[Value, ...]:
        """The items of the result, if it has any."""
        return self.granted or (() if self.status is None else (self.status,))


@dataclass(frozen=True)
class Constants:
    """The constants of ledger.tla under which a log can be replayed: all values that its commands name."""

    shards: frozenset[int]
    things: frozenset[str]
    holders: frozenset[int]
    key_max: int
    opaques: frozenset[str]
    lease_slots: frozenset[int]
    workers: int
    payloads: frozenset[str]
    digests: frozenset[str]
    job_slots: frozenset[int]

    def as_dict(self) -> dict[str, Value]:
        """By the constants' names in the module."""
        return {
            "Shards": self.shards,
            "Things": self.things,
            "Holders": self.holders,
            "KeyMax": self.key_max,
            "Opaques": self.opaques,
            "LeaseSlots": self.lease_slots,
            "ShardsMax": limits.SHARDS_MAX,
            "LeasesMax": limits.LEASES_MAX,
            "Workers": frozenset(range(self.workers)),
            "FaultyMax": limits.faults_max(self.workers),
            "Payloads": self.payloads,
            "Digests": self.digests,
            "JobSlots": self.job_slots,
            "JobsMax": limits.JOBS_MAX,
        }


def action_of(verb: str) -> str:
    """Name of the action of a verb: lease-acquire is LeaseAcquire."""
    return "".join(word.capitalize() for word in verb.split("-"))


def outcome_of(result: Array) -> str:
    """The outcome that a result reports: OK, REFUSED, or one of REASONS."""
    if result[:1] == [OK]:
        return OK
    reason, colon, _ = str(result[1] if len(result) > 1 else "").partition(":")
    return reason if colon and reason in REASONS else REFUSED


def well_formed(command: Array) -> dict[str, Value] | None:
    """The fields of a command by name, bytes as bytes; None if it is malformed.

    The trace writes bytes as hexadecimal text, so text where bytes belong looks well-formed if it is hexadecimal.
    """
    shape = commands.SHAPES.get(command[0]) if command and isinstance(command[0], str) else None
    if shape is None or len(command) != 1 + len(shape):
        return None
    names = [name for name, _ in shape]
    fields = {name: _from_trace(name, item) for name, item in zip(names, command[1:])}
    try:
        commands.parse([command[0], *fields.values()])
    except CodecError:
        return None
    return fields


def _from_trace(name: str, item: Value) -> Value:
    if name not in BYTES_FIELDS or not isinstance(item, str):
        return item
    try:
        return bytes.fromhex(item)
    except ValueError:
        return item


class Steps:
    """Turns operations into steps, in log order. `replica_count`: boards of the swarm, the workers of jobs."""

    def __init__(self, operations: Iterable[Operation], replica_count: int) -> None:
        self._operations = list(operations)
        self._fields = [well_formed(operation.command) for operation in self._operations]
        keys = {
            key for fields in self._fields if fields for name in KEY_FIELDS if (key := fields.get(name)) is not None
        }
        self._key_numbers = {key: number for number, key in enumerate(sorted(keys))}
        self.clients = frozenset(operation.client for operation in self._operations)
        self.constants = self._constants(replica_count)

    def _constants(self, replica_count: int) -> Constants:
        found = [fields for fields in self._fields if fields]
        resources = {fields["resource"] for fields in found if "resource" in fields}
        named = {shard for resource in resources if (shard := commands.shard_of(resource)) is not None}
        shards = {fields[name] for fields in found for name in ("shard", "new_shard") if name in fields}
        return Constants(
            shards=frozenset(shards | named),
            things=frozenset(resource for resource in resources if commands.shard_of(resource) is None),
            holders=frozenset(fields[name] for fields in found for name in ("holder", "to_holder") if name in fields),
            key_max=max(len(self._key_numbers) - 1, 0),
            opaques=frozenset(fields["opaque"].hex() for fields in found if "opaque" in fields),
            lease_slots=frozenset(fields["slots"] for fields in found if "slots" in fields and "resource" in fields),
            workers=replica_count,
            payloads=frozenset(fields["payload"].hex() for fields in found if "payload" in fields),
            digests=frozenset(fields["digest"].hex() for fields in found if "digest" in fields),
            job_slots=frozenset(fields["slots"] for fields in found if "payload" in fields),
        )

    def steps(self) -> Iterable[Step]:
        """A Tick before the first operation of each slot, and a step for each operation."""
        slot = 0
        for operation, fields in zip(self._operations, self._fields):
            if operation.slot != slot:
                slot = operation.slot
                yield Step("Tick", (slot,), TICK, None, None, None, f"slot {slot}")
            yield self._step(operation, fields)

    def _step(self, operation: Operation, fields: dict[str, Value] | None) -> Step:
        where, result = operation.event, operation.result
        request = Request(operation.client, operation.operation, " ".join(str(part) for part in result))
        outcome = outcome_of(result)
        if fields is None:
            return Step(MALFORMED_VERB, (), outcome, request, None, None, where, operation)
        granted = (
            (result[1], result[2]) if outcome == OK and [type(part) for part in result[1:]] == [int, int] else None
        )
        status = str(result[1]) if outcome == OK and len(result) == 2 else None
        arguments = tuple(self._value(name, item) for name, item in fields.items())
        verb = action_of(operation.command[0])
        return Step(verb, arguments, outcome, request, granted, status, where, operation, fields)

    def _value(self, name: str, item: Value) -> Value:
        if name == "end" and item == b"":
            return len(self._key_numbers) if self._key_numbers else 1
        if name in KEY_FIELDS:
            return NO_KEY if item is None else self._key_numbers[item]
        if name == "resource":
            number = commands.shard_of(item)
            return (item, 0) if number is None else ("shard", number)
        return item.hex() if name in TEXT_FIELDS else item
