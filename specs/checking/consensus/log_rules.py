"""Checks what honest nodes did from slot to slot: specs/replicated_log/trace_replicated_log.tla, in this process.

Theory. As in specs/checking/consensus/conformance.py, an event names its operator and its arguments, so no search is
needed. Each operator of the module is a conjunction: guards, one for each property below, and the effect of the event.
The guards are evaluated one by one, so a breach has its identifier and the rest of the run is still checked.

    LOG-1   a node applies slots in order, without a gap, from what it found on flash or adopted
    LOG-2   in each slot honest nodes decide and apply the same value and have the same ledger afterwards
    LOG-3   a checkpoint is made of the slot applied last, when it is due; those of a slot are equal; an adopted ledger
            is one of them, and f + 1 nodes had reached it
    LOG-4   a node without memory says nothing in consensus until it rejoins, and then only above its vote floor, below
            which all its forgotten votes lie; a node that fell silent permanently says nothing
    LOG-5   a rebooted node states its registers of each slot that it had acted in and can still act in, before all else
    LOG-6   a node acts in, wishes in, decides and learns slots of its window only
    LOG-11  a board boots with no less than it had written and no more than it can have had; without memory only after
            its flash was wiped
    CON-3   a node applies what it decided or learned in that life, or what flash can have held
    CON-12  leader(slot, view) = (proposer of the value decided WINDOW_SLOTS before + view) mod n
    KNW-2   a message about the log says what its sender may ask, has or is
    KNW-3   a slot or a state is asked for, and a state adopted, on f + 1 reports that arrived; the state comes from one
            that was asked for it (transfers.py: in all its pieces); a floor follows from the n - f answers

Rules
- Events are taken in file order, which is causal: the ground reads a board's events before it passes its messages on.
- Where events of a node are missing, what it did is unknown: a `Gap`. Its rules start from there after the hole.
- Acting in a slot again in the same boot changes nothing and is allowed if the first time was: it is not checked again.
- What a node received of the log it learned from Progress, which names no slot: it may carry any checkpoint that its
  sender had then, and the slot that its sender had applied.
- The module's state is bounded (rings of PLACES slots), so an event costs the same at the end of a long run. An event
  of a slot that it has forgotten cannot be compared with what others did there: it is counted (`too_old`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from amu.core.limits import CHECKPOINT_SLOTS, INSTANCES_MAX, LOG_SLOTS_MAX
from amu.wire import messages as m
from specs import FOLDER
from specs.checking.consensus.conformance import DECIDED_BEFORE_APPLIED
from specs.checking.consensus.instance import VOTES
from specs.checking.consensus.knowledge import GUESSED, TRUE_WORDS, UNTOLD
from specs.checking.consensus.reports import Reports
from specs.checking.run import Checker, Run
from specs.checking.swarm import Swarm
from specs.checking.trace import Event
from specs.tla.language import language
from specs.tla.language.language import ModelValue, Module, State, of_python
from specs.tla.language.steps import Action
from specs.tla.values.values import Value

MODULE = FOLDER / "replicated_log" / "trace_replicated_log.tla"

APPLY_IN_ORDER = "LOG-1"
SAME_LEDGER = "LOG-2"
SAME_CHECKPOINT = "LOG-3"
SILENT_WITHOUT_MEMORY = "LOG-4"
RESTORED_BEFORE_ACTING = "LOG-5"
WITHIN_WINDOW = "LOG-6"
FOUND_ON_FLASH = "LOG-11"
LEADER = "CON-12"
REPORTED = "KNW-3"
IDENTIFIERS = (
    *(APPLY_IN_ORDER, SAME_LEDGER, SAME_CHECKPOINT),
    *(SILENT_WITHOUT_MEMORY, RESTORED_BEFORE_ACTING, WITHIN_WINDOW, FOUND_ON_FLASH, LEADER, REPORTED),
)

PLACES = 256  # slots that the module remembers; no honest node can send another an older one
NO_VALUE = ModelValue("none")
ANYONE = -1

assert PLACES >= 2 * (LOG_SLOTS_MAX + CHECKPOINT_SLOTS + INSTANCES_MAX)


@dataclass(frozen=True)
class Rule:
    """`told`: the operator with the event's effect. `guards`: (identifier, operator), in the order of the module."""

    told: str
    guards: tuple[tuple[str, str], ...] = ()


