"""What the ground station asks of a board, whatever kind it is, and where the kinds are found.

Kinds register under the entry-point group `amu.boards`, so that this floor imports none of them and others can add
their own.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import ClassVar, Self

from groundstation.links.base import Link

_GROUP = "amu.boards"


class BoardError(Exception):
    """A board that cannot be made, started or found. Says which and what to do."""


@dataclass(frozen=True)
class BoardPlan:
    """What one board is made from: its node number, its `config.cbor`, and its heap in bytes (kinds with a real heap
    ignore it).
    """

    node: int
    configuration: bytes
    heap_bytes: int = 400 * 1024


@dataclass(frozen=True)
class RunningBoard:
    """A board's process as it is found on this machine, whoever started it.

    home: the board's own folder. since: seconds since 1970. is_deleted: its folder is gone.
    """

    kind: str
    node: int
    pid: int
    home: Path
    since: float
    is_deleted: bool


class Board(ABC):
    """One board. Its flash outlives `kill` and `power_cut`; `erase` empties it.

    Made stopped, commissioned (its flash says "vote as a fresh replica") and powered off. All calls are idempotent
    where that makes sense: killing a dead board does nothing.
    """

    kind: ClassVar[str]
    board_faults: ClassVar[frozenset[str]] = frozenset({"kill", "restart", "amnesia", "power_cut"})  # that it can play
    is_real_time: ClassVar[bool]  # lives by the wall clock; if not, time passes only in `advance`
    node: int

    @classmethod
    @abstractmethod
    def create(cls, directory: Path, plans: Sequence[BoardPlan]) -> list[Self]:
        """New boards, one a plan, that keep their files under `directory`. Raises BoardError."""

    @classmethod
    @abstractmethod
    def attach(cls, directory: Path) -> list[Self]:
        """The boards that an earlier ground station made under `directory`, dead or alive. Raises BoardError."""

    @classmethod
    def running(cls) -> list[RunningBoard]:
        """Boards of this kind that run on this machine; none of a kind that ends with its ground station."""
        return []

    @classmethod
    def stop_running(cls, board: RunningBoard) -> None:
        """Switch off one of `running`, never another process that has its number by now. Raises BoardError."""
        raise BoardError(f"{board.home}: {cls.kind} boards end with their ground station")

    @abstractmethod
    def start(self) -> None:
        """Switch on. The board boots with whatever its flash holds. Raises BoardError."""

    @abstractmethod
    def kill(self) -> None:
        """Switch off at once. What the board has written can still be read; what it had not read yet is lost."""

    @abstractmethod
    def power_cut(self, after_operations: int) -> None:
        """Let the running board die in the middle of its `after_operations`-th flash operation from now, 1 being the
        next.
        """

    def pause(self) -> None:
        """Let the running board stand still until `resume`; what it is sent waits. For kinds that list "pause"."""
        raise BoardError(f"board {self.node}: {self.kind} boards cannot be paused")

    def resume(self) -> None:
        """Let a board go on that stands still; others are as they were. For kinds that list "pause"."""
        raise BoardError(f"board {self.node}: {self.kind} boards cannot be paused")

    @abstractmethod
    def erase(self) -> None:
        """Empty the flash of a board that is off: it will wake with amnesia. Raises BoardError if it is running."""

    @abstractmethod
    def alive(self) -> bool:
        """Is it switched on? Never blocks."""

    def was_switched_off(self) -> bool:
        """Of a board that is off: did a ground station, or an operator, switch it off? If not, it died by itself."""
        return False

    @abstractmethod
    def link(self) -> Link:
        """The ground station's end of its line: the same object until that is lost or closed. Raises LinkLost."""

    def advance(self, seconds: float) -> None:
        """Let `seconds` of board time pass on a board that is not real-time; others ignore it."""
        del seconds

    @abstractmethod
    def close(self) -> None:
        """Switch off for good and let go of everything; the line is lost. Files stay."""


def board_kinds() -> list[str]:
    """Names of the kinds there are, sorted."""
    return sorted({entry.name for entry in entry_points(group=_GROUP)})


def board_kind(name: str) -> type[Board]:
    """The class behind a kind's name. Raises BoardError when there is none or when it cannot be loaded."""
    found = entry_points(group=_GROUP, name=name)
    if not found:
        there = ", ".join(board_kinds()) or "none: install amu-swarm, which registers its kinds"
        raise BoardError(f"no board kind {name!r}; there are: {there}")
    try:
        loaded = next(iter(found)).load()
    except ImportError as error:
        raise BoardError(f"board kind {name!r} cannot be loaded: {error}; is its extra installed?") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Board)):
        raise BoardError(f"board kind {name!r} is {loaded!r}; want a subclass of groundstation.boards.base.Board")
    return loaded
