"""Holds what honest nodes did in one slot against specs/tetrabft/tetrabft.tla, step by step, in this process.

Theory. The events of a slot, sorted by (Lamport time, node), are a behaviour of the module if each of them is a step of
the action of its name from the state that the ones before it made. No successor is searched for: the event names action
and arguments, its effect is known, and the module says whether that step is allowed.

Rules
- Byzantine nodes' events are not replayed. The module counts those nodes as saying whatever helps.
- After a reboot a node states its registers (Restore). A vote or view that is in them and not in the trace was on flash
  before the board died, and was sent to nobody: it is taken as a step then, and counted as recovered. After that the
  registers must be exactly those of the module: a lost lock or half a vote shows here.
- A decision told again after a reboot is no step if it is the same one.
- A Propose that died with the board is likewise recovered at the leader's Restore, if honest nodes voted for a value
  in that view: a persisted proposal is sent again after the reboot.
- Values are named v1, v2, ... in order of appearance; the module gets one more that nobody named.
- State lives as long as the slot's check: cost does not depend on the length of the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from amu.core.limits import faults_max
from specs.checking import language
from specs.checking.language import Function, Module, State
from specs.checking.trace import Event

MODULE = Path(__file__).resolve().parent.parent / "tetrabft" / "tetrabft.tla"
NO_VALUE = "none"
UNNAMED = "unnamed"  # a value that nobody voted for: clause (iii-B) may speak of such a one

VOTES = ("Vote1", "Vote2", "Vote3", "Vote4")
ACTIONS = frozenset({"EnterView", "Propose", *VOTES, "Decide", "Learn", "Restore"})
SLOT_EVENTS = ACTIONS | {"Apply"}
GUARD_CHARACTERS_MAX = 120  # a longer one is better read in the module

REGISTERS = ("hi1", "second1", "hi2", "second2", "hi3", "hi4")
REGISTER_PHASES = {"hi1": 1, "second1": 1, "hi2": 2, "second2": 2, "hi3": 3, "hi4": 4}

# Property identifiers, see specs/tetrabft/properties.md, and the state predicates behind them.
IS_STEP = "CON-1"
RESTORED = "CON-2"
DECIDED_BEFORE_APPLIED = "CON-3"
AGREEMENT = "CON-4"
INVARIANTS = {  # evaluated when the slot ends, agreement at every decision too
    AGREEMENT: "Agreement",
    "CON-5": "OneValueChosen",
    "CON-6": "DecisionHasQuorum",
    "CON-7": "NoFutureVote",
    "CON-8": "VoteHasQuorumBefore",
    "CON-9": "VotesSafe",
    "CON-10": "VoteFollowsProposal",
    "CON-11": "ProposalAcceptable",
    "CON-13": "GuardsStand",
}


@dataclass(frozen=True)
class Swarm:
    """What RunStart says, as far as the module asks for it."""

    replica_count: int
    byzantine: frozenset[int]
    window_slots: int = 4

    @property
    def honest(self) -> list[int]:
        return [node for node in range(self.replica_count) if node not in self.byzantine]


@dataclass(frozen=True)
class Step:
    """One step of the module: `arguments` are the action's, as TLA+ values."""

    action: str
    arguments: tuple[Any, ...]
    event: Event
    recovered: bool = False


@dataclass(frozen=True)
class BadStep:
    """The first event that is no step. `identifier` is the property; `certain`: missing events could not excuse it."""

    identifier: str
    event: Event
    why: str
    state: str
    certain: bool = False

    def __str__(self) -> str:
        return f"{self.event}\n  {self.why}\n  state before: {self.state}"


@dataclass
class SlotResult:
    """What came of a slot. `steps` includes the bad one, as its last; `leaders[v]` is what the module was given."""

    slot: int
    leaders: tuple[int, ...]
    values: dict[str, str]
    steps: list[Step] = field(default_factory=list)
    again: int = 0
    bad: BadStep | None = None
    violated: list[str] = field(default_factory=list)
    decided: str | None = None
    max_view: int = 0

    @property
    def is_rejected(self) -> bool:
        """The last of `steps` is not allowed by the module."""
        return self.bad is not None and self.bad.identifier in (IS_STEP, RESTORED)

    def counts(self) -> Counter[str]:
        """Good steps by action; recovered ones under "... recovered"."""
        good = self.steps[:-1] if self.is_rejected else self.steps
        return Counter(step.action + (" recovered" if step.recovered else "") for step in good)


