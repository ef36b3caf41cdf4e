"""Serial lines of emulated boards: pseudo-terminals, found by links as udev makes those in /dev/serial/by-id."""

import contextlib
import os
import termios
import tty
from pathlib import Path

_WAITING_BYTES_MAX = 1 << 16  # from the board, not yet read by anyone: more is lost, as on a line with no host
_READ_BYTES = 4096
_SPEEDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[:1] == "B" and name[1:].isdigit()}


class PseudoTerminal:
    """A pseudo-terminal whose one end stands for a board's serial line."""

    def __init__(self, link: Path, unheard_bytes: int = _WAITING_BYTES_MAX) -> None:
        """unheard_bytes: how many of the newest are kept of what the board says before anyone opens the line."""
        self._link = link
        self._unheard_bytes = unheard_bytes
        self._waiting = bytearray()  # from the board
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        attributes = termios.tcgetattr(self._slave)
        attributes[4] = attributes[5] = termios.B0  # nobody has chosen
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        os.set_blocking(self._master, False)
        temporary = link.with_name(link.name + ".new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(os.ttyname(self._slave))
        temporary.replace(link)

    def take(self, most: int) -> bytes:
        """Up to `most` bytes for the board."""
        with contextlib.suppress(OSError):  # nothing is there
            return os.read(self._master, min(most, _READ_BYTES)) if most else b""
        return b""

    def give(self, data: bytes) -> None:
        """Bytes from the board."""
        self._waiting += data
        if not self.baud:
            del self._waiting[: -self._unheard_bytes]
            return
        del self._waiting[:-_WAITING_BYTES_MAX]
        with contextlib.suppress(BlockingIOError):
            while self._waiting:
                del self._waiting[: os.write(self._master, self._waiting)]

    @property
    def waiting(self) -> int:
        """Bytes from the board that nobody has read, beyond what the kernel holds."""
        return len(self._waiting)

    def close(self) -> None:
        self._link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)

    @property
    def baud(self) -> int:
        """Bits in a second, as the program chose that opened the line last; 0 if none has."""
        return _SPEEDS.get(termios.tcgetattr(self._slave)[5], 0)
