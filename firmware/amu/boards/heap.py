"""How much heap a MicroPython board has left, and in how long a piece: what is free is of no use in crumbs.

MicroPython counts free bytes and tells nobody but the console how they lie, so the longest run is found by asking for
blocks and giving them back: a BytesIO lets go of its buffer when it is closed, at once and without a collection.
"""

import gc
import io

_STEP_BYTES = 64


def measure() -> tuple[int, int]:
    """(free bytes, bytes of the longest free run) after a collection; the run is told to _STEP_BYTES."""
    gc.collect()
    free = gc.mem_free()  # type: ignore[attr-defined]
    run = 0  # there is one of so many bytes
    bound = free  # and none of so many
    # A block that does not fit must not be collected for: that would be a collection a question.
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
