"""What opens over a view: names and values, until a key closes it."""

from collections.abc import Callable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from specs.escape import escaped

DRAW_SECONDS = 0.5

Rows = list[tuple[str, str]]


class Told(ModalScreen[None]):
    """Names and values as they are now. A row without a value is a heading."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,question_mark", "dismiss", "Close")]

    def __init__(self, title: str, rows: Callable[[], Rows]) -> None:
        super().__init__()
        self._title, self._rows = title, rows

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static(Text(escaped(self._title)), classes="title")
            yield Static(id="told")
            yield Static("Escape or Enter closes this.", classes="said")

    def on_mount(self) -> None:
        self._draw()
        self.set_interval(DRAW_SECONDS, self._draw)

    def _draw(self) -> None:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="bold")
        table.add_column(overflow="fold")
        for name, value in self._rows():
            table.add_row(Text(escaped(name)), Text(escaped(value)))
        self.query_one("#told", Static).update(table)
