"""`amu report`: draws the report of a recorded run again."""

from pathlib import Path
from typing import Annotated

import typer

from groundstation.commands import panels

PANEL = panels.JUDGE


def report(
    path: Annotated[Path, typer.Argument(help="Folder of a run, or a trace file.", metavar="RUN_DIR_OR_TRACE")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write.", metavar="FILE.html")] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", help="Draw only the space-time diagram.", metavar="FILE.svg|.png")
    ] = None,
) -> None:
    """Draw a run's report.html again.  Example: [cyan]amu report runs/first-light-1-20260101T120000[/cyan]

    The report is one self-contained file: open it in a browser, or send it by mail.

        amu report runs

    A trace without a run, such as the simulator writes, gets its report beside it or in --out:

        amu report /tmp/trace.ndjson --out /tmp/flight.html

        amu report runs --figure flight.png

    Where people acted, or something was injected, it begins with the chapters of amu debrief.

    Exit codes: 0 written, 1 crash, 2 bad input.
    """
    from groundstation.console import refused, say
    from groundstation.debrief import write as debrief
    from groundstation.record import run_directory
    from groundstation.report import report as reports

    if out is not None and figure is not None:
        raise typer.BadParameter("give one of --out and --figure")
    try:
        if figure is not None:
            written = reports.write_figure(run_directory.trace_of(path), figure)
        else:
            written = debrief.write(path, out)
    except run_directory.RunDirectoryError as error:
        raise refused("report", error) from error
    say(written)
