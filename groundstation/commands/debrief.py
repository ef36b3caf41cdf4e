"""`amu debrief`: the report of a run, with what was done to the swarm and what the crew did about it."""

from pathlib import Path
from typing import Annotated

import typer

from groundstation.commands import panels
from groundstation.commands.options import output, require_apart

PANEL = panels.JUDGE


def debrief(
    path: Annotated[Path, typer.Argument(help="Folder of a run, or a trace file.", metavar="RUN_OR_TRACE")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write; default: report.html of the run.", metavar="FILE", callback=output),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF, by Chromium.")] = False,
) -> None:
    """Draw a run's report with its debrief.  Example: [cyan]amu debrief runs --pdf[/cyan]

    Injects against detection and response, the procedure, go/no-go, orders, alarms and notes, each with the line of the
    trace that it is drawn from; then all that amu report draws. It is one self-contained file.

        amu debrief runs/first-procedure-1-20260101T120000 --out debrief.html

    --pdf needs Chromium, on PATH or named in AMU_CHROMIUM.

    Exit codes: 0 written, 1 crash, 2 bad input.
    """
    from groundstation.console import refused, say
    from groundstation.debrief import printed, write
    from groundstation.record.run_directory import RunDirectoryError, trace_of

    try:
        require_apart(out, trace_of(path))
        say(printed.write(path, out) if pdf else write.write(path, out, always=True))
    except (RunDirectoryError, printed.PrintError) as error:
        raise refused("debrief", error) from error
