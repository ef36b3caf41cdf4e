"""What a crew sees of a run until its debrief: not what the director does to it, and not what only the bench knows.

Theory. The ground station of a rehearsal is two things in one. To the crew it is a ground station: it sends
telecommands, and hears what boards say. To the director it is also the test bench, which carries every frame, plays
every fault, and starts and stops every board. An operator of a flying swarm has the first only. So each line of the
trace is the crew's, the bench's, or the crew's in part:

    the crew's    what a board says (its own events, Health, BoardMode), what the crew orders, the procedure
    in part       a fate of frames: how many passed on each link, not which fault took the others
    the bench's   the plan, injects and orders of faults; when a board is started, killed, cut, paused or erased

Rules
- `seen_by_crew` lets through what it knows, event by event and field by field. An event, an order or a field of a later
  version stays hidden until somebody decides.
- Orders are told apart by what they order, never by who gave them: the runner gives orders of both kinds. Notes and
  what is done about alarms are words between people, so those of the director are for the debrief, but for a note to
  the crew.
- Silence stays visible: nothing is put in the place of what a board did not say.
- What the mission's geometry does to links is known beforehand: windows of contact, light time, orbits.
"""

from collections.abc import Mapping
from typing import Any

from amu.core.limits import GROUND
from groundstation.faults.ether import ACCEPTED, DELIVERED
from groundstation.faults.kinds import FaultRule
from groundstation.faults.paths import ContactWindow, LightTime, Orbits
from groundstation.faults.rule import HELD
from groundstation.procedures.runner import ORDER_REFUSED
from groundstation.scenario.model import Scenario

GEOMETRY = (ContactWindow, LightTime, Orbits)
OF_GEOMETRY = ("", HELD, "no contact", "no pass left", "store full", "occulted")  # what their counts say further
OTHER = "other"  # in Fault.counts: frames to which something happened
NOT_TOLD = "not told before the debrief"
ENVELOPE = ("run", "node", "boot", "seq", "lamport", "ticks", "received", "event", "offset")
# Events of the ground station, each with the fields that the crew sees.
EVENTS: Mapping[str, tuple[str, ...]] = {
    "RunStart": (
        "scenario",
        "seed",
        "versions",
        "replica_count",
        "window_slots",
        "learners",
        "traces_messages",
        "traces_uplinks",
        "tick_seconds",
    ),
    "RunEnd": ("reason", "waits_for"),
    "Resume": ("resumed", "checked_from"),
    "BoardMode": ("board", "board_boot", "mode"),
    "Health": ("board", "board_ticks", "heap_free", "heap_run", "applied_slot", "frames_surplus"),
    "Fault": ("links",),
    "Telecommand": (
        "client",
        "operation",
        "command",
        "stage",
        "sender",
        "board",
        "status",
        "slot",
        "result",
        "seconds",
    ),
    "Order": ("order", "sender", "role", "told", "outcome", "operation"),
    "Procedure": ("step", "number", "status", "sender", "role", "title", "steps", "heard_seconds"),
    "Poll": ("step", "role", "answer", "sender", "reason", "light_seconds"),
    "TraceError": ("board",),
}
ORDERS = ("telecommand", "control", "procedure", "poll", "finish")
BETWEEN_PEOPLE = ("note", "alarm")
DIRECTOR = "director"
UPLINKED = "uplinked"  # the bench knows whether a board is on; a ground station knows that it sends

Line = dict[str, Any]


def seen_by_crew(line: Line, geometry: frozenset[str]) -> Line | None:
    """The line as a crew sees it before the debrief. None: it sees nothing of it.

    geometry: the names under which the fault plan's windows of contact, light times and orbits are counted.
    """
    if line["node"] != GROUND:
        return dict(line)
    name = line["event"]
    if name not in EVENTS:
        return None
    seen = {key: line[key] for key in (*ENVELOPE, *EVENTS[name]) if key in line}
    if name == "RunStart":
        seen["byzantine"] = []
    elif name == "Fault":
        seen["counts"] = _counts(line.get("counts"), geometry)
    elif name == "Telecommand":
        return None if line.get("stage") == UPLINKED else seen
    elif name == "Order":
        return _order(line, seen)
    elif name == "Procedure":
        _procedure(line, seen)
    elif name == "TraceError":
        seen["reason"] = "a frame of the trace could not be read"
    return seen


def _counts(counts: object, geometry: frozenset[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in counts.items() if isinstance(counts, Mapping) else ():
        rule, _, what = name.partition(": ")
        is_known = name in (ACCEPTED, DELIVERED) or (rule in geometry and what in OF_GEOMETRY)
        key = name if is_known else OTHER
        found[key] = found.get(key, 0) + count
    return found


def _order(line: Line, seen: Line) -> Line | None:
    kind = line["told"].get("kind") if isinstance(line.get("told"), Mapping) else None
    if kind in BETWEEN_PEOPLE:
        is_to_crew = kind == "note" and line["told"].get("to_crew") is True
        return seen if is_to_crew or line.get("role") not in (None, DIRECTOR) else None
    if kind not in ORDERS:
        return None
    if "reason" in line:  # a board that is off refuses a control command
        seen["reason"] = NOT_TOLD if kind == "control" else line["reason"]
    return seen


def _procedure(line: Line, seen: Line) -> None:
    reason = line.get("reason")
    if isinstance(reason, str):  # the refusal of an order may name a fault
        seen["reason"] = ORDER_REFUSED if reason.startswith(ORDER_REFUSED) else reason


def geometry_of(scenario: Scenario | None) -> frozenset[str]:
    """The names of its rules that are geometry."""
    return frozenset(name for name, _ in _geometry(scenario)) if scenario is not None else frozenset()


def _geometry(scenario: Scenario) -> list[tuple[str, FaultRule]]:
    named = zip(scenario.fault_plan().rule_names(), scenario.faults)
    return [(name, rule) for name, rule in named if isinstance(rule, GEOMETRY)]


def scenario_for_crew(scenario: Scenario) -> Scenario:
    """The mission as the crew knows it beforehand: its geometry, alarms and procedure; no faults, liars or injects."""
    rules = [rule.model_copy(update={"name": name}) for name, rule in _geometry(scenario)]
    hidden = {"faults": rules, "board_faults": [], "byzantine": [], "liveness": None, "injects": []}
    return scenario.model_copy(update={**hidden, "description": NOT_TOLD})