_AWAKE = (SILENT_WITHOUT_MEMORY, "IsAwake")
_ACTING = (
    (SILENT_WITHOUT_MEMORY, "MaySpeak"),
    (SILENT_WITHOUT_MEMORY, "IsAboveFloor"),
    (RESTORED_BEFORE_ACTING, "IsRestored"),
    (WITHIN_WINDOW, "InRange"),
)
RULES: Mapping[str, Rule] = {
    "Boot": Rule(
        "BootTold",
        ((FOUND_ON_FLASH, "IsOnFlash"), (FOUND_ON_FLASH, "IsExplained"), (FOUND_ON_FLASH, "IsErased")),
    ),
    "Restore": Rule(
        "RestoreTold",
        (
            (SILENT_WITHOUT_MEMORY, "MaySpeak"),
            (RESTORED_BEFORE_ACTING, "IsWaking"),
            (RESTORED_BEFORE_ACTING, "IsNew"),
            (WITHIN_WINDOW, "InRange"),
        ),
    ),
    "Awake": Rule("AwakeTold", ((RESTORED_BEFORE_ACTING, "HasRestored"),)),
    "Erase": Rule("Erase"),
    "Silent": Rule("Silent"),
    "Gap": Rule("Gap"),
    "Rejoin": Rule(
        "RejoinTold",
        (_AWAKE, (SILENT_WITHOUT_MEMORY, "CoversForgotten"), (REPORTED, "FloorFollows")),
    ),
    "Wish": Rule(
        "WishTold",
        ((SILENT_WITHOUT_MEMORY, "MaySpeak"), (SILENT_WITHOUT_MEMORY, "IsAboveFloor"), (WITHIN_WINDOW, "InRange")),
    ),
    **dict.fromkeys(("EnterView", *VOTES), Rule("ActTold", _ACTING)),
    "Propose": Rule("ProposeTold", (*_ACTING, (LEADER, "Leads"))),
    "Decide": Rule("DecisionTold", (_AWAKE, (WITHIN_WINDOW, "InRange"), (SAME_LEDGER, "IsTheDecision"))),
    "Learn": Rule("DecisionTold", (_AWAKE, (WITHIN_WINDOW, "IsLearnable"), (SAME_LEDGER, "IsTheDecision"))),
    "Apply": Rule(
        "ApplyTold",
        (
            _AWAKE,
            (APPLY_IN_ORDER, "IsNext"),
            (SAME_CHECKPOINT, "HasCheckpoint"),
            (DECIDED_BEFORE_APPLIED, "HasDecided"),
            (SAME_LEDGER, "IsTheDecision"),
            (SAME_LEDGER, "IsWhatItDecided"),
            (SAME_LEDGER, "IsTheLedger"),
        ),
    ),
    "Checkpoint": Rule("CheckpointTold", (_AWAKE, (SAME_CHECKPOINT, "IsDue"), (SAME_CHECKPOINT, "IsTheCheckpoint"))),
    "Adopt": Rule(
        "AdoptTold",
        (
            _AWAKE,
            (APPLY_IN_ORDER, "IsAhead"),
            (SAME_CHECKPOINT, "IsCheckpointSlot"),
            (SAME_CHECKPOINT, "IsReached"),
            (SAME_CHECKPOINT, "IsTheCheckpoint"),
            (REPORTED, "KnowsState"),
            (REPORTED, "IsGiven"),
        ),
    ),
}
_OF_INSTANCE = Rule("", ((TRUE_WORDS, "InRange"),))
SAYS: Mapping[int, Rule] = {  # kind of a message: what it may say
    m.Proposal.KIND: _OF_INSTANCE,
    m.Vote.KIND: _OF_INSTANCE,
    m.Proof.KIND: _OF_INSTANCE,
    m.ViewChange.KIND: _OF_INSTANCE,
    m.Status.KIND: _OF_INSTANCE,
    m.Suggest.KIND: Rule("", ((TRUE_WORDS, "InRange"), (TRUE_WORDS, "Leads"))),
    m.FetchBody.KIND: Rule("", ((TRUE_WORDS, "IsLearnable"),)),
    m.Body.KIND: Rule("", ((TRUE_WORDS, "IsLearnable"),)),
    m.Decided.KIND: Rule("", ((TRUE_WORDS, "TellsDecision"),)),
    m.Fetch.KIND: Rule("", ((TRUE_WORDS, "AsksForSlot"), (REPORTED, "KnowsSlot"))),
    m.FetchState.KIND: Rule("", ((TRUE_WORDS, "IsCheckpointSlot"), (REPORTED, "KnowsState"))),
    m.StateChunk.KIND: Rule("", ((TRUE_WORDS, "HasState"),)),
    m.Probe.KIND: Rule("", ((TRUE_WORDS, "AsksWhoKnows"),)),
    m.Reply.KIND: Rule("", ((TRUE_WORDS, "HasOperation"),)),
}
HEARD_OF = frozenset({m.Fetch.KIND, m.FetchState.KIND})  # questions for what others reported
WAKING = frozenset({"Boot", "Restart", "Restore"})  # the first events of a life

