"""How much heap a MicroPython board has left, and in how long a piece: short pieces are of no use.

MicroPython counts free bytes, but prints their layout on the console only. So `measure` finds the longest run by
allocating blocks and freeing them again: a BytesIO frees its buffer as soon as it is closed, without a collection.

A board collects while it is idle. `measure` also sets when a board that never is has to collect all the same: when it
has allocated HEAP_GARBAGE_BYTES, or as much as was free. Frames of calls count and are freed at once, so the garbage
fills three quarters of that, what lives long comes to lie there, and the rest stays in one piece.
"""

import gc
import io

from amu.core import limits

_STEP_BYTES = 64


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
    return free, run
