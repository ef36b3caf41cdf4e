"""Why the swarm does not move, for the pages: rows by slot, of each open slot; `open` names the first.

The engine is asked at the first line of each PERIOD_TICKS of the boards' clocks, so the rows are a function of the
trace, as everything else here.
"""

from typing import Any

from amu.core.limits import WINDOW_SLOTS
from groundstation.web.tail import Line
from groundstation.why.engine import Engine

PERIOD_TICKS = 50
OPEN = "open"  # key of the row of the first slot that is not applied

Row = dict[str, Any]


class Why:
    """The answers of one run."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._engine = Engine()
        self._due = 0.0

    def feed(self, line: Line) -> set[str]:
        """Take in a line. Returns the keys of rows that changed."""
        engine = self._engine
        engine.feed(line)
        if not engine.seen.count or (line["event"] != "RunEnd" and engine.seen.now < self._due):
            return set()
        self._due = engine.seen.now + PERIOD_TICKS * engine.seen.tick_seconds
        first = engine.seen.frontier + 1
        found = {str(slot): engine.explain(slot).as_dict() for slot in range(first, first + WINDOW_SLOTS)}
        found[OPEN] = found[str(first)]
        changed = {key for key in found.keys() | self.rows.keys() if found.get(key) != self.rows.get(key)}
        self.rows.clear()
        self.rows |= found
        return changed
