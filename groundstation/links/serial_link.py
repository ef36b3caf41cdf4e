"""A link over a serial device that pyserial can open: a board's USB port, or the pseudo-terminal of a virtual board.

pyserial opens and configures the device; the descriptor is read and written without blocking. The write queue precedes
the kernel's own buffer, which holds some 20 KB for a pseudo-terminal and less for USB. Input arrives in an `Intake`,
which may outlive this process.
"""

import errno
import os
import termios

import serial

from groundstation.links.base import WRITE_QUEUE_BYTES_MAX, Link, LinkBusy, LinkLost
from groundstation.links.intake import Intake

_OURS = (errno.EMFILE, errno.ENFILE)  # errors of this process or machine, not of the line
_WRITE_BYTES = 16384
NO_DEVICE = "/dev/null/gone"  # nothing can be opened under this path: a link over what the intake holds
_BAUD = 115200  # USB and pseudo-terminals ignore it


class _Port(serial.Serial):
    """A port that keeps input from before it was opened. pyserial discards it, but here it is a board's trace."""

    def _reset_input_buffer(self) -> None:
        pass


class SerialLink(Link):
    """One serial device, opened exclusively: two ground stations on one board would each lose half of its bytes."""

    def __init__(self, device: str, intake: Intake | None = None, baud: int = _BAUD) -> None:
        """`intake` belongs to the caller, who closes it. Its bytes are read first, even if the device is gone.

        Raises LinkLost if there is neither a device nor anything to read, OSError if this process cannot open more
        files.
        """
        self._device = device
        self._queue = bytearray()
        self._intake = intake or Intake()
        self._loss: str | None = None
        self._serial: _Port | None = None
        self._descriptor = -1
        try:
            self._serial = _Port(device, baud, timeout=0, write_timeout=0, exclusive=True)
            self._descriptor = self._serial.fileno()
            os.set_blocking(self._descriptor, False)
            # VMIN 1: an idle line then says EAGAIN, and no bytes at all means that the device is gone.
            attributes = termios.tcgetattr(self._descriptor)
            attributes[6][termios.VMIN] = 1
            # Without HUPCL the line stays up when this process ends: a Pico on USB then waits with what it has to say,
            # for the next ground station, and does not drop it.
            attributes[2] &= ~termios.HUPCL
            termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)
        except (serial.SerialException, OSError, termios.error) as error:
            self.close()
            if isinstance(error, OSError) and error.errno in _OURS:
                raise OSError(error.errno, os.strerror(error.errno), device) from error
            advice = "is the board running, is the cable in, does another ground station hold it?"
            self._loss = f"cannot open: {error}; {advice}"
            if self._intake.is_empty:
                raise LinkLost(f"{device}: {self._loss}") from error

    @property
    def device(self) -> str:
        return self._device

    def read(self) -> bytes:
        if self._intake.is_empty and self._receive() == 0:
            return b""
        return self._intake.take()

    def fetch(self) -> None:
        """Take in all that has arrived, for `read` to return, before the device vanishes. Raises LinkLost."""
        while self._receive():
            pass

    def settle(self) -> None:
        self._intake.settle()

    def _receive(self) -> int:
        """Number of bytes received now; 0 if there are none, or no room before the next `settle`."""
        self._check()
        if not self._intake.has_room:
            return 0
        try:
            count = self._intake.receive(self._descriptor)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost(f"reading failed: {error.strerror}") from error
        if not count:
            raise self._lost("the device is gone")
        return count

    def write(self, data: bytes) -> None:
        self._check()
        if len(self._queue) + len(data) > WRITE_QUEUE_BYTES_MAX:
            self.pump()
        if len(self._queue) + len(data) > WRITE_QUEUE_BYTES_MAX:
            raise LinkBusy(f"{self._device}: {len(self._queue)} bytes wait, no room for {len(data)} more")
        self._queue += data

    def pump(self) -> int:
        self._check()
        while self._queue:
            try:
                sent = os.write(self._descriptor, self._queue[:_WRITE_BYTES])
            except BlockingIOError:
                break
            except OSError as error:
                raise self._lost(f"writing failed: {error.strerror}") from error
            del self._queue[:sent]
        return len(self._queue)

    def fileno(self) -> int | None:
        return None if self._loss else self._descriptor

    def drop_unsent(self) -> int:
        count = len(self._queue)
        self._queue.clear()
        return count

    def set_baud(self, baud: int) -> None:
        """Run this end of the line at another baud, one of those that termios knows."""
        self._check()
        attributes = termios.tcgetattr(self._descriptor)
        attributes[4] = attributes[5] = getattr(termios, f"B{baud}")
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, attributes)

    def close(self) -> None:
        if self._loss is None:
            self._loss = "the link was closed on this side; open it again"
        if self._serial is not None:
            self._serial.close()

    def _check(self) -> None:
        if self._loss is not None:
            raise LinkLost(f"{self._device}: {self._loss}")

    def _lost(self, what: str) -> LinkLost:
        self._loss = f"{what}; is the board running, is the cable in? Restart the board and reopen the link"
        return LinkLost(f"{self._device}: {self._loss}")
