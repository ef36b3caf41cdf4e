"""One fault, set or removed at a moment: what that makes of a scenario, and what is done to a world in flight.

A person names a fault to set as the scenario does, kind first: `drop, probability=0.2, source=[0]`, `kill, node=2`,
`silence, node=3`. A fault to remove is named by what is there: a rule's name as reports count it, `kind:board` or
`kind:board@second` of a board fault, `liar:board`, or `link:0-1` (both ways; `link:0>1`: one way), which heals a link
of all faults.

Rules
- A rule of links keeps its name, and so its draws. One that is removed ends at the moment; a new one begins then.
- Nothing before the moment changes.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from groundstation.faults.board_fault import BOARD_FAULT_KINDS, BoardFault
from groundstation.faults.kinds import KINDS
from groundstation.scenario import adversaries
from groundstation.scenario.errors import did_you_mean
from groundstation.scenario.model import Scenario, parse
from groundstation.scenario.toml_text import Document
from specs.escape import MultilineError
from swarm_sim.shrink.simpler import named
from swarm_sim.world.world import World

LINK = re.compile(r"link:(\d{1,3})([->])(\d{1,3})")
LIAR = "liar"
EPSILON = 1e-9  # between numbers that a person writes and those of the scenario

Act = Callable[[World], None]


class ForkError(MultilineError):
    """A change that cannot be made, or a run that cannot be rewound. Says what, why, and what to do."""


@dataclass(frozen=True)
class Change:
    """What a person asks for. at: mission second. Neither `set` nor `remove`: nothing changes."""

    at: float
    set: str | None = None
    remove: str | None = None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def __str__(self) -> str:
        parts = [f"remove {self.remove}"] * (self.remove is not None) + [f"set {self.set}"] * (self.set is not None)
        return f"at {self.at:g} s: {' and '.join(parts) or 'no change'}"


@dataclass
class Edit:
    """A change, worked out. scenario: as it is from then on. acts: what is done to the world at that moment."""

    at: float
    scenario: Scenario
    acts: list[Act] = field(default_factory=list)


def work_out(scenario: Scenario, change: Change) -> Edit:
    """The edit that `change` means for `scenario`. Raises ForkError, ScenarioError."""
    edit = Edit(change.at, scenario)
    if change.remove is not None:
        _remove(edit, change.remove.strip())
    if change.set is not None:
        _set(edit, change.set.strip())
    return edit


# --- remove -----------------------------------------------------------------------------------


def removable(scenario: Scenario) -> list[str]:
    """The names of all faults of a scenario, as `--remove` takes them."""
    names = list(scenario.fault_plan().rule_names())
    names += [f"{fault.kind}:{fault.node}@{fault.at:g}" for fault in scenario.board_faults]
    return names + [f"{LIAR}:{entry.node}" for entry in scenario.byzantine]


def _remove(edit: Edit, name: str) -> None:
    scenario = edit.scenario
    link = LINK.fullmatch(name)
    if link is not None:
        _heal(edit, int(link[1]), int(link[3]), link[2] == "-")
        return
    rules = scenario.fault_plan().rule_names()
    if name in rules:
        _remove_rule(edit, rules.index(name), name)
        return
    kind, _, place = name.partition(":")
    liars = [entry for entry in scenario.byzantine if kind in (LIAR, entry.adversary)]
    if place:
        liars = [entry for entry in liars if str(entry.node) == place]
    faults = [(index, fault) for index, fault in enumerate(scenario.board_faults) if _is_named(fault, kind, place)]
    if len(liars) + len(faults) != 1:
        raise ForkError(_not_one(scenario, name, len(liars) + len(faults)))
    if liars:
        _remove_liar(edit, liars[0].node)
    else:
        _remove_board_fault(edit, *faults[0])


def _is_named(fault: BoardFault, kind: str, place: str) -> bool:
    board, _, second = place.partition("@")
    return (
        fault.kind == kind
        and board in ("", str(fault.node))
        and (not second or _number(second) == _number(f"{fault.at:g}"))
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _not_one(scenario: Scenario, name: str, count: int) -> str:
    names = removable(scenario)
    hint = did_you_mean(name, names) if not count else ""
    what = f"names {count} faults" if count else f"names no fault of the scenario{hint}"
    return f"--remove {name}: {what}; it has {', '.join(names) or 'none'}, and link:A-B heals a link"


def _heal(edit: Edit, one: int, other: int, both: bool) -> None:
    boards = edit.scenario.mission.boards
    if one == other or max(one, other) >= boards:
        raise ForkError(
            f"--remove link: there is no link between boards {one} and {other}; boards are 0 to {boards - 1}"
        )
    links = {(one, other), (other, one)} if both else {(one, other)}
    edit.acts.append(lambda world: world.network.clean.update(links))


def _remove_rule(edit: Edit, index: int, name: str) -> None:
    rule, at = edit.scenario.faults[index], edit.at
    if rule.end is not None and rule.end <= at:
        raise ForkError(f"--remove {name}: it ended at {rule.end:g} s; want --at before that")
    document = _document(edit.scenario)
    if rule.start >= at:
        del document["faults"][index]
    else:
        document["faults"][index]["end"] = at
    edit.scenario = parse(document, "the branch")


def _remove_liar(edit: Edit, board: int) -> None:
    document = _document(edit.scenario)
    document["byzantine"] = [entry for entry in document["byzantine"] if entry["node"] != board]
    edit.scenario = parse(document, "the branch")
    edit.acts.append(lambda world: world.boards[board].convert(None))


def _remove_board_fault(edit: Edit, index: int, fault: BoardFault) -> None:
    document, at = _document(edit.scenario), edit.at
    if fault.at < at and fault.seconds is not None:
        document["board_faults"][index]["seconds"] = at - fault.at
    else:
        del document["board_faults"][index]
    edit.scenario = parse(document, "the branch")

    def call_off(world: World) -> None:
        if not world.call_off(fault):
            raise ForkError(
                f"--remove {fault.kind}:{fault.node}@{fault.at:g}: at {at:g} s it has happened, and what has happened "
                f"stays; want --at {fault.at:g} or earlier"
            )

    edit.acts.append(call_off)


# --- set --------------------------------------------------------------------------------------


def _set(edit: Edit, text: str) -> None:
    kind, fields = _read(text)
    document, boards = _document(edit.scenario), edit.scenario.mission.boards
    if kind in adversaries.names():
        node = fields.pop("node", None)
        document.setdefault("byzantine", []).append({"node": node, "adversary": kind, "parameters": fields})
        edit.scenario = parse(document, f"--set {kind}")
        edit.acts.append(lambda world: world.boards[node].convert((kind, fields)))
    elif kind in BOARD_FAULT_KINDS:
        document.setdefault("board_faults", []).append({"at": edit.at, "kind": kind, **fields})
        edit.scenario = parse(document, f"--set {kind}")
        fault = edit.scenario.board_faults[-1]
        _require_effect(edit, fault.at, {fault.node}, boards, kind)
        edit.acts.append(lambda world: world.order(fault))
    elif kind in KINDS:
        document.setdefault("faults", []).append({"fault": kind, "start": edit.at, **fields})
        edit.scenario = parse(document, f"--set {kind}")
        rule = edit.scenario.faults[-1]
        ends = {*(rule.source or range(boards)), *(rule.destination or range(boards))}
        _require_effect(edit, rule.start, ends, boards, kind)
    else:
        known = [*KINDS, *BOARD_FAULT_KINDS, *adversaries.names()]
        raise ForkError(f"--set {kind}: no such fault{did_you_mean(kind, known)}; known are {', '.join(known)}")
    if edit.scenario.hardware_faults():
        raise ForkError(f"--set {kind}: the simulator has no lines and no chips; order it in flight: amu console")


def _read(text: str) -> tuple[str, Document]:
    """(kind, fields) of a fault as a person writes it."""
    kind, _, rest = text.partition(",")
    try:
        fields: dict[str, Any] = tomllib.loads("x = {" + rest.replace("\n", " ") + "}")["x"] if rest.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ForkError(
            f"--set {text}: {error}; want a kind and its fields as in a scenario: drop, probability=0.2, source=[0]"
        ) from error
    return kind.strip(), fields


def _require_effect(edit: Edit, start: float, nodes: set[int], boards: int, kind: str) -> None:
    """Refuse what would be no change: a fault before the moment, or of a healed core."""
    if start < edit.at - EPSILON:
        raise ForkError(f"--set {kind}: it begins at {start:g} s, before --at {edit.at:g}; what has happened stays")
    calm = edit.scenario.liveness
    if calm is not None and start >= calm.at and nodes <= set(calm.core):
        raise ForkError(
            f"--set {kind}: the scenario heals boards {', '.join(map(str, sorted(calm.core)))} at {calm.at:g} s, and "
            f"no fault applies to them from then on; want --at before {calm.at:g}"
        )


def _document(scenario: Scenario) -> Document:
    return named(scenario.model_dump(mode="json", exclude_unset=True))
