"""The MicroPython unix port as a board: a pseudo-terminal for the USB cable, littlefs on a file for the flash.

The process starts in the board's folder, which holds `config.cbor`, the flash image and, on the very first start, an
empty file `commission`. Its standard input and output are the master of the pseudo-terminal, in raw mode and
non-blocking: the starter of the board has set both. In non-blocking mode `readinto` returns what has arrived, in one
system call; in blocking mode it would wait for a full buffer.
"""

import os
import select
import sys
import time

import micropython

from amu.boards import flash_image, heap
from amu.boards.config import PAGES
from amu.boards.files import FileStore
from amu.boards.runtime import EXIT, RESET
from amu.boards.ticks import MillisecondTicks
from amu.boards.unix_faults import BenchTicks
from amu.core import limits
from amu.node.journal import Journal

if "":  # for the type checker; see amu.core.types
    from amu.core.seams import Board, Store

_FLASH = "/flash"
_RING_BLOCKS = 32  # of the 128 of the flash image
_WRITE_WAIT_MS = 1000
EXIT_CODE = 0  # of a board that a telecommand took out of the flight loop
CRASH_CODE = 70  # of a board that met a bug: EX_SOFTWARE of sysexits.h


class UnixPort:
    """BytePort on standard input and output."""

    def __init__(self) -> None:
        # A control-C among the bytes must not stop the flight.
        micropython.kbd_intr(-1)
        self._input = sys.stdin.buffer
        self._output = sys.stdout.buffer
        self._readable = select.poll()
        self._readable.register(sys.stdin, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(sys.stdout, select.POLLOUT)
        self._buffer = bytearray(limits.READ_BYTES_MAX)
        self._view = memoryview(self._buffer)

    def read(self) -> bytes:
        """Bytes that have arrived, at most READ_BYTES_MAX, `b""` if none."""
        count = self._input.readinto(self._buffer)  # type: ignore[union-attr]
        return bytes(self._view[:count]) if count else b""

    def write(self, data: bytes) -> None:
        """Write all of `data`, waiting while the pseudo-terminal is full: no trace would show a loss here."""
        sent = self._output.write(data) or 0
        if sent < len(data):
            rest = memoryview(data)  # its slices copy nothing
            while sent < len(data):
                self._writable.poll(_WRITE_WAIT_MS)
                sent += self._output.write(rest[sent:]) or 0

    def wait(self, milliseconds: int) -> bool:
        """Sleep until bytes arrive or the time has passed. Whether bytes arrived."""
        for _, event in self._readable.poll(milliseconds):
            if event & select.POLLIN:
                return True
            # No process holds the other end. Without this sleep the loop would spin until one does.
            time.sleep_ms(milliseconds)  # type: ignore[attr-defined]
        return False


class UnixBoard:
    """The seams of one virtual board."""

    cause = ""  # a process does not know why it was started

    def __init__(self) -> None:
        self._directory = os.getcwd()
        self._device = flash_image.mount(self._directory, _FLASH)
        self.port = UnixPort()

    def config(self) -> bytes:
        """Bytes of `config.cbor`. Raises OSError if there is none."""
        with open(self._directory + "/config.cbor", "rb") as file:
            return file.read()

    def open_store(self, journal: str) -> "Store":
        """Where vote state is kept. Raises JournalError."""
        store: Store = FileStore(_FLASH)
        if journal == PAGES:
            from amu.boards import ring_files

            store = ring_files.open_pages(store, self._device, _FLASH, "", _RING_BLOCKS)
        self._commission(store)
        return store

    def ticks(self, tick_ms: int) -> MillisecondTicks:
        return BenchTicks(tick_ms, self._directory, _FLASH)

    def nonce(self) -> int:
        """1 .. 2**20 - 1, fresh for each start."""
        return 1 + int.from_bytes(os.urandom(4), "big") % ((1 << 20) - 1)

    def heap(self) -> tuple[int, int]:
        """(free bytes, bytes of the longest free run), garbage not counted as used."""
        return heap.measure()

    def leave(self, reason: str) -> None:
        """End the process. Returns only for RESET: then the next turn of main's loop is the reboot."""
        if reason != RESET:
            sys.exit(EXIT_CODE if reason == EXIT else CRASH_CODE)

    def _commission(self, store: "Store") -> None:
        """Once, at the first start. A power cut in between leaves a blank board, which is always safe."""
        flag = self._directory + "/commission"
        try:
            os.remove(flag)
        except OSError:
            return
        Journal(store).commission()


def open_board() -> "Board":
    return UnixBoard()
