"""A Pico's UART0 as its line: the board hangs on a USB-serial adapter.

`boot.py` has opened the port and has put the prompt on it (os.dupterm). The flight takes it over from there. A read
gives what has arrived and never waits, so nothing need guide it (compare `amu.boards.guided`).

The wire has no flow control. While the chip works on flash it takes no interrupts, for up to 400 ms, and the port's
FIFO holds 32 bytes. So a DMA channel moves what arrives into a ring, whatever the processor does. Bytes that the ring
has no room for are lost, and the frames that they belong to with them: as on any lossy line, what matters is sent
again. The board counts that and says so between frames, the first time and whenever the count has doubled.
"""

import os
import time

import machine
import micropython
import rp2
import uctypes

from amu.core import limits

if "":  # for the type checker; see amu.core.types
    from amu.boards.pico import Watchdog

_RING_BITS = 12
_RING_BYTES = 1 << _RING_BITS  # 44 ms of 921,600 baud
_TRANSFERS = (1 << 29) - 1  # until the channel must be started again: hours; a small integer
_BYTE = 0  # size of a transfer
_REQUEST = 21  # DREQ_UART0_RX: RP2040 datasheet, section 2.5.3.1
_PORT = 0x40034000  # UART0 and its registers: section 4.2.8
_ERRORS = 0x40034004  # RSR; a write clears it
_OVERRUN = 8
_INTERRUPTS = 0x40034038  # IMSC
_RECEIVE_INTERRUPTS = 0x50
_DMA = 0x40034048  # DMACR
_RECEIVE_DMA = 1


class UartPort:
    """BytePort on UART0. `watchdog` is fed while the line is slower than we."""

    def __init__(self, uart: machine.UART, watchdog: "Watchdog") -> None:
        micropython.kbd_intr(-1)
        self._uart = uart
        self._watchdog = watchdog
        self._overruns = 0
        room = bytearray(2 * _RING_BYTES)
        start = -uctypes.addressof(room) % _RING_BYTES  # the channel's ring lies at a multiple of its length
        self._ring = memoryview(room)[start : start + _RING_BYTES]
        self._at = 0  # of the next byte to read
        self._left = _TRANSFERS  # of the channel's transfers, when that byte arrives
        self._dma = rp2.DMA()
        self._interrupts = machine.mem32[_INTERRUPTS]
        machine.mem32[_INTERRUPTS] = self._interrupts & ~_RECEIVE_INTERRUPTS
        control = self._dma.pack_ctrl(
            size=_BYTE,
            inc_read=False,
            inc_write=True,
            ring_sel=True,
            ring_size=_RING_BITS,
            treq_sel=_REQUEST,
            irq_quiet=True,
        )
        self._dma.config(read=_PORT, write=self._ring, count=_TRANSFERS, ctrl=control, trigger=True)
        machine.mem32[_ERRORS] = 0  # what came during the boot was not for this flight
        machine.mem32[_DMA] = _RECEIVE_DMA

    def read(self) -> bytes:
        """Bytes that have arrived, at most READ_BYTES_MAX, `b""` if none."""
        count = self._left - self._dma.count
        if not count:
            if not self._left:
                self._begin_again()
            return b""
        if count > _RING_BYTES or machine.mem32[_ERRORS] & _OVERRUN:
            return self._skip(count)
        at = self._at
        end = min(at + min(count, limits.READ_BYTES_MAX), _RING_BYTES)
        self._at = end & (_RING_BYTES - 1)
        self._left -= end - at
        return bytes(self._ring[at:end])

    def _begin_again(self) -> None:
        self._left = _TRANSFERS
        self._dma.count = _TRANSFERS
        self._dma.active(1)

    def _skip(self, count: int) -> bytes:
        """Bytes are missing: what has arrived is in pieces. The next frame begins behind it, after a delimiter."""
        machine.mem32[_ERRORS] = 0
        self._left -= count
        self._at = (self._at + count) & (_RING_BYTES - 1)
        self._overruns += 1
        if not self._overruns & (self._overruns - 1):  # a power of two
            self.write(b"\x00uart: input lost, %d times so far\n\x00" % self._overruns)
        return b"\x00"

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
        until = time.ticks_add(time.ticks_ms(), milliseconds)  # type: ignore[attr-defined]
        while self._dma.count == self._left:
            if time.ticks_diff(until, time.ticks_ms()) <= 0:  # type: ignore[attr-defined]
                return False
            time.sleep_ms(1)  # type: ignore[attr-defined]
        return True

    def drain(self) -> None:
        """Wait until all that was written has left."""
        self._uart.flush()

    def retire(self) -> None:
        """Leave the line to an operator."""
        machine.mem32[_DMA] = 0
        self._dma.close()
        machine.mem32[_INTERRUPTS] = self._interrupts
        self.drain()
        os.dupterm(self._uart)  # type: ignore[attr-defined]
