"""Probes the ledger's monotonicity on the flight code itself.

Four hard invariants: a cursor never moves back; fencing tokens only grow; a shard's range is half-open and never empty;
a cursor that has a last key never loses it. The table in specs/decisions/README.md names the operator, the code and the
tests of each. Here each is also probed: the ledger must refuse a command that would break it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from amu.core.types import Array, Item
from amu.ledger.state import Ledger
from specs.audit import prohibitions, records
from specs.audit.flags import BLOCK, Flag
from specs.audit.project import Project

TABLE = ("Invariant", "Operator", "Code", "Test")
ROWS = 4


class _Log:
    """A ledger with one client, which sends one command per slot."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.slot = 0

    def apply(self, *command: Item) -> Array:
        self.slot += 1
        result: Array = self.ledger.apply(self.slot, [[1, self.slot, list(command)]])[0]
        return result

    def accepts(self, *command: Item) -> bool:
        return bool(self.apply(*command)[0] == "ok")

    def with_cursor(self, last_key: bytes) -> int:
        """Shard 1 of [b, y), leased, its cursor at `last_key`. Returns the fencing token."""
        assert self.accepts("shard-create", 1, b"b", b"y")
        token: int = self.apply("lease-acquire", "shard/1", 0, 100)[1]
        assert self.accepts("cursor-advance", 1, token, last_key, b"")
        return token


def cursor_moves_back() -> bool:
    """Cursor advancement: the new key is not below the old one (D2.3)."""
    log = _Log()
    token = log.with_cursor(b"m")
    return log.accepts("cursor-advance", 1, token, b"l", b"")


def cursor_loses_its_key() -> bool:
    """No regression of the last key to none (D2.5)."""
    log = _Log()
    token = log.with_cursor(b"m")
    return log.accepts("cursor-advance", 1, token, None, b"") or log.accepts("cursor-advance", 1, token, b"", b"")


def token_is_used_again() -> bool:
    """Fencing tokens grow and are never reused, over releases and expiries."""
    log = _Log()
    tokens = []
    for holder in range(4):
        tokens.append(log.apply("lease-acquire", "dock/1", holder, 1)[1])
        log.apply("noop")
    return any(later <= earlier for earlier, later in pairwise(tokens))


def range_is_not_half_open() -> bool:
    """Shard bounds are half-open and not empty: start < end, the end belongs to the next shard (D2.2, D2.4)."""
    log = _Log()
    if log.accepts("shard-create", 1, b"m", b"m") or log.accepts("shard-create", 2, b"n", b"m"):
        return True
    token = log.with_cursor(b"c")
    return log.accepts("cursor-advance", 1, token, b"y", b"") or not log.accepts("shard-create", 2, b"y", b"z")


PROBES: tuple[tuple[str, Callable[[], bool]], ...] = (
    ("a cursor moves back (D2.3)", cursor_moves_back),
    ("a cursor loses its last key (D2.5)", cursor_loses_its_key),
    ("a fencing token is used again", token_is_used_again),
    ("a shard's range is not half-open, or a cursor leaves it (D2.2, D2.4)", range_is_not_half_open),
)


def check(project: Project) -> Iterator[Flag]:
    """A flag for every probe that the flight code accepts, and for every table row without evidence."""
    for what, is_broken in PROBES:
        if is_broken():
            yield Flag(BLOCK, "firmware/amu/ledger", what, "monotonicity")
    rows = records.tables(project.text(records.INDEX), *TABLE) if project.exists(records.INDEX) else []
    if len(rows) < ROWS:
        yield Flag(
            BLOCK, records.INDEX, f"the table of hard invariants has {len(rows)} rows, want {ROWS}", "monotonicity"
        )
    for line, (invariant, operator, code, test) in rows:
        where = f"{records.INDEX}:{line}"
        for cell in (operator, code):
            path, _, name = cell.replace("`", "").partition(":")
            if project.line_of(path.strip(), name.strip()) is None:
                yield Flag(BLOCK, where, f"{invariant}: {path.strip()} has no {name.strip()}", "monotonicity")
        yield from prohibitions.tests_exist(project, where, invariant, test)
