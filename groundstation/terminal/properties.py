"""The properties of the modules: each in words, and whether it holds so far."""

import re
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from groundstation.terminal import words
from groundstation.terminal.listing import Listing
from groundstation.terminal.view import Line, View
from groundstation.terminal.words import BAD, FAINT, GOOD, Cell
from groundstation.web.flights import OVER, STORED
from specs.verdict import HOLDS, NOT_CHECKED, VIOLATED

HEADINGS = ("id", "state", "property", "module")
STYLES = {HOLDS: GOOD, VIOLATED: BAD, NOT_CHECKED: FAINT}
LATER = {HOLDS: " so far", NOT_CHECKED: " yet"}  # as long as the whole trace is not checked
ORDER = {VIOLATED: 0, HOLDS: 1, NOT_CHECKED: 2}
WHOLE = "The checker has compared every step of the trace with the TLA+ modules."
SENTENCE_CHARACTERS = 70

Row = dict[str, Any]


class Properties(View):
    """The live check."""

    KEY, TITLE = "7", "Properties"
    OWN = (("Enter", "all of the chosen property: what was violated, where its module says it"),)
    BINDINGS: ClassVar[list[BindingType]] = []

    def compose(self) -> ComposeResult:
        yield Line(id="progress", classes="said")
        yield Listing(HEADINGS, "properties")

    @property
    def is_whole(self) -> bool:
        """Whether the check has come to the end of a trace that does not grow any more."""
        trace = self.session.told.get("trace")
        if trace is None or self.session.state not in (OVER, STORED):
            return False
        return not trace["check_error"] and trace["checked"] >= trace["size"]

    def draw(self) -> None:
        rows = sorted(self.session.tables["properties"].values(), key=lambda row: (ORDER[row["state"]], *_number(row)))
        counts = {state: sum(row["state"] == state for row in rows) for state in ORDER}
        is_whole = self.is_whole
        told = f" {counts[HOLDS]} hold, {counts[VIOLATED]} violated, {counts[NOT_CHECKED]} not checked"
        told += "" if is_whole else LATER[NOT_CHECKED]
        self.say("progress", self._progress(is_whole) + (f"{told}." if rows else ""))
        self.query_one(Listing).fill({row["id"]: _cells(row, is_whole) for row in rows}, self.colours)

    def _progress(self, is_whole: bool) -> str:
        trace = self.session.told.get("trace")
        if is_whole:
            return WHOLE
        if trace is None:
            return "The check begins with the flight."
        if trace["check_error"]:
            return f"The trace cannot be checked further: {trace['check_error']}."
        share = 100 * trace["checked"] // trace["size"] if trace["size"] else 0
        return (
            f"The checker compares every step with the TLA+ modules; this is its verdict on the first {share} % of the "
            "trace."
        )

    def on_data_table_row_selected(self) -> None:
        chosen = self.query_one(Listing).chosen
        if chosen in self.session.tables["properties"]:
            self.terminal.show_text(chosen, lambda: _told(self.session.tables["properties"].get(chosen, {})))


def _number(row: Row) -> tuple[str, int]:
    """CON-2 before CON-10."""
    found = re.match(r"(\D*)(\d*)", row["id"])
    return (found[1], int(found[2] or 0)) if found else (row["id"], 0)


def _cells(row: Row, is_whole: bool) -> list[Cell]:
    state = row["state"] if is_whole else row["state"] + LATER.get(row["state"], "")
    module = next((f"{module}, line {line}" for module, line in row["places"]), row["feature"])
    return [row["id"], (state, STYLES[row["state"]]), words.cut(row["sentence"], SENTENCE_CHARACTERS), (module, FAINT)]


def _told(row: Row) -> list[tuple[str, str]]:
    """All of a property; nothing if it is gone."""
    if not row:
        return []
    told = [("property", row["sentence"]), ("state", row["state"])]
    told += [("because", row["reason"])] if row["reason"] else []
    told += [("violation", text) for text in row["violations"]]
    return told + [("module", f"{module}, line {line}") for module, line in row["places"]]
