"""Turns behaviours of tetrabft.tla into acts: which replica did what, derived from each pair of successive states.

Each action of the module changes one argument of one variable, so a pair of states determines the action and its
arguments. (A decision becomes a Learn if a blocking set may have reported it: the states of Learn and Decide are
equal.) `trace_lines` then writes TLC's behaviours and counterexamples as traces of a swarm, so `amu check`, the report
and every other reader of traces work on them as on recorded ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from amu.core.limits import GROUND, WINDOW_SLOTS, blocking_size, quorum_size
from specs.checking import trace_line
from specs.tla.values.values import Value

SLOT = 1  # a behaviour has one slot


@dataclass(frozen=True)
class Act:
    """One step: the action's name, the replica, and the view and value if the action has them."""

    name: str
    replica: Value
    view: int | None = None
    value: Value = None


def acts(states: Sequence[Mapping[str, Value]], byzantine_count: int) -> Iterator[Act]:
    """The steps between successive states, without stuttering. Raises ValueError if no action takes such a step."""
    for before, after in pairwise(states):
        if before != after:
            yield _act(before, after, byzantine_count)


def _act(before: Mapping[str, Value], after: Mapping[str, Value], byzantine_count: int) -> Act:
    changed = [name for name in before if before[name] != after[name]]
    if changed == ["view"]:
        replica = _place(before["view"], after["view"])
        return Act("EnterView", replica, after["view"][replica])
    if changed == ["proposal"]:
        view = _place(before["proposal"], after["proposal"])
        return Act("Propose", after["leader"][view], view, after["proposal"][view])
    if changed == ["votes"]:
        replica = _place(before["votes"], after["votes"])
        mine = zip(before["votes"][replica], after["votes"][replica], strict=True)
        phase, (old, new) = next((k, pair) for k, pair in enumerate(mine, 1) if pair[0] != pair[1])
        view = _place(old, new)
        return Act(f"Vote{phase}", replica, view, new[view])
    if changed == ["decided"]:
        replica = _place(before["decided"], after["decided"])
        value = after["decided"][replica]
        told = sum(decided == value for decided in before["decided"].values()) + byzantine_count
        if told >= blocking_size(len(after["view"])):
            return Act("Learn", replica, None, value)
        needed = quorum_size(len(after["view"])) - byzantine_count
        views = [view for view in after["leader"] if _votes_for(after, view, value) >= needed]
        return Act("Decide", replica, views[0] if views else max(after["leader"]), value)
    raise ValueError(f"no action of tetrabft.tla changes {', '.join(changed)} at once")


def _place(before: Value, after: Value) -> Value:
    """The only argument at which two functions differ."""
    return next(key for key in before if before[key] != after[key])


def _votes_for(state: Mapping[str, Value], view: int, value: Value) -> int:
    return sum(mine[3][view] == value for mine in state["votes"].values())


def digest(value: Value) -> str:
    """The digest that stands for a model value in a trace."""
    return hashlib.sha256(str(value).encode()).hexdigest()


def trace_lines(
    states: Sequence[Mapping[str, Value]], byzantine: Sequence[str], run: str
) -> Iterator[dict[str, object]]:
    """The behaviour as events of a recorded run, a dictionary for each line. Replicas are numbered in order of name.

    Wrong steps are written too: the checker judges them.
    """
    replicas = sorted(states[0]["view"], key=str)
    number = {replica: place for place, replica in enumerate(replicas)}
    liars = sorted(number[replica] for replica in replicas if str(replica) in byzantine)
    lines = _Lines(run)
    about = {"scenario": run, "seed": 0, "versions": {}, "replica_count": len(replicas), "byzantine": liars}
    yield lines.line(GROUND, "RunStart", **about, window_slots=WINDOW_SLOTS, traces_messages=False)
    for node in range(len(replicas)):
        if node not in liars:
            yield lines.line(node, "Boot", version="model", journal="fresh", applied_slot=0)
    for act in acts(states, len(liars)):
        fields: dict[str, object] = {"slot": SLOT}
        if act.view is not None:
            fields["view"] = act.view
        if act.value is not None:
            fields["value"] = digest(act.value)
        yield lines.line(number[act.replica], act.name, **fields)
    yield lines.line(GROUND, "RunEnd", reason="complete")


class _Lines:
    """Numbers events as a recorder would. Each has its own Lamport time, so the trace's order is the behaviour's."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._time = 0
        self._next_seq: dict[int, int] = {}

    def line(self, node: int, event: str, **fields: object) -> dict[str, object]:
        self._time += 1
        seq = self._next_seq.get(node, 0)
        self._next_seq[node] = seq + 1
        return trace_line.line(self._run, node, 0, seq, self._time, self._time, self._time, event, fields)
