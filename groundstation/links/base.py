"""The ground station's end of one board's serial line.

A link carries bytes both ways, in order, all 256 values, or reports that it is lost. It never blocks, so one stuck
board cannot stop the ground station. Its queue is bounded: if a board does not read, only its own link refuses bytes
(LinkBusy).
"""

from abc import ABC, abstractmethod

WRITE_QUEUE_BYTES_MAX = 64 * 1024


class LinkError(Exception):
    """Base of the errors of a link."""


class LinkBusy(LinkError):
    """The write queue is full, and none of the data was taken. The board does not read: try again later, or give up."""


class LinkLost(LinkError):
    """The line is gone. Names the device and what to do about it."""


class Link(ABC):
    """One serial line. Once a call has raised LinkLost every later one does, except `close`."""

    @property
    @abstractmethod
    def device(self) -> str:
        """The name for operators: a device path, or the name of a simulated line."""

    @abstractmethod
    def read(self) -> bytes:
        """Everything that has arrived, or `b""`. Bytes that arrived before a loss are returned before LinkLost is
        raised.
        """

    @abstractmethod
    def settle(self) -> None:
        """All that `read` has returned is on record, so the next ground station does not need it."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Take all of `data` for sending, or raise LinkBusy and take none of it."""

    @abstractmethod
    def pump(self) -> int:
        """Send as much of the queue as the line takes now. Returns the number of bytes that still wait."""

    @abstractmethod
    def fileno(self) -> int | None:
        """Descriptor to select on for reading, or None."""

    @abstractmethod
    def drop_unsent(self) -> int:
        """Drop bytes that have not left our queue: a dead board's input dies with it. Returns their number."""

    @abstractmethod
    def close(self) -> None:
        """Release the line. May be called again."""
