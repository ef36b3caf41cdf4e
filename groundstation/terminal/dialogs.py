"""What opens over a view: a list of names and values."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from specs.escape import escaped


class Told(ModalScreen[None]):
    """Names and values, until a key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,question_mark", "dismiss", "Close")]

    def __init__(self, title: str, rows: list[tuple[str, str]]) -> None:
        super().__init__()
        self._title, self._rows = title, rows

    def compose(self) -> ComposeResult:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="bold")
        table.add_column(overflow="fold")
        for name, value in self._rows:
            table.add_row(Text(escaped(name)), Text(escaped(value)))
        with VerticalScroll(classes="dialog"):
            yield Static(Text(escaped(self._title)), classes="title")
            yield Static(table)
            yield Static("Escape or Enter closes this.", classes="said")
