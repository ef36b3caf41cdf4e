"""What a bench does to a virtual board from outside, by files in the board's folder: faults that no signal can bring.

heap_exhaustion     the rest of the heap is taken, until the end of the life; the file is removed
full_flash          as long as it is there, another file takes all room on flash
"""

import os

from amu.boards.ticks import MillisecondTicks

_BLOCK_BYTES = 1024
_PIECE_BYTES = 32
_TAKEN_MAX = 1 << 16  # pieces: more than any board's heap has room for
_FILLER = "/filler"


class BenchTicks(MillisecondTicks):
    """The clock of a virtual board. Once in each tick it looks at what the bench wants. Each life has its own."""

    def __init__(self, tick_ms: int, directory: str, flash: str) -> None:
        super().__init__(tick_ms)
        self._directory, self._flash = directory, flash
        self._seen = -1
        self._taken: list[bytearray] = []  # of the heap, at most _TAKEN_MAX pieces
        self._may_be_full = True  # flash, by an earlier life

    def now(self) -> int:
        ticks = MillisecondTicks.now(self)
        if ticks != self._seen:
            self._seen = ticks
            if _is_there(self._directory + "/heap_exhaustion"):
                os.remove(self._directory + "/heap_exhaustion")
                self._take_heap()
            self._fill_flash(_is_there(self._directory + "/full_flash"))
        return ticks

    def _take_heap(self) -> None:
        """Leave nothing, not even for a short object: the flight code meets the error at its next allocation."""
        for size in (_BLOCK_BYTES, _PIECE_BYTES):
            try:
                while len(self._taken) < _TAKEN_MAX:
                    self._taken.append(bytearray(size))
            except MemoryError:
                pass  # as wanted

    def _fill_flash(self, is_wanted: bool) -> None:
        filler = self._flash + _FILLER
        if is_wanted:
            self._may_be_full = True
            try:
                while True:
                    with open(filler, "ab") as file:
                        file.write(bytes(_BLOCK_BYTES))
            except OSError:
                pass  # it is full
        elif self._may_be_full:
            self._may_be_full = False
            if _is_there(filler):
                os.remove(filler)


def _is_there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True
