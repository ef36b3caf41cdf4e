"""What two clocks can say of each other: bounds on when one clock showed a reading, in seconds of the other.

Theory. A message from the board that shows reading T arrives at second r: the board's clock reached T at r or before. A
message to the board leaves at second s and is answered at reading T: the clock reached T at s or later. A question and
its answer are a round trip, and half of its length bounds the error of the middle (Cristian 1989, section 4; Mills, RFC
5905 section 10, keeps the sample of least delay). Over a longer time a clock of steady rate is a straight line that
runs below every point (T, r) and above every point (T, s) (Duda, Harrus, Haddad and Bernard, ICDCS 1987). All such
lines together bound the rate, and the second of each reading. The estimate is the middle of what they allow.

Rules
- The bounds hold as long as the rate is steady. A point that no line can obey shows that it was not: `not_after` and
  `not_before` return False, and nothing is changed.
- Of the points only the corners of their convex hull count. At most CORNERS_MAX are kept on each side. Leaving one out
  makes bounds wider, never wrong.
- Readings do not decrease from call to call on either side.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple

CORNERS_MAX = 64  # on each side


class Point(NamedTuple):
    """A reading of the clock, and a second that bounds when it was reached."""

    reading: int
    second: float


class Bounds:
    """Bounds on a clock whose unit lasts `unit_min` to `unit_max` seconds."""

    def __init__(self, unit_min: float, unit_max: float) -> None:
        self.unit_min = unit_min
        self.unit_max = unit_max
        self._latest: list[Point] = []  # corners, from below: the clock reached the reading at the second or before
        self._earliest: list[Point] = []  # corners, from above: at the second or later

    @property
    def is_closed(self) -> bool:
        """Whether there are bounds from both sides."""
        return bool(self._latest and self._earliest)

    def not_after(self, reading: int, second: float) -> bool:
        """The clock reached `reading` at `second` or before. False if that contradicts what is known."""
        point = Point(reading, second)
        if not self._narrow((earliest, point) for earliest in self._earliest):
            return False
        _add(self._latest, point, 1.0)
        return True

    def not_before(self, reading: int, second: float) -> bool:
        """The clock reached `reading` at `second` or later. False if that contradicts what is known."""
        point = Point(reading, second)
        if not self._narrow((point, latest) for latest in self._latest):
            return False
        _add(self._earliest, point, -1.0)
        return True

    def _narrow(self, pairs: Iterable[tuple[Point, Point]]) -> bool:
        """Bound the unit by pairs (at or after this point, at or before that one)."""
        unit_min, unit_max = self.unit_min, self.unit_max
        for earliest, latest in pairs:
            distance, seconds = latest.reading - earliest.reading, latest.second - earliest.second
            if distance > 0:
                unit_max = min(unit_max, seconds / distance)
            elif distance < 0:
                unit_min = max(unit_min, seconds / distance)
            elif seconds < 0:
                return False
        if unit_min > unit_max:
            return False
        self.unit_min, self.unit_max = unit_min, unit_max
        return True

    def at(self, reading: int) -> tuple[float, float] | None:
        """The first and the last second at which the clock can have reached `reading`. None: not bounded."""
        if not self.is_closed:
            return None
        last = self._furthest(self._latest, reading, min, self.unit_min, self.unit_max)
        first = self._furthest(self._earliest, reading, max, self.unit_max, self.unit_min)
        return first, max(first, last)  # rounding must not turn them round

    def _furthest(
        self,
        corners: list[Point],
        reading: int,
        nearest: Callable[..., float],
        unit_before: float,
        unit_after: float,
    ) -> float:
        """How far a line can lie on the side of `corners` at `reading`: it leans on the corner or the edge there."""
        place = bisect_right(corners, reading, key=lambda corner: corner.reading)
        if place == 0:
            unit = unit_before
        elif place == len(corners):
            unit = unit_after
        else:
            one, two = corners[place - 1], corners[place]
            unit = (two.second - one.second) / (two.reading - one.reading)
            unit = min(max(unit, self.unit_min), self.unit_max)
        return nearest(corner.second + unit * (reading - corner.reading) for corner in corners)


def _add(corners: list[Point], point: Point, side: float) -> None:
    """Append a point and drop those that are corners no longer. `side`: 1 for bounds from above, -1 from below."""
    if corners and corners[-1].reading == point.reading:
        if side * point.second >= side * corners[-1].second:
            return
        corners.pop()
    while len(corners) > 1 and side * _turn(corners[-2], corners[-1], point) <= 0:
        corners.pop()
    corners.append(point)
    if len(corners) > CORNERS_MAX:
        del corners[1:-1:2]


def _turn(one: Point, two: Point, three: Point) -> float:
    """Above 0: the way from `one` over `two` to `three` turns left, that is, gets steeper."""
    return (two.reading - one.reading) * (three.second - one.second) - (two.second - one.second) * (
        three.reading - one.reading
    )
