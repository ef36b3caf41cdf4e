"""Shows a flight on the terminal until its person leaves."""

import asyncio
import os
import signal

import typer

from groundstation.terminal.app import Terminal
from groundstation.terminal.session import Session
from groundstation.web.flights import CHECKING, FLYING, STARTING, Flight
from specs.escape import escaped

DUMB = ("", "dumb", "unknown")


class TerminalError(Exception):
    """There is no terminal to draw on. Says what to do."""


def run(flight: Flight) -> None:
    """Show the flight until the person leaves; then say where it is. Raises TerminalError."""
    _require_terminal()
    terminal = Terminal(Session(flight))
    asyncio.run(_run(terminal))
    if terminal.crash is not None:
        raise terminal.crash
    for line in farewell(flight):
        typer.echo(escaped(f"console: {line}"), err=True)


async def _run(terminal: Terminal) -> None:
    """As `App.run`, and the terminal is restored when a signal ends the console. SIGHUP ends the process at once: its
    terminal is gone, and textual would wait without end for what it still has to write.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, terminal.exit)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup, too
    await terminal.run_async()


def farewell(flight: Flight) -> list[str]:
    """What the person should know on leaving: a flight that goes on, or how it ended."""
    told, run = flight.state(), flight.run
    if run is None:
        return ["the flight is still starting; amu console --tui --attach shows it"] * (told["state"] == STARTING)
    again = f"amu console --tui {run}"
    if told["state"] in (STARTING, FLYING):
        return [f"the flight goes on: {again} shows it again, and x there ends it"]
    if told["state"] == CHECKING:
        return [f"the mission is over and its trace is being checked: {again} shows the verdict"]
    verdict = (told.get("verdict") or {}).get("verdict")
    return [f"{run}: {verdict}" if verdict else f"{run}: {told['state']}"]


def _require_terminal() -> None:
    if not all(os.isatty(descriptor) for descriptor in (0, 1, 2)):
        raise TerminalError("--tui draws on a terminal; input or output is something else. Omit --tui for a page")
    kind = os.environ.get("TERM", "")
    if kind in DUMB:
        raise TerminalError(
            f"--tui cannot draw on a terminal of type {kind!r}; set TERM, for example to xterm-256color"
        )
