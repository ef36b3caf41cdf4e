"""`amu report`: draws the report of a recorded run anew."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    path: Annotated[Path, typer.Argument(help="Folder of a run.", metavar="RUN_DIR")],
) -> None:
    """Draw a run's report.html anew.  Example: [cyan]amu report runs/first-light-1-20260101T120000[/cyan]

    It is one file without any links to others, to be opened in a browser or sent to somebody.

        amu report runs
    """
    from groundstation import report as reports
    from groundstation import run_directory

    try:
        written = reports.write(run_directory.find(path))
    except run_directory.RunDirectoryError as error:
        typer.echo(f"amu report: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(written)
