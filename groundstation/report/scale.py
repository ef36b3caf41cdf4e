"""A time axis that compresses idle spans.

A swarm may wait for a time-out a thousand times as long as a round of votes takes. Drawn to scale, rounds would be
black bars. So an idle span is drawn at most GAP_MEANS times as wide as the average of the others, and marked; the rest
is to scale.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

GAP_MEANS = 12
ROUNDS = 3
NEAREST_TICK = 0.06  # of the width


class Scale:
    """Maps mission seconds to an axis from 0 to `width`. `squeezed`: (from, to) of the spans not drawn to scale."""

    def __init__(self, seconds: Iterable[float]) -> None:
        """`seconds`: of everything that is drawn, at least one."""
        self._times = sorted(set(seconds))
        widest = self._times[-1] - self._times[0]
        for _ in range(ROUNDS):  # iterate, because idle spans must not count in the average
            busy = [after - before for before, after in pairwise(self._times) if after - before <= widest]
            widest = GAP_MEANS * sum(busy) / max(1, len(busy))
        self.squeezed: list[tuple[float, float]] = []
        self._places = [0.0]
        for before, after in pairwise(self._times):
            if after - before > widest:
                self.squeezed.append((before, after))
            self._places.append(self._places[-1] + min(after - before, widest))
        self.width = self._places[-1] or 1.0

    def place(self, seconds: float) -> float:
        """The position of a moment. Moments before the first or after the last are at the ends."""
        index = bisect_right(self._times, seconds)
        if index in (0, len(self._times)):
            return self._places[max(0, index - 1)]
        before, after = self._times[index - 1], self._times[index]
        share = (seconds - before) / (after - before)
        return self._places[index - 1] + share * (self._places[index] - self._places[index - 1])

    def ticks(self, count: int) -> list[tuple[float, float]]:
        """At most `count` + 1 (position, mission seconds), none in a squeezed span, spaced widely enough to read."""
        found: list[tuple[float, float]] = []
        for number in range(count + 1):
            index = bisect_right(self._places, number * self.width / count) - 1
            place = self._places[index]
            if not found or place - found[-1][0] > self.width * NEAREST_TICK:
                found.append((place, self._times[index]))
        return found
