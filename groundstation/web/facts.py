"""What a scenario says beforehand: link faults with their windows and the links that they cut, passes, light times.

Link faults of the scenario and those that people order have the same rows:

    name, fault, means      as in a scenario file; `means` is a sentence
    about                   the links, in words
    start, end              the window in mission seconds; end None: the end of the mission
    ordered, sender         whether a person ordered it, and who
    does                    to frames: lost, damaged, doubled, delayed
    cuts                    links on which nothing arrives, as pairs [source, destination]; of a contact window: outside
                            its passes
"""

from typing import Any

from groundstation.faults import light
from groundstation.faults.kinds import Drop, FaultRule, OneWayPartition, Partition
from groundstation.faults.paths import ContactWindow
from groundstation.faults.rule import Draws, Link
from groundstation.report.contacts import contacts, links
from groundstation.scenario.model import Scenario

Row = dict[str, Any]
LIGHT_SECONDS = 60.0  # of mission time between two looks at places that move


def scenario_row(scenario: Scenario) -> Row:
    """What the mission is."""
    count = scenario.mission.boards
    faulty = (count - 1) // 3
    return {
        "name": scenario.name,
        "description": scenario.description,
        "boards": count,
        "faulty_max": faulty,
        "quorum": count - faulty,
        "speed": scenario.mission.speed,
        "limit_seconds": scenario.mission.limit_seconds,
        "adversaries": {str(entry.node): entry.adversary for entry in scenario.byzantine},
        "procedure": None if scenario.procedure is None else scenario.procedure.title,
        "heals_at": None if scenario.liveness is None else scenario.liveness.at,
        "core": [] if scenario.liveness is None else list(scenario.liveness.core),
    }


def link_faults(scenario: Scenario) -> list[Row]:
    """The faults of links that the scenario plans."""
    names = scenario.fault_plan().rule_names()
    return [link_fault(name, rule, scenario.mission.boards) for name, rule in zip(names, scenario.faults)]


def link_fault(name: str, rule: FaultRule, count: int, sender: str | None = None) -> Row:
    """One fault of links in a swarm of `count` boards. sender: who ordered it."""
    return {
        "name": name,
        "fault": rule.fault,
        "means": (rule.__doc__ or "").split("\n")[0],
        "about": _about(rule),
        "start": rule.start,
        "end": rule.end,
        "ordered": sender is not None,
        "sender": sender,
        "does": rule.does,
        "cuts": _cuts(rule, count),
    }


def _about(rule: FaultRule) -> str:
    if isinstance(rule, Partition):
        return "between " + " and ".join(", ".join(map(str, group)) for group in rule.groups) + " and the others"
    return links(rule)


def _cuts(rule: FaultRule, count: int) -> list[list[int]]:
    """The links on which the rule lets nothing through."""
    is_cut = isinstance(rule, Partition | OneWayPartition | ContactWindow)
    if not (is_cut or (isinstance(rule, Drop) and rule.probability == 1)) or rule.kinds is not None:
        return []
    pairs = [(one, other) for one in range(count) for other in range(count) if one != other]
    return [
        [one, other]
        for one, other in pairs
        if rule.selects(one, other, ()) and rule.on_link(Link(one, other, "", Draws(0, "", one, other))) is not None
    ]


def touched(rule: FaultRule, count: int) -> list[tuple[int, int]]:
    """The links in a swarm of `count` boards to whose frames the rule does something."""
    cuts = [(one, other) for one, other in _cuts(rule, count)]
    if cuts:
        return cuts
    senders = range(count) if rule.source is None else rule.source
    receivers = range(count) if rule.destination is None else rule.destination
    return [(one, other) for one in senders for other in receivers if one != other]


def contact_rows(scenario: Scenario, end: float) -> list[Row]:
    """The windows of contact up to mission second `end`, `until`. May take seconds: places move.

    cuts: of a line of sight, the links that carry nothing outside its passes. Those of a rule stand with the rule.
    """
    return [
        {
            "name": each.name,
            "links": each.links,
            "passes": each.passes,
            "until": end,
            "cuts": [] if each.pair is None else [list(each.pair), list(reversed(each.pair))],
        }
        for each in contacts(scenario, end)
    ]


def light_times(scenario: Scenario, now: float) -> list[list[float]]:
    """One-way light time in seconds from each board to each other at mission second `now`."""
    nodes = range(scenario.mission.boards)
    return [[light.seconds_between(scenario.faults, source, to, now) for to in nodes] for source in nodes]
