"""Prints the output of `amu`, on standard output and standard error.

All output goes through here. Data is never interpreted as markup, and no control character from a board, a file or a
name reaches a terminal: `specs.escape` escapes them. A console keeps line breaks, which tables need; code that prints
one value per line escapes those too (`escaped`).
"""

from collections.abc import Iterable

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from specs.escape import MultilineError, escaped, escaped_lines

LOG_COLUMNS = 160  # of a table in a file or a pipe: wide, because logs are searched line by line
EXIT_BAD_INPUT = 2


class SafeConsole(Console):
    """A console that prints strings literally: no markup, no emoji codes, no control characters."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of `renderable`, escaped, except for the console's own control codes."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(escaped(segment.text, keep="\n"), segment.style)


def table_console() -> Console:
    """A console on standard output. Wide if that is not a terminal."""
    console = SafeConsole()
    return console if console.is_terminal else SafeConsole(width=LOG_COLUMNS)


def say(text: object) -> None:
    """Print one line on standard output."""
    typer.echo(escaped(text))


def complain(command: str | None, problem: object) -> None:
    """Print an error on standard error: on one line, unless it is one of `MultilineError`."""
    who = "amu" if command is None else f"amu {command}"
    text = escaped_lines(str(problem)) if isinstance(problem, MultilineError) else escaped(problem)
    typer.echo(f"{who}: {text}", err=True)


def refused(command: str, problem: object) -> typer.Exit:
    """Print what is wrong with the input. Returns the exception to raise: exit code 2."""
    complain(command, problem)
    return typer.Exit(EXIT_BAD_INPUT)
