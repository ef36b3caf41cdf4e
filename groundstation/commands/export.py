"""`amu export`: writes a recorded run in the format of another viewer."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from groundstation.commands import panels
from groundstation.commands.options import finite, output, require_apart

PANEL = panels.JUDGE


def export(
    path: Annotated[Path, typer.Argument(help="A trace file, or folder of a run.", metavar="TRACE_OR_RUN")],
    form: Annotated[Literal["shiviz", "perfetto", "lines"], typer.Option("--format", help="Format to write.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.", metavar="FILE", callback=output)],
    since: Annotated[
        float | None,
        typer.Option("--since", help="Omit events received before this mission second.", callback=finite),
    ] = None,
    until: Annotated[
        float | None,
        typer.Option("--until", help="Omit events received after this mission second.", callback=finite),
    ] = None,
) -> None:
    """Write a run for another viewer.  Example: [cyan]amu export runs --format perfetto --out flight.json[/cyan]

    perfetto: open the file in ui.perfetto.dev. One process per node, one span per slot, one arrow per message.

    shiviz: load the file in ShiViz. Vector clocks of every step. Export only a few seconds of a long run:

        amu export runs --format shiviz --since 4 --until 5 --out flight.log

    lines: the trace's lines, each with the mission second of its tick by estimate, and the error of that.

    Exit codes: 0 written, 1 crash, 2 bad input.
    """
    import json

    from groundstation.console import refused, say
    from groundstation.record import run_directory
    from groundstation.report.exports import causality, lines, perfetto, shiviz
    from specs.checking.trace import TraceError

    try:
        trace = run_directory.trace_of(path)
        require_apart(out, trace)
        steps = causality.read(trace, since, until)
        if form == "shiviz":
            run_directory.write_text(out, "".join(shiviz.log(steps)))
        elif form == "lines":
            run_directory.write_text(out, "".join(lines.log(trace, steps)))
        else:
            run_directory.write_text(out, json.dumps(perfetto.document(steps), separators=(",", ":")) + "\n")
    except (run_directory.RunDirectoryError, TraceError) as error:
        raise refused("export", error) from error
    except OSError as error:
        raise refused("export", f"{out}: cannot be written ({error.strerror}); choose another --out") from error
    say(f"{out}  {len(steps)} events")
    if form == "shiviz":
        say(f"parser  {shiviz.PARSER}")
