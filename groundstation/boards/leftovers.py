"""Finds the boards that run on this machine, grouped by run: what dead ground stations have left behind.

Boards outlive their ground station, so that another one can resume the run. If none does, they run until an operator
stops them. Each kind finds its own: those that are processes among the processes, not by notes on disk; see
`groundstation.boards.base.Board.running`.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from groundstation.boards import claim
from groundstation.boards.base import BoardError, RunningBoard, board_kind, board_kinds
from groundstation.record import run_directory


class StillFlown(Exception):
    """A living ground station flies these boards. The message names it."""


@dataclass(frozen=True)
class Swarm:
    """The running boards of one folder. `run`: the folder of the run that they fly in, if known."""

    folder: Path
    run: Path
    scenario: str
    boards: list[RunningBoard]
    station: int | None  # process id of the ground station that flies them; 0: alive, but unknown

    @property
    def since(self) -> datetime.datetime:
        """Start of the board that has run longest."""
        return datetime.datetime.fromtimestamp(min(board.since for board in self.boards), datetime.UTC)

    @property
    def is_deleted(self) -> bool:
        """Whether their folder is gone."""
        return any(board.is_deleted for board in self.boards)

    def is_called(self, name: str) -> bool:
        """Whether `name` is the path or the name of this run."""
        path = Path(name).absolute()
        return name == self.run.name or path.resolve() in (self.folder, self.folder.parent, self.run)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "run": str(self.run),
            "scenario": self.scenario,
            "boards": [
                {"node": board.node, "kind": board.kind, "pid": board.pid, "serial_number": board.serial_number}
                for board in self.boards
            ],
            "folder": str(self.folder),
            "deleted": self.is_deleted,
            "since": self.since.isoformat(timespec="seconds"),
            "station": self.station,
        }


class _About(TypedDict):
    scenario: str


def swarms() -> list[Swarm]:
    """All swarms that run on this machine, the oldest first."""
    folders: dict[Path, list[RunningBoard]] = {}
    for board in _running():
        folders.setdefault(board.home.parent, []).append(board)
    found = [_swarm(folder, boards) for folder, boards in folders.items()]
    return sorted(found, key=lambda swarm: (swarm.since, swarm.folder))


def _running() -> Iterable[RunningBoard]:
    for name in board_kinds():
        try:
            kind = board_kind(name)
        except BoardError:
            continue  # its extra is not installed: it cannot have made any
        yield from kind.running()


def _swarm(folder: Path, boards: list[RunningBoard]) -> Swarm:
    run, station = folder.parent, None
    try:
        holder = claim.holder(folder)
        if holder is not None:
            run = Path(holder.directory)
        if claim.is_held(folder):
            station = 0 if holder is None else holder.pid
        scenario = run_directory.read_as(folder.parent / run_directory.RUN, _About)["scenario"]
    except run_directory.RunDirectoryError:
        scenario = "?"
    return Swarm(folder, run, scenario, sorted(boards, key=lambda board: board.node), station)


def stop(swarm: Swarm, is_forced: bool = False) -> None:
    """Switch its boards off. Their flash stays: the run can be resumed.

    Raises StillFlown while a ground station flies them, unless `is_forced`; BoardError for a board that does not stop.
    """
    if is_forced or swarm.is_deleted:
        _stop_all(swarm.boards)
        return
    try:
        held = claim.Claim(swarm.folder)
    except run_directory.RunDirectoryError as error:
        if claim.is_held(swarm.folder):
            raise StillFlown(str(error)) from error
        _stop_all(swarm.boards)  # an unreadable station.json protects no one
        return
    try:
        _stop_all(swarm.boards)
    finally:
        held.close()


def _stop_all(boards: list[RunningBoard]) -> None:
    for board in boards:
        board_kind(board.kind).stop_running(board)
