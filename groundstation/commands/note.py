"""`amu note`: writes a note into the record of a flight."""

import getpass
import uuid
from pathlib import Path
from typing import Annotated

import typer

from groundstation.commands import panels

PANEL = panels.FLY


def note(
    text: Annotated[str, typer.Argument(help="What you saw, or decided.", metavar="TEXT")],
    run: Annotated[
        Path, typer.Option("--run", help="Folder of the run that flies, or a folder of runs.", metavar="DIR")
    ] = Path("runs"),
    sender: Annotated[str, typer.Option("--sender", help="Who writes it; default: you.", metavar="NAME")] = "",
    to_crew: Annotated[bool, typer.Option("--to-crew", help="The crew sees it before the debrief.")] = False,
) -> None:
    """Write a note into the record of a flight.  Example: [cyan]amu note "board 2 is silent"[/cyan]

    The flight must take orders (amu console, or amu rehearse --orders). The note is on record when the command ends. It
    is a director's: operators see it in the debrief, or at once with --to-crew.

    Exit codes: 0 on record, 1 crash, 2 bad input, or no flight takes orders.
    """
    from groundstation.console import refused, say
    from groundstation.orders import port
    from groundstation.record import run_directory

    body = {"kind": "note", "text": text, "to_crew": to_crew}
    order = {"id": uuid.uuid4().hex, "sender": sender or _user(), "order": body}
    try:
        folder = run_directory.find(run)
        answer = port.send(folder, order)
    except (run_directory.RunDirectoryError, port.NoFlightError) as error:
        raise refused("note", error) from error
    if answer["outcome"] != "accepted":
        raise refused("note", answer["reason"])
    say(f"on record: {folder}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "nobody"  # a user without a name
