"""Orbits: light times against known magnitudes, and which bodies hide which places."""

import itertools
import math

import pytest

from groundstation.faults import orbits

DAY_SECONDS = 86_400
YEAR_SECONDS = 365.25 * DAY_SECONDS


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("earth", "moon", 1.27, 1.29),  # 384 399 km
        ("sun", "earth", 499.00, 499.01),  # 1 au is 499.004784 light seconds
        ("earth", "sun-earth-l1", 4.95, 5.05),  # 1.5 million km
        ("earth", "sun-earth-l2", 4.95, 5.05),
        ("earth", "sun-earth-l4", 498.9, 499.1),  # an equilateral triangle
        ("earth", "sun-earth-l5", 498.9, 499.1),
        ("moon", "earth-moon-l1", 0.19, 0.20),  # 58 000 km short of the Moon
        ("moon", "earth-moon-l2", 0.21, 0.22),  # 64 500 km behind it
        ("earth", "earth-moon-l3", 1.26, 1.29),  # 381 700 km, on the other side
        ("moon", "earth-moon-l3", 2.54, 2.57),
        ("earth", "earth-moon-l4", 1.27, 1.29),
        ("moon", "earth-moon-l5", 1.27, 1.29),
        ("earth", "leo", 0.0226, 0.0227),  # 6778 km from the centre
        ("earth", "geo", 0.1405, 0.1408),  # 42 164 km
        ("earth", "earth", 0.0, 0.0),
    ],
)
def test_light_time_is_of_the_known_size(one: str, other: str, least: float, most: float) -> None:
    for day in range(0, 365, 7):
        assert least <= orbits.light_time_seconds(one, other, day * DAY_SECONDS) <= most


def test_mars_is_minutes_away_and_all_distances_are_seen() -> None:
    minutes = [orbits.light_time_seconds("earth", "mars", day * DAY_SECONDS) / 60 for day in range(800)]
    assert 3 <= min(minutes) <= 4.5
    assert 20.5 <= max(minutes) <= 22


@pytest.mark.parametrize(
    ("name", "centre", "seconds"),
    [
        ("earth", "sun", 365.256 * DAY_SECONDS),
        ("mars", "sun", 686.98 * DAY_SECONDS),
        ("moon", "earth", 27.321661 * DAY_SECONDS),
        ("geo", "earth", 86_164.1),
        ("leo", "earth", 5_553.6),
    ],
)
def test_orbits_close_after_their_period(name: str, centre: str, seconds: float) -> None:
    def offset(at: float) -> tuple[float, float]:
        (x, y), (centre_x, centre_y) = orbits.position(name, at), orbits.position(centre, at)
        return x - centre_x, y - centre_y

    radius = math.hypot(*offset(0))
    assert math.dist(offset(0), offset(seconds)) < 1e-3 * radius
    assert math.dist(offset(0), offset(seconds / 2)) > 1.999 * radius


def test_leading_point_leads_and_trailing_point_trails() -> None:
    def angle(name: str) -> float:
        x, y = orbits.position(name, 0.0)
        return math.degrees(math.atan2(y, x))

    assert angle("sun-earth-l4") - angle("earth") == pytest.approx(60)
    assert angle("sun-earth-l5") - angle("earth") == pytest.approx(-60)


def test_signal_is_aimed_where_the_destination_will_be() -> None:
    there = orbits.position("mars", orbits.light_time_seconds("earth", "mars", 0.0))
    metres = math.dist(orbits.position("earth", 0.0), there)
    taken = orbits.light_time_seconds("earth", "mars", 0.0) * orbits.LIGHT_METRES_PER_SECOND
    still = math.dist(orbits.position("earth", 0.0), orbits.position("mars", 0.0))
    assert abs(metres - taken) < 1e-4 * abs(metres - still)


@pytest.mark.parametrize(
    ("one", "other"),
    [("earth-moon-l2", "earth"), ("sun-earth-l2", "sun"), ("earth-moon-l3", "moon"), ("sun-earth-l1", "sun-earth-l2")],
)
def test_a_place_behind_a_body_is_hidden_for_good(one: str, other: str) -> None:
    for day in range(0, 60, 3):
        assert orbits.occulted(one, other, day * DAY_SECONDS)
        assert orbits.occulted(other, one, day * DAY_SECONDS)


@pytest.mark.parametrize(("one", "other"), [("earth", "moon"), ("earth", "leo"), ("sun", "earth-moon-l4")])
def test_body_does_not_hide_itself_and_the_open_sky_nothing(one: str, other: str) -> None:
    assert not any(orbits.occulted(one, other, 1000.0 * step) for step in range(60))


def test_low_orbit_is_hidden_from_a_high_one_for_a_part_of_each_turn() -> None:
    hidden = [orbits.occulted("leo", "geo", 60.0 * minute) for minute in range(1440)]
    # The line touches the disc when the angle between the two is the sum of those down to either one's horizon.
    share = 1 - (math.acos(6378.1 / 6778.1) + math.acos(6378.1 / 42_164.2)) / math.pi
    assert sum(hidden) / len(hidden) == pytest.approx(share, abs=0.02)
    assert sum(1 for before, now in itertools.pairwise(hidden) if now and not before) in (14, 15)


def test_mars_is_lost_behind_the_sun_for_days_in_each_synodic_period() -> None:
    hidden = sum(orbits.occulted("earth", "mars", day * DAY_SECONDS / 10) for day in range(7800)) / 10
    assert 1 <= hidden <= 4


def test_unknown_place_is_an_error() -> None:
    with pytest.raises(KeyError):
        orbits.position("pluto", 0.0)
