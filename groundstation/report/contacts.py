"""When can the links of a scenario carry frames? Passes from AOS to LOS, minus occultations by Sun, Earth and Moon.

A *window* is a rule that lists its passes, or a pair of boards whose line of sight is hidden at times. Occultation is
evaluated as in the ether, at whole mission seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from groundstation.faults import orbits
from groundstation.faults.contacts import next_contact
from groundstation.faults.paths import ContactWindow, Orbits
from groundstation.faults.rule import Rule
from groundstation.scenario.model import Scenario

PASSES_MAX = 400  # listed per window
SAMPLES_MAX = 4000  # per pair of stations, before changes are located to the second


@dataclass(frozen=True)
class Contact:
    """`passes`: (AOS, LOS) in mission seconds within the run. `links`: a description of the links.

    pair: two boards between which there is a line of sight at times.
    """

    name: str
    links: str
    passes: list[tuple[float, float]]
    pair: tuple[int, int] | None = None


def contacts(scenario: Scenario, end_seconds: float) -> list[Contact]:
    """All windows of the scenario, in the order of its rules, clipped to the run."""
    found: list[Contact] = []
    for name, rule in zip(scenario.fault_plan().rule_names(), scenario.faults):
        if isinstance(rule, ContactWindow):
            found.append(Contact(name, links(rule), _passes(rule, end_seconds)))
        elif isinstance(rule, Orbits) and rule.occultation == "drop":
            found += _sights(rule, end_seconds)
    return found


def links(rule: Rule) -> str:
    """A description of the links to which a rule applies."""
    if rule.source is None and rule.destination is None:
        return "all links"
    return " ".join(
        f"{word} {', '.join(str(node) for node in nodes)}"
        for word, nodes in (("from", rule.source), ("to", rule.destination))
        if nodes is not None
    )


def _passes(rule: ContactWindow, end: float) -> list[tuple[float, float]]:
    """Passes of a rule. Outside the rule's start and end the link is open."""
    start, stop = min(rule.start, end), end if rule.end is None else min(rule.end, end)
    found = [(0.0, start)] if start > 0 else []
    now = start
    while now < stop and len(found) < PASSES_MAX:
        aos = next_contact(rule.passes, rule.period_seconds, now)
        if aos is None or aos >= stop:
            break
        los = min(_loss(rule, aos), stop)
        if los <= now:
            break
        found.append((aos, los))
        now = los
    if stop < end:
        found.append((stop, end))
    return _joined(found)


def _loss(rule: ContactWindow, aos: float) -> float:
    """The end of the pass that contains `aos`."""
    period = rule.period_seconds
    if period is None:
        return min(one.los for one in rule.passes if aos < one.los)
    # A period that begins at `aos` may, by rounding, be the next one to that of the quotient.
    start = aos // period * period
    return min(begin + one.los for begin in (start, start + period) for one in rule.passes if aos < begin + one.los)


def _sights(rule: Orbits, end: float) -> Iterable[Contact]:
    """One window per pair of boards whose line of sight is ever hidden."""
    for one in range(len(rule.stations)):
        for other in range(one + 1, len(rule.stations)):
            here, there = rule.stations[one], rule.stations[other]
            passes = _in_sight(here, there, int(end) + 1)
            if passes != [(0.0, float(int(end) + 1))]:
                shown = [(aos, min(los, end)) for aos, los in passes[:PASSES_MAX] if aos < end]
                yield Contact(f"{here} in sight of {there}", f"between {one} and {other}", shown, (one, other))


def _in_sight(here: str, there: str, end: int) -> list[tuple[float, float]]:
    """[AOS, LOS) in whole seconds. Two changes between two samples are missed."""
    step = max(1, end // SAMPLES_MAX)
    spans: list[tuple[float, float]] = []
    since: int | None = None
    before, was = 0, orbits.occulted(here, there, 0)
    if not was:
        since = 0
    for second in [*range(step, end, step), end]:
        is_hidden = orbits.occulted(here, there, second)
        if is_hidden != was:
            change = _change(here, there, before, second, was)
            if is_hidden and since is not None:
                spans.append((float(since), float(change)))
                since = None
            elif not is_hidden:
                since = change
        before, was = second, is_hidden
    if since is not None:
        spans.append((float(since), float(end)))
    return spans


def _change(here: str, there: str, low: int, high: int, was: bool) -> int:
    """The first second after `low` at which the sight differs from `was`, at most `high`."""
    while low + 1 < high:
        middle = (low + high) // 2
        if orbits.occulted(here, there, middle) == was:
            low = middle
        else:
            high = middle
    return high


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The spans, with adjacent ones merged."""
    found: list[tuple[float, float]] = []
    for since, until in spans:
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        elif until > since:
            found.append((since, until))
    return found
