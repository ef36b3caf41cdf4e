"""`amu bench`: makes the boards of a bench ready and flies them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import complete, panels
from groundstation.commands.options import AsJson, finite, integer, output
from specs.seeds import SEED_MAX

if TYPE_CHECKING:
    from hil.bench.run import Result

PANEL = panels.FLY
DEFAULT = "first-light"


def bench(
    environment: Annotated[Path, typer.Argument(help="The bench's environment file.", metavar="ENV.toml")],
    missions: Annotated[
        list[str] | None,
        typer.Option(
            "--mission",
            help=f"Mission to fly, may be repeated.  [default: {DEFAULT}]",
            show_default=False,
            autocompletion=complete.missions,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of the missions.", metavar="S", parser=integer(0, SEED_MAX))
    ] = None,
    speed: Annotated[
        float | None, typer.Option("--speed", help="Mission seconds per second.", metavar="X", callback=finite)
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the runs.", metavar="DIR")] = Path("runs"),
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Also write JUnit XML.", metavar="FILE", callback=output)
    ] = None,
    tlc: Annotated[bool, typer.Option("--tlc/--no-tlc", help="Also check the traces with TLC.")] = True,
    as_json: AsJson = False,
) -> None:
    """Find, deploy, test and fly the boards of a bench.  Example: [cyan]amu bench desk.toml --junit bench.xml[/cyan]

    Deploys what differs, tries each board at its prompt (image, identity, heap, flash, clock), and flies the missions
    if all is well. Makes the bench's keys if there are none.

    Exit codes: 0 pass; 2 bad input, or a board is not ready; else the worst of the missions, as of amu rehearse.
    """
    from groundstation.boards.environment import EnvironmentFileError
    from groundstation.boards.keys import KeysError
    from groundstation.console import EXIT_BAD_INPUT, SafeConsole, refused, say
    from groundstation.flight.rehearsal import PlanError
    from groundstation.record.run_directory import RunDirectoryError
    from groundstation.scenario.model import ScenarioError
    from groundstation.verdict.table import print_verdict
    from hil.commands import extras

    extras.require("bench")
    from hil.bench import junit as report
    from hil.bench import run
    from specs.checking.trace import TraceError

    def tell(line: str) -> None:
        if not as_json:
            say(line)

    try:
        result = run.make_ready(environment, tell)
        for mission in (missions or [DEFAULT]) if result.is_ready else []:
            case, judgement = run.fly(environment, mission, seed, speed, out, tlc, tell)
            result.cases.append(case)
            result.judgements.append(judgement)
            if not as_json:
                print_verdict(judgement, SafeConsole())
    except (EnvironmentFileError, KeysError, PlanError, RunDirectoryError, ScenarioError, TraceError) as error:
        raise refused("bench", error) from error
    if junit is not None:
        report.write(junit, environment.stem, result.cases)
    if as_json:
        typer.echo(json.dumps(_as_dict(result), indent=2))
    codes = [judgement.exit_code for judgement in result.judgements]
    is_bad = any(case.problem is not None for case in result.cases)
    raise typer.Exit(next((code for code in codes if code), EXIT_BAD_INPUT if is_bad else 0))


def _as_dict(result: "Result") -> dict[str, object]:
    return {
        "ready": result.is_ready,
        "cases": [
            {
                "suite": case.suite,
                "name": case.name,
                "seconds": round(case.seconds, 3),
                "detail": case.detail,
                "problem": case.problem,
                "properties": dict(case.properties),
            }
            for case in result.cases
        ],
        "verdicts": [judgement.as_dict() for judgement in result.judgements],
    }
