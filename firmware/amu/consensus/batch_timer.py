"""How long a leader keeps requests back so that more of them share a slot: counted in ticks, and bounded.

A slot costs the same votes whatever its body carries. So a leader that has a proposal under way waits with the next
body until that slot is decided, the body is full, or the time here is up (batching: Castro and Liskov, ACM TOCS 2002;
the same rule for bytes on a line: RFC 896). A leader with nothing under way never waits.
"""

from amu.core import limits


class BatchTimer:
    """Runs from the first wait to the next proposal. Its time is a small part of the view timer's."""

    def __init__(self, view_timeout_ticks: int) -> None:
        self._ticks_max = min(limits.BATCH_TICKS_MAX, view_timeout_ticks // limits.BATCH_PARTS_OF_VIEW_TIMEOUT)
        self._ticks_left = -1  # -1: it does not run

    def may_wait(self) -> bool:
        """Start, unless it runs already. False when the time is up."""
        if self._ticks_left < 0:
            self._ticks_left = self._ticks_max
        return self._ticks_left > 0

    def stop(self) -> None:
        self._ticks_left = -1

    def tick(self) -> bool:
        """True once: the time has just run out."""
        if self._ticks_left <= 0:
            return False
        self._ticks_left -= 1
        return self._ticks_left == 0
