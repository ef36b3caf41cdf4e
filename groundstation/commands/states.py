"""`amu states`: explores all states of a TLA+ module in this process."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def states(
    path: Annotated[Path, typer.Argument(help="A TLA+ module.", metavar="FILE.tla")],
    cfg: Annotated[Path, typer.Option("--cfg", help="Its TLC configuration.")],
    limit: Annotated[int, typer.Option("--limit", help="Stop at this many distinct states.", min=1)] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Explore all states of a small model.  Example: [cyan]amu states DieHard.tla --cfg DieHard.cfg[/cyan]

    Needs no Java. Goes on after a violation, so that every invariant gets a verdict. SYMMETRY, VIEW and constraints
    are applied as TLC applies them; what a property says of infinite behaviours is reported as not checked. A deadlock
    is a violation if the configuration says CHECK_DEADLOCK TRUE.

    Exit codes: 0 pass, 1 crash, 2 bad input or TLA+ that is not evaluated, 3 violation, 5 stopped at the limit.
    """
    from rich.console import Console

    from specs.checking import configuration
    from specs.checking.language import EvaluationError, ModuleError
    from specs.checking.model import Model, load_configured
    from specs.checking.states import explore

    try:
        settings = configuration.read(cfg)
        model = Model(load_configured(path, settings), settings)
        report = explore(model, limit, _progress if sys.stderr.isatty() else None)
    except (ModuleError, EvaluationError) as error:
        typer.echo(f"amu states: {error}", err=True)
        raise typer.Exit(2) from error
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if as_json:
        typer.echo(json.dumps({**report.as_dict(), "exit_code": report.exit_code}, indent=2))
    else:
        _print(report, Console())
    raise typer.Exit(report.exit_code)


def _progress(distinct_states: int, depth: int) -> None:
    print(f"\r{distinct_states} states, depth {depth}", end="", file=sys.stderr, flush=True)


def _print(report: Any, console: Any) -> None:
    from rich.markup import escape

    from specs.checking.operations import shown
    from specs.checking.report import HOLDS, PASS, VIOLATED
    from specs.checking.states import DEADLOCK

    styles = {HOLDS: "green", VIOLATED: "bold red"}
    whole = "all of them" if report.complete else "stopped at the limit"
    console.print(f"module    {report.module}", markup=False, highlight=False)
    console.print(f"states    {report.distinct_states} distinct, depth {report.depth}; {whole}", highlight=False)
    for kind, verdicts in (("invariant", report.invariants), ("property", report.properties)):
        for name, verdict in verdicts.items():
            console.print(f"{kind:<10}{escape(name)} [{styles.get(verdict, 'yellow')}]{verdict}[/]", highlight=False)
    if report.deadlocks:
        how = "" if report.checks_deadlock else ", which the configuration does not forbid"
        console.print(f"deadlock  {report.deadlocks} states have no successor{how}", highlight=False)
    for note in report.notes:
        console.print(f"note      {note}", markup=False, highlight=False, soft_wrap=True)
    for name, path in report.counterexamples.items():
        if name == DEADLOCK and not report.checks_deadlock:
            continue
        console.print(f"\n{name}: {len(path)} states", style="red", markup=False, highlight=False)
        for number, (action, state) in enumerate(zip(report.actions[name], path), 1):
            console.print(f"{number}. {action}", style="bold", markup=False, highlight=False)
            for variable in state:
                console.print(
                    f"   {variable} = {shown(state[variable])}", markup=False, highlight=False, soft_wrap=True
                )
    style = "bold green" if report.verdict == PASS else "bold red"
    console.print(f"verdict   [{style}]{report.verdict.upper()}[/]", highlight=False)
