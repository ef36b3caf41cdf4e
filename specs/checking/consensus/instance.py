"""One instance of specs/tetrabft/tetrabft.tla in this process: constants, states, and the effect of each action.

The module says whether a step is allowed, knowledge.tla, which extends it, what a replica must know for it, and
tetrabft_proofs.tla, which extends it, too, what the proofs rest on; this file computes the state that an event claims
to have produced. Values are texts (v1, v2, ...), replicas and views are integers. The modules are loaded once per
rounding of their bounds, not once per slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, get_args

from specs import FOLDER
from specs.checking.swarm import Swarm
from specs.tla.language import language
from specs.tla.language.language import Function, Module, State
from specs.tla.values.values import Value

MODULE = FOLDER / "tetrabft" / "knowledge.tla"
PROOFS = FOLDER / "tetrabft" / "tetrabft_proofs.tla"
NO_VALUE = "none"
UNNAMED = "unnamed"  # a value without votes: clause (iii-B) may need one

VOTES = ("Vote1", "Vote2", "Vote3", "Vote4")
DECISIONS = ("Decide", "Learn")
RegisterName = Literal["hi1", "second1", "hi2", "second2", "hi3", "hi4"]
REGISTERS: tuple[RegisterName, ...] = get_args(RegisterName)
REGISTER_PHASES = {"hi1": 1, "second1": 1, "hi2": 2, "second2": 2, "hi3": 3, "hi4": 4}
GUARD_CHARACTERS_MAX = 120  # of a longer one only the line is shown


def constants(swarm: Swarm, max_view: int, value_count: int) -> dict[str, Value]:
    """Constants of tetrabft.tla, as Python values."""
    return {
        "Replica": frozenset(range(swarm.replica_count)),
        "Byzantine": swarm.byzantine,
        "FaultsMax": swarm.faults_max,
        "Value": frozenset([UNNAMED, *(f"v{k + 1}" for k in range(value_count))]),
        "NoValue": NO_VALUE,
        "MaxView": max_view,
        "WithClauseIIIB": True,
    }


@lru_cache(maxsize=64)
def _loaded(swarm: Swarm, max_view: int, value_count: int) -> Module:
    return language.load(MODULE, constants(swarm, max_view, value_count), is_assumed=swarm.is_tolerable)


@lru_cache(maxsize=64)
def _proofs(swarm: Swarm, max_view: int, value_count: int) -> Module:
    """The module of proofs. Its states are those of the other: both have the variables of tetrabft.tla alone."""
    found = language.load(PROOFS, constants(swarm, max_view, value_count), is_assumed=swarm.is_tolerable)
    assert found.variables == _loaded(swarm, max_view, value_count).variables
    return found


@lru_cache(maxsize=64)
def _initial(module: Module, replica_count: int, max_view: int, leaders: tuple[int, ...]) -> State:
    nodes, nothing = range(replica_count), dict.fromkeys(range(max_view + 1), NO_VALUE)
    return module.state(
        leader=dict(enumerate(leaders)),
        view=dict.fromkeys(nodes, 0),
        proposal=nothing,
        votes={node: dict.fromkeys(range(1, 5), nothing) for node in nodes},
        decided=dict.fromkeys(nodes, NO_VALUE),
    )


def round_up(number: int) -> int:
    """The next 2**k - 1, at least 1. Rounded bounds keep the number of loaded modules small."""
    return max(1, (1 << number.bit_length()) - 1)


def register(told: tuple[int, str] | None) -> Function:
    """A register in the module's form: a record of view and value, view -1 for none."""
    view, value = (-1, NO_VALUE) if told is None else told
    return language.record(view=view, value=value)


