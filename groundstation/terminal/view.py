"""What every view of the terminal is: a title, keys of its own, and `draw`."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.containers import Vertical
from textual.widgets import DataTable, Static

from groundstation.terminal import words

if TYPE_CHECKING:
    from groundstation.terminal.app import Terminal
    from groundstation.terminal.session import Session


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
        self.query(DataTable).first().focus()

    def say(self, id: str, *cells: words.Cell) -> None:
        """Show texts in the line called `id`."""
        line = self.query_one(f"#{id}", Static)
        told = words.joined(cells, self.colours)
        line.update(told)
        line.display = bool(told)
