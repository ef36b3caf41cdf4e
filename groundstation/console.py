"""What `amu` prints, on standard output and standard error.

Everything that is printed goes through here. Data is never read as markup, and no control character of a board, a file
or a name reaches a terminal: `specs.escape` writes them out. A console keeps line breaks, for tables have them; whoever
prints a single value in a line of its own escapes them, too (`shown`).
"""

from collections.abc import Iterable
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from specs.escape import SeveralLines, shown, shown_lines

LOG_COLUMNS = 160  # of a table that goes into a file or a pipe: a log is searched line by line
EXIT_BAD_INPUT = 2


class SafeConsole(Console):
    """A console that shows strings as they are: no markup, no emoji codes, no control characters."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of `renderable`, escaped but for the console's own control codes."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(shown(segment.text, keep="\n"), segment.style)


def table_console() -> Console:
    """Standard output; wide where it is no terminal."""
    console = SafeConsole()
    return console if console.is_terminal else SafeConsole(width=LOG_COLUMNS)


def say(text: Any) -> None:
    """One line on standard output."""
    typer.echo(shown(text))


def complain(command: str | None, problem: object) -> None:
    """What is wrong, on standard error: one line, unless the problem is one of `SeveralLines`."""
    who = "amu" if command is None else f"amu {command}"
    text = shown_lines(str(problem)) if isinstance(problem, SeveralLines) else shown(problem)
    typer.echo(f"{who}: {text}", err=True)


def refused(command: str, problem: object) -> typer.Exit:
    """Says what is wrong with the input; to be raised: exit code 2."""
    complain(command, problem)
    return typer.Exit(EXIT_BAD_INPUT)
