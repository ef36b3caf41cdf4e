"""A Raspberry Pi Pico, or any RP2040 with 2 MB of flash, as a board: USB or UART0 for the line, the chip's own flash.

The file system holds `config.cbor`, the firmware and the folder `store`, which belongs to the journal alone. The line
is USB, unless a file `line` is there and `boot.py` has put the prompt on UART0.

Each turn of the flight loop reads the clock, which feeds the watchdog. Waiting for the host and reading files at boot
feed it, too: a board does not hang there. So a loop that hangs anywhere restarts the board. The light blinks as the
watchdog is fed: a board whose light does not change has stopped flying.
"""

import io
import os
import select
import sys
import time

import machine
import micropython

from amu.boards import hashes, heap
from amu.boards.config import PAGES
from amu.boards.files import FileStore
from amu.boards.guided import GuidedReader
from amu.boards.runtime import EXIT
from amu.boards.ticks import MillisecondTicks
from amu.wire import machine as machine_code
from amu.wire import machine_cbor

if "":  # for the type checker; see amu.core.types
    from amu.boards.uart import UartPort
    from amu.core.seams import Board, Store, Ticks

_CONFIG = "/config.cbor"
_STORE = "/store"
_LINE = "/line"  # whatever it holds
_WATCHDOG_MS = 8_000  # the chip's counter ends at 8,388; a flash block takes up to 400 to erase
_WATCHDOG_REASON = 0x40058008  # a register: RP2040 datasheet, section 4.7.6
_FEED_MS = 1_000
_BLINK_MS = 500
_GUARD_MS = 250  # a read that waits for this long, and at most for twice as long, is ended
_FAREWELL_MS = 100


class Watchdog:
    """Restarts a board that hangs. Once started it cannot be stopped."""

    def __init__(self) -> None:
        self._dog = machine.WDT(timeout=_WATCHDOG_MS)
        self._light = _light()
        self._blinked = time.ticks_ms()  # type: ignore[attr-defined]
        self._timer = None

    def feed(self) -> None:
        """The flight loop is alive."""
        self._dog.feed()
        now = time.ticks_ms()  # type: ignore[attr-defined]
        if self._light is not None and time.ticks_diff(now, self._blinked) >= _BLINK_MS:  # type: ignore[attr-defined]
            self._blinked = now
            self._light.toggle()

    def retire(self) -> None:
        """Stop restarting the board: an operator works at its prompt."""
        self._timer = machine.Timer(period=_FEED_MS, mode=machine.Timer.PERIODIC, callback=self._feed_by_timer)

    def _feed_by_timer(self, timer: machine.Timer) -> None:
        self._dog.feed()


class _Zeros(io.IOBase):
    """Second console of the interpreter: a read that waits for the first one takes its bytes."""

    def readinto(self, buffer: bytearray) -> int:
        buffer[0] = 0
        return 1

    def write(self, data: bytes) -> int:
        return len(data)


class UsbPort:
    """BytePort on the USB serial line. `watchdog` is fed while the host lets us wait. `console`: another prompt's line.

    A read may wait for bytes that a damaged frame has announced (see `amu.boards.guided`). The interpreter cannot end a
    read, but it runs the callbacks of timers meanwhile: one that sees the same read twice lets it end with zeros.
    """

    def __init__(self, watchdog: Watchdog, console: "machine.UART | None" = None) -> None:
        # A control-C among the bytes must not stop the flight.
        micropython.kbd_intr(-1)
        self._watchdog = watchdog
        self._console = console
        self._input = sys.stdin.buffer
        self._output = sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._ipoll = self._poll.ipoll  # type: ignore[attr-defined]
        self._reader = GuidedReader(self._has_more, self._input.readinto)  # type: ignore[union-attr]
        self._number = 0  # of the latest read
        self._seen = 0  # number of the read that the guard saw last
        self._is_reading = False
        self._is_ended = False  # by the guard
        self._zeros = _Zeros()
        self._guard = machine.Timer(period=_GUARD_MS, mode=machine.Timer.PERIODIC, callback=self._watch_read)

    def read(self) -> bytes:
        """Bytes that have arrived, to the end of a frame at most, `b""` if none."""
        for _ in self._ipoll(0):
            break
        else:
            return b""
        self._number = (self._number + 1) & 0xFFFF
        self._is_reading = True
        data = self._reader.read()
        self._is_reading = False
        if self._is_ended:
            self._is_ended = False
            os.dupterm(None)  # type: ignore[attr-defined]
            data = data.rstrip(b"\x00") + b"\x00"
        return data

    def drain(self) -> None:
        """Give the last bytes time to leave: a reset drops the board off the bus."""
        time.sleep_ms(_FAREWELL_MS)  # type: ignore[attr-defined]

    def retire(self) -> None:
        """Leave the line to an operator."""
        self._guard.deinit()
        os.dupterm(self._console)  # type: ignore[attr-defined]

    def _has_more(self) -> bool:
        for _ in self._ipoll(0):
            return True
        return False

    def _watch_read(self, timer: machine.Timer) -> None:
        if self._is_reading and self._seen == self._number:
            self._is_ended = True
            os.dupterm(self._zeros)  # type: ignore[attr-defined]
        self._seen = self._number

    def write(self, data: bytes) -> None:
        """Write all of `data`. When the host does not read, the port gives up every half second, and we try again.

        With no host on the line the port keeps the newest bytes and drops the rest: the ground sees a gap in the trace.
        """
        sent = self._output.write(data)
        if sent < len(data):
            rest = memoryview(data)  # its slices copy nothing
            while sent < len(data):
                self._watchdog.feed()
                sent += self._output.write(rest[sent:])

    def wait(self, milliseconds: int) -> bool:
        """Sleep until bytes arrive or the time has passed. Whether bytes arrived."""
        for _ in self._ipoll(milliseconds):
            return True
        return False


