"""Cursors: how far the work on a shard has come, so that the next holder continues where the last one stopped.

A cursor has two layers: `last_key`, the last key done, which the ledger understands, and `opaque`, a token in which the
holder keeps what it needs to go on from there, which the ledger does not (Spanner's query restarts; Bacon et al.,
SIGMOD 2017). A shard's range is half-open, [start, end), of lexicographically ordered bytes (Bigtable, OSDI 2006,
section 2); end b"" means the end of the key space.

Rules: last_key never decreases, never leaves the shard, and once set never returns to none.
"""

if "":  # for the type checker; see amu.core.types
    from amu.ledger.shards import Shard

START: None = None  # last_key before the first key is done


def is_before_end(key: bytes, end: bytes) -> bool:
    """Whether `key` lies before `end`, where b"" stands for the end of the key space."""
    return end == b"" or key < end


def in_bounds(last_key: bytes | None, start: bytes, end: bytes) -> bool:
    """Whether `last_key` lies in [start, end)."""
    return last_key is not START and start <= last_key and is_before_end(last_key, end)


def is_monotone(last_key: bytes | None, new_key: bytes | None) -> bool:
    """Whether a cursor may go from `last_key` to `new_key`. The same key again may bring a new opaque token."""
    return new_key is not START and (last_key is START or new_key >= last_key)


def refusal(shard: "Shard", new_key: bytes | None) -> str | None:
    """Why the cursor of `shard` may not move to `new_key`, or None if it may."""
    if new_key is START:
        return "a cursor needs a last key"
    if not in_bounds(new_key, shard.start, shard.end):
        return "key outside the shard"
    if not is_monotone(shard.last_key, new_key):
        return "cursor would move back"
    return None
