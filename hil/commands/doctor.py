"""`amu doctor`: what is wrong with a bench."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson

PANEL = panels.FLY


def doctor(
    environment: Annotated[Path, typer.Argument(help="The bench's environment file.", metavar="ENV.toml")],
    as_json: AsJson = False,
) -> None:
    """Find what is wrong with a bench, and say what to do.  Example: [cyan]amu doctor desk.toml[/cyan]

    Looks at the keys, and at each Pico from the outside in: its line, who may open it and who holds it, its prompt,
    image, firmware, heap, flash and clock. Changes nothing, except that a board which a dead ground station left in
    flight leaves it.

    Exit codes: 0 nothing is wrong, 2 bad input, or something is.
    """
    from groundstation.boards.environment import EnvironmentFileError
    from groundstation.console import EXIT_BAD_INPUT, refused, say
    from hil.commands import extras

    extras.require("doctor")
    from hil.bench.doctor import examine

    try:
        troubles = examine(environment)
    except EnvironmentFileError as error:
        raise refused("doctor", error) from error
    if as_json:
        typer.echo(json.dumps([asdict(trouble) for trouble in troubles], indent=2))
    else:
        for trouble in troubles:
            say(f"{trouble.where}: {trouble.name}: {trouble.what}")
            say(f"    {trouble.advice}")
        say(f"{len(troubles)} {'trouble' if len(troubles) == 1 else 'troubles'}" if troubles else "nothing is wrong")
    if troubles:
        raise typer.Exit(EXIT_BAD_INPUT)
