"""Sends each page what changed since its last batch.

Rules
- A page acknowledges each batch. With UNACKNOWLEDGED_MAX batches open it gets no more: what changes meanwhile is
  coalesced, row by row. A page that acknowledges nothing for SLOW_SECONDS is slow, and every page shows that; after
  DEAF_SECONDS it is closed with a reason.
- Events that a page missed are named by their offsets in the trace (`gap`); it can ask for them again.
- Nothing waits for a page: what a page has not taken is a set of keys and a number, never a queue.
"""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

from groundstation.web.model import TABLES, Changed, Model
from groundstation.web.tail import Line

SCHEMA = 1  # of the messages
UNACKNOWLEDGED_MAX = 4
SLOW_SECONDS = 2.0  # without an acknowledgement: the page counts as slow
DEAF_SECONDS = 15.0
EVENTS_KEPT = 5000
EVENTS_SENT_MAX = 500  # in a batch

Message = dict[str, Any]


@dataclass(eq=False)
class Page:
    """One page that is open. next_offset: of the first event that it has not been sent."""

    name: str
    role: str
    next_offset: int
    dirty: Changed = field(default_factory=set)
    sent: int = 0  # number of the latest batch
    acknowledged: int = 0
    heard: float = field(default_factory=time.monotonic)
    knows: Message | None = None  # of the flight and the console

    @property
    def is_slow(self) -> bool:
        return self.sent > self.acknowledged and time.monotonic() - self.heard > SLOW_SECONDS

    @property
    def is_deaf(self) -> bool:
        return self.sent > self.acknowledged and time.monotonic() - self.heard > DEAF_SECONDS

    def acknowledge(self, number: int) -> None:
        """The page has drawn batch `number`."""
        if self.acknowledged < number <= self.sent:
            self.acknowledged = number
            self.heard = time.monotonic()


class Hub:
    """The pages of one console that have one sight, and the latest events. everybody: its pages of every sight."""

    def __init__(self, model: Model, everybody: list[Page] | None = None) -> None:
        self.model = model
        self.pages: list[Page] = []
        self.everybody: list[Page] = [] if everybody is None else everybody
        self.end = 0  # of what was read of the trace, in bytes
        self.foreign = 0  # lines whose meaning is not known
        self.events: deque[Line] = deque(maxlen=EVENTS_KEPT)

    def restart(self, model: Model, events: Iterable[Line] = (), end: int = 0) -> None:
        """Show another run, or another moment: every page begins again. events: the latest before byte `end`."""
        gone, self.model, self.end, self.foreign = _all(self.model), model, end, 0
        self.events = deque(events, EVENTS_KEPT)
        for page in self.pages:
            page.dirty, page.next_offset = page.dirty | gone | _all(model), self._first_offset()

    def replace(self, model: Model) -> None:
        """Show a picture of the same lines that knows more of what was before them."""
        gone, self.model = _all(self.model), model
        for page in self.pages:
            page.dirty |= gone | _all(model)

    def open(self, name: str, role: str) -> Page:
        """A new page. Its first batch has everything."""
        page = Page(name, role, self._first_offset())
        page.dirty = _all(self.model)
        self.pages.append(page)
        self.everybody.append(page)
        return page

    def _first_offset(self) -> int:
        """Where the events begin that a page gets first."""
        return self.events[-min(EVENTS_SENT_MAX, len(self.events))]["offset"] if self.events else 0

    def close(self, page: Page) -> None:
        """A page is gone."""
        self.pages.remove(page)
        self.everybody.remove(page)

    def console(self) -> Message:
        """What every page shows of the console: whose pages are open, and which of them do not keep up."""
        return {"people": [{"name": page.name, "role": page.role, "is_slow": page.is_slow} for page in self.everybody]}

    def take(self, lines: list[Line], end: int) -> None:
        """Take in the next lines of the trace, which end before byte `end`."""
        self.end = end
        for line in lines:
            self.foreign += not self.model.takes(line)
        self.events.extend(lines)
        self.spread()

    def spread(self) -> None:
        """Note for each page which rows have changed."""
        changed, self.model.changed = self.model.changed, set()
        for page in self.pages:
            page.dirty |= changed

    def batch(self, page: Page, flight: Message) -> Message | None:
        """What the page has not seen. None if it has seen everything, or has not acknowledged enough."""
        if page.sent - page.acknowledged >= UNACKNOWLEDGED_MAX:
            return None
        told = {"flight": flight, "console": self.console()}
        if not page.dirty and page.next_offset >= self.end and page.knows == told:
            return None
        if page.sent == page.acknowledged:
            page.heard = time.monotonic()
        page.sent += 1
        page.knows = told
        message: Message = {"type": "batch", "number": page.sent, **told, "tables": self._rows(page)}
        new = takewhile(lambda line: line["offset"] >= page.next_offset, reversed(self.events))
        message["events"] = events = list(islice(new, EVENTS_SENT_MAX))[::-1]
        first = events[0]["offset"] if events else self.end
        if first > page.next_offset:
            message["gap"] = [page.next_offset, first]
        page.next_offset = self.end
        return message

    def _rows(self, page: Page) -> dict[str, dict[str, Any]]:
        """The changed rows by table and key. None: the row is gone."""
        rows: dict[str, dict[str, Any]] = {}
        for table, key in page.dirty:
            rows.setdefault(table, {})[key] = self.model.tables[table].get(key)
        page.dirty = set()
        return rows


def _all(model: Model) -> Changed:
    return {(table, key) for table in TABLES for key in model.tables[table]}
