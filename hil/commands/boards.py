"""`amu boards`: what serial lines are there, and which boards of a bench they are."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson

PANEL = panels.FLY


def boards(
    environment: Annotated[
        Path | None, typer.Argument(help="An environment file: tell which boards are its own.", metavar="ENV.toml")
    ] = None,
    bootsel: Annotated[
        str | None,
        typer.Option("--bootsel", help="Put the Pico with this serial number into BOOTSEL.", metavar="SERIAL"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List board kinds, and the serial lines of boards that are there.  Example: [cyan]amu boards desk.toml[/cyan]

    A board is known by its serial number; copy it from here into an environment file. Lines that the kernel does not
    list are found by links, named as in /dev/serial/by-id, in the folder that AMU_SERIAL_LINKS names.

    With --bootsel, a Pico that waits at its prompt becomes a drive that takes a MicroPython image (.uf2), as if it had
    been plugged in with its button held.

    Exit codes: 0 listed, and all boards of the file are there; 2 bad input, or a board is missing.
    """
    from groundstation.boards import environment as environments
    from groundstation.boards.base import board_kinds
    from groundstation.console import EXIT_BAD_INPUT, complain, refused

    try:
        bench = None if environment is None else environments.load(environment)
    except environments.EnvironmentFileError as error:
        raise refused("boards", error) from error
    if bootsel is not None:
        _to_bootsel(bootsel)
        return
    found = _found(bench)
    if as_json:
        typer.echo(json.dumps({"kinds": board_kinds(), "lines": found}, indent=2))
    else:
        _print(board_kinds(), found)
    there = {line["serial_number"].lower() for line in found if line["device"]}
    missing = [
        entry
        for entry in (bench.entries() if bench else [])
        if entry.serial_number and entry.serial_number.lower() not in there
    ]
    for entry in missing:
        complain("boards", f"{environment}: board {entry.node}, serial number {entry.serial_number}: is not there")
    if missing:
        raise typer.Exit(EXIT_BAD_INPUT)


def _to_bootsel(serial_number: str) -> None:
    from groundstation.boards.base import BoardError
    from groundstation.console import refused, say
    from hil.commands import extras

    extras.require("boards")
    from hil.boards.pico import bootsel

    try:
        bootsel.enter(serial_number)
    except BoardError as error:
        raise refused("boards", error) from error
    say(f"Pico {serial_number}: is in BOOTSEL; copy an image (.uf2) to the drive RPI-RP2 that appears")


def _found(bench: Any) -> list[dict[str, Any]]:
    from hil.boards.pico import ports

    nodes = {entry.serial_number.lower(): entry.node for entry in (bench.entries() if bench else [])}
    return [
        {
            "serial_number": port.serial_number,
            "product": port.product,
            "link": str(port.link),
            "device": None if port.device is None else str(port.device),
            "node": nodes.get(port.serial_number.lower()),
        }
        for port in ports.ports()
    ]


def _print(kinds: list[str], found: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from groundstation.console import say, table_console

    say(f"board kinds: {', '.join(kinds)}")
    if not found:
        say("no serial line of a board is there: plug one in, with a cable that carries data")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("serial number", "product", "device", "node", "link"):
        table.add_column(heading, overflow="fold")
    for line in found:
        node = "" if line["node"] is None else str(line["node"])
        table.add_row(line["serial_number"], line["product"], line["device"] or "gone", node, line["link"])
    table_console().print(table)
