"""A table whose rows have keys: it keeps its place when they change, and draws only what did."""

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.widgets import DataTable

from groundstation.terminal.words import Cell, text


class Listing(DataTable[Text]):
    """Rows with a cursor. `chosen`: the key of the row that it is on."""

    def __init__(self, headings: Sequence[str], id: str) -> None:
        super().__init__(id=id, cursor_type="row", cursor_foreground_priority="renderable")
        self._headings = headings
        self._rows: dict[str, tuple[Text, ...]] = {}

    def on_mount(self) -> None:
        for heading in self._headings:
            self.add_column(Text(heading), key=heading)

    @property
    def chosen(self) -> str | None:
        keys = list(self._rows)
        return keys[self.cursor_row] if 0 <= self.cursor_row < len(keys) else None

    def fill(self, rows: Mapping[str, Sequence[Cell]], colours: dict[str, str]) -> None:
        """Show these rows, in this order."""
        drawn = {key: tuple(text(cell, colours) for cell in row) for key, row in rows.items()}
        if list(drawn) != list(self._rows):
            self._replace(drawn)
            return
        for key, row in drawn.items():
            for heading, before, cell in zip(self._headings, self._rows[key], row):
                if before != cell or before.style != cell.style:
                    self.update_cell(key, heading, cell, update_width=len(cell) != len(before))
        self._rows = drawn

    def _replace(self, drawn: dict[str, tuple[Text, ...]]) -> None:
        """Begin again, with the cursor on the row that it was on, unless that was the first: it stays on top."""
        chosen, above = self.chosen if self.cursor_row > 0 else None, self.cursor_row - round(self.scroll_y)
        self._rows = drawn
        self.clear()
        for key, row in drawn.items():
            self.add_row(*row, key=key)
        if chosen in drawn:
            place = list(drawn).index(chosen)
            self.move_cursor(row=place, animate=False, scroll=False)
            self.scroll_to(y=max(0, place - above), animate=False)
