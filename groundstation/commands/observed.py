"""`amu check TRACE --spec MODULE --cfg FILE`: checks any trace against any module."""

import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from groundstation.console import SafeConsole, complain
from groundstation.record import run_directory
from specs.checking import any_trace as observation_check
from specs.checking.any_trace import Checked
from specs.tla.language.language import EvaluationError, ModuleError
from specs.tla.observe.observe import ObservationError
from specs.tla.values.itf import ItfError
from specs.tlc.runner import TlcError
from specs.verdict import EXIT_BAD_INPUT, HOLDS, PASS, VIOLATED

STYLES = {HOLDS: "green", VIOLATED: "bold red"}


def check(path: Path, spec: Path | None, cfg: Path | None, silent: Sequence[str], tlc: bool, as_json: bool) -> int:
    """Check, print, and return the exit code."""
    if spec is None or cfg is None:
        raise typer.BadParameter("--spec and --cfg need each other, and --silent needs both")
    try:
        trace = run_directory.trace_of(path)
        checked = observation_check.check(trace, spec, cfg, tlc=tlc, silent=silent)
    except (
        run_directory.RunDirectoryError, ModuleError, ItfError, ObservationError, EvaluationError, TlcError
    ) as error:  # fmt: skip
        complain("check", error)
        return EXIT_BAD_INPUT
    if as_json:
        typer.echo(json.dumps({**checked.as_dict(), "exit_code": checked.verdict.exit_code}, indent=2))
    else:
        _print(checked, SafeConsole())
    return checked.verdict.exit_code


def _print(checked: Checked, console: Console) -> None:
    verdict, result = checked.verdict, checked.result
    console.print(f"module   {result.module}")
    steps = ", ".join(f"{name} {count}" for name, count in sorted(result.steps.items()))
    console.print(f"steps    {sum(result.steps.values())}: {steps}", soft_wrap=True)
    for name, state in verdict.as_dict()["invariants"].items():
        console.print(Text(f"         {name} ").append(state, style=STYLES.get(state, "yellow")))
    for note in verdict.notes:
        console.print(f"note     {note}", soft_wrap=True)
    for missing in verdict.missing:
        console.print(f"missing  {missing}", soft_wrap=True)
    for violation in verdict.violations:
        console.print(violation, style="red", soft_wrap=True)
    if verdict.tlc != "not run":
        console.print(f"TLC      {verdict.tlc}")
    style = "bold green" if verdict.verdict == PASS else "bold red"
    console.print(Text("verdict  ").append(verdict.verdict.upper(), style=style))
