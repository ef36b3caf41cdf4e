"""`amu fork`: rewinds a recorded run, changes one fault, and flies the branch."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson, finite, number

if TYPE_CHECKING:
    from swarm_sim.fork.found import Fork

PANEL = panels.HUNT


def fork(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a trace of amu sim.", metavar="RUN_DIR_OR_TRACE")],
    at: Annotated[float, typer.Option("--at", help="Mission second of the change.", min=0.0, callback=finite)],
    out: Annotated[Path, typer.Option("--out", help="New folder for the branch.", metavar="DIR")],
    set_fault: Annotated[
        str | None, typer.Option("--set", help="Begin this fault: kind, then fields as in a scenario.", metavar="FAULT")
    ] = None,
    remove: Annotated[
        str | None,
        typer.Option("--remove", help="End it: rule, kind:board[@second], liar:board, link:A-B.", metavar="FAULT"),
    ] = None,
    scenario: Annotated[Path | None, typer.Option("--scenario", help="The scenario that a trace flew.")] = None,
    slots: Annotated[int, number("--slots", "Slots of amu sim, for a trace drawn from a seed.", 1)] = 20,
    as_json: AsJson = False,
) -> None:
    """Rewind a run, change one fault, fly the branch.  Example: [cyan]amu fork runs --at 4 --remove drop --out b[/cyan]

    Up to that moment the branch is the run, to the byte; from then on it flies in the simulator from the same seed.
    The new folder is that of a run; diff.html shows the first divergent event and both runs around it.

        amu sim 7 --out trace.ndjson

        amu fork trace.ndjson --at 1.5 --remove liar:3 --out honest

        amu fork trace.ndjson --at 1.5 --set 'kill, node=2, restart_after=1.0' --out killed

        amu fork killed --at 2 --set 'drop, probability=0.3, source=[0]' --out worse

    A run on boards cannot be rewound: its scenario is flown in simulation instead, with and without the change.

    Exit codes: 0 forked, 1 crash, 2 bad input. The verdict on the branch is in its verdict.json.
    """
    from groundstation.console import refused
    from groundstation.record.run_directory import RunDirectoryError
    from groundstation.scenario.model import ScenarioError
    from swarm_sim.fork import fork as forking
    from swarm_sim.fork import origin as origins
    from swarm_sim.fork.change import Change, ForkError

    try:
        origin = origins.read(run, scenario, slots)
        found = forking.fork(origin, Change(at, set_fault, remove), out)
    except (ForkError, ScenarioError, RunDirectoryError) as error:
        raise refused("fork", error) from error
    except OSError as error:
        raise refused("fork", f"{out}: cannot be written ({error.strerror}); choose another --out") from error
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        _print(found, out)


def _print(found: "Fork", out: Path) -> None:
    from groundstation.console import SafeConsole
    from specs.escape import escaped
    from swarm_sim.fork.compare import told

    console = SafeConsole()
    for note in found.notes:
        console.print(escaped(note), style="yellow", soft_wrap=True)
    console.print(escaped(f"{found.origin.path}, {found.change}"), style="dim", soft_wrap=True)
    if found.divergence is None:
        console.print("the branch is the run: equal to the byte", soft_wrap=True)
    else:
        run, event = found.divergence.first
        console.print(escaped(f"first divergent event, in the {run}: {told(event)}"), soft_wrap=True)
    step = found.step
    if step is not None and found.divergence is not None and step.line != found.divergence.line:
        run, event = step.first
        console.print(escaped(f"first divergent step, in the {run}: {told(event)}"), soft_wrap=True)
    for row in found.rows:
        if row.parent != row.branch:
            console.print(escaped(row.told()), soft_wrap=True)
    console.print(escaped(f"pictures  {out / 'diff.html'}"), soft_wrap=True)
