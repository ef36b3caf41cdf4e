"""The ledger's possible answers about shards, their cursors, and leases: a sequential specification.

A second opinion, kept apart from `amu.ledger` on purpose: written from the rules in docs/reference/ledger.md and
specs/ledger, so that a mistake there is not made here as well. Each verb has a function
`(table, slots, reply, field, ...) -> outcomes`: every answer that the ledger may give, and the table after it.
`reply` is the actual answer, or None without one. The rules take from it only facts that the table cannot contain:

- the token of a grant: tokens of all resources come from one counter;
- lack of room: the bounds apply to all shards and all leases together;
- whether a completed shard was removed to make room, which frees its number.

An operation without an answer took effect in some slot of a span. So a lease ends in a span of slots, which narrows
when an answer shows it live or expired. The token of a grant without an answer is None until an accepted command shows
it. Spans of different operations are not checked against each other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from amu.core.types import Array
from swarm_sim.linearizability.ledger_commands import SHARD_PREFIX, shard_of
from swarm_sim.linearizability.ledger_order import is_numbered

OK, REFUSED = "ok", "refused"
Reply = Array | None
Span = tuple[int, int]  # the first and the last slot in which it may have happened


@dataclass(frozen=True)
class Lease:
    """A grant. It expires at a slot in the span `expires`."""

    holder: int
    token: int | None
    expires: Span


@dataclass(frozen=True)
class Shard:
    """A range [start, end) of keys, where the end b"" means no end, and the last key done."""

    start: bytes
    end: bytes
    last_key: bytes | None = None
    is_open: bool = True

    def is_before_end(self, key: bytes) -> bool:
        """Whether `key` is before the end of the range."""
        return not self.end or key < self.end


@dataclass(frozen=True)
class Table:
    """Shards by number and leases by resource, each sorted. Holds only the last lease of a resource."""

    shards: tuple[tuple[int, Shard], ...] = ()
    leases: tuple[tuple[str, Lease], ...] = ()

    def shard(self, number: int) -> Shard | None:
        """The shard of that number, open or not."""
        return next((shard for key, shard in self.shards if key == number), None)

    def is_open(self, number: int) -> bool:
        """Whether there is such a shard, and it is open."""
        shard = self.shard(number)
        return shard is not None and shard.is_open

    def lease(self, resource: str) -> Lease | None:
        """The last lease on the resource, live or not."""
        return next((lease for key, lease in self.leases if key == resource), None)

    def with_shard(self, number: int, shard: Shard) -> "Table":
        """The table with this shard under this number."""
        others = [row for row in self.shards if row[0] != number]
        return replace(self, shards=tuple(sorted([*others, (number, shard)], key=lambda row: row[0])))

    def with_lease(self, resource: str, lease: Lease) -> "Table":
        """The table with this lease as the resource's last."""
        others = self.without_lease(resource).leases
        return replace(self, leases=tuple(sorted([*others, (resource, lease)], key=lambda row: row[0])))

    def without_lease(self, resource: str) -> "Table":
        """The table without a lease on the resource."""
        return replace(self, leases=tuple(row for row in self.leases if row[0] != resource))


Outcome = tuple[Array, Table]
Outcomes = Iterator[Outcome]


def overlap(start: bytes, end: bytes, shard_start: bytes, shard_end: bytes) -> bool:
    """Whether two ranges share a key."""
    return (not shard_end or start < shard_end) and (not end or shard_start < end)


def _refused(table: Table, reason: str) -> Outcome:
    return [REFUSED, reason], table


def _granted(table: Table, reply: Reply, resource: str, lease: Lease) -> Outcomes:
    """A new grant. Its token is the one in the answer; its end too, if that is possible."""
    if reply is None:
        yield [OK], table.with_lease(resource, replace(lease, token=None))
    elif is_numbered(reply) and lease.expires[0] <= reply[2] <= lease.expires[1]:
        yield [OK, *reply[1:]], table.with_lease(resource, replace(lease, token=reply[1], expires=(reply[2], reply[2])))


def shard_create(table: Table, slots: Span, reply: Reply, number: int, start: bytes, end: bytes) -> Outcomes:
    """Creates a shard."""
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


def lease_acquire(table: Table, slots: Span, reply: Reply, resource: str, holder: int, length: int) -> Outcomes:
    """Grants a lease, if the resource is free."""
    number = shard_of(resource)
    if number is not None and not table.is_open(number):
        yield _refused(table, "no such open shard")
        return
    for after, lease in _with_live_lease(table, slots, resource):
        if lease is not None:
            yield _refused(after, "resource is held")
        else:
            yield _refused(after, "no room for another lease")
            yield from _granted(after, reply, resource, Lease(holder, None, (slots[0] + length, slots[1] + length)))


def lease_renew(
    table: Table, slots: Span, reply: Reply, resource: str, holder: int, token: int, length: int
) -> Outcomes:
    """Extends a lease, never shortens it."""
    for after, lease, reason in _held(table, slots, resource, token):
        if lease is None or lease.holder != holder:
            yield _refused(after, reason or "not the holder")
            continue
        first, last = (max(lease.expires[i], slots[i] + length) for i in (0, 1))
        lease = replace(lease, expires=(first, last))
        if reply is None:
            yield [OK], after.with_lease(resource, lease)
        elif reply[:2] == [OK, token]:
            yield from _granted(after, reply, resource, lease)


