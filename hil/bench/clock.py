"""Does a board's clock run right? Its counter of microseconds against the clock of this machine, by round trips.

Theory (Cristian 1989; Belay and NTP do the same). A question leaves, the answer shows the counter: it was read in
between. The shortest of some round trips says best when. Two such moments, some time apart, bound the rate from both
sides. Only a drift that is certain counts, whatever the line and this machine take.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

WRAP_US = 1 << 30  # of a Pico's counter
QUESTIONS = 6  # in a row
PAUSE_SECONDS = 0.4  # between two rows
LONG_PAUSE_SECONDS = 2.0  # of a clock that looks wrong: it is asked once more
DRIFT_PPM_MAX = 20_000.0  # a crystal is within 100
EMULATED_DRIFT_PPM_MAX = 250_000.0  # of a board that shares this machine's processor


class RoundTrip(NamedTuple):
    """The board's counter showed `microseconds` between the seconds `before` and `after`."""

    before: float
    microseconds: int
    after: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.after - self.before


@dataclass(frozen=True)
class Measured:
    """`least`, `most`: how much faster than it should the clock runs, in parts per million."""

    moves: bool
    least: float
    most: float
    round_trip: float  # the shortest one, in seconds

    def is_right(self, ppm_max: float) -> bool:
        """Whether nothing is wrong for certain."""
        return self.moves and self.least <= ppm_max and self.most >= -ppm_max

    def __str__(self) -> str:
        if not self.moves:
            return "its ticks do not move"
        middle, error = (self.least + self.most) / 2, (self.most - self.least) / 2
        return f"{middle:+.0f} ppm, within {error:.0f}; shortest round trip {self.round_trip * 1000:.1f} ms"


def measure(ask: Callable[[], int], ppm_max: float, pause: Callable[[float], object] = time.sleep) -> Measured:
    """`ask` returns the board's counter of microseconds. Takes half a second, and two more if the clock looks wrong."""
    found = _measure(ask, pause, PAUSE_SECONDS)
    return found if found.is_right(ppm_max) else _measure(ask, pause, LONG_PAUSE_SECONDS)


def _measure(ask: Callable[[], int], pause: Callable[[float], object], seconds: float) -> Measured:
    one = _shortest(ask)
    pause(seconds)
    two = _shortest(ask)
    board = 1e-6 * ((two.microseconds - one.microseconds) % WRAP_US)
    least, most = two.before - one.after, two.after - one.before  # of this machine's seconds in between
    shortest = min(one.seconds, two.seconds)
    if not board:
        return Measured(False, -1e6, -1e6, shortest)
    return Measured(True, 1e6 * (board / most - 1), 1e6 * (board / least - 1) if least > 0 else 1e12, shortest)


def _shortest(ask: Callable[[], int]) -> RoundTrip:
    found = []
    for _ in range(QUESTIONS):
        before = time.monotonic()
        microseconds = ask()
        found.append(RoundTrip(before, microseconds, time.monotonic()))
    return min(found, key=lambda trip: trip.seconds)