# A guard's parameters have the names of the event's fields, except for these.
PARAMETERS = {"p": "node", "s": "slot", "v": "view"}

ACTS = frozenset({"EnterView", *VOTES, "Wish"})
HELD = frozenset({name for name, rule in RULES.items() if rule.guards})  # events that some guard checks
PROMISES = frozenset(
    {"Boot", "Restore", "Silent", "Gap", "Rejoin", "Apply", "Adopt"}
)  # may change what is allowed next


def constants(swarm: Swarm) -> dict[str, Value]:
    """Constants of trace_replicated_log.tla, as Python values."""
    return {
        "Replica": frozenset(range(swarm.replica_count)),
        "Byzantine": swarm.byzantine,
        "FaultsMax": swarm.faults_max,
        "Window": swarm.window_slots,
        "Places": PLACES,
        "CheckpointSlots": CHECKPOINT_SLOTS,
        "NoValue": NO_VALUE,
        "TraceSlot": frozenset(),
        "TraceView": frozenset(),
        "TraceDigest": frozenset(),
    }


@lru_cache(maxsize=4)
def load(swarm: Swarm) -> Module:
    """The module for a swarm, loaded once."""
    return language.load(MODULE, constants(swarm), is_assumed=swarm.is_tolerable)


Guard = tuple[str, str, Callable[..., bool], tuple[str, ...]]  # identifier, operator, its predicate, its parameters


@lru_cache(maxsize=4)
def _compiled(module: Module) -> tuple[State, Mapping[str, Action], Mapping[str | int, list[Guard]]]:
    """The first state, and the effect and guards of each event. Compiled once for all runs of a swarm's size."""
    told = {name: Action(module.compiler, module.definitions[rule.told], None) for name, rule in RULES.items()}
    assert all(action.is_determined for action in told.values()), "one next state for each event"
    every: list[tuple[str | int, Rule]] = [*RULES.items(), *SAYS.items()]
    guards: dict[str | int, list[Guard]] = {
        name: [
            (identifier, guard, module.predicate(guard), _parameters(module, guard))
            for identifier, guard in rule.guards
        ]
        for name, rule in every
    }
    return next(iter(module.initials("TraceInit"))), told, guards


def _parameters(module: Module, guard: str) -> tuple[str, ...]:
    parameters = module.definitions[guard].definition.parameters
    return tuple([PARAMETERS.get(parameter.name, parameter.name) for parameter in parameters])


