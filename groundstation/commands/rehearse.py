"""`amu rehearse`: flies a scenario, checks every step, and gives a verdict."""

import dataclasses
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import complete, panels
from groundstation.commands.options import finite, integer
from specs.seeds import SEED_MAX

if TYPE_CHECKING:
    from groundstation.flight.rehearsal import Flight, Plan
    from groundstation.verdict.verdict import Judgement

PANEL = panels.FLY
DEFAULT = "first-light"


def rehearse(
    scenario: Annotated[
        str | None,
        typer.Argument(
            help=f"A shipped scenario's name or a TOML file.  [default: {DEFAULT}]",
            show_default=False,
            autocompletion=complete.missions,
        ),
    ] = None,
    boards: Annotated[
        int | None, typer.Option("--boards", help="Number of boards, 4 to 13.", metavar="N", parser=integer(4, 13))
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Seed of workload and faults.", metavar="S", parser=integer(0, SEED_MAX)),
    ] = None,
    speed: Annotated[
        float | None, typer.Option("--speed", help="Mission seconds per second.", metavar="X", callback=finite)
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Folder in which to create the run's folder.", metavar="DIR")
    ] = Path("runs"),
    kind: Annotated[
        str,
        typer.Option(
            "--kind", help="Board kind: virtual, emulated, ...", show_default="virtual", autocompletion=complete.kinds
        ),
    ] = "",
    env: Annotated[
        Path | None, typer.Option("--env", help="Fly the boards of this environment file.", metavar="ENV.toml")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option("--replay", help="Fly this run's scenario and seed again.", metavar="RUN_DIR")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume", help="Continue this run, whose ground station died, with its boards.", metavar="RUN_DIR"
        ),
    ] = None,
    orders: Annotated[
        bool, typer.Option("--orders", help="Take orders from amu console in flight, and end by one.")
    ] = False,
    announce: Annotated[
        Path | None, typer.Option("--announce", help="Write the name of the run's folder to FILE.", metavar="FILE")
    ] = None,
    tlc: Annotated[bool, typer.Option("--tlc/--no-tlc", help="Also check the trace with TLC.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Fly a mission, and check every step against the modules.  Example: [cyan]amu rehearse byzantine --seed 7[/cyan]

    Writes everything to the run's folder: trace, scenario, seed, versions, verdict, report.

        amu rehearse

        amu rehearse partition --boards 7 --seed 3 --out /tmp/runs

        amu rehearse --replay runs/first-light-1-20260101T120000

    Exit codes: 0 pass, 1 crash, 2 bad input, 3 safety violation, 4 no progress, 5 incomplete trace.
    """
    from groundstation.boards.environment import EnvironmentFileError
    from groundstation.boards.keys import KeysError
    from groundstation.console import EXIT_BAD_INPUT, complain, refused
    from groundstation.flight.rehearsal import PlanError
    from groundstation.record.run_directory import RunDirectoryError
    from groundstation.scenario.model import ScenarioError
    from groundstation.verdict.verdict import CRASH
    from specs.checking.trace import TraceError
    from specs.verdict import VIOLATION

    if env is not None and (kind or resume is not None):
        raise typer.BadParameter("--env names the boards: omit --kind and --resume")
    if sum(option is not None for option in (scenario, replay, resume)) > 1:
        raise typer.BadParameter("give one of: a scenario, --replay, --resume")
    if resume is not None and (boards, seed, speed, kind) != (None, None, None, ""):
        raise typer.BadParameter("--resume keeps the boards, the seed and the speed of the run: omit those options")
    try:
        plan = _plan(DEFAULT if scenario is None else scenario, (boards, seed, speed), kind, out, env, replay, resume)
        plan = dataclasses.replace(plan, takes_orders=orders, announce=announce)
        flight = _fly(plan)
    except (ScenarioError, RunDirectoryError, PlanError, EnvironmentFileError, KeysError) as error:
        raise refused("rehearse", error) from error
    try:
        judgement, problems = judge_flight(flight, tlc)
    except TraceError as error:  # nothing was recorded, or the recording was tampered with
        why = "" if flight.failure is None else f"; the mission was aborted: {flight.failure}"
        raise refused("rehearse", f"the flight cannot be judged: {error}{why}") from error
    _print(judgement, as_json)
    for problem in problems:
        complain("rehearse", problem)
    # Problems are the machine's fault, unless the recording shows a fault of the swarm.
    is_swarm_at_fault = judgement.verdict in (VIOLATION, CRASH)
    raise typer.Exit(judgement.exit_code if is_swarm_at_fault or not problems else EXIT_BAD_INPUT)


def _plan(
    name: str,
    options: tuple[int | None, int | None, float | None],
    kind: str,
    out: Path,
    env: Path | None,
    replay: Path | None,
    resume: Path | None,
) -> "Plan":
    from groundstation.boards.bench import of_environment
    from groundstation.flight import rehearsal
    from groundstation.record import run_directory
    from groundstation.scenario import model as scenario

    bench = None if env is None else of_environment(env)
    if bench is not None and options[0] is None:
        options = (len(bench.kinds), *options[1:])
    before = replay or resume
    if before is None:
        return rehearsal.Plan(scenario.load(name).flown(*options), kind or "virtual", out, bench=bench)
    before = run_directory.find(before)
    flown, kind_before = rehearsal.replayed(before)
    if resume is not None:
        return rehearsal.Plan(flown, kind_before, out, resumed=before)
    return rehearsal.Plan(flown.flown(*options), kind or kind_before, out, replayed=before, bench=bench)


def _fly(plan: "Plan") -> "Flight":
    from groundstation.flight import progress, rehearsal

    display = progress.display()
    try:
        return rehearsal.fly(plan, display)
    finally:
        display.close()


def judge_flight(flight: "Flight", tlc: bool) -> tuple["Judgement", list[str]]:
    """Check the trace of a flight, and write verdict and report to its folder. Returns the judgement and the problems
    of the ground station itself."""
    from groundstation.console import complain
    from groundstation.debrief import write as debrief
    from groundstation.flight import progress, resumption
    from groundstation.os_errors import NO_MEMORY, explained
    from groundstation.record import run_directory
    from groundstation.verdict.verdict import judge
    from specs.checking.check import check_trace
    from specs.escape import escaped
    from specs.tlc.runner import TlcError

    trace = flight.directory / run_directory.TRACE
    typer.echo(escaped(f"checking {trace}"), err=True)
    try:
        with progress.checking() as tell:
            verdict = check_trace(trace, tlc, tell)
    except TlcError as error:
        # A flight gets its verdict without Java too. The table says that TLC was not run.
        complain("rehearse", TlcError(f"TLC cannot be run: {error}"))
        verdict = check_trace(trace)
    again = f"amu rehearse --replay {shlex.quote(str(flight.directory))}"
    resume = resumption.how(flight.directory, flight.outcome)
    judgement = judge(verdict, flight.summary, flight.directory, again, resume)
    problems = [] if flight.failure is None else [f"the mission was aborted: {flight.failure}"]
    try:
        run_directory.write_json(flight.directory / run_directory.VERDICT, judgement.as_dict())
        typer.echo(escaped(f"drawing {flight.directory / run_directory.REPORT}"), err=True)
        debrief.write(flight.directory)
    except OSError as error:
        problems.append(f"verdict and report cannot be written: {explained(error)}")
    except run_directory.RunDirectoryError as error:
        problems.append(f"no report could be drawn: {error}")
    except (ImportError, MemoryError) as error:  # importing the drawing libraries needs memory
        problems.append(f"no report could be drawn: {error or NO_MEMORY}; try again: amu report {flight.directory}")
    return judgement, problems


def _print(judgement: "Judgement", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(judgement.as_dict(), indent=2))
        return
    from groundstation.console import SafeConsole
    from groundstation.verdict.table import print_verdict

    print_verdict(judgement, SafeConsole())
