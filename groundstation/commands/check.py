"""`amu check`: checks a recorded run against the modules."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from groundstation.record.contents import Summary

from groundstation.commands import panels

PANEL = panels.JUDGE


def check(
    path: Annotated[Path, typer.Argument(help="Folder of a run, or a trace file.", metavar="RUN_DIR_OR_TRACE")],
    tlc: Annotated[bool, typer.Option("--tlc", help="Also check the trace with TLC.")] = False,
    spec: Annotated[Path | None, typer.Option("--spec", help="Check against this TLA+ module only.")] = None,
    cfg: Annotated[Path | None, typer.Option("--cfg", help="TLC configuration of that module.")] = None,
    silent: Annotated[
        list[str] | None, typer.Option("--silent", help="An action that may happen unlogged. Repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Check a recorded run.  Example: [cyan]amu check runs/first-light-1-20260101T120000 --tlc[/cyan]

    Needs only the trace. A folder of runs means the newest run in it.

        amu check runs --json

        amu check /tmp/trace.ndjson --tlc

    With --spec and --cfg, checks any trace against any module. The trace has one JSON object per line: "event" names
    the operator, "state" (optional) holds the variables afterwards in ITF, other members are parameters. Or it is a
    file in ITF.

        amu check /tmp/queue.ndjson --spec Queue.tla --cfg Queue.cfg

    Exit codes: 0 pass, 1 crash, 2 bad input, 3 safety violation, 4 no progress, 5 incomplete trace.
    """
    if spec is not None or cfg is not None or silent:
        from groundstation.commands import observed

        raise typer.Exit(observed.check(path, spec, cfg, silent or [], tlc, as_json))

    from groundstation.console import SafeConsole, refused
    from groundstation.flight import progress, resumption
    from groundstation.record import run_directory
    from groundstation.verdict.table import print_verdict
    from groundstation.verdict.verdict import judge
    from specs.checking.check import check_trace
    from specs.checking.trace import TraceError
    from specs.tlc.runner import TlcError

    try:
        trace = run_directory.trace_of(path)
        summary = None if path.is_file() else _summary(trace.parent)
        with progress.checking() as tell:
            verdict = check_trace(trace, tlc, tell)
    except (run_directory.RunDirectoryError, TraceError, TlcError) as error:
        raise refused("check", error) from error
    run = None if path.is_file() else trace.parent
    resume = None if run is None else resumption.how(run, None if summary is None else summary["outcome"])
    judgement = judge(verdict, summary, run, resume=resume)
    if as_json:
        typer.echo(json.dumps(judgement.as_dict(), indent=2))
    else:
        print_verdict(judgement, SafeConsole())
    raise typer.Exit(judgement.exit_code)


def _summary(run: Path) -> "Summary | None":
    """The mission's own summary. None if its ground station died before writing one."""
    from groundstation.record import run_directory
    from groundstation.record.contents import Mission

    path = run / run_directory.VERDICT
    return run_directory.read_as(path, Mission)["mission"] if path.exists() else None