@lru_cache(maxsize=64)
def module_for(replica_count: int, byzantine: frozenset[int], max_view: int, value_count: int) -> Module:
    """The module with these constants. Callers round the last two up, so that few are ever made."""
    return language.load(MODULE, constants(replica_count, byzantine, max_view, value_count))


def constants(replica_count: int, byzantine: frozenset[int], max_view: int, value_count: int) -> dict[str, Any]:
    """Constants of tetrabft.tla, as Python values."""
    return {
        "Replica": frozenset(range(replica_count)),
        "Byzantine": byzantine,
        "FaultsMax": faults_max(replica_count),
        "Value": frozenset([UNNAMED, *(f"v{k + 1}" for k in range(value_count))]),
        "NoValue": NO_VALUE,
        "MaxView": max_view,
        "WithClauseIIIB": True,
    }


def _round_up(number: int) -> int:
    """The next 2**k - 1, at least 1."""
    return max(1, (1 << number.bit_length()) - 1)


class SlotChecker:
    """Checks one slot. `leader_offset`: leader of view 0, if the rule of succession says who that is."""

    def __init__(
        self, swarm: Swarm, slot: int, events: Iterable[Event], leader_offset: int | None, rebooted: frozenset[int]
    ) -> None:
        self.swarm = swarm
        self.events = [event for event in events if event.node not in swarm.byzantine]
        self.rebooted = rebooted  # nodes of which something may have died with a board before it was traced
        self.names = self._name_values()
        max_view = _round_up(max([0, *(self._views())]))
        self.module = module_for(swarm.replica_count, swarm.byzantine, max_view, _round_up(len(self.names)))
        self.max_view = max_view
        leaders = self._leaders(leader_offset)
        self.result = SlotResult(slot, leaders, {name: value for value, name in self.names.items()})
        self.result.max_view = max_view
        self.state = self._initial_state(leaders)
        self._decided_in_boot: dict[int, int] = {}

    # --- preparation ----------------------------------------------------------------------------

    def _values(self) -> Iterable[str]:
        for event in self.events:
            if "value" in event.fields:
                yield event.fields["value"]
            elif event.name == "Restore":
                for name in REGISTERS:
                    if event.fields[name] is not None:
                        yield event.fields[name][1]

    def _name_values(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for value in self._values():
            names.setdefault(value, f"v{len(names) + 1}")
        return names

    def _views(self) -> Iterable[int]:
        for event in self.events:
            if "view" in event.fields:
                yield event.fields["view"]

    def _leaders(self, offset: int | None) -> tuple[int, ...]:
        """The leader of each view: by the rule of succession if it is known, else whoever honestly proposed there, else
        a Byzantine node (of which nothing is asked) if there is one."""
        count = self.swarm.replica_count
        if offset is not None:
            return tuple((offset + view) % count for view in range(self.max_view + 1))
        unknown = min(self.swarm.byzantine, default=0)
        leaders = [unknown] * (self.max_view + 1)
        for event in reversed(self.events):
            if event.name == "Propose":
                leaders[event.fields["view"]] = event.node
        return tuple(leaders)

    def _initial_state(self, leaders: Sequence[int]) -> State:
        nodes, views = range(self.swarm.replica_count), range(self.max_view + 1)
        nothing = dict.fromkeys(views, NO_VALUE)
        return self.module.state(
            leader=dict(enumerate(leaders)),
            view=dict.fromkeys(nodes, 0),
            proposal=nothing,
            votes={node: dict.fromkeys(range(1, 5), nothing) for node in nodes},
            decided=dict.fromkeys(nodes, NO_VALUE),
        )

    # --- the check ------------------------------------------------------------------------------

    def check(self) -> SlotResult:
        """Replay all events, up to the first that is no step."""
        for event in self.events:
            self._replay(event)
            if self.result.bad is not None or self.result.violated:
                break
        self._finish()
        return self.result

    def _finish(self) -> None:
        result = self.result
        for node in self.swarm.honest:
            value = self.state["decided"][node]
            if value != NO_VALUE:
                result.decided = result.values[value]
        for identifier, name in INVARIANTS.items():
            if identifier not in result.violated and not self.module.holds(name, self.state):
                result.violated.append(identifier)

    def _replay(self, event: Event) -> None:
        if event.name == "Restore":
            self._restore(event)
        elif event.name == "Apply":
            self._apply(event)
        elif event.name in ("Decide", "Learn"):
            self._decide(event)
        else:
            self._take(event.name, self._arguments(event), event)

    def _arguments(self, event: Event) -> tuple[Any, ...]:
        fields = event.fields
        if event.name == "EnterView":
            return event.node, fields["view"]
        if event.name == "Learn":
            return event.node, self.names[fields["value"]]
        return event.node, fields["view"], self.names[fields["value"]]

    def _take(self, action: str, arguments: tuple[Any, ...], event: Event, recovered: bool = False) -> bool:
        """Take one step, if the module allows it."""
        following = self._after(action, arguments)
        self.result.steps.append(Step(action, arguments, event, recovered))
        if not self.module.is_step(action, arguments, self.state, following):
            self._is_no_step(action, arguments, following, event, recovered)
            return False
        self.state = following
        self._check_each_step(action)
        return True

    def _check_each_step(self, action: str) -> None:
        if action in ("Decide", "Learn") and not self.module.holds("Agreement", self.state):
            self.result.violated.append(AGREEMENT)

    def _after(self, action: str, arguments: tuple[Any, ...]) -> State:
        """The state that the event says it made."""
        state = self.state
        if action == "EnterView":
            node, view = arguments
            return self.module.replace(state, view=state["view"].updated(node, view))
        if action == "Propose":
            _, view, value = arguments
            return self.module.replace(state, proposal=state["proposal"].updated(view, value))
        if action in VOTES:
            node, view, value = arguments
            return self.module.replace(state, votes=_with_vote(state["votes"], node, VOTES.index(action), view, value))
        if action in ("Decide", "Learn"):
            return self.module.replace(state, decided=state["decided"].updated(arguments[0], arguments[-1]))
        return state

    def _is_no_step(
        self, action: str, arguments: tuple[Any, ...], following: State, event: Event, recovered: bool
    ) -> None:
        shown = f"{action}({', '.join(str(argument) for argument in arguments)})"
        reason = self.module.explain(action, arguments, self.state, following)
        guard = reason.guard if len(reason.guard) <= GUARD_CHARACTERS_MAX else "the guard"
        way = f" (in {' > '.join(reason.called)})" if len(reason.called) > 1 else ""
        problem = f"cannot be evaluated: {reason.error}" if reason.error else "is false"
        why = f"{shown} is not allowed by {reason.file.name}, line {reason.line}{way}: {guard} {problem}"
        if recovered:
            why = f"read back from flash and never traced: {why}"
        self._bad(RESTORED if recovered else IS_STEP, event, why, self._contradicts(action, arguments))

    def _contradicts(self, action: str, arguments: tuple[Any, ...]) -> bool:
        """Whether the event contradicts an earlier one of the same node, whatever else may be missing."""
        node = arguments[0]
        if action in VOTES:
            cast = self.state["votes"][node][VOTES.index(action)][arguments[1]]
            return bool(cast != NO_VALUE and cast != arguments[2])
        if action in ("Decide", "Learn"):
            return bool(self.state["decided"][node] not in (NO_VALUE, arguments[-1]))
        return bool(action == "EnterView" and arguments[1] < self.state["view"][node])

    def _bad(self, identifier: str, event: Event, why: str, certain: bool = False) -> None:
        self.result.bad = BadStep(identifier, event, why, self.describe(), certain)

    # --- decisions ------------------------------------------------------------------------------

    def _decide(self, event: Event) -> None:
        node, value = event.node, self.names[event.fields["value"]]
        if self.state["decided"][node] == value and self._decided_in_boot.get(node) != event.boot:
            self.result.again += 1
            self._decided_in_boot[node] = event.boot
            return
        if self._take(event.name, self._arguments(event), event):
            self._decided_in_boot[node] = event.boot

    def _apply(self, event: Event) -> None:
        """A node applies what it has decided. After a reboot it may know a decision whose event died with the board."""
        node, value = event.node, self.names[event.fields["value"]]
        decided = self.state["decided"][node]
        if decided == NO_VALUE and node in self.rebooted and self._recover_decision(node, value, event):
            return
        if decided != value:
            why = f"node {node} applied {value} but decided {'nothing' if decided == NO_VALUE else decided}"
            self._bad(DECIDED_BEFORE_APPLIED, event, why, decided != NO_VALUE)

    def _recover_decision(self, node: int, value: str, event: Event) -> bool:
        candidates: list[tuple[str, tuple[Any, ...]]] = [("Learn", (node, value))]
        candidates += [("Decide", (node, view, value)) for view in range(self.max_view + 1)]
        for action, arguments in candidates:
            if self.module.is_step(action, arguments, self.state, self._after(action, arguments)):
                return self._take(action, arguments, event, recovered=True)
        return False

    # --- reboots --------------------------------------------------------------------------------

    def _restore(self, event: Event) -> None:
        node, view = event.node, event.fields["view"]
        for vote_view, phase, value in self._missing_votes(event):
            if vote_view > self.state["view"][node] and not self._recover("EnterView", (node, vote_view), event):
                return
            if phase == 1:
                self._recover_proposal(node, vote_view, value, event)
            if not self._recover(VOTES[phase - 1], (node, vote_view, value), event):
                return
        if view > self.state["view"][node] and not self._recover("EnterView", (node, view), event):
            return
        self._recover_proposal(node, view, self._voted_later(view), event)
        self._compare(event)

    def _recover(self, action: str, arguments: tuple[Any, ...], event: Event) -> bool:
        return self._take(action, arguments, event, recovered=True)

    def _missing_votes(self, event: Event) -> list[tuple[int, int, str]]:
        """(view, phase, value) of votes that stand in the registers and not in the module, oldest first."""
        votes = self.state["votes"][event.node]
        missing = set()
        for name in REGISTERS:
            register = event.fields[name]
            if register is not None:
                view, value = register[0], self.names[register[1]]
                phase = REGISTER_PHASES[name]
                if view <= self.max_view and votes[phase - 1][view] == NO_VALUE:
                    missing.add((view, phase, value))
        return sorted(missing)

    def _voted_later(self, view: int) -> str | None:
        """The first value that an honest node votes for in phase 1 of `view`, anywhere in the trace."""
        for event in self.events:
            if event.name == "Vote1" and event.fields["view"] == view:
                return self.names[event.fields["value"]]
        return None

    def _recover_proposal(self, node: int, view: int, value: str | None, event: Event) -> None:
        if value is None or self.result.leaders[view] != node or self.state["proposal"][view] != NO_VALUE:
            return
        if any(other.name == "Propose" and other.fields["view"] == view for other in self.events):
            return
        arguments = (node, view, value)
        if self.module.is_step("Propose", arguments, self.state, self._after("Propose", arguments)):
            self._recover("Propose", arguments, event)

    def _compare(self, event: Event) -> None:
        """Registers read back from flash equal those of the votes that the trace holds."""
        told = {name: self._register(event.fields[name]) for name in REGISTERS}
        arguments = (event.node, event.fields["view"], *told.values())
        self.result.steps.append(Step("Restore", arguments, event))
        if self.module.is_step("Restore", arguments, self.state, self.state):
            return
        differences = []
        if self.state["view"][event.node] != event.fields["view"]:
            differences.append(f"view is {event.fields['view']}, was {self.state['view'][event.node]}")
        for name in REGISTERS:
            operator = "HighestVote" if name.startswith("hi") else "SecondVote"
            kept = self.module.value(operator, self.state, event.node, REGISTER_PHASES[name], self.max_view + 1)
            if kept != told[name]:
                differences.append(f"{name} is {_shown(told[name])}, was {_shown(kept)}")
        self._bad(RESTORED, event, f"node {event.node} came back with other registers: {'; '.join(differences)}", True)

    def _register(self, register: tuple[int, str] | None) -> Function:
        if register is None:
            return language.record(view=-1, value=NO_VALUE)
        return language.record(view=register[0], value=self.names[register[1]])

    # --- words ----------------------------------------------------------------------------------

    def describe(self) -> str:
        """The state: for each honest node its view, votes (phase@view value) and decision; then the proposals."""
        parts = []
        for node in self.swarm.honest:
            votes = [
                f"{phase}@{view} {value}"
                for phase in range(1, 5)
                for view, value in sorted(self.state["votes"][node][phase - 1].items())
                if value != NO_VALUE
            ]
            decided = self.state["decided"][node]
            end = "" if decided == NO_VALUE else f", decided {decided}"
            parts.append(f"node {node} in view {self.state['view'][node]} voted [{', '.join(votes)}]{end}")
        proposals = [f"{view}: {value}" for view, value in sorted(self.state["proposal"].items()) if value != NO_VALUE]
        values = ", ".join(f"{name} = {value[:8]}.." for name, value in self.result.values.items())
        return f"{'; '.join(parts)}; proposals [{', '.join(proposals)}]; where {values}"


def _with_vote(votes: Function, node: int, phase_index: int, view: int, value: str) -> Function:
    phases = votes[node]
    changed = (*phases[:phase_index], phases[phase_index].updated(view, value), *phases[phase_index + 1 :])
    return votes.updated(node, changed)


def _shown(register: Function) -> str:
    return "null" if register["view"] < 0 else f"{register['value']} in view {register['view']}"
