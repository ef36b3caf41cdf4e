"""Emulated Picos: real MicroPython on a simulated RP2040, stepped in virtual time.

The board lives in a process that ends with this one, and its time passes in `advance` only. When the board is switched
off, its flash is written to disk as an image. While it runs there is no image: if the ground station died then, an old
image would be flash that has lost votes, and a board that has lost votes may vote twice. Without an image the board
boots with amnesia, from which it can rejoin safely. So does a board whose emulator ended.

`advance` only begins to compute; the board is waited for when it is looked at. So the boards of a swarm, advanced one
after the other and read afterwards, use all cores of the host.

    node-<n>/           config.cbor, flash.bin (2 MiB less the interpreter) while off, starts (lives so far)
"""

import contextlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self

from amu.boards import config
from amu.boards.ring_files import PICO_BLOCKS
from amu.core.limits import faults_max
from groundstation.boards import provision
from groundstation.boards.base import Board, BoardError, BoardPlan
from groundstation.links.base import Link, LinkLost
from groundstation.links.memory_link import MemoryLine, MemoryLink
from groundstation.npm import NpmError
from groundstation.record.run_directory import write_private
from hil.boards.emulated import library, pico_chip, pico_files
from hil.boards.emulated.pico_chip import NANOS, PicoChip
from hil.boards.emulated.process import EmulatorError

IMAGE_VARIABLE = "AMU_PICO_UF2"
_IMAGE = "flash.bin"
_CONFIGURATION = "config.cbor"
_STARTS = "starts"
_STORE = "store/"
_UNREAD_BYTES_MAX = 16384  # on the line: then the host takes no more from the board
_OF_THE_CHIP = frozenset({"hang", "brown_out", "worn_flash"})


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
        pico_chip.interpreter(image)
    except OSError as error:
        raise BoardError(f"{IMAGE_VARIABLE}={name}: {error.strerror}; want an image that can be read") from error
    except ValueError as error:
        raise BoardError(
            f"{IMAGE_VARIABLE}={name}: is not a UF2 file for an RP2040: {error}; want a MicroPython image (.uf2)"
        ) from error
    return image


class _Link(MemoryLink):
    """The ground station's end of the line; before it reads, the board takes its time to the end."""

    def __init__(self, line: MemoryLine, settle: Callable[[], None]) -> None:
        super().__init__(line)
        self._settle = settle

    def read(self) -> bytes:
        self._settle()
        return super().read()


