"""What the ledger may answer: shards with their cursors, and leases, as a sequential specification.

Written apart from `amu.ledger`, from its rules in ARCHITECTURE.md and specs/ledger. Each verb has a function
`(table, slot, told, field, ...) -> outcomes`: every answer that the ledger may give in that slot, with the table after
it. `told` is the answer that was given, or None if none was seen; only what the table cannot know is taken from it:

- the token of a grant, for tokens come from one counter for all resources;
- a want of room, for the bounds are on all shards and all leases together;
- whether a completed shard has made room for others, and its number with it.

The token of a grant whose answer nobody saw is None until an accepted command shows it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from swarm_sim.linearizability.ledger_commands import SHARD_PREFIX, shard_of

OK, REFUSED = "ok", "refused"
Told = list[Any] | None


@dataclass(frozen=True)
class Lease:
    """A grant. It is live before `expires_slot`."""

    holder: int
    token: int | None
    expires_slot: int


@dataclass(frozen=True)
class Shard:
    """A range [start, end) of keys, b"" as end for no end, and the last key done."""

    start: bytes
    end: bytes
    last_key: bytes | None = None
    is_open: bool = True

    def is_before_end(self, key: bytes) -> bool:
        """Whether `key` lies before the end of the range."""
        return not self.end or key < self.end


@dataclass(frozen=True)
class Table:
    """Shards by number and leases by resource, each sorted; of a resource only its last lease."""

    shards: tuple[tuple[int, Shard], ...] = ()
    leases: tuple[tuple[str, Lease], ...] = ()

    def shard(self, number: int) -> Shard | None:
        """The shard of that number, open or not."""
        return next((shard for key, shard in self.shards if key == number), None)

    def is_open(self, number: int) -> bool:
        """Whether there is such a shard to work on."""
        shard = self.shard(number)
        return shard is not None and shard.is_open

    def live(self, resource: str, slot: int) -> Lease | None:
        """The lease that holds the resource in `slot`."""
        return next((lease for key, lease in self.leases if key == resource and slot < lease.expires_slot), None)

    def with_shard(self, number: int, shard: Shard) -> "Table":
        """The table with this shard under this number."""
        others = [row for row in self.shards if row[0] != number]
        return replace(self, shards=tuple(sorted([*others, (number, shard)], key=lambda row: row[0])))

    def with_lease(self, resource: str, lease: Lease) -> "Table":
        """The table with this lease as the resource's last."""
        others = self.without_lease(resource).leases
        return replace(self, leases=tuple(sorted([*others, (resource, lease)], key=lambda row: row[0])))

    def without_lease(self, resource: str) -> "Table":
        """The table after the resource was given back."""
        return replace(self, leases=tuple(row for row in self.leases if row[0] != resource))


Outcome = tuple[list[Any], Table]
Outcomes = Iterator[Outcome]


def overlap(start: bytes, end: bytes, shard_start: bytes, shard_end: bytes) -> bool:
    """Whether two ranges share a key."""
    return (not shard_end or start < shard_end) and (not end or shard_start < end)


def _refused(table: Table, reason: str) -> Outcome:
    return [REFUSED, reason], table


def _granted(table: Table, told: Told, resource: str, lease: Lease) -> Outcome:
    """A fresh grant: its token is whatever was told."""
    fresh = told[1] if told is not None and told[0] == OK and len(told) == 3 else None
    lease = replace(lease, token=fresh)
    return [OK, fresh, lease.expires_slot], table.with_lease(resource, lease)


def shard_create(table: Table, slot: int, told: Told, number: int, start: bytes, end: bytes) -> Outcomes:
    """A new shard."""
    if end and start >= end:
        yield _refused(table, "range is empty")
        return
    if table.shard(number) is not None:
        yield _refused(table, "shard number is taken")
        if table.is_open(number):
            return
    if any(shard.is_open and overlap(start, end, shard.start, shard.end) for _, shard in table.shards):
        yield _refused(table, "range overlaps an open shard")
        return
    yield _refused(table, "no room for another shard")
    yield [OK], table.with_shard(number, Shard(start, end))


def lease_acquire(table: Table, slot: int, told: Told, resource: str, holder: int, slots: int) -> Outcomes:
    """A lease, if the resource is free."""
    number = shard_of(resource)
    if number is not None and not table.is_open(number):
        yield _refused(table, "no such open shard")
    elif table.live(resource, slot) is not None:
        yield _refused(table, "resource is held")
    else:
        yield _refused(table, "no room for another lease")
        yield _granted(table, told, resource, Lease(holder, None, slot + slots))


