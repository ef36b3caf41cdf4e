"""Emulated Picos on a hub: each at the end of a pseudo-terminal, in real time, as a stand-in for Picos on USB.

    with Hub(folder, image) as hub:
        pico = hub.add("AMU-0000", flash)
        pico.plug_in()
        serial.Serial(str(pico.path))

Whatever opens a Pico's serial line opens this one: pyserial, mpremote, a terminal. As on a real hub, the line vanishes
when the chip resets or is unplugged, and comes back under another device name; the link in `folder`, made as udev makes
those in /dev/serial/by-id, keeps its name. What a Pico says before anyone has opened its line is dropped. Flash
outlives `unplug`.

A Pico may have a serial adapter at its UART0, too, whose line stays when the chip resets (see `adapter`).

Time is the host's: a board that is asked for more than the host can emulate falls behind, and does not catch up.

    python -m hil.boards.emulated.usb FOLDER COUNT [--adapters]    a hub of bare Picos, for other processes; `_serve`
"""

import contextlib
import sys
import threading
import time
from pathlib import Path
from typing import Self

from hil.boards.emulated import pico_files
from hil.boards.emulated.adapter import Adapter
from hil.boards.emulated.board import micropython_image
from hil.boards.emulated.flash_log import FlashOperation
from hil.boards.emulated.pico_chip import NANOS, PicoChip
from hil.boards.emulated.process import EmulatorError
from hil.boards.emulated.pseudo_terminal import PseudoTerminal

LINK = "usb-MicroPython_Board_in_FS_mode_{}-if00"
GONE_SECONDS = 0.2  # off the bus after a reset
QUANTUM_SECONDS = 0.002
UNREAD_BYTES_MAX = 4096
UNREAD_SECONDS_MAX = 10.0
UNHEARD_BYTES = 256  # the newest: MicroPython's buffer for a line that nobody has opened