class EmulatedBoard(Board):
    """One emulated Pico, switched off until `start`."""

    kind: ClassVar[str] = "emulated"
    board_faults: ClassVar[frozenset[str]] = Board.board_faults | {"slow_host", "unplug", *_OF_THE_CHIP}
    unplayable: ClassVar[Mapping[str, str]] = {
        "heap_exhaustion": "nothing outside a chip can take its heap",
        "full_flash": "nothing outside a chip can write files while it runs",
        "baud_mismatch": "USB has no baud",
    }
    resets_itself: ClassVar[bool] = True
    is_real_time: ClassVar[bool] = False

    def __init__(self, directory: Path, node: int) -> None:
        self.node = node
        self._directory = directory
        self._chip: PicoChip | None = None
        self._line = MemoryLine(f"emulated-{node}")
        self._link = _Link(self._line, self._settle)
        self._is_closed = False
        self._has_run = False  # in this process
        self._is_unplugged = False

    @classmethod
    def create(cls, directory: Path, plans: Sequence[BoardPlan]) -> list[Self]:
        micropython_image()
        try:
            library.require()
        except NpmError as error:
            raise BoardError(str(error)) from error
        boards = []
        for plan in plans:
            board = cls(directory / f"node-{plan.node}", plan.node)
            try:
                board._directory.mkdir(parents=True)
            except FileExistsError as error:
                raise BoardError(f"{board._directory}: there is a board already; attach to it") from error
            write_private(board._directory / _CONFIGURATION, plan.configuration)
            journal = config.decode(plan.configuration).journal
            store = provision.commissioned_files(journal, PICO_BLOCKS)
            board._keep(board._flash({_STORE + name: data for name, data in store.items()}))
            boards.append(board)
        return boards

    @classmethod
    def attach(cls, directory: Path, nodes: Collection[int] | None = None) -> list[Self]:
        found = directory.glob(f"node-*/{_CONFIGURATION}")
        made = sorted(int(path.parent.name.removeprefix("node-")) for path in found)
        nodes = [node for node in made if nodes is None or node in nodes]
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
        name = f"AMU-{self.node:04}"
        try:
            self._chip = PicoChip(micropython_image(), flash, name, self._count_start(), self._line.take)
        except (EmulatorError, NpmError) as error:
            raise BoardError(f"board {self.node}: {error}") from error
        self._has_run = True
        self._is_unplugged = False
        image.unlink(missing_ok=True)  # after what can fail, before the first step

    def kill(self) -> None:
        self._settle()
        if self._chip is not None:
            self._with_chip(PicoChip.power_off)
            self._settle()

    def power_cut(self, after_operations: int) -> None:
        if after_operations < 1:
            raise BoardError(f"power cut after {after_operations} flash operations; want 1 or more")
        self._settle()
        if self._chip is None:
            raise BoardError(f"board {self.node} is off; start it before cutting its power")
        self._with_chip(lambda chip: chip.cut_power_at(after_operations))

    def begin(self, fault: str, after_operations: int) -> None:
        self._settle()
        if self._chip is None:
            raise BoardError(f"board {self.node} is off; start it before it can suffer {fault}")
        if fault == "unplug":
            self.kill()
            self._is_unplugged = True
        elif fault in _OF_THE_CHIP:
            self._with_chip(lambda chip: chip.suffer(fault, after_operations))
        else:
            super().begin(fault, after_operations)

    def end(self, fault: str) -> None:
        if fault == "unplug" and self._is_unplugged:
            self.start()

    def erase(self) -> None:
        if self.alive():
            raise BoardError(f"board {self.node} is running; kill it before its flash is erased")
        self._keep(self._flash({}))

    def alive(self) -> bool:
        self._settle()
        return self._chip is not None

    def was_switched_off(self) -> bool:
        return not self._has_run  # lost with the ground station that it ran under

    def link(self) -> Link:
        if self._is_closed:
            raise LinkLost(f"{self._line.name}: the board was closed; create or attach it again")
        return self._link

    def advance(self, seconds: float) -> None:
        self._settle()
        if self._chip is not None:
            self._with_chip(lambda chip: chip.advance(round(seconds * NANOS)))

    def close(self) -> None:
        with contextlib.suppress(BoardError):  # its emulator ended: it is off
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

    def _settle(self) -> None:
        """The board has computed to the end: what it sent is on the line; if its power failed, its flash is on disk.

        After the power failed, what the board had not read is lost.
        """
        if self._chip is None:
            return
        chip, is_powered = self._chip, True

        def take_in(chip: PicoChip) -> None:
            nonlocal is_powered
            self._line.give(chip.receive())
            is_powered = chip.powered
            if is_powered:
                chip.leave_unread(len(self._line.to_ground) > _UNREAD_BYTES_MAX)

        self._with_chip(take_in)
        if not is_powered:
            self._chip = None
            self._link.drop_unsent()
            self._keep(chip.files)

    def _with_chip(self, act: Callable[[PicoChip], None]) -> None:
        """Let the chip do something. If its process ended, the board is off and its flash is lost."""
        assert self._chip is not None
        try:
            act(self._chip)
        except EmulatorError as error:
            self._chip = None
            self._link.drop_unsent()
            raise BoardError(f"board {self.node}: {error}; its flash is lost, fly the run again (--replay)") from error
