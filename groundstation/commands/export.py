"""`amu export`: writes a recorded run in the format of another viewer."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from groundstation.commands import panels
from groundstation.commands.options import finite, output, require_apart

PANEL = panels.JUDGE
EXTRA = "pip install 'amu-swarm[export]'"
Form = Literal["mcap", "parquet", "shiviz", "perfetto", "lines"]
SUFFIXES = {"shiviz": ".log", "perfetto": ".json", "lines": ".lines.ndjson", "mcap": ".mcap", "parquet": ".parquet"}
ARCHIVES = ("mcap", "parquet")  # streamed, and never written over a file that exists


def export(
    path: Annotated[Path, typer.Argument(help="A trace file, or folder of a run.", metavar="TRACE_OR_RUN")],
    form: Annotated[Form, typer.Option("--to", "--format", help="Format to write.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write; default: beside the trace.", metavar="FILE", callback=output),
    ] = None,
    since: Annotated[
        float | None,
        typer.Option("--since", help="Omit events received before this mission second.", callback=finite),
    ] = None,
    until: Annotated[
        float | None,
        typer.Option("--until", help="Omit events received after this mission second.", callback=finite),
    ] = None,
) -> None:
    """Write a run for another viewer.  Example: [cyan]amu export runs --to perfetto --out flight.json[/cyan]

    mcap: a recording for Foxglove, PlotJuggler and others: every event as it is, scenario and hashes attached.

    parquet: a table for duckdb, pandas and others, one row per event.

        amu export runs --to parquet --out flight.parquet

    perfetto: open the file in ui.perfetto.dev. One process per node, one span per slot, one arrow per message.

    shiviz: load the file in ShiViz. Vector clocks of every step. Export only a few seconds of a long run:

        amu export runs --to shiviz --since 4 --until 5 --out flight.log

    lines: the trace's lines, each with the mission second of its tick by estimate, and the error of that.

    mcap and parquet need the extra "export", and refuse a file that exists.

    Exit codes: 0 written, 1 crash, 2 bad input.
    """
    from groundstation.console import refused, say
    from groundstation.os_errors import explained
    from groundstation.record import run_directory
    from specs.checking.trace import TraceError

    try:
        trace = run_directory.trace_of(path)
        target = trace.with_suffix(SUFFIXES[form]) if out is None else out
        require_apart(target, trace)
        write = _archive if form in ARCHIVES else _view
        events = write(form, trace, target, since, until)
    except (run_directory.RunDirectoryError, TraceError, _Refused) as error:
        raise refused("export", error) from error
    except OSError as error:
        advice = explained(OSError(error.errno, error.strerror), "choose another --out")
        raise refused("export", f"{target}: cannot be written: {advice}") from error
    say(f"{target}  {events} events")


class _Refused(Exception):
    """An extra that is missing, or an output that may not be written. One line."""


def _view(form: str, trace: Path, out: Path, since: float | None, until: float | None) -> int:
    """Write a picture's data, which is held in memory. Returns the number of events."""
    import json

    from groundstation.console import say
    from groundstation.record import run_directory
    from groundstation.report.exports import causality, lines, perfetto, shiviz

    steps = causality.read(trace, since, until)
    if form == "shiviz":
        run_directory.write_text(out, "".join(shiviz.log(steps)))
        say(f"parser  {shiviz.PARSER}")
    elif form == "lines":
        run_directory.write_text(out, "".join(lines.log(trace, steps)))
    else:
        run_directory.write_text(out, json.dumps(perfetto.document(steps), separators=(",", ":")) + "\n")
    return len(steps)


def _archive(form: str, trace: Path, out: Path, since: float | None, until: float | None) -> int:
    """Write a recording or a table, event by event. Returns the number of events."""
    import os

    from groundstation.console import complain
    from groundstation.record import run_directory
    from groundstation.report.exports.selected import Selected

    if os.path.lexists(out):
        raise _Refused(f"{out}: exists already, and is not overwritten; remove it, or choose another --out")
    selected = Selected(trace, since, until)
    try:
        if form == "mcap":
            from groundstation.report.exports import recording

            with run_directory.replacing(out) as temporary, temporary.open("wb") as file:
                recording.write(selected, trace, file)
        else:
            from groundstation.report.exports import table

            with run_directory.replacing(out) as temporary:
                try:
                    table.write(selected, trace, temporary)
                except table.TableError as error:
                    raise _Refused(f"{out}: cannot be written ({error}); make room, or choose another --out") from error
    except ImportError as error:
        raise _Refused(f"{error.name} is not installed: {EXTRA}") from error
    if selected.truncated:
        complain("export", f"{trace}: the last line was cut off, and is left out")
    return selected.count
