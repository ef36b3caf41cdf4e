"""Checks the events of learners against specs/replicated_log/trace_learners.tla, in this process.

Theory. A learner follows the log and adds nothing to it: correct replicas must have reported what it learns, applies
and adopts earlier in the trace. So there is one property, LOG-10. Its guards are evaluated one by one, as in
specs/checking/consensus/log_rules.py, on the state that `LogChecker` keeps of the replicas.

Rules
- A learner's number is the replica count or higher; RunStart says in `learners` how many there are.
- A learner may apply a slot that no replica has applied yet. Its ledger is compared once a replica has reported one.
- A learner knows what arrived in its present life: f + 1 replies for a value, f + 1 reports for a state. Asked only if
  messages are traced. A reply of which the trace has no Send may be any.
- A step in a slot that the module has forgotten cannot be compared: it is counted (`too_old`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from amu.wire.messages import Decided, FetchState
from specs import FOLDER
from specs.checking.consensus import log_rules
from specs.checking.consensus.log_rules import PLACES, Rule
from specs.checking.run import Checker, Run
from specs.checking.trace import Event
from specs.tla.language import language
from specs.tla.language.language import of_python
from specs.tla.language.steps import Action
from specs.tla.language.successors import UNASSIGNED
from specs.tla.values.values import Value

MODULE = FOLDER / "replicated_log" / "trace_learners.tla"

FOLLOWS = "LOG-10"
IDENTIFIERS = (FOLLOWS,)
ANY = -1  # the slot of a reply of which nobody knows the sending
SAME_LEDGER = "IsTheLedger"
KNOWS = "KnowsState"  # f + 1 replicas, of what has arrived
GIVEN = "IsGiven"  # by one that was asked for it
OF_MESSAGES = (KNOWS, GIVEN)
RULES: Mapping[str, Rule] = {
    "Boot": Rule("LearnerBoot"),
    "Gap": Rule("LearnerGap"),
    "Learn": Rule("LearnTold", ((FOLLOWS, "IsInReach"), (FOLLOWS, "IsDecided"), (FOLLOWS, KNOWS))),
    "Apply": Rule("Moved", ((FOLLOWS, "IsNextThere"), (FOLLOWS, "IsDecided"), (FOLLOWS, SAME_LEDGER))),
    "Adopt": Rule(
        "Moved",
        (
            (FOLLOWS, "IsAheadThere"),
            (FOLLOWS, "IsReached"),
            (FOLLOWS, "IsHeld"),
            (FOLLOWS, KNOWS),
            (FOLLOWS, GIVEN),
        ),
    ),
}


class LearnerChecker(Checker):
    """Takes all events of learners, and checks each against the state of the replicas' `LogChecker` at that moment."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.steps: Counter[str] = Counter()
        self.too_old = 0
        swarm, first = run.swarm, run.swarm.replica_count
        learners = frozenset(range(first, first + run.learner_count))
        self._module = language.load(
            MODULE, {**log_rules.constants(swarm), "Learner": learners}, is_assumed=swarm.is_tolerable
        )
        self._position = next(iter(self._module.initials("LearnerInit")))["position"]
        self._blank = (UNASSIGNED,) * len(self._module.variables)
        self._told = {name: self._action(rule.told) for name, rule in RULES.items()}
        self._next: dict[int, tuple[int, int]] = {}  # learner -> boot and number of its next event
        self._replies: dict[tuple[int, int, int], set[int]] = {}  # learner, boot and slot -> replicas that replied
        self._silent: set[int] = set()
        self._last: dict[int, Event] = {}  # learner -> its last event
        self._before: Event | None = None  # the event right before the present one, of the same learner
        self._early: dict[int, list[Event]] = {}  # slot -> applications before any replica's

    def _action(self, name: str) -> Action:
        return Action(self._module.compiler, self._module.definitions[name], None)

    def feed(self, event: Event) -> None:
        replicas = self.run.log.state  # of trace_replicated_log.tla, after all events before this one
        self._before = event.right_after(self._last.get(event.node))
        self._last[event.node] = event
        is_boot = event.name == "Boot" and event.seq == 0
        if not is_boot and self._next.get(event.node) != (event.boot, event.seq):
            self._take("Gap", event, replicas)
        self._next[event.node] = (event.boot, event.seq + 1)
        if event.name in ("Receive", "Refuse"):
            self.run.log.reports.transfers.take(event)
        if event.name == "Receive":
            self._hear(event)
        elif event.name == "Send" and event.fields["kind"] == FetchState.KIND:
            self.run.log.reports.ask_state(event)
        elif event.name == "Silent":
            self._silent.add(event.node)
        elif event.name == "Boot":
            self._silent.discard(event.node)
        elif event.name in RULES and event.node in self._silent:
            self.run.verdict.violate(FOLLOWS, f"{event}\n  the learner had fallen silent")
        if event.name in RULES:
            self._take(event.name, event, replicas)
        if event.name == "Adopt":
            self.run.log.reports.transfers.adopt(event)
        elif event.name == "Apply":
            self._compare_later(event, replicas)

    def _hear(self, event: Event) -> None:
        sender, kind = event.fields["from"], event.fields["kind"]
        self.run.log.reports.receive(event)
        if kind != Decided.KIND or sender not in self.run.swarm.honest:
            return
        sent = self.run.sends.of(event)
        slot = ANY if sent is None else sent.slot
        self._replies.setdefault((event.node, event.boot, slot), set()).add(sender)

    def _heard(self, event: Event) -> frozenset[int]:
        if event.name == "Adopt":
            return self.run.log.reports.of_state(event)
        life = (event.node, event.boot)
        replies = self._replies.get((*life, event.fields["slot"]), set())
        return frozenset(replies | self._replies.get((*life, ANY), set()))

    def finish(self, tlc: bool) -> None:
        """Compare the slots that learners applied before any replica did."""
        verdict, state = self.run.verdict, self._state(self.run.log.state)
        for slot in sorted(self._early):
            for event in self._early[slot]:
                self._ask(SAME_LEDGER, event, state)
        verdict.counts["steps of learners"] = sum(self.steps.values())
        if self.too_old:
            verdict.doubt(FOLLOWS, "steps of learners are too far back")
            verdict.note(f"{self.too_old} steps of learners are too far back to be compared")

    def _state(self, replicas: language.State) -> language.State:
        values = [self._position if name == "position" else replicas[name] for name in self._module.variables]
        return self._module.state_of(tuple(values))

    def _take(self, name: str, event: Event, replicas: language.State) -> None:
        self.steps[name] += 1
        state = self._state(replicas)
        for _, guard in RULES[name].guards:
            self._ask(guard, event, state)
        told = self._told[name]
        values = {parameter: of_python(_fields(event)[parameter]) for parameter in told.parameters}
        following = next(told.after(state.values, values, self._blank))
        self._position = self._module.state_of(following)["position"]

    def _ask(self, guard: str, event: Event, state: language.State) -> None:
        if guard in OF_MESSAGES:
            if not self.run.log.reports.are_traced or not self.run.continuity.is_whole(event.node):
                return
            arguments = [of_python(self._heard(event))]
            if guard == GIVEN:
                arguments = [of_python(part) for part in self.run.log.reports.giver(event, self._before)]
        else:
            parameters = self._module.definitions[guard].definition.parameters
            arguments = [of_python(_fields(event)[parameter.name]) for parameter in parameters]
        if not self._module.predicate(guard)(state, *arguments):
            self.run.verdict.violate(FOLLOWS, f"{event}\n  {self._module.explain(guard, arguments, state)}")

    def _compare_later(self, event: Event, replicas: language.State) -> None:
        slot = event.fields["slot"]
        ring: Value = replicas["ledger"]
        told = ring[slot % PLACES]["slot"]
        self.too_old += told > slot
        if told < slot:
            self._early.setdefault(slot, []).append(event)


def _fields(event: Event) -> dict[str, object]:
    return {"node": event.node, **event.fields}
