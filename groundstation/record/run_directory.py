"""The folder of one run: everything that a later reader needs, under fixed names.

run.json         run, scenario, seed, board kind, when it started (UTC), folder of the boards
scenario.toml    the scenario as flown, with the options of the command line
versions.json    python, packages, firmware
secret           from which the swarm's keys derive; readable by its owner only
trace.ndjson     every event; see specs/checking/trace.py
ground.log       messages of boards and ground station
verdict.json     the judgement; see groundstation/verdict/verdict.py
report.html      the flight in pictures
boards/          the boards' own files, readable by their owner only; see groundstation/boards/claim.py
"""

import contextlib
import datetime
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, cast

from groundstation.record import shape
from specs import strict_json

TRACE = "trace.ndjson"
SECRET = "secret"
SECRET_BYTES = 32
SCENARIO = "scenario.toml"
RUN = "run.json"
LOG = "ground.log"
VERDICT = "verdict.json"
REPORT = "report.html"
VERSIONS = "versions.json"
BOARDS = "boards"

Content = TypeVar("Content")


class RunDirectoryError(Exception):
    """A folder that is not a run, or in which no run can be created. One line, with what to do."""


def create(parent: Path, scenario: str, seed: int) -> Path:
    """A new folder for a run under `parent`, named after scenario, seed and the time (UTC, for people only)."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S")
    name = f"{scenario}-{seed}-{stamp}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, 1000):
            path = parent / (name if attempt == 1 else f"{name}-{attempt}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path.resolve()
    except OSError as error:
        what = f"no run can be kept here ({error.strerror})"
        raise RunDirectoryError(f"{parent}: {what}; choose another --out") from error
    raise RunDirectoryError(f"{parent}: a thousand runs called {name}; choose another --out")


def find(path: Path) -> Path:
    """The run folder meant by `path`: itself, or the newest run in it. Raises RunDirectoryError."""
    # os.path, because a Path raises an error for a name that is too long to exist.
    if os.path.exists(path / TRACE) or os.path.exists(path / RUN):
        return path
    if not os.path.exists(path):
        raise RunDirectoryError(f"{path}: there is no such file or folder; amu rehearse flies a run")
    try:
        runs = [entry for entry in path.iterdir() if (entry / TRACE).exists()] if os.path.isdir(path) else []
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be read: {error.strerror}") from error
    if not runs:
        raise RunDirectoryError(f"{path}: no run here (there is no {TRACE}); fly one with: amu rehearse --out {path}")
    return max(runs, key=lambda run: ((run / TRACE).stat().st_mtime_ns, run.name))


def is_trace(path: Path) -> bool:
    """Whether `path` means a trace, not a folder. It may be no regular file: who opens it says so."""
    return os.path.exists(path) and not os.path.isdir(path)


def trace_of(path: Path) -> Path:
    """The trace meant by `path`: a trace file, a run folder, or a folder of runs. Raises RunDirectoryError."""
    return path if is_trace(path) else find(path) / TRACE


def write_json(path: Path, content: object) -> None:
    """Replace `path` as a whole, so a reader never sees half of it."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Replace `path` as a whole, so a reader never sees half of it. Raises OSError, leaving nothing behind."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write, which replaces `path` at the end, or is removed if that is not reached. Raises OSError,
    also for a device, pipe or socket, which must not be replaced."""
    if os.path.exists(path) and not os.path.isdir(path) and not os.path.isfile(path):
        raise OSError(errno.EINVAL, "it is not a regular file, and is not replaced", str(path))
    temporary = path.with_name(path.name + ".part")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def write_private(path: Path, data: bytes) -> None:
    """As `write_text`, readable by the owner only, and on disk when it returns. Raises OSError."""
    temporary = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def read_json(path: Path) -> object:
    """Content of a file that `write_json` wrote. Raises RunDirectoryError."""
    try:
        return strict_json.load(path)
    except strict_json.JsonError as error:
        raise RunDirectoryError(f"{error}; want the file that amu rehearse wrote") from error


def read_as(path: Path, wanted: type[Content]) -> Content:
    """Content of a file that `write_json` wrote, in the shape that is wanted. Raises RunDirectoryError."""
    found = read_json(path)
    fault = shape.fault(found, wanted)
    if fault is not None:
        raise RunDirectoryError(f"{path}: {fault}; the file is not as amu rehearse wrote it")
    return cast("Content", found)