def lease_renew(table: Table, slot: int, told: Told, resource: str, holder: int, token: int, slots: int) -> Outcomes:
    """A longer lease, never a shorter one."""
    for lease, reason in _held(table, slot, resource, token):
        if lease is None or lease.holder != holder:
            yield _refused(table, reason or "not the holder")
        else:
            lease = replace(lease, expires_slot=max(lease.expires_slot, slot + slots))
            yield [OK, token, lease.expires_slot], table.with_lease(resource, lease)


def lease_release(table: Table, slot: int, told: Told, resource: str, holder: int, token: int) -> Outcomes:
    """The resource is free."""
    for lease, reason in _held(table, slot, resource, token):
        if lease is None or lease.holder != holder:
            yield _refused(table, reason or "not the holder")
        else:
            yield [OK], table.without_lease(resource)


def cursor_advance(
    table: Table, slot: int, told: Told, number: int, token: int, last_key: bytes | None, opaque: bytes
) -> Outcomes:
    """The cursor stands at `last_key`. No answer tells the opaque token."""
    for shard, lease, reason in _working(table, slot, number, token):
        if shard is None or lease is None:
            yield _refused(table, reason)
        elif last_key is None:
            yield _refused(table, "a cursor needs a last key")
        elif last_key < shard.start or not shard.is_before_end(last_key):
            yield _refused(table, "key outside the shard")
        elif shard.last_key is not None and last_key < shard.last_key:
            yield _refused(table, "cursor would move back")
        else:
            after = table.with_shard(number, replace(shard, last_key=last_key))
            yield [OK], after.with_lease(_resource(number), lease)


def shard_split(table: Table, slot: int, told: Told, number: int, token: int, at_key: bytes, new: int) -> Outcomes:
    """The new shard takes the end of the old one, under a lease of the same holder and expiry."""
    for shard, lease, reason in _working(table, slot, number, token):
        if shard is None or lease is None:
            yield _refused(table, reason)
        elif at_key <= shard.start or not shard.is_before_end(at_key):
            yield _refused(table, "split point is not inside the shard")
        elif shard.last_key is not None and at_key <= shard.last_key:
            yield _refused(table, "split point is done already")
        else:
            if table.shard(new) is not None:
                yield _refused(table, "shard number is taken")
            if not table.is_open(new):
                yield _refused(table, "no room for another shard")
                yield _refused(table, "no room for another lease")
                after = table.with_shard(number, replace(shard, end=at_key)).with_lease(_resource(number), lease)
                after = after.with_shard(new, Shard(at_key, shard.end))
                yield _granted(after, told, _resource(new), lease)


def shard_handover(table: Table, slot: int, told: Told, number: int, token: int, to_holder: int) -> Outcomes:
    """Another holder, a fresh token, the same expiry."""
    for shard, lease, reason in _working(table, slot, number, token):
        if shard is None or lease is None:
            yield _refused(table, reason)
        else:
            yield _granted(table, told, _resource(number), replace(lease, holder=to_holder))


def shard_complete(table: Table, slot: int, told: Told, number: int, token: int) -> Outcomes:
    """The end of the work and of the lease."""
    for shard, lease, reason in _working(table, slot, number, token):
        if shard is None or lease is None:
            yield _refused(table, reason)
        else:
            yield [OK], table.with_shard(number, replace(shard, is_open=False)).without_lease(_resource(number))


def _resource(number: int) -> str:
    return f"{SHARD_PREFIX}{number}"


def _held(table: Table, slot: int, resource: str, token: int) -> Iterator[tuple[Lease | None, str]]:
    """(the live lease, "") if it is `token`'s, (None, reason) if not; both if its token is not known."""
    lease = table.live(resource, slot)
    if lease is None:
        yield None, "no live lease"
        return
    if lease.token is None or lease.token == token:
        yield replace(lease, token=token), ""
    if lease.token != token:
        yield None, "token is not the lease's"


def _working(table: Table, slot: int, number: int, token: int) -> Iterator[tuple[Shard | None, Lease | None, str]]:
    """(open shard, its lease, "") if `token` may work on it, (None, None, reason) if not."""
    shard = table.shard(number)
    if shard is None or not shard.is_open:
        yield None, None, "no such open shard"
        return
    for lease, reason in _held(table, slot, _resource(number), token):
        yield (shard, lease, "") if lease is not None else (None, None, reason)


RULES: dict[str, Callable[..., Outcomes]] = {
    "shard-create": shard_create,
    "lease-acquire": lease_acquire,
    "lease-renew": lease_renew,
    "lease-release": lease_release,
    "cursor-advance": cursor_advance,
    "shard-split": shard_split,
    "shard-handover": shard_handover,
    "shard-complete": shard_complete,
}
