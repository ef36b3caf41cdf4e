"""A Pico's UART0 as its line: the board hangs on a USB-serial adapter.

`boot.py` has opened the port, with its buffers, and has put the prompt on it (os.dupterm). The flight takes it over
from there. A read gives what has arrived and never waits, so nothing need guide it (compare `amu.boards.guided`).

The wire has no flow control. An interrupt moves what arrives into the port's buffer; bytes that find it full are lost,
and the frames that they belong to with them: as on any lossy line, what matters is sent again. The chip remembers that
it has lost something; the port counts it and says so between frames, the first time and whenever the count has doubled.
"""

import os
import select

import machine
import micropython

from amu.core import limits

if "":  # for the type checker; see amu.core.types
    from amu.boards.pico import Watchdog

_ERRORS = 0x40034004  # UARTRSR of UART0; a write clears it: RP2040 datasheet, section 4.2.8
_OVERRUN = 8


class UartPort:
    """BytePort on UART0. `watchdog` is fed while the line is slower than we."""

    def __init__(self, uart: machine.UART, watchdog: "Watchdog") -> None:
        micropython.kbd_intr(-1)
        self._uart = uart
        self._watchdog = watchdog
        self._any = uart.any
        self._take = uart.read
        self._poll = select.poll()
        self._poll.register(uart, select.POLLIN)
        self._ipoll = self._poll.ipoll  # type: ignore[attr-defined]
        self._overruns = 0

    def read(self) -> bytes:
        """Bytes that have arrived, at most READ_BYTES_MAX, `b""` if none."""
        count = self._any()
        if not count:
            return b""
        if machine.mem32[_ERRORS] & _OVERRUN:
            self._note_overrun()
        return self._take(min(count, limits.READ_BYTES_MAX)) or b""

    def _note_overrun(self) -> None:
        machine.mem32[_ERRORS] = 0
        self._overruns += 1
        if not self._overruns & (self._overruns - 1):  # a power of two
            self.write(b"\x00uart: input lost, %d times so far\n\x00" % self._overruns)

    def write(self, data: bytes) -> None:
        """Write all of `data`. When the port's buffer is full, we wait as long as the line takes, and no longer."""
        sent = self._uart.write(data) or 0
        if sent < len(data):
            rest = memoryview(data)  # its slices copy nothing
            while sent < len(data):
                self._watchdog.feed()
                sent += self._uart.write(rest[sent:]) or 0

    def wait(self, milliseconds: int) -> bool:
        """Sleep until bytes arrive or the time has passed. Whether bytes arrived."""
        for _ in self._ipoll(milliseconds):
            return True
        return False

    def drain(self) -> None:
        """Wait until all that was written has left."""
        self._uart.flush()

    def retire(self) -> None:
        """Leave the line to an operator."""
        self.drain()
        os.dupterm(self._uart)  # type: ignore[attr-defined]
