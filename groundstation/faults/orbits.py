"""A small model of the Interplanetary Transport Network: positions of its places, light times and occultations.

Coplanar circles at constant speed, in SI units, about a Sun at rest in the origin:

- radii and masses are mean or nominal values: IAU 2012 resolution B2 (astronomical unit), IAU 2015 resolution B3
  (nominal solar, terrestrial and lunar constants), JPL's approximate elements of the planets (Mars)
- periods follow from Kepler's third law, the Moon's and the geostationary one are the sidereal month and day
- Lagrange points of Earth and Moon turn with the Moon about the Earth, those of Sun and Earth with the Earth; the
  collinear ones are the roots of the circular restricted three-body problem (Szebehely 1967, chapter 4)

Left out: eccentricity, inclination, and the motions of the Earth about the barycentre (4700 km), of the Sun, and of a
halo orbit about its Lagrange point. The angles at mission second 0 are chosen, not from an ephemeris. So light times
are right in size and in rate of change, but not for a date.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

LIGHT_METRES_PER_SECOND = 299_792_458.0  # exact, SI

_AU_METRES = 149_597_870_700.0  # exact, IAU 2012 B2
_GM_SUN = 1.327_124_4e20  # m^3/s^2, IAU 2015 B3
_GM_EARTH = 3.986_004e14  # m^3/s^2, IAU 2015 B3
_EARTH_TO_MOON_MASS = 81.300_57  # JPL DE430
_MARS_ORBIT_METRES = 1.523_710_34 * _AU_METRES  # JPL, approximate positions of the planets, epoch J2000
_MOON_ORBIT_METRES = 384_399_000.0  # mean
_MOON_PERIOD_SECONDS = 27.321_661 * 86_400  # sidereal month
_EARTH_RADIUS_METRES = 6_378_100.0  # IAU 2015 B3, equatorial
_LEO_METRES = _EARTH_RADIUS_METRES + 400_000.0  # the height of a space station
_GEO_PERIOD_SECONDS = 86_164.1  # sidereal day

DISC_METRES = {"sun": 695_700_000.0, "earth": _EARTH_RADIUS_METRES, "moon": 1_737_400.0}  # radii of hiding bodies
_CACHED = 1 << 14


class _Place(NamedTuple):
    """A circle about `centre`: radius in metres, radians per second, radians at mission second 0."""

    centre: str
    radius_metres: float
    rate: float
    phase: float


def _kepler_rate(gm: float, radius_metres: float) -> float:
    return math.sqrt(gm / radius_metres**3)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where an increasing function is 0, by bisection to the last bit."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return low


def _collinear(mass_share: float) -> dict[int, float]:
    """Distance of L1, L2, L3 from the heavy body in units of that of the light one; L3 lies behind the heavy body.

    That is where gravity and centrifugal force cancel. mass_share: mass of the light body over the mass of both.
    """

    def pull(x: float) -> float:
        heavy, light = x + mass_share, x + mass_share - 1
        return x - (1 - mass_share) * heavy / abs(heavy) ** 3 - mass_share * light / abs(light) ** 3

    tiny = 1e-9
    spans = {1: (tiny, 1 - tiny), 2: (1 + tiny, 2.0), 3: (-2.0, -tiny)}
    return {n: abs(_root(lambda far: pull(far - mass_share), low, high)) for n, (low, high) in spans.items()}


def _lagrange(name: str, centre: str, light: _Place, mass_share: float, numbers: tuple[int, ...]) -> dict[str, _Place]:
    far = _collinear(mass_share)
    turns = {3: math.pi, 4: math.pi / 3, 5: -math.pi / 3}  # L4 goes ahead
    return {
        f"{name}-l{number}": _Place(
            centre, light.radius_metres * far.get(number, 1.0), light.rate, light.phase + turns.get(number, 0.0)
        )
        for number in numbers
    }


def _places() -> dict[str, _Place]:
    earth = _Place("sun", _AU_METRES, _kepler_rate(_GM_SUN, _AU_METRES), 0.0)
    moon = _Place("earth", _MOON_ORBIT_METRES, math.tau / _MOON_PERIOD_SECONDS, 1.0)
    geo_rate = math.tau / _GEO_PERIOD_SECONDS
    return {
        "sun": _Place("", 0.0, 0.0, 0.0),
        "earth": earth,
        "moon": moon,
        "mars": _Place("sun", _MARS_ORBIT_METRES, _kepler_rate(_GM_SUN, _MARS_ORBIT_METRES), 0.8),
        "leo": _Place("earth", _LEO_METRES, _kepler_rate(_GM_EARTH, _LEO_METRES), 0.0),
        "geo": _Place("earth", (_GM_EARTH / geo_rate**2) ** (1 / 3), geo_rate, 2.0),
        **_lagrange("earth-moon", "earth", moon, 1 / (1 + _EARTH_TO_MOON_MASS), (1, 2, 3, 4, 5)),
        **_lagrange("sun-earth", "sun", earth, _GM_EARTH / (_GM_EARTH + _GM_SUN), (1, 2, 4, 5)),
    }


PLACES: dict[str, _Place] = _places()


def position(name: str, seconds: float) -> tuple[float, float]:
    """(x, y) in metres of a place at a mission second. Raises KeyError for a name that is not in PLACES."""
    x = y = 0.0
    while name:
        place = PLACES[name]
        angle = place.phase + place.rate * seconds
        x += place.radius_metres * math.cos(angle)
        y += place.radius_metres * math.sin(angle)
        name = place.centre
    return x, y


@lru_cache(_CACHED)
def light_time_seconds(source: str, destination: str, seconds: float) -> float:
    """Light time in seconds of a signal that leaves `source` for `destination` at a mission second.

    To first order: the signal is aimed at where the destination will be after the present light time. The error is of
    second order in speed over light speed, about 1e-8 of the result.
    """
    here = position(source, seconds)
    now = math.dist(here, position(destination, seconds)) / LIGHT_METRES_PER_SECOND
    return math.dist(here, position(destination, seconds + now)) / LIGHT_METRES_PER_SECOND


@lru_cache(_CACHED)
def occulted(source: str, destination: str, seconds: float) -> bool:
    """Whether a disc of Sun, Earth or Moon hides two places from each other at a mission second.

    All positions are of the same moment. A body does not hide itself: "earth" is a network of antennas all around it.
    """
    start, end = position(source, seconds), position(destination, seconds)
    return any(
        _distance_to_segment(position(body, seconds), start, end) < radius
        for body, radius in DISC_METRES.items()
        if body not in (source, destination)
    )


def _distance_to_segment(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    square = along_x**2 + along_y**2
    if square == 0:
        return math.dist(point, start)
    share = ((point[0] - start[0]) * along_x + (point[1] - start[1]) * along_y) / square
    share = min(max(share, 0.0), 1.0)
    return math.dist(point, (start[0] + share * along_x, start[1] + share * along_y))