class Instance:
    """The module and a state of it. `leaders`: of views 0, 1, ... `max_view` and `value_count` are already rounded."""

    def __init__(self, swarm: Swarm, max_view: int, value_count: int, leaders: Sequence[int]) -> None:
        self.swarm = swarm
        self.max_view = max_view
        self.module = _loaded(swarm, max_view, value_count)
        self._bounds = swarm, max_view, value_count
        self.state = _initial(self.module, swarm.replica_count, max_view, tuple(leaders))

    # --- what the state says --------------------------------------------------------------------

    def view(self, node: int) -> int:
        view: int = self.state["view"][node]
        return view

    def vote(self, node: int, phase: int, view: int) -> str | None:
        return _named(self.state["votes"][node][phase - 1][view])

    def decided(self, node: int) -> str | None:
        return _named(self.state["decided"][node])

    def proposal(self, view: int) -> str | None:
        return _named(self.state["proposal"][view])

    def holds(self, predicate: str) -> bool:
        """Whether a predicate of the module, or of the module of proofs, is true."""
        module = self.module if predicate in self.module.definitions else _proofs(*self._bounds)
        return module.holds(predicate, self.state)

    # --- steps ----------------------------------------------------------------------------------

    def after(self, action: str, arguments: tuple[Value, ...]) -> State:
        """The state that an event claims to have produced. `arguments`: (node, view), (node, view, value) or
        (node, value).
        """
        state, replace = self.state, self.module.replace
        if action == "EnterView":
            return replace(state, view=state["view"].updated(*arguments))
        if action == "Propose":
            return replace(state, proposal=state["proposal"].updated(*arguments[1:]))
        if action in VOTES:
            node, view, value = arguments
            phases, index = state["votes"][node], VOTES.index(action)
            phases = (*phases[:index], phases[index].updated(view, value), *phases[index + 1 :])
            return replace(state, votes=state["votes"].updated(node, phases))
        if action in DECISIONS:
            return replace(state, decided=state["decided"].updated(arguments[0], arguments[-1]))
        assert action == "Restore", action
        return state

    def allows(self, action: str, arguments: tuple[Value, ...]) -> bool:
        return self.module.action(action)(self.state, self.after(action, arguments), *arguments)

    def take(self, action: str, arguments: tuple[Value, ...]) -> bool:
        """Go to the state after the step, if the module allows it."""
        following = self.after(action, arguments)
        if not self.module.action(action)(self.state, following, *arguments):
            return False
        self.state = following
        return True

    # --- words ----------------------------------------------------------------------------------

    def explain(self, action: str, arguments: tuple[Value, ...]) -> str:
        """Why the step is not allowed: module line and guard."""
        return self._explain(action, arguments, self.after(action, arguments))

    def explain_state(self, predicate: str, arguments: tuple[Value, ...]) -> str:
        """Why a predicate on the state is false."""
        return self._explain(predicate, arguments, None)

    def _explain(self, action: str, arguments: tuple[Value, ...], following: State | None) -> str:
        reason = self.module.explain(action, arguments, self.state, following)
        guard = reason.guard if len(reason.guard) <= GUARD_CHARACTERS_MAX else "the guard"
        way = f" (in {' > '.join(reason.called)})" if len(reason.called) > 1 else ""
        problem = f"cannot be evaluated: {reason.error}" if reason.error else "is false"
        shown = f"{action}({', '.join(str(argument) for argument in arguments)})"
        return f"{shown} is not allowed by {reason.file.name}, line {reason.line}{way}: {guard} {problem}"

    def register_differences(self, node: int, view: int, told: Mapping[RegisterName, Function]) -> Iterable[str]:
        """How the registers that a node reports differ from those of its votes."""
        if self.view(node) != view:
            yield f"view is {view}, was {self.view(node)}"
        for name in REGISTERS:
            operator = "HighestVote" if name.startswith("hi") else "SecondVote"
            kept = self.module.value(operator, self.state, node, REGISTER_PHASES[name], self.max_view + 1)
            if kept != told[name]:
                yield f"{name} is {_shown(told[name])}, was {_shown(kept)}"

    def describe(self) -> str:
        """The state: each honest node's view, votes (phase@view value) and decision; then the proposals."""
        parts = []
        for node in self.swarm.honest:
            votes = [
                f"{phase}@{view} {value}"
                for phase, views in enumerate(self.state["votes"][node], 1)
                for view, value in sorted(views.items())
                if value != NO_VALUE
            ]
            decided = self.decided(node)
            end = "" if decided is None else f", decided {decided}"
            parts.append(f"node {node} in view {self.view(node)} voted [{', '.join(votes)}]{end}")
        proposals = sorted(self.state["proposal"].items())
        shown = [f"{view}: {value}" for view, value in proposals if value != NO_VALUE]
        return f"{'; '.join(parts)}; proposals [{', '.join(shown)}]"


def _named(value: str) -> str | None:
    return None if value == NO_VALUE else value


def _shown(told: Function) -> str:
    return "null" if told["view"] < 0 else f"{told['value']} in view {told['view']}"
