"""Which messages a board may have taken without a word of it in its trace.

Theory. A message that comes out of the order of Lamport times is refused, and yet what it asks for may be done. The
Refuse stands for it. A board traces only the first refusals of a tick (firmware/amu/node/effects.py).
"""

from __future__ import annotations

from amu.core.limits import REFUSALS_TRACED_PER_TICK_MAX
from specs.checking.trace import Event

FLOODED = "a board refused more messages than it traces"


class Refusals:
    """Of all boards, in the tick of each one's last refusal."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, int | None, int]] = {}  # node -> boot, ticks, refusals in that tick

    def add(self, event: Event) -> None:
        """A Refuse."""
        boot, ticks, count = self._last.get(event.node, (event.boot, event.ticks, 0))
        if (boot, ticks) != (event.boot, event.ticks):
            count = 0
        self._last[event.node] = (event.boot, event.ticks, count + 1)

    def is_flooded(self, event: Event) -> bool:
        """Whether the board of this event may have refused more in this tick than its trace has."""
        boot, ticks, count = self._last.get(event.node, (event.boot, event.ticks, 0))
        return (boot, ticks) == (event.boot, event.ticks) and count >= REFUSALS_TRACED_PER_TICK_MAX
