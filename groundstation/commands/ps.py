"""`amu ps` and `amu stop`: list the boards that run on this machine and at its lines, stop those that nobody flies."""

import json
import os
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import panels

if TYPE_CHECKING:
    from groundstation.boards.leftovers import Swarm

PANEL = panels.FLY


def ps(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array on standard output.")] = False,
) -> None:
    """List the swarms whose boards run on this machine, and their ground stations.

    Boards outlive a ground station that dies. Resume them (amu rehearse --resume RUN), or stop them (amu stop RUN).
    """
    from groundstation.boards import leftovers
    from groundstation.console import say, table_console

    found = leftovers.swarms()
    if as_json:
        typer.echo(json.dumps([swarm.as_dict() for swarm in found], indent=2))
    elif not found:
        say("no board runs here")
    else:
        from rich.table import Table

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("scenario", "boards", "processes or lines", "since (UTC)", "ground station", "run"):
            table.add_column(heading, overflow="fold")
        for swarm in found:
            table.add_row(
                swarm.scenario,
                ", ".join(str(board.node) for board in swarm.boards),
                " ".join(board.place for board in swarm.boards),
                f"{swarm.since:%Y-%m-%d %H:%M:%S}",
                _flown_by(swarm),
                str(swarm.run) + (" (deleted)" if swarm.is_deleted else ""),
            )
        table_console().print(table)


def _why_none(run: str) -> str:
    """The error for a run without running boards: why there are none, and what to do."""
    from groundstation.record import run_directory

    if os.path.exists(os.path.join(run, run_directory.RUN)):
        return (
            f"{run}: all its boards are off, there is nothing to stop; if its mission is not complete, resume it: "
            f"amu rehearse --resume {shlex.quote(run)}"
        )
    return f"{run}: no boards of such a run are running here, and there is no such folder; amu ps lists running boards"


def _flown_by(swarm: "Swarm") -> str:
    if swarm.station is None:
        return "none"
    return f"process {swarm.station}" if swarm.station else "unknown process"


def stop(
    run: Annotated[
        str | None, typer.Argument(help="A run's folder or name, as amu ps shows it.", show_default=False)
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Stop every swarm without a ground station.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also stop boards whose ground station is alive.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the stopped swarms as a JSON array.")] = False,
) -> None:
    """Stop boards that a dead ground station left behind. Their flash is kept: the run can still be resumed.

    Exit codes: 0 stopped, 2 nothing to stop, or its ground station is alive.
    """
    from groundstation.boards import leftovers
    from groundstation.boards.base import BoardError
    from groundstation.console import EXIT_BAD_INPUT, complain, refused, say

    if (run is None) != all_:
        raise typer.BadParameter("give one of: a run, --all")
    found = [swarm for swarm in leftovers.swarms() if run is None or swarm.is_called(run)]
    if run is not None and not found:
        raise refused("stop", _why_none(run))
    stopped = []
    is_refused = False
    for swarm in found:
        try:
            leftovers.stop(swarm, force)
        except (leftovers.StillFlown, BoardError) as error:
            if run is not None or isinstance(error, BoardError):
                complain("stop", error)
                is_refused = True
            continue
        stopped.append(swarm)
        if not as_json:
            say(f"stopped {len(swarm.boards)} boards of {swarm.run}")
    if as_json:
        typer.echo(json.dumps([swarm.as_dict() for swarm in stopped], indent=2))
    elif not found:
        say("no board runs here")
    if is_refused:
        raise typer.Exit(EXIT_BAD_INPUT)
