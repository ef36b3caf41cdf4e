"""What every view of the terminal is: a title, keys of its own, and `draw`."""

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import DataTable, Static

from groundstation.terminal import words

if TYPE_CHECKING:
    from groundstation.terminal.app import Terminal
    from groundstation.terminal.session import Session


class Line(Static):
    """A text that changes: drawn when it does, and laid out again only when its size may be another."""

    _shown: Text | None = None

    def show(self, told: Text) -> None:
        """Show this text; nothing, if it is empty."""
        before = "" if self._shown is None else self._shown.plain
        if self._shown is not None and told == self._shown and told.spans == self._shown.spans:
            return
        self._shown = told
        self.update(told, layout=len(before) != len(told.plain) or before.count("\n") != told.plain.count("\n"))
        self.display = bool(told)


class View(Vertical):
    """One view. KEY: with which it is shown, as on the page. OWN: its own keys and what they do, for the help."""

    KEY: ClassVar[str]
    TITLE: ClassVar[str]
    OWN: ClassVar[tuple[tuple[str, str], ...]] = ()

    @property
    def terminal(self) -> "Terminal":
        return cast("Terminal", self.app)

    @property
    def session(self) -> "Session":
        return self.terminal.session

    @property
    def colours(self) -> dict[str, str]:
        return words.DARK if self.app.current_theme.dark else words.LIGHT

    def draw(self) -> None:
        """Show what is so now."""
        raise NotImplementedError

    def focus_first(self) -> None:
        """Put keys into the view: into its first table."""
        self.screen.set_focus(self.query(DataTable).first())

    def open_form(self, form: Screen[None]) -> None:
        """Open a form of orders over the view, if a flight takes orders now."""
        if self.session.is_flying:
            self.app.push_screen(form)
        else:
            self.terminal.notice("There is no flight that takes orders now.")

    def say(self, id: str, *cells: words.Cell) -> None:
        """Show texts in the line called `id`."""
        self.query_one(f"#{id}", Line).show(words.joined(cells, self.colours))