class LogChecker(Checker):
    """Takes every event of an honest replica.

    `steps` counts the checked ones, by operator. `state` is the module's state after the last. `too_old` counts
    decisions and applications of slots that the module had forgotten.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        run.log = self
        self.steps: Counter[str] = Counter()
        self.too_old = 0
        self._swarm = run.swarm
        self._violate = run.verdict.violate
        self._module = load(run.swarm)
        self.state, self._told, self._guards = _compiled(self._module)
        self._are_reports_known = True
        self.reports = Reports(run)
        self._before: dict[int, Event] = {}  # node -> its last event
        self._said: dict[int, set[tuple[int, int, int]]] = {}  # node -> kind, receiver and slot of what it may say
        self._joined: set[int] = set()
        self._acting: dict[int, set[tuple[bool, int]]] = {}  # node -> slots in which it wished or acted, guards checked
        self._proposers: dict[int, int] = {}  # slot -> proposer of the decided value, if known

    def join(self) -> None:
        """Some node acted before the trace. So may every other node without an event so far."""
        for node in self._swarm.honest:
            if node not in self._before and node not in self._joined:
                self._joined.add(node)
                self._do("Gap", {"node": node})

    def ground(self, event: Event) -> None:
        if event.name == "Erase" and event.fields["board"] in self._swarm.honest:
            self._do("Erase", {"board": event.fields["board"]})

    def feed(self, event: Event) -> None:
        before = event.right_after(self._before.get(event.node))
        self._before[event.node] = event
        if before is None and not (event.name == "Boot" and event.seq == 0):
            self._take("Gap", {"node": event.node}, event)
        if before is not None and before.name in WAKING and event.name not in WAKING:
            self._take("Awake", {"node": event.node}, event)
        if event.name == "Send":
            self.reports.are_traced = True
            self._say(event)
        elif event.name == "Receive":
            self.reports.receive(event)
            self.reports.transfers.take(event)
        elif event.name == "Refuse":
            self.reports.refuse(event)
            self.reports.transfers.take(event)
        elif event.name == "Boot":
            self.reports.boot(event)
        if event.name not in RULES:
            return
        if event.name in ACTS:
            acting = self._acting.setdefault(event.node, set())
            act = (event.name == "Wish", event.fields["slot"])  # a reboot may forget a wish, but not an act
            if act in acting:
                return
            acting.add(act)
        fields: dict[str, object] = {"node": event.node, **event.fields}
        if event.name == "Restore":
            registers = (event.fields["hi1"], event.fields["second1"])  # of votes for what a leader had proposed
            fields["voted"] = {register for register in registers if register is not None}
        if event.name in ("Adopt", "Checkpoint"):
            fields["heard"] = self.reports.of_state(event)
            fields["asked"], fields["giver"] = self.reports.giver(event, before)
            self.reports.keep(event)
        if event.name == "Adopt":
            self.reports.transfers.adopt(event)
        elif event.name == "Rejoin":
            fields["answers"], fields["free"] = self.reports.answers(event)
        if event.name in ("Adopt", "Rejoin"):
            self._are_reports_known &= not self.reports.free(event)
        self._take(event.name, fields, event)

    def _say(self, event: Event) -> None:
        """A message: may its sender say this?"""
        kind, slot = event.fields["kind"], event.fields["slot"]
        if kind == m.Progress.KIND:
            self.reports.send(event, self.state["applied"][event.node])
        elif kind == m.FetchState.KIND:
            self.reports.ask_state(event)
        if kind not in SAYS:
            return
        said = (kind, event.fields["to"] if kind == m.Suggest.KIND else 0, slot)
        known = self._said.setdefault(event.node, set())
        if said in known:
            return
        known.add(said)
        heard = None
        if kind in HEARD_OF:
            heard = self.reports.of_state(event) if kind == m.FetchState.KIND else self.reports.of_slot(event)
        # A suggest goes to the leader, so it is asked of its receiver whether it leads.
        fields = {"node": event.node, **event.fields, "heard": heard}
        self._guard(kind, fields, event)

    def finish(self, tlc: bool) -> None:
        if not self.reports.are_traced:
            self.run.verdict.nothing_held(REPORTED, UNTOLD)
        elif not self._are_reports_known:
            self.run.verdict.doubt(REPORTED, GUESSED)
        if self.too_old:
            self.run.verdict.doubt(SAME_LEDGER, "events tell of slots too far back")
            self.run.verdict.note(
                f"{self.too_old} events tell of slots too far back to be compared with what others did there"
            )

    def not_held(self) -> set[str]:
        return set() if self.steps.keys() & HELD else {*IDENTIFIERS}

    def first_leader(self, slot: int) -> int | None:
        """The leader of view 0 of `slot`, or None if the trace does not say so far."""
        return 0 if slot <= self._swarm.window_slots else self._proposers.get(slot - self._swarm.window_slots)

    def _take(self, name: str, fields: Mapping[str, object], event: Event) -> None:
        self.steps[name] += 1
        self._guard(name, fields, event)
        self._do(name, fields)
        if name in PROMISES:
            self._acting.pop(event.node, None)
            self._said.pop(event.node, None)
        if name in ("Propose", "Decide", "Learn", "Apply"):
            self._note_proposers(event.fields["slot"])

    def _guard(self, name: str | int, fields: Mapping[str, object], event: Event) -> None:
        """Evaluate the guards of an event or of a kind of message."""
        state = self.state
        for identifier, guard, holds, parameters in self._guards[name]:
            if identifier == REPORTED and not self._hears(event.node):
                continue
            arguments = [of_python(fields[parameter]) for parameter in parameters]
            if name == m.Suggest.KIND and guard == "Leads":
                arguments[0] = event.fields["to"]
            if not holds(state, *arguments):
                self._violate(identifier, f"{event}\n  {self._module.explain(guard, arguments, state)}")

    def _hears(self, node: int) -> bool:
        """Whether the trace says what the node received."""
        return self.reports.are_traced and self.run.is_told(node)

    def _do(self, name: str, fields: Mapping[str, object]) -> None:
        """Apply the event's effect to the state."""
        told = self._told[name]
        following = told.only(self.state.values, [of_python(fields[parameter]) for parameter in told.parameters])
        assert following is not None, "an effect has no guard"
        self.state = self._module.state_of(following)

    def _note_proposers(self, slot: int) -> None:
        log: Value = self.state["log"]
        self.too_old += log[slot % PLACES]["slot"] > slot
        for place in (slot, slot - self._swarm.window_slots):
            entry = log[place % PLACES]
            if entry["slot"] == place > 0 and entry["proposer"] != ANYONE:
                self._proposers[place] = entry["proposer"]
