"""Properties of the places: nothing outruns light, both ways take about as long, and nothing jumps."""

import math

from hypothesis import given
from hypothesis import strategies as st

from groundstation.faults import orbits

places = st.sampled_from(sorted(orbits.PLACES))
moments = st.floats(0, 1e9)
SPEED_MAX = 40_000.0  # metres a second: the Earth's 29.8 km and 7.7 km about it


@given(places, places, moments)
def test_both_ways_take_about_as_long(one: str, other: str, seconds: float) -> None:
    there, back = (orbits.light_time_seconds(*ends, seconds) for ends in ((one, other), (other, one)))
    assert abs(there - back) <= 2 * SPEED_MAX / orbits.LIGHT_METRES_PER_SECOND * max(there, back)
    assert orbits.occulted(one, other, seconds) == orbits.occulted(other, one, seconds)


@given(places, places, moments, st.floats(0, 1000))
def test_nothing_jumps(one: str, other: str, seconds: float, later: float) -> None:
    moved = math.dist(orbits.position(one, seconds), orbits.position(one, seconds + later))
    assert moved <= SPEED_MAX * later + 1
    before, after = (orbits.light_time_seconds(one, other, at) for at in (seconds, seconds + later))
    assert abs(after - before) <= (2 * SPEED_MAX * later + 1) / orbits.LIGHT_METRES_PER_SECOND


@given(places, places, places, moments)
def test_no_detour_is_shorter(one: str, other: str, over: str, seconds: float) -> None:
    def metres(start: str, end: str) -> float:
        return math.dist(orbits.position(start, seconds), orbits.position(end, seconds))

    assert metres(one, other) <= metres(one, over) + metres(over, other) + 1
