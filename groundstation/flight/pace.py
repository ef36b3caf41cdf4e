"""Does this machine keep up with the mission's speed? Only explanations depend on this measurement, never a decision.

Two signs: the share of wall time in which the ground station had work to do, and how much later than at best a board's
trace frames arrive (each carries the tick in which it left the board). Both are taken since the last slot, if that is
long enough, else over the whole flight.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_WALL_SECONDS = 2.0  # a shorter time since the last slot is not significant


@dataclass
class _Span:
    """Sums over a stretch of time."""

    busy: float = 0.0
    waited: float = 0.0
    late: dict[int, tuple[float, int]] = field(default_factory=dict)  # node -> sum of ticks, frames


class Pace:
    """Call `turn_begins` and `turn_works` around each wait, `heard` per trace frame, `progress` per new slot."""

    def __init__(self, ticks_of_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ticks_of_second = ticks_of_second  # board ticks in a mission second
        self._clock = clock
        self._at = clock()
        self._spans = (_Span(), _Span())  # of the whole flight, since the last slot
        self._best: dict[tuple[int, int], float] = {}  # (node, boot) -> least difference of the clocks, in ticks

    def turn_begins(self) -> None:
        """The ground station has no work and begins to wait."""
        for span, seconds in self._lap():
            span.busy += seconds

    def turn_works(self) -> None:
        """The wait is over."""
        for span, seconds in self._lap():
            span.waited += seconds

    def _lap(self) -> list[tuple[_Span, float]]:
        now = self._clock()
        seconds, self._at = now - self._at, now
        return [(span, seconds) for span in self._spans]

    def heard(self, node: int, boot: int, ticks: int, now: float) -> None:
        """A trace frame that left in tick `ticks` of boot `boot`, at mission second `now`."""
        difference = now * self._ticks_of_second - ticks
        best = self._best[node, boot] = min(difference, self._best.get((node, boot), difference))
        for span in self._spans:
            total, frames = span.late.get(node, (0.0, 0))
            span.late[node] = (total + difference - best, frames + 1)

    def progress(self) -> None:
        """A new slot was decided: measure from here."""
        self._spans = (self._spans[0], _Span())

    def _span(self) -> _Span:
        whole, latest = self._spans
        return latest if latest.busy + latest.waited >= WINDOW_WALL_SECONDS else whole

    @property
    def busy_share(self) -> float:
        """The busy share of wall time."""
        span = self._span()
        return span.busy / (span.busy + span.waited) if span.busy else 0.0

    @property
    def late_ticks(self) -> dict[int, float]:
        """Mean delay in ticks, by node."""
        return {node: total / frames for node, (total, frames) in self._span().late.items()}