class UsbPico:
    """One Pico on the hub, unplugged until `plug_in`. Methods may be called from any thread."""

    def __init__(
        self, folder: Path, image: Path, name: str, files: bytes, speed: float, adapter: Adapter | None = None
    ) -> None:
        """`name`: eight characters, the chip's identity. `files`: the file-system area of flash."""
        self.name = name
        self.serial_number = name.encode().hex().upper()
        self.path = folder / LINK.format(self.serial_number)
        self.lives = 0
        self.adapter = adapter
        self._image, self._files, self._speed = image, files, speed
        self._chip: PicoChip | None = None
        self._line: PseudoTerminal | None = None
        self._resets = 0
        self._back_at = 0.0
        self._unread_since: float | None = None
        self._lock = threading.Lock()

    @property
    def files(self) -> bytes:
        """The file-system area of flash as it is now."""
        with self._lock:
            return self._files if self._chip is None else self._chip.files

    @property
    def has_power(self) -> bool:
        """Whether it is plugged in and has not lost its power."""
        with self._lock:
            return self._chip is not None

    def plug_in(self) -> None:
        """Give it power: it boots from its flash."""
        with self._lock:
            if self._chip is not None:
                return
            self.lives += 1
            self._resets = 0
            self._chip = PicoChip(self._image, self._files, self.name, self.lives, self._take, adapter=self.adapter)
            self._line = PseudoTerminal(self.path, UNHEARD_BYTES)

    def unplug(self) -> None:
        """Take its power and its line away at once."""
        with self._lock:
            self._end()

    def cut_power_at(self, operations: int) -> None:
        """Tear the `operations`-th flash operation from now, and lose power and line there."""
        with self._lock:
            if self._chip is not None:
                self._chip.cut_power_at(operations)

    def suffer(self, fault: str, operations: int) -> None:
        """Suffer a fault of hardware, see `PicoChip.suffer`."""
        with self._lock:
            if self._chip is not None:
                self._chip.suffer(fault, operations)

    def log_flash(self) -> list[FlashOperation]:
        """Log flash operations from now on. Returns those that were logged until now, none if it is not plugged in."""
        with self._lock:
            return [] if self._chip is None else self._chip.log_flash()

    def step(self, seconds: float) -> None:
        """Let time pass on the board, and move its bytes."""
        with self._lock:
            if self._chip is None:
                if self.adapter is not None:  # nobody hears it
                    self.adapter.take(round(seconds * NANOS), 0, 0)
                return
            self._chip.advance(round(seconds * NANOS))
            data = self._chip.receive()
            if self._line is not None:
                self._line.give(data)
                if self._chip.powered:
                    self._hold_back(self._chip, self._line)
            if not self._chip.powered:
                self._end()
            elif self._chip.resets != self._resets:
                self._resets = self._chip.resets
                self._leave_bus()
            elif self._line is None and time.monotonic() >= self._back_at:
                self._line = PseudoTerminal(self.path, UNHEARD_BYTES)

    def _hold_back(self, chip: PicoChip, line: PseudoTerminal) -> None:
        """While a host that has opened the line does not read, it takes nothing. For long, it has closed it, perhaps
        as it died: then what the Pico says is dropped."""
        now = time.monotonic()
        if not line.baud or line.waiting < UNREAD_BYTES_MAX:
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        since = self._unread_since
        chip.leave_unread(since is not None and now - since < UNREAD_SECONDS_MAX)

    def _take(self, most: int) -> bytes:
        return b"" if self._line is None else self._line.take(most)

    def _leave_bus(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        self._back_at = time.monotonic() + GONE_SECONDS / self._speed

    def _end(self) -> None:
        if self._chip is None:
            return
        with contextlib.suppress(EmulatorError):
            self._chip.power_off()
        self._files = self._chip.files
        self._chip = None
        self._leave_bus()


class Hub:
    """Picos that live by the host's clock, a thread each. `speed`: their seconds in one of the host's."""

    def __init__(self, folder: Path, image: Path | None = None, speed: float = 1.0) -> None:
        """Links to the lines appear in `folder`. Raises BoardError if there is no MicroPython image."""
        self.folder = folder
        self.picos: list[UsbPico] = []
        self._image = micropython_image() if image is None else image
        self._speed = speed
        self._threads: list[threading.Thread] = []
        self._is_closing = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, name: str, files: bytes | None = None, adapter: str = "") -> UsbPico:
        """A Pico with MicroPython, on it `files` or nothing. `adapter`: serial number of one at its UART0."""
        wired = Adapter(self.folder, adapter) if adapter else None
        if wired is not None:
            wired.plug_in()
        flash = pico_files.make({}) if files is None else files
        pico = UsbPico(self.folder, self._image, name, flash, self._speed, wired)
        self.picos.append(pico)
        thread = threading.Thread(target=self._live, args=(pico,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return pico

    def close(self) -> None:
        """Unplug all."""
        self._is_closing.set()
        for thread in self._threads:
            thread.join()
        for pico in self.picos:
            pico.unplug()
            if pico.adapter is not None:
                pico.adapter.unplug()

    def _live(self, pico: UsbPico) -> None:
        due = time.monotonic()
        while not self._is_closing.is_set():
            pico.step(QUANTUM_SECONDS)
            due = max(due + QUANTUM_SECONDS / self._speed, time.monotonic() - QUANTUM_SECONDS)
            self._is_closing.wait(max(0.0, due - time.monotonic()))


def _adapter(hub: Hub, which: str) -> Adapter:
    adapter = hub.picos[int(which)].adapter
    assert adapter is not None
    return adapter


def obey(hub: Hub, line: str) -> bool:
    """Do what a line of text says; False if it says nothing known. N is a Pico, K a number of flash operations.

    unplug N    plug N    cut N K    hang N    brown_out N K    worn_flash N K
    baud N BAUD    its adapter's, whatever the host chose (0: what it chose)
    """
    match line.split():
        case ["unplug", which]:
            hub.picos[int(which)].unplug()
        case ["plug", which]:
            hub.picos[int(which)].plug_in()
        case ["cut", which, operations]:
            hub.picos[int(which)].cut_power_at(int(operations))
        case ["hang", which]:
            hub.picos[int(which)].suffer("hang", 1)
        case ["brown_out" | "worn_flash" as fault, which, operations]:
            hub.picos[int(which)].suffer(fault, int(operations))
        case ["baud", which, baud]:
            _adapter(hub, which).own_baud = int(baud) or None
        case _:
            return False
    return True


def _serve(folder: Path, count: int, with_adapters: bool) -> None:
    """A hub of bare Picos, which obeys lines of input. The end of input ends it."""
    with Hub(folder) as hub:
        for number in range(count):
            pico = hub.add(f"AMU-{number:04}", adapter=f"ADAPTER{number}" if with_adapters else "")
            pico.plug_in()
            print(f"{pico.serial_number} {pico.path}", flush=True)
            if pico.adapter is not None:
                print(f"{pico.adapter.serial_number} {pico.adapter.path}", flush=True)
        for line in sys.stdin:
            if not obey(hub, line):
                print("want a line as hil.boards.emulated.usb.obey takes it", flush=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]), "--adapters" in sys.argv[3:])
