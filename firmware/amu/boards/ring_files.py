"""A ring of flash blocks for `amu.boards.pages`, taken out of the file system without the file system knowing.

The interpreter of a stock Pico keeps its file system on all of the flash that a program can reach, and formats it again
at boot if it finds one of another size. So the blocks of the ring belong to files: each file is exactly
one block long, so littlefs keeps nothing of its own in it, and it never moves the content of a file that nobody writes.
Nobody writes these through the file system once they are made. `mpremote` shows them and may read them; who deletes one
of them, or copies one back, breaks the ring, and the board finds that at boot and stays silent.

Where a file lies is asked of littlefs itself, at each boot: a second, read-only mount notes which block it reads.
"""

import os

from amu.boards.pages import BLOCK_PAGES, PAGE_BYTES, PageStore
from amu.core.errors import JournalError

if "":  # for the type checker; see amu.core.types
    from typing import NoReturn, Protocol

    from amu.core.seams import Store

    class Device(Protocol):
        """A block device of MicroPython with the extended interface."""

        def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None: ...

        def writeblocks(self, block: int, buffer: bytes | bytearray, offset: int) -> None: ...

        def ioctl(self, request: int, argument: int) -> int: ...


_BLANK_PAGE = b"\xff" * PAGE_BYTES
PICO_BLOCKS = 64  # of the 352 of a Pico's file system: more of them wear out later, and take longer to find at boot
_FOLDER = "ring"
_NEW_FOLDER = "ring.new"  # being made
_BLOCK_ERASE = 6  # request to ioctl, as MicroPython's vfs numbers it
_IO = 5  # EIO
_READ_ONLY = 30  # EROFS
_NO_SUCH_FILE = 2  # ENOENT


class FlashRing:
    """Ring whose block i is the block `places[i]` of `device`."""

    def __init__(self, device: "Device", places: list[int]) -> None:
        self.blocks = len(places)
        self._device = device
        self._places = places

    def read(self, page: int, buffer: bytearray) -> None:
        """Fill `buffer` with a page."""
        self._device.readblocks(self._places[page // BLOCK_PAGES], buffer, page % BLOCK_PAGES * PAGE_BYTES)

    def program(self, page: int, data: "bytes | bytearray") -> None:
        """Write a whole page to erased flash. Less than a page would read back wrong, without an error."""
        self._device.writeblocks(self._places[page // BLOCK_PAGES], data, page % BLOCK_PAGES * PAGE_BYTES)

    def erase(self, block: int) -> None:
        if self._device.ioctl(_BLOCK_ERASE, self._places[block]):
            raise OSError(_IO, "block %d of the ring cannot be erased" % block)


class _Witness:
    """The device, read-only; remembers which block was read last."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self.last = -1

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        self.last = block
        self._device.readblocks(block, buffer, offset)

    def writeblocks(self, block: int, buffer: "bytes | bytearray", offset: int = 0) -> "NoReturn":
        raise OSError(_READ_ONLY)

    def ioctl(self, request: int, argument: int) -> int:
        if request == _BLOCK_ERASE:
            raise OSError(_READ_ONLY)
        return self._device.ioctl(request, argument)


def open_pages(files: "Store", device: "Device", root: str, folder: str, blocks: int) -> PageStore:
    """A store with its journal on the ring that `open_ring` finds. Raises JournalError if the ring is not whole."""
    try:
        return PageStore(files, open_ring(device, root, folder, blocks))
    except OSError as error:
        raise JournalError("the ring of flash blocks cannot be used: %r" % error)


def open_ring(device: "Device", root: str, folder: str, blocks: int) -> FlashRing:
    """The ring in `folder`, a path from the root of the littlefs on `device`, which is mounted at `root`.

    Makes a ring of `blocks` blocks if there is none. Raises OSError if it is not whole.
    """
    try:
        places = _places(device, folder + "/" + _FOLDER)
    except OSError as error:
        if error.args[0] != _NO_SUCH_FILE:
            raise
        _make(root + folder, blocks)
        places = _places(device, folder + "/" + _FOLDER)
    return FlashRing(device, places)


def _make(base: str, blocks: int) -> None:
    """Files of one erased block each, in a folder that gets its name last: whole or not there."""
    made = base + "/" + _NEW_FOLDER
    try:
        os.mkdir(made)
    except OSError:
        pass  # a power cut ended an attempt
    for number in range(blocks):
        with open("%s/%d" % (made, number), "wb") as file:
            for _ in range(BLOCK_PAGES):
                file.write(_BLANK_PAGE)
    os.rename(made, base + "/" + _FOLDER)


def _places(device: "Device", folder: str) -> list[int]:
    """Where the files of the ring lie, by number. Raises OSError: ENOENT if there is no such folder."""
    witness = _Witness(device)
    files = os.VfsLfs2(witness, readsize=PAGE_BYTES, progsize=PAGE_BYTES, lookahead=32)  # type: ignore[attr-defined]
    sizes = {}
    for entry in files.ilistdir(folder):
        sizes[entry[0]] = entry[3]
    places: list[int] = []
    for number in range(max(1, len(sizes))):
        if sizes.get(str(number)) != BLOCK_PAGES * PAGE_BYTES:
            raise OSError(_IO, "%s: file %d of %d is missing or not one block long" % (folder, number, len(sizes)))
        with files.open("%s/%d" % (folder, number), "rb") as file:
            file.read(1)
        if witness.last in places:
            raise OSError(_IO, "%s: two files in block %d" % (folder, witness.last))
        places.append(witness.last)
    return places
