"""The clocks of boards, for the pages: a row for each board, of its latest life.

    boot, ticks        which life, and its latest tick
    now                [mission second at which the counter reached that tick, error], in seconds
    offset             [mission second at which it was 0, error], in seconds
    drift              [how much faster than nominal it runs, error], in parts per million
    error              the largest error of an estimate, in seconds
    words              `offset` and `drift` as the report says them
    troubles           what was odd, in words

What is not bounded is null. They are estimates from the trace (`groundstation.clocks`), which nothing depends on; they
are made at the first line of each PERIOD_SECONDS of mission time.
"""

from typing import Any, cast

from groundstation.clocks.clocks import Clocks, Life
from groundstation.report import clocks as words
from groundstation.web.tail import Line
from specs.checking.schema import Fields
from specs.checking.trace import Event

PERIOD_SECONDS = 1.0

Row = dict[str, Any]


class BoardClocks:
    """Of one run."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._clocks = Clocks()
        self._due = 0.0

    def feed(self, line: Line) -> set[str]:
        """Take in a line. Returns the keys of rows that changed."""
        head = (line["node"], line["boot"], line["seq"], line["lamport"], line["event"])
        self._clocks.feed(Event(0, *head, cast(Fields, line), line.get("ticks"), None, line["received"]))
        if line["received"] < self._due and line["event"] != "RunEnd":
            return set()
        self._due = line["received"] + PERIOD_SECONDS
        found = {str(life.node): _row(life) for life in self._clocks.latest()}
        changed = {key for key, row in found.items() if row != self.rows.get(key)}
        self.rows |= found
        return changed


def _row(life: Life) -> Row:
    now, offset, drift = life.now, life.offset, life.drift
    return {
        "node": life.node,
        "boot": life.boot,
        "ticks": life.ticks,
        "now": None if now is None else list(now),
        "offset": None if offset is None else list(offset),
        "drift": None if drift is None else list(drift),
        "error": life.error,
        "words": {"offset": words.offset(offset), "drift": words.drift(drift)},
        "troubles": life.troubles(),
    }
