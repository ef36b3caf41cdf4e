"""A ring of NOR flash blocks in memory, with the faults of the `Flash` that it belongs to.

A program and an erase are flash operations like those on files. What faults do to them:

    power_cut           a prefix of a page is programmed; of a block any part is erased, zeroed or garbage; then death
    crash_corruption    as power_cut, but a page is garbage
    write_fault         as power_cut, but then OSError
    misdirected_write   another page is programmed, or another block erased, without an error
    read_fault          every read fails with OSError, until `mend_reads`
"""

from amu.boards.config import PAGES
from amu.boards.pages import PageStore
from amu.core.seams import Store
from swarm_sim.world.flash import Flash

PAGE_BYTES = 256
BLOCK_PAGES = 16
BLOCK_BYTES = BLOCK_PAGES * PAGE_BYTES
BLOCKS = 32  # as on a virtual board


class FlashRing:
    """A Ring, see `amu.core.seams`. Its content is `flash.blocks`, and outlives it."""

    def __init__(self, flash: Flash) -> None:
        self.blocks = BLOCKS
        self._flash = flash
        while len(flash.blocks) < BLOCKS:
            flash.blocks.append(bytearray(b"\xff" * BLOCK_BYTES))

    def read(self, page: int, buffer: bytearray) -> None:
        """Fill `buffer` with a page. Raises OSError under a read fault."""
        self._flash.require_readable()
        start = page % BLOCK_PAGES * PAGE_BYTES
        buffer[:] = self._flash.blocks[page // BLOCK_PAGES][start : start + PAGE_BYTES]

    def program(self, page: int, data: bytes | bytearray) -> None:
        """Clear the bits that are clear in `data`. Raises PowerCut or OSError when a fault strikes."""
        flash = self._flash
        fault = flash.strikes()
        if fault is None:
            self._clear(page, bytes(data))
        elif fault == "misdirected_write":
            flash.is_damaged = True
            self._clear(flash.draws.randrange(BLOCKS * BLOCK_PAGES), bytes(data))
        elif fault == "crash_corruption":
            flash.is_damaged = True
            self._clear(page, flash.draws.randbytes(PAGE_BYTES))
        else:
            self._clear(page, bytes(data[: flash.draws.randrange(PAGE_BYTES + 1)]))
        flash.fail(fault)

    def erase(self, block: int) -> None:
        """Set all bits of a block. Raises PowerCut or OSError when a fault strikes."""
        flash = self._flash
        fault = flash.strikes()
        if fault == "misdirected_write":
            flash.is_damaged = True
            block = flash.draws.randrange(BLOCKS)
        if fault in (None, "misdirected_write"):
            flash.blocks[block][:] = b"\xff" * BLOCK_BYTES
            return
        start, end = sorted(flash.draws.randrange(BLOCK_BYTES + 1) for _ in range(2))
        rest = flash.draws.choice((b"\xff" * (end - start), bytes(end - start), flash.draws.randbytes(end - start)))
        flash.blocks[block][start:end] = rest
        flash.fail(fault)

    def _clear(self, page: int, data: bytes) -> None:
        start = page % BLOCK_PAGES * PAGE_BYTES
        block = self._flash.blocks[page // BLOCK_PAGES]
        before = int.from_bytes(block[start : start + len(data)], "big")
        block[start : start + len(data)] = (before & int.from_bytes(data, "big")).to_bytes(len(data), "big")


def open_store(flash: Flash, journal: str) -> Store:
    """Where a board keeps its vote state, in one life; `journal` as in `amu.boards.config`."""
    return PageStore(flash, FlashRing(flash)) if journal == PAGES else flash
