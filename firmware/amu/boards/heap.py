"""How much heap a MicroPython board has left, and in how long a piece: short pieces are of no use.

MicroPython counts free bytes, but prints their layout on the console only. So `measure` finds the longest run by
allocating blocks and freeing them again: a BytesIO frees its buffer as soon as it is closed, without a collection.

A board collects while it is idle. `measure` also sets when a board that never is has to collect all the same: when it
has allocated HEAP_GARBAGE_BYTES, or as much as was free. Frames of calls count and are freed at once, so the garbage
fills three quarters of that, what lives long comes to lie there, and the rest stays in one piece.

MicroPython looks for free blocks from the first hole on, again for each object that takes two blocks or more: only an
object of one block takes the hole. With some hundred holes among what lives long that was an eighth of a decision. So
`skip_holes` fills them with garbage, up to the first long piece. The next collection frees them.
"""

import gc
import io

from amu.core import limits

_STEP_BYTES = 64
_BLOCK_BYTES_MAX = 32  # of the heap: 16 where an address takes four bytes
_PIECE_BLOCKS = 16  # a free piece of so many blocks is a long one
_HOLES_MAX = 1024  # blocks filled at a time


def measure() -> tuple[int, int]:
    """(free bytes, bytes of the longest free run) after a collection. The run is exact to _STEP_BYTES."""
    gc.collect()
    free = gc.mem_free()  # type: ignore[attr-defined]
    gc.threshold(min(free, limits.HEAP_GARBAGE_BYTES))  # type: ignore[attr-defined]
    run = 0  # a run of this length exists
    bound = free  # but not of this length
    # Do not collect when a block does not fit: that would cost one collection per try.
    gc.disable()
    try:
        while bound - run > _STEP_BYTES:
            middle = (run + bound) // 2
            try:
                io.BytesIO(middle).close()
                run = middle
            except MemoryError:
                bound = middle
    finally:
        gc.enable()
    skip_holes()
    return free, run


def collect() -> None:
    """Collect garbage."""
    gc.collect()
    skip_holes()


def skip_holes() -> None:
    """After a collection: let the next objects lie in the first free piece that is not short."""
    make, address = object, id
    blocks = last = 0
    for _ in range(_HOLES_MAX):
        block = address(make())
        blocks = blocks + 1 if 0 < block - last <= _BLOCK_BYTES_MAX else 0
        if blocks == _PIECE_BLOCKS:
            break
        last = block
