"""`amu drill`: plays each fault that only hardware has."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import complete, panels
from groundstation.commands.options import AsJson, integer, output
from specs.seeds import SEED_MAX

if TYPE_CHECKING:
    from hil.bench.drill import Row

PANEL = panels.FLY


def drill(
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            help="Board kind, may be repeated.  [default: virtual; with --env, all of the bench]",
            show_default=False,
            autocompletion=complete.kinds,
        ),
    ] = None,
    env: Annotated[
        Path | None, typer.Option("--env", help="Drill a board of each kind of this bench.", metavar="ENV.toml")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Only this fault, may be repeated.  [default: all]", show_default=False),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", help="Seed of the missions.", metavar="S", parser=integer(0, SEED_MAX))
    ] = 1,
    out: Annotated[Path, typer.Option("--out", help="Folder of the runs.", metavar="DIR")] = Path("runs"),
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Also write JUnit XML.", metavar="FILE", callback=output)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play each fault that only hardware has, one short flight each.  Example: [cyan]amu drill --env desk.toml[/cyan]

    Was it detected, explained with what to do, did the board recover, and was nothing lost? What a kind of board cannot
    play is listed with the reason.

    Exit codes: 0 all passed, 1 a fault did not, 2 bad input.
    """
    from groundstation.boards.base import BoardError
    from groundstation.boards.environment import EnvironmentFileError
    from groundstation.boards.keys import KeysError
    from groundstation.console import refused, say
    from groundstation.flight.rehearsal import PlanError
    from groundstation.record.run_directory import RunDirectoryError
    from groundstation.scenario.errors import did_you_mean
    from hil.bench import drill as drills
    from hil.bench import junit as report

    known = drills.all_faults()
    for name in fault or []:
        if name not in known:
            raise refused("drill", f"no fault {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}")
    rows: list[Row] = []
    try:
        if env is None:
            found = [drills.subject(name) for name in kind or ["virtual"]]
        else:
            found = [each for each in drills.subjects(env) if not kind or each.kind in kind]
        for each in found:
            for row in drills.drill(each, fault or known, out, seed, drills.quiet()):
                rows.append(row)
                if not as_json:
                    for line in drills.told(row):
                        say(line)
    except (BoardError, EnvironmentFileError, KeysError, PlanError, RunDirectoryError) as error:
        raise refused("drill", error) from error
    if junit is not None:
        report.write(junit, "drill", [drills.case(row) for row in rows])
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=2))
    else:
        say(drills.summed_up(rows))
    if any(row.problems for row in rows):
        raise typer.Exit(1)
