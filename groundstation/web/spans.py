"""What happened to boards over mission time, for the timeline: spans, and marks, which last no time.

A row has board, kind, since, until (None: it lasts), why. Kinds:

    off         from its death to its next boot; `why` in words
    silent      it takes part in nothing, because its memory is unknown
    boot        a mark: a life begins
    a board fault of the scenario, such as pause: `until` is its end, or `since` for one that lasts no time
"""

from typing import Any

from groundstation.record.board_events import WORDS, name_of
from groundstation.web.tail import Line

SPANS_MAX = 2000
OFF, SILENT, BOOT = "off", "silent", "boot"
DEATHS = ("BoardKill", "PowerCut", "BoardCrash")

Row = dict[str, Any]


class Spans:
    """A fold over the lines of a trace into `rows`. `changed`: keys since it was last emptied, of gone rows too."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.changed: set[str] = set()
        self._count = 0
        self._open: dict[tuple[int, str], str] = {}  # board and kind -> key

    def of_ground(self, line: Line) -> None:
        """A line of the ground station."""
        name, now = line["event"], line["received"]
        if name in DEATHS:
            self._end(line["board"], SILENT, now)
            self._begin(line["board"], OFF, now, WORDS[name_of(name, line)])
        elif name == "BoardFault":
            seconds = line.get("seconds")
            self._add(line["board"], line["kind"], now, now if seconds is None else now + seconds, "")
        elif name == "Erase":
            self._add(line["board"], "erase", now, now, WORDS["Erase"])

    def of_board(self, line: Line) -> None:
        """A line of a board."""
        node, name, now = line["node"], line["event"], line["received"]
        if name == "Boot":
            self._end(node, OFF, now)
            self._end(node, SILENT, now)
            self._add(node, BOOT, now, now, f"life {line['boot']}, journal {line['journal']}")
        elif name == "Silent":
            self._begin(node, SILENT, now, str(line["reason"]))
        elif name == "Rejoin":
            self._end(node, SILENT, now)

    def _begin(self, board: int, kind: str, now: float, why: str) -> None:
        if (board, kind) not in self._open:
            self._open[board, kind] = self._add(board, kind, now, None, why)

    def _end(self, board: int, kind: str, now: float) -> None:
        key = self._open.pop((board, kind), None)
        if key is not None and key in self.rows:
            self.rows[key] = {**self.rows[key], "until": now}
            self.changed.add(key)

    def _add(self, board: int, kind: str, since: float, until: float | None, why: str) -> str:
        key = str(self._count)
        self._count += 1
        self.rows[key] = {"board": board, "kind": kind, "since": since, "until": until, "why": why}
        self.changed.add(key)
        while len(self.rows) > SPANS_MAX:
            oldest = next(iter(self.rows))
            del self.rows[oldest]
            self.changed.add(oldest)
        return key
