"""Resumes the boards of a run whose ground station is gone.

The old run's folder is only read. The new run's trace begins with a copy of the old one's lines, so it is complete by
itself. If the old trace is gone or damaged, the boards still fly on, with numbers that were never used, and the verdict
says what could not be checked.
"""

import contextlib
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from groundstation.boards import claim
from groundstation.boards.claim import Claim
from groundstation.flight.watch import Watch
from groundstation.procedures.runner import Runner
from groundstation.record import run_directory
from groundstation.record.line_log import RecorderError
from groundstation.record.past import Past, read
from groundstation.record.recorder import Recorder
from groundstation.record.run_directory import RunDirectoryError
from groundstation.scenario.mission_end import COMPLETE, INTERRUPTED
from groundstation.scenario.workload import Workload
from specs import files
from specs.files import open_regular


class Boards(TypedDict):
    """Of run.json, what says where the boards are."""

    run: str
    boards: str


class _Outcome(TypedDict):
    outcome: str


class _Ended(TypedDict):
    mission: _Outcome


@dataclass(frozen=True)
class Earlier:
    """The run to resume: its folder, its run.json, the folder of its boards, and our claim on them."""

    folder: Path
    about: Boards
    boards: Path
    claim: Claim


def take_over(run: Path) -> Earlier:
    """Claim the boards of the run in the folder `run`. Raises RunDirectoryError without having changed anything."""
    run = run.resolve()
    if _is_complete(run):
        raise RunDirectoryError(f"{run}: its mission is complete; fly it again with: amu rehearse --replay {run}")
    about = run_directory.read_as(run / run_directory.RUN, Boards)
    boards = run / about["boards"]  # an absolute path is kept
    return Earlier(run, about, boards, claim.resume(run, about["run"], boards))


def _is_complete(run: Path) -> bool:
    """Whether its verdict says so. If that is missing or damaged, the boards decide."""
    try:
        return run_directory.read_as(run / run_directory.VERDICT, _Ended)["mission"]["outcome"] == COMPLETE
    except RunDirectoryError:
        return False


def how(run: Path, outcome: str | None) -> str | None:
    """The command that resumes a run. `outcome`: of its mission, None if its ground station died before the end.

    None if the mission has ended by itself, if a ground station flies the boards, if another run has resumed them, and
    if the folder cannot be read.
    """
    if outcome not in (None, INTERRUPTED):
        return None
    try:
        about = run_directory.read_as(run / run_directory.RUN, Boards)
        boards = run / about["boards"]
        holder = claim.holder(boards)
    except RunDirectoryError:
        return None
    if holder is None or holder.run != about["run"] or claim.is_held(boards):
        return None
    return f"amu rehearse --resume {shlex.quote(str(run))}"


def secret(run: Path) -> bytes:
    """The secret from which the keys of the run's swarm derive. Raises RunDirectoryError."""
    path = run / run_directory.SECRET
    try:
        found = bytes.fromhex(files.read_text(path))
        if len(found) != run_directory.SECRET_BYTES:
            raise ValueError(f"{len(found)} bytes; want {run_directory.SECRET_BYTES}")
        return found
    except (OSError, ValueError) as error:
        raise RunDirectoryError(f"{path}: cannot be read ({error}); the keys of the run's boards are lost") from error


def go_on(
    earlier: Earlier, directory: Path, watch: Watch, workload: Workload, runner: Runner | None
) -> tuple[Recorder, Past]:
    """The recorder of the new run in `directory`, which appends to a copy of the earlier record, and its content.

    Raises RecorderError if there is no usable record; RunDirectoryError if it cannot be kept here.
    """
    if earlier.claim.before is not None and earlier.claim.before.run != earlier.about["run"]:
        raise RecorderError(f"the boards have flown in {earlier.claim.before.directory} since, and that folder is gone")
    trace = directory / run_directory.TRACE
    _copy(earlier.folder / run_directory.TRACE, trace)
    try:
        recorder = Recorder(trace, directory.name, resume=True, earlier=earlier.about["run"])
    except RecorderError:
        trace.unlink()
        raise
    try:
        past = read(
            trace,
            lambda event: watch.event(event.node, event.boot, event.name, event.fields),
            None if runner is None else runner.take,
        )
        _teach(workload, past)
    except RecorderError:
        recorder.close()
        trace.unlink()
        raise
    return recorder, past


def _teach(workload: Workload, past: Past) -> None:
    try:
        for operation in past.operations.values():
            if operation.sender is not None:
                continue
            workload.recall(operation.command)
            if operation.answer is not None:
                workload.learn(operation.command, *operation.answer)
    except (AssertionError, IndexError, KeyError, TypeError) as error:
        raise RecorderError(f"the operations in the record do not follow from each other: {error!r}") from error


def _copy(old: Path, new: Path) -> None:
    part = new.with_name(new.name + ".part")
    try:
        with open_regular(old) as source:
            try:
                with part.open("xb") as target:
                    shutil.copyfileobj(source, target)
                    target.flush()
                    os.fsync(target.fileno())
                part.replace(new)
            except OSError as error:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
                raise RunDirectoryError(f"{new}: the record cannot be kept here ({error.strerror})") from error
    except OSError as error:
        raise RecorderError(f"{old}: cannot be read ({error.strerror})") from error
