"""Exports a trace as one Parquet table, by duckdb: a row per event, in the trace's order.

    line        number of the event's line in the trace
    run .. event    what every event has
    the others  a column per field of the schema, the same columns for every run; null where the event has no such field
    extra       JSON: what a ground event has beyond them

Lists, objects and registers are JSON text. `kind` is text: a message's number, a fault's name. The file's key-value
metadata has the scenario as flown, the seed, and SHA-256 of trace and firmware.

Rules
- The events go through a file without a name beside the output, which the system removes whatever happens.
- duckdb gets one thread and bounded memory, and loads nothing from the network.
"""

import contextlib
import json
import tempfile
from pathlib import Path
from typing import IO

import duckdb

from amu.core.limits import GROUND
from groundstation.report.exports import attached
from groundstation.report.exports.fields import fits, kinds
from groundstation.report.exports.selected import Selected
from specs.checking.schema import ENVELOPE
from specs.checking.trace import LINE_BYTES_MAX, Event

MEMORY = "192MB"
ROW_GROUP_ROWS = 50_000
SQL_TYPES = {"integer": "UBIGINT", "number": "DOUBLE", "string": "VARCHAR", "json": "JSON"}
ALWAYS = {"run": "VARCHAR", "node": "UTINYINT", "boot": "UBIGINT", "seq": "UBIGINT", "lamport": "UBIGINT"}
ALWAYS |= {"ticks": "UBIGINT", "received": "DOUBLE", "event": "VARCHAR"}
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": MEMORY,
    "threads": "1",
    "preserve_insertion_order": "true",
    "autoinstall_known_extensions": "false",
}


class TableError(Exception):
    """duckdb could not write the table. One line."""


def columns() -> dict[str, str]:
    """Name and SQL type of each column."""
    fields = {name: "VARCHAR" if name == "kind" else SQL_TYPES[kind] for name, kind in kinds().items()}
    return {"line": "UBIGINT"} | ALWAYS | fields | {"extra": "JSON"}


def write(selected: Selected, trace: Path, path: Path) -> None:
    """Write the events of `trace` as Parquet to `path`. Raises TraceError, OSError, TableError."""
    with tempfile.TemporaryFile(dir=path.parent) as rows:
        for event, raw in selected:
            _row(rows, event, raw)
        rows.flush()
        about = attached.of(trace, selected)
        told = about.facts | {name: content.decode(errors="replace") for name, content in about.files.items()}
        # A descriptor's name, because duckdb would read * and [ in a folder's name as a pattern.
        _copy(f"/dev/fd/{rows.fileno()}", path, told)


def _row(rows: IO[bytes], event: Event, raw: bytes) -> None:
    if event.node == GROUND:
        rows.write(json.dumps(_ground_row(event)).encode() + b"\n")
    else:
        rows.write(b'{"line":%d,' % event.line + raw.lstrip()[1:])


def _ground_row(event: Event) -> dict[str, object]:
    known = kinds()
    row: dict[str, object] = {"line": event.line, "event": event.name}
    row |= {name: getattr(event, name) for name in (*ENVELOPE, "run", "ticks", "received") if name != "event"}
    extra: dict[str, object] = {}
    for name, value in event.fields.items():
        is_column = name in known and (name == "kind" or fits(known[name], value))
        (row if is_column else extra)[name] = value
    return row | ({"extra": extra} if extra else {})


def _copy(rows: str, path: Path, told: dict[str, str]) -> None:
    shape = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in columns().items())
    source = f"read_json({_quoted(rows)}, format = 'newline_delimited', columns = {{{shape}}}"
    source += f", maximum_object_size = {4 * LINE_BYTES_MAX})"
    metadata = ", ".join(f"{_quoted(name)}: {_quoted(text)}" for name, text in told.items())
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS}, KV_METADATA {{{metadata}}}"
    try:
        with contextlib.closing(duckdb.connect(config=CONFIG)) as connection:
            connection.execute(f"COPY (SELECT * FROM {source}) TO {_quoted(str(path))} ({options})")
    except duckdb.Error as error:
        raise TableError(str(error).partition("\n")[0]) from error


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
