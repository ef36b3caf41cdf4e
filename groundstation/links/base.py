"""The ground station's end of one board's serial line.

A link carries bytes both ways, in order, all 256 values, or says that it is lost. It never blocks, so one stuck board
cannot stop the ground station, and what it holds is bounded: a board that does not read makes its link refuse bytes
(LinkBusy) and nothing else.
"""

from abc import ABC, abstractmethod

WRITE_QUEUE_BYTES_MAX = 64 * 1024


class LinkError(Exception):
    """Base of what can go wrong on a link."""


class LinkBusy(LinkError):
    """The write queue is full; nothing of the data was taken. The board does not read: try again later, or give it
    up.
    """


class LinkLost(LinkError):
    """The line is gone. Names the device and what to do about it."""


class Link(ABC):
    """One serial line. Once a call has raised LinkLost every later one does, except `close`."""

    @property
    @abstractmethod
    def device(self) -> str:
        """What an operator would look for: a device path, or the name of a simulated line."""

    @abstractmethod
    def read(self) -> bytes:
        """Everything that has arrived, `b""` if nothing has. What arrived before a loss is delivered before LinkLost
        is raised.
        """

    @abstractmethod
    def settle(self) -> None:
        """All that `read` has returned is on record: the next ground station need not be given it."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Take all of `data` for sending, or raise LinkBusy and take none of it."""

    @abstractmethod
    def pump(self) -> int:
        """Send as much of the queue as the line takes now; the number of bytes that still wait."""

    @abstractmethod
    def fileno(self) -> int | None:
        """Descriptor to select on for reading, None if there is none."""

    @abstractmethod
    def drop_unsent(self) -> int:
        """Forget what was written and has not left our queue: a dead board's input dies with it. Number of bytes."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the line. May be called again."""
