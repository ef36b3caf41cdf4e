"""Emulated Picos: real MicroPython on a simulated RP2040, stepped in virtual time.

The board lives in this process, and its time passes in `advance` only. When the board is switched off, its flash is
written to disk as an image. While it runs there is no image: if the ground station died then, an old image would be
flash that has lost votes, and a board that has lost votes may vote twice. Without an image the board boots with
amnesia, from which it can rejoin safely.

    node-<n>/           config.cbor, flash.bin (2 MiB less the interpreter) while off, starts (lives so far)
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

from amu.boards import config
from amu.core.limits import faults_max
from groundstation.boards import provision
from groundstation.boards.base import Board, BoardError, BoardPlan
from groundstation.links.base import Link, LinkLost
from groundstation.links.memory_link import MemoryLine, MemoryLink
from groundstation.record.run_directory import write_private
from hil.boards.emulated import pico_files
from hil.boards.emulated.pico_chip import NANOS, PicoChip

IMAGE_VARIABLE = "AMU_PICO_UF2"
_IMAGE = "flash.bin"
_CONFIGURATION = "config.cbor"
_STARTS = "starts"
_STORE = "store/"
UF2_MAGIC = b"UF2\nWQ]\x9e"  # each block begins with it: github.com/microsoft/uf2
UF2_BLOCK_BYTES = 512


def micropython_image() -> Path:
    """The MicroPython image that the boards run. Raises BoardError naming the variable that should name it."""
    name = os.environ.get(IMAGE_VARIABLE)
    if not name:
        raise BoardError(
            f"{IMAGE_VARIABLE} is not set: emulated boards need a MicroPython image of the RP2040, 1.28 or later (.uf2)"
        )
    image = Path(name)
    if not image.is_file():
        raise BoardError(f"{IMAGE_VARIABLE}={name}: no such file; want a MicroPython image (.uf2) for the RP2040")
    try:
        with image.open("rb") as file:
            begins = file.read(len(UF2_MAGIC))
    except OSError as error:
        raise BoardError(f"{IMAGE_VARIABLE}={name}: {error.strerror}; want an image that can be read") from error
    if begins != UF2_MAGIC or image.stat().st_size % UF2_BLOCK_BYTES:
        raise BoardError(f"{IMAGE_VARIABLE}={name}: is not a UF2 file; want a MicroPython image (.uf2) for the RP2040")
    return image


class EmulatedBoard(Board):
    """One emulated Pico, switched off until `start`."""

    kind: ClassVar[str] = "emulated"
    is_real_time: ClassVar[bool] = False

    def __init__(self, directory: Path, node: int) -> None:
        self.node = node
        self._directory = directory
        self._chip: PicoChip | None = None
        self._line = MemoryLine(f"emulated-{node}")
        self._link = MemoryLink(self._line)
        self._is_closed = False
        self._has_run = False  # in this process

    @classmethod
    def create(cls, directory: Path, plans: Sequence[BoardPlan]) -> list[Self]:
        micropython_image()
        boards = []
        for plan in plans:
            board = cls(directory / f"node-{plan.node}", plan.node)
            try:
                board._directory.mkdir(parents=True)
            except FileExistsError as error:
                raise BoardError(f"{board._directory}: there is a board already; attach to it") from error
            write_private(board._directory / _CONFIGURATION, plan.configuration)
            store = {_STORE + name: data for name, data in provision.commissioned_files().items()}
            board._keep(board._flash(store))
            boards.append(board)
        return boards

    @classmethod
    def attach(cls, directory: Path) -> list[Self]:
        found = directory.glob(f"node-*/{_CONFIGURATION}")
        nodes = sorted(int(path.parent.name.removeprefix("node-")) for path in found)
        if not nodes:
            raise BoardError(f"{directory}: no emulated board was made here (there is no node-*/{_CONFIGURATION})")
        lost = [node for node in nodes if not (directory / f"node-{node}" / _IMAGE).exists()]
        if len(lost) > faults_max(len(nodes)):
            raise BoardError(
                f"{directory}: the flash of boards {lost} ended with their ground station, and their votes with it; "
                "fly the run again from the start (--replay)"
            )
        return [cls(directory / f"node-{node}", node) for node in nodes]

    def start(self) -> None:
        if self._is_closed:
            raise BoardError(f"board {self.node} was closed; attach to {self._directory.parent} for a new one")
        if self.alive():
            raise BoardError(f"board {self.node} is running already")
        image = self._directory / _IMAGE
        flash = image.read_bytes() if image.exists() else self._flash({})
        self._link.drop_unsent()
        self._chip = PicoChip(micropython_image(), flash, f"AMU-{self.node:04}", self._count_start(), self._line.take)
        self._has_run = True
        image.unlink(missing_ok=True)  # after what can fail, before the first step

    def kill(self) -> None:
        if self._chip is None:
            return
        self._chip.power_off()
        self._collect(self._chip)

    def power_cut(self, after_operations: int) -> None:
        if after_operations < 1:
            raise BoardError(f"power cut after {after_operations} flash operations; want 1 or more")
        if self._chip is None:
            raise BoardError(f"board {self.node} is off; start it before cutting its power")
        self._chip.cut_power_at(after_operations)

    def erase(self) -> None:
        if self.alive():
            raise BoardError(f"board {self.node} is running; kill it before its flash is erased")
        self._keep(self._flash({}))

    def alive(self) -> bool:
        return self._chip is not None

    def was_switched_off(self) -> bool:
        return not self._has_run  # lost with the ground station that it ran under

    def link(self) -> Link:
        if self._is_closed:
            raise LinkLost(f"{self._line.name}: the board was closed; create or attach it again")
        return self._link

    def advance(self, seconds: float) -> None:
        if self._chip is None:
            return
        self._chip.advance(round(seconds * NANOS))
        self._line.give(self._chip.receive())
        if not self._chip.powered:
            self._collect(self._chip)

    def close(self) -> None:
        self.kill()
        self._line.pull()
        self._is_closed = True

    def _flash(self, store: dict[str, bytes]) -> bytes:
        """File-system area of a board with firmware, its configuration, and `store`."""
        configuration = (self._directory / _CONFIGURATION).read_bytes()
        files = {**pico_files.firmware(), _CONFIGURATION: configuration, **store}
        if config.decode(configuration).adversary is not None:
            files |= pico_files.adversaries()
        return pico_files.make(files)

    def _count_start(self) -> int:
        path = self._directory / _STARTS
        start = 1 + (int(path.read_text()) if path.exists() else 0)
        path.write_text(str(start))
        return start

    def _keep(self, flash: bytes) -> None:
        """Replace the image; a half-written one must never be taken for flash."""
        write_private(self._directory / _IMAGE, flash)

    def _collect(self, chip: PicoChip) -> None:
        """After the power failed: what the board sent is on the line, what it had not read is lost, flash stays."""
        self._line.give(chip.receive())
        self._link.drop_unsent()
        self._keep(chip.files)
        self._chip = None
