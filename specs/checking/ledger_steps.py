"""Operations of the log as steps of ledger.tla.

The module knows neither operation ids nor malformed commands: a repeated, stale, busy or malformed request changes
nothing and is a *stutter*. Whether it had to be one is decided here, from the ids and the shapes alone: a remembered
operation must have its first result again, and no other operation may be turned away for its id (LED-11).

The module's values: keys become 0, 1, 2, ... in their order, the end b"" of a range comes after all of them, `shard/3`
becomes <<"shard", 3>> and `dock/1` <<"dock/1", 0>>. Opaque tokens stay text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amu.core import limits
from amu.core.errors import CodecError
from amu.ledger import commands
from specs.checking.ledger_log import Operation, Violate

EXACTLY_ONCE = "LED-11"

OK = "ok"
REFUSED = "refused"
STUTTER = "stutter"
MALFORMED = "malformed:"
STALE = "stale:"
BUSY = "busy:"

NO_KEY = -1
BYTES_FIELDS = frozenset({"start", "end", "last_key", "opaque", "at_key"})
KEY_FIELDS = ("start", "end", "last_key", "at_key")


@dataclass(frozen=True)
class Step:
    """One step: `verb` and `arguments` name an action of ledger.tla, `outcome` is OK, REFUSED or STUTTER."""

    verb: str
    arguments: tuple[Any, ...]
    outcome: str
    granted: tuple[int, int] | None  # (token, expires_slot) that the result tells
    where: str  # for messages


@dataclass(frozen=True)
class Constants:
    """The constants of ledger.tla under which a log can be replayed: whatever its commands speak of."""

    shards: frozenset[int]
    things: frozenset[str]
    holders: frozenset[int]
    key_max: int
    opaques: frozenset[str]
    lease_slots: frozenset[int]

    def as_dict(self) -> dict[str, Any]:
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
        }


def action_of(verb: str) -> str:
    """Name of the action of a verb: lease-acquire is LeaseAcquire."""
    return "".join(word.capitalize() for word in verb.split("-"))


def well_formed(command: list[Any]) -> dict[str, Any] | None:
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


def _from_trace(name: str, item: Any) -> Any:
    if name not in BYTES_FIELDS or not isinstance(item, str):
        return item
    try:
        return bytes.fromhex(item)
    except ValueError:
        return item


class Steps:
    """Turns operations into steps, in log order, and holds the operation ids against their rules."""

    def __init__(self, operations: Iterable[Operation], violate: Violate) -> None:
        self._operations = list(operations)
        self._fields = [well_formed(operation.command) for operation in self._operations]
        self._violate = violate
        self._results: dict[tuple[int, int], list[Any]] = {}
        self._highest: dict[int, int] = {}
        keys = {
            key for fields in self._fields if fields for name in KEY_FIELDS if (key := fields.get(name)) is not None
        }
        self._key_numbers = {key: number for number, key in enumerate(sorted(keys))}
        self.constants = self._constants()

    def _constants(self) -> Constants:
        found = [fields for fields in self._fields if fields]
        resources = {fields["resource"] for fields in found if "resource" in fields}
        named = {commands.shard_of(resource) for resource in resources} - {None}
        shards = {fields[name] for fields in found for name in ("shard", "new_shard") if name in fields}
        return Constants(
            shards=frozenset(shards | named),
            things=frozenset(resource for resource in resources if commands.shard_of(resource) is None),
            holders=frozenset(fields[name] for fields in found for name in ("holder", "to_holder") if name in fields),
            key_max=max(len(self._key_numbers) - 1, 0),
            opaques=frozenset(fields["opaque"].hex() for fields in found if "opaque" in fields),
            lease_slots=frozenset(fields["slots"] for fields in found if "slots" in fields),
        )

    def steps(self) -> Iterable[Step]:
        """One Tick before the first operation of each slot, and one step an operation."""
        slot = 0
        for operation, fields in zip(self._operations, self._fields):
            if operation.slot != slot:
                slot = operation.slot
                yield Step("Tick", (slot,), OK, None, f"slot {slot}")
            yield self._step(operation, fields)

    def _step(self, operation: Operation, fields: dict[str, Any] | None) -> Step:
        where, result = str(operation.event), operation.result
        if self._is_turned_away(operation, fields is None):
            return Step("Noop", (), STUTTER, None, where)
        assert fields is not None, "a malformed command is a stutter"
        command = operation.command
        granted = (result[1], result[2]) if len(result) == 3 else None
        outcome = OK if result[:1] == [OK] else REFUSED
        arguments = tuple(self._value(name, item) for name, item in fields.items())
        return Step(action_of(command[0]), arguments, outcome, granted, where)

    def _value(self, name: str, item: Any) -> Any:
        if name == "end" and item == b"":
            return len(self._key_numbers) if self._key_numbers else 1
        if name in KEY_FIELDS:
            return NO_KEY if item is None else self._key_numbers[item]
        if name == "resource":
            number = commands.shard_of(item)
            return (item, 0) if number is None else ("shard", number)
        return item.hex() if name == "opaque" else item

    # --- operation ids ---------------------------------------------------------------------------

    def _is_turned_away(self, operation: Operation, is_malformed: bool) -> bool:
        """Whether the operation had to be a stutter. Its result must say so, or a rule is broken."""
        key = (operation.client, operation.operation)
        expected = self._expected(operation)
        if expected is not None:
            if operation.result != expected:
                self._violate(EXACTLY_ONCE, f"{operation.event}: its result was {expected} before")
            return True
        reason = str(operation.result[1]) if operation.result[:1] == [REFUSED] else ""
        for prefix, is_due in ((STALE, self._is_stale(*key)), (BUSY, self._has_no_room(operation.client))):
            if is_due != reason.startswith(prefix):
                self._violate(EXACTLY_ONCE, f"{operation.event}: `{prefix}` is {'' if is_due else 'not '}due")
            if is_due:
                return True
        self._results[key] = operation.result
        self._highest[operation.client] = max(self._highest.get(operation.client, -1), operation.operation)
        if is_malformed != reason.startswith(MALFORMED):
            self._violate(EXACTLY_ONCE, f"{operation.event}: the command is {'' if is_malformed else 'not '}malformed")
        return is_malformed or reason.startswith((MALFORMED, STALE, BUSY))

    def _expected(self, operation: Operation) -> list[Any] | None:
        if self._is_stale(operation.client, operation.operation):
            return None
        return self._results.get((operation.client, operation.operation))

    def _is_stale(self, client: int, operation: int) -> bool:
        return operation <= self._highest.get(client, -1) - limits.OPERATIONS_PER_CLIENT_MAX

    def _has_no_room(self, client: int) -> bool:
        return client not in self._highest and len(self._highest) >= limits.CLIENTS_MAX
