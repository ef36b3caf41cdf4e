"""The ticks that a board tells: a counter that grows in a life, and wraps at TICKS_WRAP."""

from amu.core.limits import TICKS_WRAP

HALF = TICKS_WRAP // 2


def advanced(before: int, ticks: int) -> int:
    """How far the counter went from `before` to `ticks`, over a wrap if that is nearer; below 0: it ran backward."""
    return (ticks - before + HALF) % TICKS_WRAP - HALF
