"""NOR flash in a file: the block device under littlefs on the MicroPython unix port.

A power cut kills the process at once, in the middle of a flash operation. At the next start littlefs and the
journal find a torn page, as on a real board. To arm a power cut, write a count to the file `power_cut`
beside the image: the operation of that number from then on (1 is the next) is half done when the process
dies. A count in the file `worn_flash` wears out the block of that operation in the same way: from then on some of its
bits stay as an erase leaves them, in later lives, too.
"""

import os

if "":  # for the type checker; see amu.core.types
    from typing import NoReturn

_PAGE_BYTES = 256
_BLOCK_BYTES = 4096
_BLOCKS = 128
_ERASED = b"\xff" * _BLOCK_BYTES
_WORN_BYTES = 16  # at the start of what is written into a worn block

_BLOCK_COUNT = 4  # requests to ioctl, as MicroPython's vfs numbers them
_BLOCK_SIZE = 5
_BLOCK_ERASE = 6


class FlashImage:
    """Block device (extended interface: byte offsets, explicit erase) on `directory`/flash.img."""

    def __init__(self, directory: str) -> None:
        self._cut = Countdown(directory + "/power_cut")
        self._wear = Countdown(directory + "/worn_flash")
        self._worn_path = directory + "/worn_blocks"
        self._worn: list[int] = []  # worn blocks, at most _BLOCKS
        try:
            with open(self._worn_path) as file:
                self._worn = [int(line) for line in file]
        except OSError:
            pass  # no block is worn
        path = directory + "/flash.img"
        try:
            self._file = open(path, "r+b")
        except OSError:
            with open(path, "wb") as file:
                for _ in range(_BLOCKS):
                    file.write(_ERASED)
            self._file = open(path, "r+b")

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        self._file.seek(block * _BLOCK_BYTES + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block: int, buffer: "bytes | bytearray", offset: int | None = None) -> None:
        if offset is None:
            self._erase(block)
            offset = 0
        self._operate(block * _BLOCK_BYTES + offset, buffer)

    def ioctl(self, request: int, argument: int) -> int:
        if request == _BLOCK_COUNT:
            return _BLOCKS
        if request == _BLOCK_SIZE:
            return _BLOCK_BYTES
        if request == _BLOCK_ERASE:
            self._erase(argument)
        return 0

    def _erase(self, block: int) -> None:
        self._operate(block * _BLOCK_BYTES, _ERASED)

    def _operate(self, position: int, data: "bytes | bytearray") -> None:
        """One erase or one program. The last one of an armed board reaches half of its bytes."""
        self._file.seek(position)
        if self._cut.strikes():
            self._file.write(data[: len(data) // 2])
            _die()
        if self._wear.strikes():
            self._worn.append(position // _BLOCK_BYTES)
            with open(self._worn_path, "a") as file:
                file.write("%d\n" % self._worn[-1])
        if self._worn and position // _BLOCK_BYTES in self._worn:
            data = _ERASED[:_WORN_BYTES] + data[_WORN_BYTES:]
        self._file.write(data)


class Countdown:
    """Armed by a count in a file: strikes once, at the operation of that number from then on."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._left = 0

    def strikes(self) -> bool:
        """Whether this operation is the one."""
        if not self._left:
            try:
                os.stat(self._path)
            except OSError:
                return False
            with open(self._path) as file:
                self._left = int(file.read())
            os.remove(self._path)
        self._left -= 1
        return not self._left


def _die() -> "NoReturn":
    """The shell kills this process while it waits in `system`: no handler, no buffer, no further instruction runs."""
    while True:
        os.system("kill -KILL $PPID")


def mount(directory: str, point: str) -> FlashImage:
    """Mount littlefs on the image in `directory` at `point`, formatting it first if it holds none."""
    device = FlashImage(directory)
    try:
        files = os.VfsLfs2(device, progsize=_PAGE_BYTES, lookahead=32)  # type: ignore[attr-defined]
    except OSError:
        os.VfsLfs2.mkfs(device, progsize=_PAGE_BYTES, lookahead=32)  # type: ignore[attr-defined]
        files = os.VfsLfs2(device, progsize=_PAGE_BYTES, lookahead=32)  # type: ignore[attr-defined]
    os.mount(files, point)  # type: ignore[attr-defined]
    return device
