"""Two runs, event by event: the first event that differs; and their outcomes.

Rules
- Events are compared as they are written, in the order of the traces. Only RunStart may differ, in the boards that are
  excused: a branch excuses those that lie later.
- At the first place where the traces differ stand two events. The first divergent event is the one that the other run
  does not have within its next LOOK_AHEAD lines: its run did something that the other one did not do then. If that does
  not tell them apart, it is the earlier one, and the branch's at the same moment.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from amu.core.limits import GROUND
from groundstation.report.exports.causality import words
from specs.checking.trace import Event, parse_bytes
from swarm_sim.outcome import Outcome

PARENT, BRANCH = "parent", "branch"
LOOK_AHEAD = 2000  # lines


@dataclass(frozen=True)
class Divergence:
    """The first place where two traces differ. line: from 1. parent, branch: the event there; None: it has ended.
    first: the run, PARENT or BRANCH, whose event the other one lacks."""

    line: int
    parent: Event | None
    branch: Event | None
    run: str

    @property
    def first(self) -> tuple[str, Event]:
        """(run, event): what one run did and the other one did not."""
        event = self.parent if self.run == PARENT else self.branch
        assert event is not None
        return self.run, event

    @property
    def at(self) -> float:
        """Mission second of the first divergent event."""
        return _at(self.first[1])

    def as_dict(self) -> dict[str, object]:
        run, event = self.first
        return {
            "line": self.line,
            "first": run,
            "at": _at(event),
            "told": told(event),
            PARENT: None if self.parent is None else _members(self.parent),
            BRANCH: None if self.branch is None else _members(self.branch),
        }


def _at(event: Event) -> float:
    return float(event.received or 0.0)


def _members(event: Event) -> dict[str, Any]:
    own = {"node": event.node, "boot": event.boot, "seq": event.seq, "lamport": event.lamport}
    return own | {"received": event.received, "event": event.name, "fields": event.fields, "told": told(event)}


def who(node: int) -> str:
    """A node in a sentence."""
    return "the ground station" if node == GROUND else f"board {node}"


def told(event: Event) -> str:
    """An event in a line: when, who, what."""
    return f"{_at(event):.3f} s, {who(event.node)}: {words(event)}"


def diverge(parent: Path, branch: Path, boards_only: bool = False) -> Divergence | None:
    """The first place where two traces differ; with `boards_only`, where the boards' events do. None: nowhere."""
    ours, theirs = _lines(parent, boards_only), _lines(branch, boards_only)
    for number, (one, other) in enumerate(zip_longest(ours, theirs)):
        if one is not None and other is not None and (one[1] == other[1] or (number == 0 and _are_starts(one, other))):
            continue
        mine = None if one is None else parse_bytes(one[1], one[0])
        yours = None if other is None else parse_bytes(other[1], other[0])
        ahead = {line for _, line in islice(ours, LOOK_AHEAD)}, {line for _, line in islice(theirs, LOOK_AHEAD)}
        lacks = one is not None and one[1] not in ahead[1], other is not None and other[1] not in ahead[0]
        if lacks[0] != lacks[1]:
            run = PARENT if lacks[0] else BRANCH
        else:
            run = PARENT if yours is None or (mine is not None and _at(mine) < _at(yours)) else BRANCH
        return Divergence((one or other or (0, b""))[0], mine, yours, run)
    return None


def _are_starts(one: tuple[int, bytes], other: tuple[int, bytes]) -> bool:
    """Whether two lines differ as RunStart may."""
    starts = [json.loads(line) for _, line in (one, other)]
    return bool(starts[0]["event"] == "RunStart") and starts[0] | {"byzantine": []} == starts[1] | {"byzantine": []}


def _lines(trace: Path, boards_only: bool) -> Iterator[tuple[int, bytes]]:
    ground = f'"node":{GROUND},'.encode()
    with trace.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n") and not (boards_only and ground in line[:80]):
                yield number, line


@dataclass(frozen=True)
class Row:
    """One figure of both runs."""

    name: str
    parent: object
    branch: object

    def told(self) -> str:
        """What differs, in a line."""
        if not isinstance(self.parent, list) or not isinstance(self.branch, list):
            return f"{self.name}: {self.parent} -> {self.branch}"
        parent, branch = (
            ", ".join(map(str, (one for one in mine if one not in other))) or "none"
            for mine, other in ((self.parent, self.branch), (self.branch, self.parent))
        )
        return f"{self.name} of the parent only: {parent}; of the branch only: {branch}"


def outcomes(parent: Outcome, branch: Outcome) -> list[Row]:
    """The figures of two outcomes side by side."""
    rows = [Row("verdict", parent.verdict, branch.verdict)]
    for name in ("oracle", "cause"):
        one, other = getattr(parent, name), getattr(branch, name)
        rows += [Row(name, one or "none", other or "none")] * bool(one or other)
    names = sorted(parent.counts.keys() | branch.counts.keys())
    rows += [Row(name, parent.counts.get(name, 0), branch.counts.get(name, 0)) for name in names]
    return [*rows, Row("marks", list(parent.marks), list(branch.marks))]


def slots(parent: Path, branch: Path) -> list[Row]:
    """What was decided in each, where it differs: the first slot with another value, the slots with another view."""
    one, other = _decided(parent), _decided(branch)
    both = sorted(one.keys() & other.keys())
    values = [slot for slot in both if one[slot][0] != other[slot][0]]
    views = [slot for slot in both if one[slot][1] != other[slot][1]]
    rows = [Row("last slot decided", max(one, default=0), max(other, default=0))]
    if values:
        rows.append(Row(f"value of slot {values[0]}, the first that differs", one[values[0]][0], other[values[0]][0]))
    if views:
        rows.append(Row(f"view of slot {views[0]}, the first that differs", one[views[0]][1], other[views[0]][1]))
    return rows


def _decided(trace: Path) -> dict[int, tuple[str, int]]:
    """By slot, the value (its beginning) and the view of the first decision of an honest board."""
    found: dict[int, tuple[str, int]] = {}
    liars: list[int] = []
    with trace.open("rb") as file:
        for line in file:
            if b'"event":"RunStart"' in line:
                liars = json.loads(line)["byzantine"]
            elif b'"event":"Decide"' in line:
                event = json.loads(line)
                if event["node"] in liars:
                    continue
                found.setdefault(event["slot"], (event["value"][:12], event["view"]))
    return found
