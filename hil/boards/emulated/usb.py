"""Emulated Picos on a hub: each at the end of a pseudo-terminal, in real time, as a stand-in for Picos on USB.

    with Hub(folder, image) as hub:
        pico = hub.add("AMU-0000", flash)
        pico.plug_in()
        serial.Serial(str(pico.path))

Whatever opens a Pico's serial line opens this one: pyserial, mpremote, a terminal. As on a real hub, the line vanishes
when the chip resets or is unplugged, and comes back under another device name; the link in `folder`, made as udev makes
those in /dev/serial/by-id, keeps its name. Flash outlives `unplug`.

Time is the host's: a board that is asked for more than the host can emulate falls behind, and does not catch up.

    python -m hil.boards.emulated.usb FOLDER COUNT    a hub of bare Picos, for other processes; see `_serve`
"""

import contextlib
import os
import sys
import threading
import time
import tty
from pathlib import Path
from typing import Self

from hil.boards.emulated import pico_files
from hil.boards.emulated.board import micropython_image
from hil.boards.emulated.flash_log import FlashOperation
from hil.boards.emulated.pico_chip import NANOS, PicoChip
from hil.boards.emulated.process import EmulatorError

LINK = "usb-MicroPython_Board_in_FS_mode_{}-if00"
GONE_SECONDS = 0.2  # off the bus after a reset
QUANTUM_SECONDS = 0.002
_WAITING_BYTES_MAX = 1 << 16  # from the board, not yet read by anyone: more is lost, as on a line with no host
_READ_BYTES = 4096


class _Line:
    """A pseudo-terminal whose one end stands for the Pico's USB serial line."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._waiting = bytearray()  # from the board
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
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
        del self._waiting[:-_WAITING_BYTES_MAX]
        with contextlib.suppress(BlockingIOError):
            while self._waiting:
                del self._waiting[: os.write(self._master, self._waiting)]

    def close(self) -> None:
        self._link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)


class UsbPico:
    """One Pico on the hub, unplugged until `plug_in`. Methods may be called from any thread."""

    def __init__(self, folder: Path, image: Path, name: str, files: bytes, speed: float) -> None:
        """`name`: eight characters, the chip's identity. `files`: the file-system area of flash."""
        self.name = name
        self.serial_number = name.encode().hex().upper()
        self.path = folder / LINK.format(self.serial_number)
        self.lives = 0
        self._image, self._files, self._speed = image, files, speed
        self._chip: PicoChip | None = None
        self._line: _Line | None = None
        self._resets = 0
        self._back_at = 0.0
        self._lock = threading.Lock()

    @property
    def files(self) -> bytes:
        """The file-system area of flash as it is now."""
        with self._lock:
            return self._files if self._chip is None else self._chip.files

    def plug_in(self) -> None:
        """Give it power: it boots from its flash."""
        with self._lock:
            if self._chip is not None:
                return
            self.lives += 1
            self._resets = 0
            self._chip = PicoChip(self._image, self._files, self.name, self.lives, self._take)
            self._line = _Line(self.path)

    def unplug(self) -> None:
        """Take its power and its line away at once."""
        with self._lock:
            self._end()

    def cut_power_at(self, operations: int) -> None:
        """Tear the `operations`-th flash operation from now, and lose power and line there."""
        with self._lock:
            if self._chip is not None:
                self._chip.cut_power_at(operations)

    def log_flash(self) -> list[FlashOperation]:
        """Log flash operations from now on. Returns those that were logged until now, none if it is not plugged in."""
        with self._lock:
            return [] if self._chip is None else self._chip.log_flash()

    def step(self, seconds: float) -> None:
        """Let time pass on the board, and move its bytes."""
        with self._lock:
            if self._chip is None:
                return
            self._chip.advance(round(seconds * NANOS))
            data = self._chip.receive()
            if self._line is not None:
                self._line.give(data)
            if not self._chip.powered:
                self._end()
            elif self._chip.resets != self._resets:
                self._resets = self._chip.resets
                self._leave_bus()
            elif self._line is None and time.monotonic() >= self._back_at:
                self._line = _Line(self.path)

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

    def add(self, name: str, files: bytes | None = None) -> UsbPico:
        """A Pico with MicroPython, on it `files` or nothing."""
        pico = UsbPico(self.folder, self._image, name, pico_files.make({}) if files is None else files, self._speed)
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

    def _live(self, pico: UsbPico) -> None:
        due = time.monotonic()
        while not self._is_closing.is_set():
            pico.step(QUANTUM_SECONDS)
            due = max(due + QUANTUM_SECONDS / self._speed, time.monotonic() - QUANTUM_SECONDS)
            self._is_closing.wait(max(0.0, due - time.monotonic()))


def _serve(folder: Path, count: int) -> None:
    """A hub of bare Picos. Lines of input: `unplug N`, `plug N`, `cut N OPERATIONS`; the end of input ends it."""
    with Hub(folder) as hub:
        for number in range(count):
            pico = hub.add(f"AMU-{number:04}")
            pico.plug_in()
            print(f"{pico.serial_number} {pico.path}", flush=True)
        for line in sys.stdin:
            match line.split():
                case ["unplug", which]:
                    hub.picos[int(which)].unplug()
                case ["plug", which]:
                    hub.picos[int(which)].plug_in()
                case ["cut", which, operations]:
                    hub.picos[int(which)].cut_power_at(int(operations))
                case _:
                    print("want: unplug N, plug N, cut N OPERATIONS", flush=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
