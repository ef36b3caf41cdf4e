"""`amu twin`: a run on boards beside the simulation of its scenario."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson, output

if TYPE_CHECKING:
    from swarm_sim.fork.twin import Twin

PANEL = panels.JUDGE


def twin(
    run: Annotated[Path, typer.Argument(help="Folder of a run on boards.", metavar="RUN_DIR")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Page to write; by default twin.html in the run's folder.",
            metavar="FILE.html",
            callback=output,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare a run on boards with its simulation.  Example: [cyan]amu twin runs/first-light-1-20260101T120000[/cyan]

    Flies the run's scenario with its seed in the simulator, and goes through the slots in order: the consensus steps of
    each honest board, in its own order, each with its view. Names the first step that differs, and what the board had
    received by then in each run. Times and values are not compared: boards have timing of their own.

    Exit codes: 0 compared, 1 crash, 2 bad input.
    """
    import tempfile

    from groundstation.console import refused, say
    from groundstation.record.run_directory import RunDirectoryError
    from groundstation.scenario.model import ScenarioError
    from specs.checking.trace import TraceError
    from swarm_sim.fork import origin as origins
    from swarm_sim.fork import page
    from swarm_sim.fork import twin as twins
    from swarm_sim.fork.branch import fly
    from swarm_sim.fork.change import ForkError

    try:
        origin = origins.read(run)
        if origin.is_simulated:
            raise ForkError(f"{run}: is itself a simulation, which repeats to the byte; want a run on boards")
        with tempfile.TemporaryDirectory(prefix="amu-twin-") as scratch:
            flown = fly(origin.scenario, [], Path(scratch) / "trace.ndjson")
            found = twins.compare(origin.trace, flown.trace)
        written = out or origin.path / "twin.html"
        page.write_twin(found, origin.scenario, written)
    except (ForkError, ScenarioError, RunDirectoryError, TraceError) as error:
        raise refused("twin", error) from error
    except OSError as error:
        problem = f"{error.filename or out or run}: cannot be written ({error.strerror}); choose another --out"
        raise refused("twin", problem) from error
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
        return
    _print(found)
    say(f"pictures  {written}")


def _print(found: "Twin") -> None:
    from groundstation.console import say

    say(found.told())
    if found.parting is not None:
        parting = found.parting
        for side in parting.sides:
            say(side.told(parting.board, parting.slot))
