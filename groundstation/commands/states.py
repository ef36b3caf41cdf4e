"""`amu states`: explores all states of a TLA+ module, without Java."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import panels
from groundstation.commands.options import COUNT_MAX, integer

if TYPE_CHECKING:
    from groundstation.console import SafeConsole
    from specs.tla.explore.states import Report

PANEL = panels.SPECIFY


def states(
    path: Annotated[Path, typer.Argument(help="A TLA+ module.", metavar="FILE.tla")],
    cfg: Annotated[Path, typer.Option("--cfg", help="Its TLC configuration.")],
    limit: Annotated[
        int,
        typer.Option("--limit", help="Stop at this many distinct states.", metavar="N", parser=integer(1, COUNT_MAX)),
    ] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Explore all states of a small model.  Example: [cyan]amu states DieHard.tla --cfg DieHard.cfg[/cyan]

    Needs no Java. Continues after a violation, so that every invariant gets a verdict. SYMMETRY, VIEW and constraints
    work as in TLC. Properties of infinite behaviours are checked under the fairness of the specification. A deadlock
    is a violation if the configuration sets CHECK_DEADLOCK TRUE.

    Exit codes: 0 pass, 1 crash, 2 bad input or unsupported TLA+, 3 violation, 5 stopped at the limit, or nothing was
    checked.
    """
    from groundstation.console import SafeConsole, refused
    from specs.tla.explore.model import Model, load_configured
    from specs.tla.explore.states import explore
    from specs.tla.language.language import EvaluationError, ModuleError
    from specs.tla.syntax import configuration

    try:
        settings = configuration.read(cfg)
        model = Model(load_configured(path, settings), settings)
        report = explore(model, limit, _progress if sys.stderr.isatty() else None)
    except (ModuleError, EvaluationError) as error:
        raise refused("states", error) from error
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if as_json:
        typer.echo(json.dumps({**report.as_dict(), "exit_code": report.exit_code}, indent=2))
    else:
        _print(report, SafeConsole())
    raise typer.Exit(report.exit_code)


def _progress(distinct_states: int, depth: int) -> None:
    print(f"\r{distinct_states} states, depth {depth}", end="", file=sys.stderr, flush=True)


def _print(report: "Report", console: "SafeConsole") -> None:
    from rich.text import Text

    from specs.escape import escaped
    from specs.tla.explore.states import DEADLOCK
    from specs.tla.values.operations import shown
    from specs.verdict import HOLDS, PASS, VIOLATED

    styles = {HOLDS: "green", VIOLATED: "bold red"}
    whole = "all of them" if report.complete else "stopped at the limit"
    console.print(f"module    {report.module}")
    console.print(f"states    {report.distinct_states} distinct, depth {report.depth}; {whole}")
    for kind, verdicts in (("invariant", report.invariants), ("property", report.properties)):
        for name, verdict in verdicts.items():
            console.print(Text(f"{kind:<10}{name} ").append(verdict, style=styles.get(verdict, "yellow")))
    if report.deadlocks:
        how = "" if report.checks_deadlock else ", which the configuration does not forbid"
        console.print(f"deadlock  {report.deadlocks} states have no successor{how}")
    for note in report.notes:
        console.print(f"note      {note}", soft_wrap=True)
    for missing in report.missing:
        console.print(f"missing   {missing}", soft_wrap=True)
    for name, path in report.counterexamples.items():
        if name == DEADLOCK and not report.checks_deadlock:
            continue
        console.print(f"\n{name}: {len(path)} states", style="red")
        for number, (action, state) in enumerate(zip(report.actions[name], path), 1):
            console.print(f"{number}. {action}", style="bold")
            for variable in state:
                console.print(escaped(f"   {variable} = {shown(state[variable])}"), soft_wrap=True)
        if name in report.loops:
            back = report.loops[name] + 1
            console.print("stuttering without end" if back == len(path) else f"back to {back}", style="bold")
    style = "bold green" if report.verdict == PASS else "bold red"
    console.print(Text("verdict   ").append(report.verdict.upper(), style=style))
