"""Writes the report of a run with its debrief; see `groundstation.report.report`.

A report has the chapters of a debrief if anybody acted, or if anything was injected; a debrief has them always.
"""

import datetime
import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from groundstation.boards.base import BoardError, board_kind
from groundstation.debrief import repeat
from groundstation.debrief.chapters import chapters
from groundstation.debrief.moments import Utc, parsed
from groundstation.debrief.read import EVENTS, OPERATOR, read
from groundstation.record import run_directory
from groundstation.record.contents import About
from groundstation.record.run_directory import RunDirectoryError
from groundstation.report import report
from groundstation.report.report import Sources
from specs.checking.trace import TraceError


def write(path: Path, out: Path | None = None, always: bool = False) -> Path:
    """Write the report of a run's folder, a folder of runs, or a trace. Returns its path. Raises RunDirectoryError.

    always: with the chapters of a debrief, also where nobody acted.
    """
    told = functools.partial(_chapters, always=always)
    if run_directory.is_trace(path):
        return report.write_trace(path, out, told)
    return report.write(run_directory.find(path), out, told)


def _chapters(sources: Sources, always: bool) -> Iterable[str]:
    if not always and not any(step.event.name in EVENTS for step in sources.steps):
        return ()
    try:
        found = read(sources.events, sources.scenario, _has_operator(sources))
        return [*chapters(found, utc(sources)), repeat.chapter(sources)]
    except OSError as error:
        raise RunDirectoryError(f"{sources.trace}: cannot be read: {error.strerror}") from error
    except TraceError as error:
        raise RunDirectoryError(f"{sources.trace}: {error}") from error


def _has_operator(sources: Sources) -> bool:
    return any(step.event.name == "Order" and step.event.fields.get("role") == OPERATOR for step in sources.steps)


def utc(sources: Sources) -> Utc:
    """UTC of the run's mission seconds, as far as its folder, and those of the runs that it resumes, tell."""
    folder = sources.trace.parent
    resumes = sources.series.resumes
    about = [_about_of(folder.parent / name) for _, name in resumes]
    begins = [0.0, *(at for at, _ in resumes)]
    starts = [(at, _started(told)) for at, told in zip(begins, [*about, sources.about])]
    return Utc(starts, 1.0 if sources.scenario is None else sources.scenario.mission.speed)


def _about_of(folder: Path) -> Mapping[str, object]:
    try:
        return dict(run_directory.read_as(folder / run_directory.RUN, About))
    except RunDirectoryError:
        return {}  # it is elsewhere now


def _started(about: Mapping[str, object]) -> datetime.datetime | None:
    """When a ground station began, if its boards live in real time."""
    kinds = about.get("kinds") or [about.get("kind")]
    try:
        is_real = isinstance(kinds, list) and all(board_kind(str(kind)).is_real_time for kind in kinds)
    except BoardError:
        return None
    return parsed(about.get("started")) if is_real else None
