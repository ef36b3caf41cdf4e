"""The event log: the latest lines of the trace, the newest first, filtered."""

import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from groundstation.terminal import words
from groundstation.terminal.listing import Listing
from groundstation.terminal.view import Line, View

SHOWN = 100
FIELDS_CHARACTERS = 120
PAUSE_SECONDS = 0.5  # between two drawings: more often than that nobody can read it
HEADINGS = ("mission s", "Lamport", "who", "event", "fields")

Row = dict[str, Any]


class Events(View):
    """The latest events."""

    KEY, TITLE = "0", "Events"
    OWN = (("/", "filter the events"), ("Enter", "all of an event"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "filter", "Filter")]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._drawn: tuple[int, int, str, str] = (-2, 0, "", "")  # what is shown depends on this alone
        self._drawn_at = 0.0

    def compose(self) -> ComposeResult:
        yield Input(placeholder="press / and give words that an event must have", id="filter", compact=True)
        yield Line(id="counted", classes="said")
        yield Listing(HEADINGS, "events")

    def action_filter(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self) -> None:
        self.draw()

    def on_input_submitted(self) -> None:
        self.query_one(Listing).focus()

    def on_data_table_row_selected(self) -> None:
        chosen = self.query_one(Listing).chosen
        line = next((line for line in self.session.hub.events if str(line["offset"]) == chosen), None)
        if line is not None:
            self.terminal.show_text(f"{line['event']} of {words.who(line)}", lambda: words.members(line))

    def draw(self) -> None:
        events, asked = self.session.hub.events, self.query_one(Input).value
        key = (events[-1]["offset"] if events else -1, len(events), asked, self.app.theme)
        is_soon = time.monotonic() - self._drawn_at < PAUSE_SECONDS and key[2:] == self._drawn[2:]
        if key == self._drawn or is_soon:
            return
        self._drawn, self._drawn_at = key, time.monotonic()
        found = list(islice(_matching(events, asked), SHOWN))
        told = f"{words.count(len(found), 'event')} shown of the latest {len(events)}"
        self.say("counted", (told, words.FAINT))
        self.query_one(Listing).fill({str(line["offset"]): _cells(line) for line in found}, self.colours)


def _matching(events: deque[Row], asked: str) -> Iterator[Row]:
    wanted = asked.lower().split()
    for line in reversed(events):
        told = f"{line['event']} {words.who(line)} {words.fields(line)}".lower() if wanted else ""
        if all(word in told for word in wanted):
            yield line


def _cells(line: Row) -> list[words.Cell]:
    about = f"{line['received']:.3f}", str(line["lamport"]), words.who(line)
    return [*about, line["event"], words.cut(words.fields(line), FIELDS_CHARACTERS)]
