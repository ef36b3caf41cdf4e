"""Bounds on a clock: from both sides, wider with distance, sharp at the least delay, none left out wrongly."""

import random

from groundstation.clocks.bounds import CORNERS_MAX, Bounds

UNIT, BEGIN = 0.02, 3.0


def second(reading: int) -> float:
    return BEGIN + UNIT * reading


def bounded(points: list[tuple[int, float, float]]) -> Bounds:
    """Bounds by (reading, delay of the question, delay of the answer)."""
    bounds = Bounds(UNIT / 8, UNIT * 8)
    for reading, out, back in points:
        assert bounds.not_before(reading, second(reading) - out)
        assert bounds.not_after(reading, second(reading) + back)
    return bounds


def test_a_round_trip_bounds_the_second_by_half_of_its_length() -> None:
    first, last = bounded([(10, 0.3, 0.1)]).at(10) or (0.0, 0.0)
    assert (round(first, 9), round(last, 9)) == (2.9, 3.3)  # reached at 3.2


def test_the_least_delays_count_even_of_different_round_trips() -> None:
    first, last = bounded([(10, 0.5, 0.001), (11, 0.001, 0.5)]).at(10) or (0.0, 0.0)
    assert last - first < 0.5  # each round trip takes 0.501
    assert first <= second(10) <= last


def test_one_way_bounds_nothing() -> None:
    bounds = Bounds(UNIT / 8, UNIT * 8)
    assert bounds.not_after(10, second(10))
    assert bounds.at(10) is None
    assert not bounds.is_closed


def test_bounds_narrow_with_time_and_widen_with_distance() -> None:
    short, long = bounded([(0, 0.1, 0.1), (10, 0.1, 0.1)]), bounded([(0, 0.1, 0.1), (1000, 0.1, 0.1)])
    assert long.unit_max - long.unit_min < (short.unit_max - short.unit_min) / 50
    assert long.unit_min < UNIT < long.unit_max
    widths = [last - first for first, last in filter(None, map(long.at, (1000, 1500, 3000)))]
    assert len(widths) == 3
    assert widths == sorted(widths)
    assert widths[2] > 2 * widths[0]


def test_a_point_that_no_steady_clock_obeys_is_refused_and_changes_nothing() -> None:
    bounds = bounded([(0, 0.01, 0.01), (100, 0.01, 0.01)])
    before = bounds.at(50)
    assert not bounds.not_after(200, second(150))  # jumped forward
    assert not bounds.not_before(101, second(150))  # fell behind
    assert not bounds.not_after(100, second(100) - 0.02)  # before it can have been
    assert bounds.at(50) == before
    assert bounds.not_after(200, second(200) + 0.01)


def test_many_points_are_kept_as_few_and_the_truth_stays_within() -> None:
    draws = random.Random(5)
    bounds = Bounds(UNIT / 8, UNIT * 8)
    for reading in range(1000):
        # On a slow curve every point is a corner.
        bend = 1e-8 * (reading - 500) ** 2
        assert bounds.not_before(reading, second(reading) - 0.1 - bend)
        assert bounds.not_after(reading, second(reading) + 0.1 + bend + draws.random() * 1e-12)
    assert max(len(bounds._latest), len(bounds._earliest)) <= CORNERS_MAX
    for reading in range(0, 1000, 97):
        first, last = bounds.at(reading) or (0.0, 0.0)
        assert first <= second(reading) <= last
        assert last - first < 0.25
