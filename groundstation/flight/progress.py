"""What the operator sees while a rehearsal flies, and while its trace is checked.

The mission loop fills in a `Picture` at intervals; a display shows it. On a terminal the display is a live page,
elsewhere (a pipe, a CI log) it is a line every few seconds. All of it goes to standard error: standard output is for
the verdict. A display only reads: a slow terminal can delay the loop by one refresh, and the loop never waits for a
reader.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from groundstation.console import SafeConsole
from specs.escape import escaped

REFRESH_SECONDS = 0.25
LINE_SECONDS = 2.0
EVENTS_SHOWN = 6


@dataclass
class BoardPicture:
    """One board as the ground knows it: from its trace, so with the delay of its cable."""

    node: int
    byzantine: bool = False
    alive: bool = False
    mode: str = "-"
    boot: int = 0
    view: int = 0
    decided: int = 0
    applied: int = 0


@dataclass
class Picture:
    """The state of a mission, in numbers."""

    scenario: str
    seed: int
    slots_wanted: int
    operations_wanted: int
    boards: list[BoardPicture]
    mission_seconds: float = 0.0
    slots_decided: int = 0
    operations_confirmed: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)  # by name, of the whole run
    harm: dict[str, int] = field(default_factory=dict)  # the same by effect: "lost", "delayed", ...
    telecommands: dict[str, int] = field(default_factory=dict)
    events: deque[str] = field(default_factory=lambda: deque(maxlen=EVENTS_SHOWN))


class Display(Protocol):
    """Shows a mission."""

    def show(self, picture: Picture, refresh: Callable[[], None]) -> None:
        """Called often. If it is time, fills in the picture with `refresh` and shows it."""
        ...

    def event(self, text: str) -> None:
        """Something that the operator should see at once."""
        ...

    def close(self) -> None: ...


class SilentDisplay:
    """Shows nothing: for tests and for callers with a display of their own."""

    def show(self, picture: Picture, refresh: Callable[[], None]) -> None:
        """Shows nothing."""

    def event(self, text: str) -> None:
        """Shows nothing."""

    def close(self) -> None:
        """Nothing is held."""


class LineDisplay:
    """One line every few seconds, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0.0

    def show(self, picture: Picture, refresh: Callable[[], None]) -> None:
        now = time.monotonic()
        if now - self._shown < LINE_SECONDS:
            return
        self._shown = now
        refresh()
        applied = " ".join(f"{b.node}:{b.applied if b.alive else 'down'}" for b in picture.boards)
        self._print(
            f"t={picture.mission_seconds:.1f} s  slots {picture.slots_decided}/{picture.slots_wanted}  "
            f"operations {picture.operations_confirmed}/{picture.operations_wanted}  applied {applied}  "
            f"frames {' '.join(f'{kind} {count}' for kind, count in picture.harm.items() if count) or 'unharmed'}"
        )

    def event(self, text: str) -> None:
        self._print(escaped(text))

    def close(self) -> None:
        """Nothing is held."""

    def _print(self, text: str) -> None:
        # No wrapping, so that a log can be searched line by line.
        self._console.print(text, soft_wrap=True)


class LiveDisplay:
    """A page that is redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._live.start()
        self._shown = 0.0

    def show(self, picture: Picture, refresh: Callable[[], None]) -> None:
        now = time.monotonic()
        if now - self._shown >= REFRESH_SECONDS:
            self._shown = now
            refresh()
            self._live.update(page(picture), refresh=True)

    def event(self, text: str) -> None:
        """The page lists the picture's events itself."""

    def close(self) -> None:
        self._live.stop()


def display(console: Console | None = None) -> Display:
    """A live page on a terminal, lines elsewhere."""
    console = console or SafeConsole(stderr=True)
    return LiveDisplay(console) if console.is_terminal else LineDisplay(console)


@contextlib.contextmanager
def checking(console: Console | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """Shows the progress of a check: a function (what, done, total). A short check shows nothing."""
    console = console or SafeConsole(stderr=True)
    live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
    shown_at = time.monotonic()

    def tell(what: str, done: int, total: int) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at < (LINE_SECONDS if live is None or not live.is_started else REFRESH_SECONDS):
            return
        shown_at = time.monotonic()
        text = f"checked {done:,} of {total:,} {what}"
        if live is None:
            console.print(text, soft_wrap=True)
        else:
            live.start()
            live.update(Text(text), refresh=True)

    try:
        yield tell
    finally:
        if live is not None:
            live.stop()


def page(picture: Picture) -> RenderableType:
    """The live page."""
    columns = Table.grid(padding=(0, 3))
    columns.add_row(
        _counts("frames", picture.frames),
        _counts("faults", picture.faults),
        _counts("telecommands", picture.telecommands),
    )
    events = Text("\n".join(map(escaped, picture.events)), style="dim", no_wrap=True, overflow="ellipsis")
    # As a string it would be read as markup.
    title = Text(escaped(picture.scenario), style="bold")
    title.append(f"  seed {picture.seed}  mission time {picture.mission_seconds:.1f} s", style="not bold")
    return Panel(Group(_goals(picture), Text(), _boards(picture), Text(), columns, Text(), events), title=title)


def _goals(picture: Picture) -> Table:
    table = Table.grid(padding=(0, 1))
    goals = (
        ("slots decided", picture.slots_decided, picture.slots_wanted),
        ("operations confirmed", picture.operations_confirmed, picture.operations_wanted),
    )
    for name, done, wanted in goals:
        bar = ProgressBar(total=max(wanted, 1), completed=min(done, wanted), width=40)
        table.add_row(name, bar, f"{done} of {wanted}")
    return table


def _boards(picture: Picture) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("board", "mode", "boot", "view", "decided", "applied"):
        table.add_column(heading, justify="left" if heading in ("board", "mode") else "right")
    for board in picture.boards:
        name = Text(f"{board.node}", style="bold")
        if board.byzantine:
            name.append(" Byzantine", style="red")
        mode = Text(board.mode if board.alive else "down", style="green" if board.alive else "yellow")
        table.add_row(name, mode, str(board.boot), str(board.view), str(board.decided), str(board.applied))
    return table


def _counts(heading: str, counts: dict[str, int]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(heading)
    table.add_column("", justify="right")
    for name, count in counts.items():
        table.add_row(name, f"{count}")
    return table
