"""Shards: disjoint, half-open ranges [start, end) of the key space, each with a cursor.

A shard is open until it is completed; then it neither moves nor splits, and its range is free for other shards.
Completed shards stay in the table as the record of work done until the place is needed: the lowest-numbered one then
makes room. A number is taken as long as its shard is in the table, so the cursor under a number in the table never
restarts.
"""

from amu.core import limits
from amu.ledger import cursors

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Array


class Shard:
    """One row. `end` b"" is the end of the key space; `last_key` None says that no key is done."""

    def __init__(
        self,
        number: int,
        start: bytes,
        end: bytes,
        last_key: bytes | None = cursors.START,
        opaque: bytes = b"",
        is_complete: bool = False,
    ) -> None:
        self.number = number
        self.start = start
        self.end = end
        self.last_key = last_key
        self.opaque = opaque
        self.is_complete = is_complete

    def row(self) -> "Array":
        """CBOR item of the row, in the order of the constructor's arguments."""
        return [self.number, self.start, self.end, self.last_key, self.opaque, self.is_complete]

    def overlaps(self, start: bytes, end: bytes) -> bool:
        """Whether [start, end) and this shard's range share a key."""
        return cursors.is_before_end(start, self.end) and cursors.is_before_end(self.start, end)


class ShardTable:
    """At most SHARDS_MAX shards, sorted by number."""

    def __init__(self) -> None:
        self.rows: list[Shard] = []  # at most SHARDS_MAX

    def find(self, number: int) -> Shard | None:
        """The shard with that number, or None."""
        for shard in self.rows:
            if shard.number == number:
                return shard
        return None

    def is_open(self, number: int) -> bool:
        shard = self.find(number)
        return shard is not None and not shard.is_complete

    def overlaps_open(self, start: bytes, end: bytes) -> bool:
        """Whether an open shard shares a key with [start, end)."""
        for shard in self.rows:
            if not shard.is_complete and shard.overlaps(start, end):
                return True
        return False

    def has_room(self) -> bool:
        """Whether one more shard fits, if need be in the place of a completed one."""
        return len(self.rows) < limits.SHARDS_MAX or self._first_complete() is not None

    def add(self, shard: Shard) -> None:
        """Put a new shard in. Only when `has_room()` and its number is not taken."""
        assert self.find(shard.number) is None, "shard number taken"
        if len(self.rows) == limits.SHARDS_MAX:
            del self.rows[self._first_complete()]  # type: ignore[arg-type]
        index = len(self.rows)
        while index > 0 and self.rows[index - 1].number > shard.number:
            index -= 1
        self.rows.insert(index, shard)

    def _first_complete(self) -> int | None:
        for i in range(len(self.rows)):
            if self.rows[i].is_complete:
                return i
        return None
