"""A trace of a rehearsal by two people, made up line by line, and a reader of the figures in a page."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from amu.core.limits import GROUND

LEASE = {"kind": "telecommand", "verb": "lease-acquire", "fields": {"resource": "d", "holder": 1, "slots": 5}}
KILL = {"kind": "board", "board": 2, "action": "kill", "fields": {}}
CUT = {"kind": "fault", "name": "cut", "seconds": 4.0, "rule": {"fault": "partition", "groups": [[0, 1]]}}
STEPS = [{"name": name} for name in ("look", "lease", "rest")]


class Trace:
    """Lines of a trace, written with `save`."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._seq: dict[tuple[int, int], int] = {}
        self.ground(
            0.0,
            "RunStart",
            scenario="made-up",
            seed=7,
            versions={},
            replica_count=4,
            byzantine=[],
            window_slots=4,
            tick_seconds=0.05,
        )

    def add(self, node: int, boot: int, at: float, event: str, **fields: Any) -> int:
        """Add a line. Returns its number, from 1."""
        seq = self._seq.get((node, boot), 0)
        self._seq[node, boot] = seq + 1
        about = {"run": "made-up-7", "node": node, "boot": boot, "seq": seq, "lamport": len(self.lines) + 1}
        self.lines.append({**about, "ticks": 0, "received": at, "event": event, **fields})
        return len(self.lines)

    def ground(self, at: float, event: str, **fields: Any) -> int:
        return self.add(GROUND, 0, at, event, **fields)

    def boot(self, node: int, boot: int, at: float, journal: str = "ok") -> int:
        self.ground(at, "BoardStart", board=node)
        told = {"journal": journal, "applied_slot": 0, "version": "0"}
        return self.add(node, boot, at, "Boot", **told)

    def order(self, at: float, sender: str, role: str, told: dict[str, Any], **fields: Any) -> int:
        about = {"order": f"{sender}-{at}", "sender": sender, "role": role, "told": told, "outcome": "accepted"}
        return self.ground(at, "Order", **{**about, **fields})

    def step(self, at: float, step: str, status: str, sender: str = "procedure", **fields: Any) -> int:
        number = [each["name"] for each in STEPS].index(step)
        return self.ground(at, "Procedure", step=step, number=number, status=status, sender=sender, **fields)

    def health(self, node: int, at: float) -> int:
        told = {"heap_free": 90_000, "heap_run": 60_000, "applied_slot": 0, "frames_surplus": 0}
        return self.ground(at, "Health", board=node, board_ticks=0, **told)

    def fly(
        self, events: list[tuple[float, Callable[[float], object]]], silent: dict[int, tuple[float, float]]
    ) -> None:
        """Play `events` at their seconds, while each board but the silent ones reports twice a second."""
        last = int(max(at for at, _ in events))
        for half in range(2 * last):
            for node in range(4):
                since, until = silent.get(node, (0.0, 0.0))
                if not since <= half / 2 < until:
                    events.append((half / 2, lambda at, node=node: self.health(node, at)))  # type: ignore[misc]
        for at, play in sorted(events, key=lambda event: event[0]):
            play(at)

    def save(self, path: Path) -> Path:
        path.write_text("".join(json.dumps(line) + "\n" for line in self.lines))
        return path


class Figures(HTMLParser):
    """The figures of a page: attributes and text of each `data` element; and `rows`, the texts of each table's row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.figures: list[tuple[dict[str, str], str]] = []
        self.rows: list[list[str]] = []
        self._is_in_figure = self._is_in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "data":
            self.figures.append(({name: value or "" for name, value in attrs}, ""))
            self._is_in_figure = True
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._is_in_cell = True
        elif tag == "small" and self._is_in_cell:
            self.rows[-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        self._is_in_figure &= tag != "data"
        self._is_in_cell &= tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._is_in_figure:
            attributes, text = self.figures[-1]
            self.figures[-1] = attributes, text + data
        if self._is_in_cell:
            self.rows[-1][-1] += data

    def row(self, first: str) -> list[str]:
        """The only row whose first cell is this."""
        [found] = [row for row in self.rows if row and row[0] == first]
        return found


def section(page: str, title: str) -> str:
    """The section of a page with this heading."""
    [found] = re.findall(rf"<section id=\"[^\"]*\"><h2>{re.escape(title)}</h2>.*?</section>", page, re.DOTALL)
    return str(found)
