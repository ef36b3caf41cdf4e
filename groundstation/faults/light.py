"""Light time between the boards of a swarm, as the rules of a fault plan have it."""

from collections.abc import Sequence

from groundstation.faults import orbits
from groundstation.faults.contacts import light_time_seconds
from groundstation.faults.kinds import FaultRule
from groundstation.faults.paths import LightTime, Orbits


def has_light_time(rules: Sequence[FaultRule]) -> bool:
    """Whether signals take time to travel."""
    return any(isinstance(rule, LightTime | Orbits) for rule in rules)


def seconds_between(rules: Sequence[FaultRule], source: int, destination: int, now: float) -> float:
    """One-way light time from board `source` to board `destination` at mission second `now`."""
    if source == destination:
        return 0.0
    return sum(
        _of_rule(rule, source, destination, now)
        for rule in rules
        if isinstance(rule, LightTime | Orbits)
        and now >= rule.start
        and (rule.end is None or now < rule.end)
        and rule.selects(source, destination, ())
    )


def _of_rule(rule: LightTime | Orbits, source: int, destination: int, now: float) -> float:
    if isinstance(rule, LightTime):
        return light_time_seconds(rule.pairs, rule.seconds, source, destination)
    here, there = rule.stations[source], rule.stations[destination]
    return 0.0 if here == there else orbits.light_time_seconds(here, there, int(now))
