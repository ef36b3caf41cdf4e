"""The seams between a node and the world, for the type checker. Each board brings its own; tests bring fakes.

No seam is read inside the node: the runtime reads them and hands values in. Boards never import this module (see
`amu.core.types`).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from amu.core.types import Sink


class Packed(Protocol):
    """A byte string in a shorter form, which never changes."""

    def __len__(self) -> int:
        """Length of the bytes."""
        ...

    def unpacked(self) -> bytes: ...


class BytePort(Protocol):
    """A serial byte stream, both ways."""

    def read(self) -> bytes:
        """Bytes that have arrived, `b""` if none. Never blocks."""
        ...

    def write(self, data: bytes) -> None:
        """Write all of `data`, waiting for room if need be. Order is kept."""
        ...


class WaitingPort(BytePort, Protocol):
    """What a board's flight loop sleeps on."""

    def wait(self, milliseconds: int) -> bool:
        """Sleep until bytes arrive or the time has passed. Whether bytes arrived."""
        ...


class Ticks(Protocol):
    """A free-running counter of board ticks. For liveness only, never for correctness."""

    def now(self) -> int:
        """Ticks since boot. Never decreases."""
        ...

    def left_ms(self) -> int:
        """Milliseconds until the next tick, 0 if it is due."""
        ...


class Store(Protocol):
    """Named byte files on flash. Every call that returns has reached flash. Each raises OSError when flash fails."""

    @property
    def is_tight(self) -> bool:
        """Is there so little room for the journal that a checkpoint should replace it soon?"""
        ...

    def read(self, name: str, offset: int = 0, count: int = -1) -> bytes | None:
        """Up to `count` bytes from `offset` on, all of them if -1; `None` if the file does not exist."""
        ...

    def append(self, name: str, pieces: Sequence[bytes]) -> None:
        """Add the byte strings `pieces` at the end, creating the file. A power cut may leave any prefix of them."""
        ...

    def replace(self, name: str, fill: Callable[[Sink], object]) -> None:
        """Replace the whole file by what `fill(write)` writes. After a power cut: old or new, never a mixture.

        `fill` calls `write(data)` as often as it likes, so that a long file never stands in memory as one piece.
        """
        ...

    def remove(self, name: str) -> None:
        """Delete the file if it exists."""
        ...

    def rest(self) -> None:
        """An idle moment: do what a later write would have to wait for. Raises nothing."""
        ...


class Ring(Protocol):
    """Blocks of raw flash, of 16 pages of 256 bytes each. Each call raises OSError when flash fails."""

    blocks: int

    def read(self, page: int, buffer: bytearray) -> None:
        """Fill `buffer`, of 256 bytes, with the page of that number."""
        ...

    def program(self, page: int, data: bytes | bytearray) -> None:
        """Write 256 bytes to a page that is erased. After a power cut: any part of them."""
        ...

    def erase(self, block: int) -> None:
        """Set all bits of a block. After a power cut its content is unknown."""
        ...


class Board(Protocol):
    """One board: what `main.py` asks of its platform."""

    @property
    def port(self) -> WaitingPort:
        """The line to the ground."""
        ...

    @property
    def cause(self) -> str:
        """Why the board was reset, in words; empty if that was ordered, or is unknown."""
        ...

    def open_store(self, journal: str) -> Store:
        """Where vote state is kept; `journal` as in amu.boards.config. Raises JournalError if it cannot be opened."""
        ...

    def config(self) -> bytes:
        """Bytes of `config.cbor`. Raises OSError if there is none."""
        ...

    def ticks(self, tick_ms: int) -> Ticks:
        """A counter that starts now, of ticks of so many milliseconds."""
        ...

    def nonce(self) -> int:
        """1 .. 2**20 - 1, fresh for each start."""
        ...

    def heap(self) -> tuple[int, int]:
        """(free bytes, bytes of the longest free run), garbage not counted as used."""
        ...

    def leave(self, reason: str) -> None:
        """End the flight: to the prompt, or to the next boot. `reason` as in amu.boards.runtime."""
        ...