class WatchedTicks(MillisecondTicks):
    """The clock that every turn of the flight loop reads. A reading proves that the loop runs."""

    def __init__(self, tick_ms: int, watchdog: Watchdog) -> None:
        super().__init__(tick_ms)
        self._watchdog = watchdog

    def now(self) -> int:
        self._watchdog.feed()
        return MillisecondTicks.now(self)  # on a board `super()` makes an object


class WatchedStore(FileStore):
    """Files whose reading feeds the watchdog: a board that restores full tables takes some seconds before it flies."""

    def __init__(self, directory: str, watchdog: Watchdog) -> None:
        super().__init__(directory)
        self._watchdog = watchdog

    def read(self, name: str, offset: int = 0, count: int = -1) -> bytes | None:
        self._watchdog.feed()
        return super().read(name, offset, count)


class PicoBoard:
    """The seams of one Pico."""

    def __init__(self) -> None:
        self.cause = _cause()  # before the watchdog is started again
        self._watchdog = Watchdog()
        self.port = _open_port(self._watchdog)
        try:
            os.mkdir(_STORE)
        except OSError:
            pass  # it is there

    def config(self) -> bytes:
        """Bytes of `config.cbor`. Raises OSError if there is none."""
        with open(_CONFIG, "rb") as file:
            return file.read()

    def open_store(self, journal: str) -> "Store":
        """Where vote state is kept. Raises JournalError."""
        store: Store = WatchedStore(_STORE, self._watchdog)
        if journal == PAGES:
            import rp2

            from amu.boards import ring_files

            return ring_files.open_pages(store, rp2.Flash(), "", _STORE, ring_files.PICO_BLOCKS)
        return store

    def ticks(self, tick_ms: int) -> "Ticks":
        return WatchedTicks(tick_ms, self._watchdog)

    def nonce(self) -> int:
        """1 .. 2**20 - 1, fresh for each start."""
        return 1 + int.from_bytes(os.urandom(4), "big") % ((1 << 20) - 1)

    def heap(self) -> tuple[int, int]:
        """(free bytes, bytes of the longest free run), garbage not counted as used."""
        return heap.measure()

    def leave(self, reason: str) -> None:
        """EXIT: to the prompt, control-C works again. Anything else: restart the chip. Never returns."""
        if reason == EXIT:
            self._watchdog.retire()
            self.port.retire()
            micropython.kbd_intr(3)
            # As control-C would: after SystemExit the port runs main.py again.
            raise KeyboardInterrupt(EXIT)
        self.port.drain()
        machine.reset()


def _open_port(watchdog: Watchdog) -> "UsbPort | UartPort":
    """The line of this flight. The other one is not read meanwhile."""
    uart = os.dupterm(None)  # type: ignore[attr-defined]  # what boot.py has put there
    if uart is not None and _LINE[1:] in os.listdir("/"):
        from amu.boards.uart import UartPort

        return UartPort(uart, watchdog)
    return UsbPort(watchdog, uart)


def _cause() -> str:
    """Why the chip was reset, if nobody ordered it: in words, else empty."""
    if machine.mem32[_WATCHDOG_REASON] & 1:  # its timer; 2 is an order
        return "reset by the watchdog"
    return "power came back" if machine.reset_cause() == machine.PWRON_RESET else ""


def _light() -> machine.Pin | None:
    """The board's light, or None if MicroPython has no pin of that name."""
    try:
        return machine.Pin("LED", machine.Pin.OUT)
    except ValueError:
        return None


def open_board() -> "Board":
    machine_code.install()
    machine_cbor.install()
    hashes.install()
    return PicoBoard()
