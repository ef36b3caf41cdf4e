"""`amu deploy`: puts the flight software onto the Picos of a bench."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson

if TYPE_CHECKING:
    from groundstation.boards.environment import BoardEntry, Environment

PANEL = panels.FLY


def deploy(
    environment: Annotated[Path, typer.Argument(help="The bench's environment file.", metavar="ENV.toml")],
    usb: Annotated[
        list[str] | None,
        typer.Option(
            help="A board of kind uart that is on USB now: its prompt is put on UART0 as well.",
            metavar="NODE=SERIAL_NUMBER",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put the flight software onto the Picos of a bench.  Example: [cyan]amu deploy desk.toml[/cyan]

    It goes, compiled, into the one of two folders that does not fly, is checked there by one hash over all of it, and
    is switched to by a rename: whatever fails, a board runs the whole old tree or the whole new one. A board that has
    it already is left alone. A board that flies gets the command to leave its
    flight, under the bench's keys.

    A board of kind uart is reached through its serial adapter. Stock MicroPython has no prompt there: connect its USB
    as well for once, and say which it is, as [cyan]amu deploy desk.toml --usb 2=E66138528350B62F[/cyan].

    Exit codes: 0 all boards have it, 2 bad input, or a board could not be reached; the others have it then.
    """
    from groundstation.boards.base import BoardError
    from groundstation.boards.environment import EnvironmentFileError, load
    from groundstation.boards.keys import KeysError
    from groundstation.console import EXIT_BAD_INPUT, complain, refused, say
    from hil.commands import extras

    extras.require("deploy")
    try:
        bench = load(environment)
        exits = _exits(environment, bench)
        on_usb = _on_usb(usb or [], bench)
    except (EnvironmentFileError, KeysError, BoardError) as error:
        raise refused("deploy", error) from error
    entries = [entry for entry in bench.entries() if entry.is_real]
    if not entries:
        raise refused("deploy", f"{environment}: has no board on a line; the others carry their own firmware")
    results, is_refused = [], False
    for entry in entries:
        try:
            result = _deploy(entry, exits(entry.node), on_usb.get(entry.node))
        except BoardError as error:
            complain("deploy", f"board {entry.node}: {error}")
            is_refused = True
            continue
        results.append(result)
        if not as_json:
            what = "deployed" if result["changed"] else "has it already"
            say(
                f"board {entry.node}  {entry.serial_number}  {what}  {result['digest'][:12]}  {result['seconds']:.1f} s"
            )
    if as_json:
        typer.echo(json.dumps(results, indent=2))
    if is_refused:
        raise typer.Exit(EXIT_BAD_INPUT)


def _exits(environment: Path, bench: "Environment") -> Callable[[int], tuple[bytes, ...]]:
    """Frames that make a board leave its flight. Without keys there are none: the boards have never flown."""
    from groundstation.boards import keys, provision

    path = keys.path_of(environment)
    if not path.exists():
        return lambda node: ()
    found = keys.load(path, bench.name)
    return lambda node: provision.exits(found, node)


def _on_usb(options: list[str], bench: "Environment") -> dict[int, str]:
    """Serial numbers of Picos on USB by node. Raises BoardError."""
    from groundstation.boards.base import BoardError

    nodes = {str(entry.node): entry.node for entry in bench.boards if entry.adapter_baud}
    found = {}
    for option in options:
        node, _, serial_number = option.partition("=")
        if node not in nodes or not serial_number:
            boards = ", ".join(sorted(nodes)) or "none"
            raise BoardError(f"--usb {option}: want NODE=SERIAL_NUMBER of a board of kind uart; such nodes: {boards}")
        found[nodes[node]] = serial_number
    return found


def _deploy(entry: "BoardEntry", exits: tuple[bytes, ...], usb: str | None) -> dict[str, Any]:
    """`usb`: serial number of the Pico itself, if it is to be reached over USB."""
    from hil.boards.pico import deploy as deployment
    from hil.boards.pico import ports, tree
    from hil.boards.pico.approach import approach
    from hil.boards.uart import prompt

    began = time.monotonic()
    port = ports.of_entry(entry)  # one that is not there is missed before anything is done
    files = tree.flight_files()
    with approach(port if usb is None else ports.require(usb), exits) as repl:
        is_changed = deployment.deploy(repl, files)
        if entry.adapter_baud:
            is_changed |= prompt.install(repl, entry.baud)
        if usb is not None:
            repl.enter()  # the prompt is on UART0 now
    if usb is not None:
        approach(port).close()  # are the wires right?
    return {
        "node": entry.node,
        "serial_number": entry.serial_number,
        "changed": is_changed,
        "digest": tree.digest(files),
        "bytes": sum(map(len, files.values())),
        "seconds": round(time.monotonic() - began, 3),
    }