def lease_release(table: Table, slots: Span, reply: Reply, resource: str, holder: int, token: int) -> Outcomes:
    """Frees the resource."""
    for after, lease, reason in _held(table, slots, resource, token):
        if lease is None or lease.holder != holder:
            yield _refused(after, reason or "not the holder")
        else:
            yield [OK], after.without_lease(resource)


def cursor_advance(
    table: Table, slots: Span, reply: Reply, number: int, token: int, last_key: bytes | None, opaque: bytes
) -> Outcomes:
    """Advances the cursor to `last_key`. No answer contains the opaque token."""
    for after, shard, lease, reason in _working(table, slots, number, token):
        if shard is None or lease is None:
            yield _refused(after, reason)
        elif last_key is None:
            yield _refused(after, "a cursor needs a last key")
        elif last_key < shard.start or not shard.is_before_end(last_key):
            yield _refused(after, "key outside the shard")
        elif shard.last_key is not None and last_key < shard.last_key:
            yield _refused(after, "cursor would move back")
        else:
            yield [OK], after.with_shard(number, replace(shard, last_key=last_key))


def shard_split(table: Table, slots: Span, reply: Reply, number: int, token: int, at_key: bytes, new: int) -> Outcomes:
    """Splits a shard: the new one gets the end of the range, with a lease of the same holder and expiry."""
    for after, shard, lease, reason in _working(table, slots, number, token):
        if shard is None or lease is None:
            yield _refused(after, reason)
        elif at_key <= shard.start or not shard.is_before_end(at_key):
            yield _refused(after, "split point is not inside the shard")
        elif shard.last_key is not None and at_key <= shard.last_key:
            yield _refused(after, "split point is done already")
        else:
            yield from _split(after, reply, number, shard, lease, at_key, new)


def _split(table: Table, reply: Reply, number: int, shard: Shard, lease: Lease, at_key: bytes, new: int) -> Outcomes:
    """The split of a shard at a valid key, if the number is free and there is room."""
    if table.shard(new) is not None:
        yield _refused(table, "shard number is taken")
        if table.is_open(new):
            return
    yield _refused(table, "no room for another shard")
    yield _refused(table, "no room for another lease")
    after = table.with_shard(number, replace(shard, end=at_key)).with_shard(new, Shard(at_key, shard.end))
    for result, split in _granted(after, reply, _resource(new), lease):
        ends = lease.expires if reply is None else (reply[2], reply[2])
        yield result, split.with_lease(_resource(number), replace(lease, expires=ends))


def shard_handover(table: Table, slots: Span, reply: Reply, number: int, token: int, to_holder: int) -> Outcomes:
    """Gives the lease to another holder, with a new token and the same expiry."""
    for after, shard, lease, reason in _working(table, slots, number, token):
        if shard is None or lease is None:
            yield _refused(after, reason)
        else:
            yield from _granted(after, reply, _resource(number), replace(lease, holder=to_holder))


def shard_complete(table: Table, slots: Span, reply: Reply, number: int, token: int) -> Outcomes:
    """Closes the shard and ends its lease."""
    for after, shard, lease, reason in _working(table, slots, number, token):
        if shard is None or lease is None:
            yield _refused(after, reason)
        else:
            yield [OK], after.with_shard(number, replace(shard, is_open=False)).without_lease(_resource(number))


def _resource(number: int) -> str:
    return f"{SHARD_PREFIX}{number}"


def _with_live_lease(table: Table, slots: Span, resource: str) -> Iterator[tuple[Table, Lease | None]]:
    """(table, live lease or None): both answers if the spans allow both. Each answer narrows the span in the table."""
    lease = table.lease(resource)
    if lease is None:
        yield table, None
        return
    first, last = lease.expires
    if slots[0] < last:
        lease = replace(lease, expires=(max(first, slots[0] + 1), last))
        yield table.with_lease(resource, lease), lease
    if slots[1] >= first:
        yield table.without_lease(resource), None


def _held(table: Table, slots: Span, resource: str, token: int) -> Iterator[tuple[Table, Lease | None, str]]:
    """(table, live lease, "") if `token` is its token, (table, None, reason) if not; both if its token is unknown."""
    for after, lease in _with_live_lease(table, slots, resource):
        if lease is None:
            yield after, None, "no live lease"
            continue
        if lease.token is None or lease.token == token:
            shown = replace(lease, token=token)
            yield after.with_lease(resource, shown), shown, ""
        if lease.token != token:
            yield after, None, "token is not the lease's"


def _working(
    table: Table, slots: Span, number: int, token: int
) -> Iterator[tuple[Table, Shard | None, Lease | None, str]]:
    """(table, open shard, its lease, "") if `token` is valid for it, (table, None, None, reason) if not."""
    shard = table.shard(number)
    if shard is None or not shard.is_open:
        yield table, None, None, "no such open shard"
        return
    for after, lease, reason in _held(table, slots, _resource(number), token):
        yield (after, shard, lease, "") if lease is not None else (after, None, None, reason)


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
