"""The interface of every kind of board, and the registry of the kinds.

Kinds register under the entry-point group `amu.boards`, so this floor imports none of them and third parties can add
their own.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import ClassVar, Self

from groundstation.links.base import Link

_GROUP = "amu.boards"


class BoardError(Exception):
    """A board that cannot be made, started or found. Says which and what to do."""


@dataclass(frozen=True)
class Unit:
    """A real board, for kinds that find boards and do not make them; see `groundstation.boards.environment`.

    serial_number: of the board, or of its serial adapter. baud: of a UART line. power_off, power_on: commands that take
    and give its power, empty if none can. fault_commands: that play faults on it, by fault.
    """

    serial_number: str = ""
    baud: int = 0
    power_off: tuple[str, ...] = ()
    power_on: tuple[str, ...] = ()
    fault_commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class BoardPlan:
    """What one board is made from. `configuration`: its `config.cbor`. `heap_bytes`: not for kinds with a real heap.

    exits: frames that make a board leave the flight that it may still fly, under keys of earlier flights.
    """

    node: int
    configuration: bytes
    heap_bytes: int = 400 * 1024
    unit: Unit = Unit()
    exits: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class RunningBoard:
    """A board that runs on this machine or at one of its lines, started by any ground station.

    pid: of its process, None if it has none. home: the board's own folder. since: seconds since 1970. is_deleted: its
    folder is gone. serial_number: of a board on a line.
    """

    kind: str
    node: int
    pid: int | None
    home: Path
    since: float
    is_deleted: bool
    serial_number: str = ""

    @property
    def place(self) -> str:
        """Where it runs, for people."""
        return self.serial_number or str(self.pid)


class Board(ABC):
    """One board. Its flash outlives `kill` and `power_cut`; `erase` empties it.

    A new board is powered off and commissioned: its flash says "vote as a fresh replica". Calls are idempotent where
    that makes sense: killing a dead board does nothing.
    """

    kind: ClassVar[str]
    board_faults: ClassVar[frozenset[str]] = frozenset({"kill", "restart", "amnesia", "power_cut", "line_noise"})
    # What it can play. Noise is made by the ground station, on any line.
    unplayable: ClassVar[Mapping[str, str]] = {}  # why it cannot play some fault
    resets_itself: ClassVar[bool] = False  # may begin a new life, or leave its line and come back, without being told
    is_real_time: ClassVar[bool]  # lives by the wall clock; if not, time passes only in `advance`
    node: int

    @classmethod
    @abstractmethod
    def create(cls, directory: Path, plans: Sequence[BoardPlan]) -> list[Self]:
        """New boards, one per plan, with their files under `directory`. Raises BoardError."""

    @classmethod
    @abstractmethod
    def attach(cls, directory: Path, nodes: Collection[int] | None = None) -> list[Self]:
        """The boards, running or off, that an earlier ground station made under `directory`. Raises BoardError.

        nodes: only these, where boards of other kinds lie beside them.
        """

    @classmethod
    def playable(cls, unit: Unit) -> frozenset[str]:
        """The board faults that `unit` can play: a bench may have the means for more of them."""
        del unit
        return cls.board_faults

    @property
    def faults(self) -> frozenset[str]:
        """The board faults that this board can play."""
        return self.board_faults

    @classmethod
    def why_not(cls, fault: str) -> str:
        """Why boards of this kind cannot play a fault, in words."""
        reason = cls.unplayable.get(fault)
        return f"{cls.kind} boards cannot play {fault}" + (f": {reason}" if reason else "")

    @classmethod
    def running(cls) -> list[RunningBoard]:
        """Boards of this kind that run on this machine. Empty for kinds that end with their ground station."""
        return []

    @classmethod
    def stop_running(cls, board: RunningBoard) -> None:
        """Switch off one of `running`, but never another process that has got its id. Raises BoardError."""
        raise BoardError(f"{board.home}: {cls.kind} boards end with their ground station")

    @abstractmethod
    def start(self) -> None:
        """Switch on. The board boots from its flash. Raises BoardError."""

    @abstractmethod
    def kill(self) -> None:
        """Switch off at once. The board's output can still be read; input that it has not read is lost."""

    @abstractmethod
    def power_cut(self, after_operations: int) -> None:
        """Let the running board die in the middle of a flash operation, the `after_operations`-th from now (from 1)."""

    def pause(self) -> None:
        """Stop the running board until `resume`; its input waits. For kinds that list "pause"."""
        raise BoardError(f"board {self.node}: {self.kind} boards cannot be paused")

    def resume(self) -> None:
        """Let a paused board continue. Does nothing to others. For kinds that list "pause"."""
        raise BoardError(f"board {self.node}: {self.kind} boards cannot be paused")

    def begin(self, fault: str, after_operations: int) -> None:
        """Suffer a fault that only hardware has, and that this kind lists. after_operations: flash operations from now.

        Raises BoardError.
        """
        raise BoardError(f"board {self.node}: {self.why_not(fault)}")

    def end(self, fault: str) -> None:
        """A lasting fault is over. Does nothing if there is none."""
        del fault

    @abstractmethod
    def erase(self) -> None:
        """Empty the flash of a board that is off: it will boot with amnesia. Raises BoardError if it is running."""

    @abstractmethod
    def alive(self) -> bool:
        """Whether it is switched on. Never blocks."""

    def was_switched_off(self) -> bool:
        """Of a board that is off: whether a ground station or an operator switched it off. If not, it crashed."""
        return False

    @abstractmethod
    def link(self) -> Link:
        """The ground station's end of its line: the same object until that is lost or closed. Raises LinkLost."""

    def advance(self, seconds: float) -> None:
        """Let `seconds` of board time pass on a board that is not real-time; others ignore it."""
        del seconds

    @abstractmethod
    def close(self) -> None:
        """Switch off permanently and release everything; the line is lost. Files stay."""


def board_kinds() -> list[str]:
    """Names of the registered kinds, sorted."""
    return sorted({entry.name for entry in entry_points(group=_GROUP)})


def board_kind(name: str) -> type[Board]:
    """The class of a kind. Raises BoardError if the name is unknown or the class cannot be loaded."""
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
