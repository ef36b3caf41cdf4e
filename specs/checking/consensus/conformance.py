"""Checks what honest nodes did in one slot against specs/tetrabft/tetrabft.tla, step by step, in this process.

Theory. The events of a slot, sorted by (Lamport time, node), are a behaviour of the module if each event is a step of
the action of its name, from the state that the earlier events produced. No search is needed: the event names the action
and its arguments, its effect is known, and the module says whether that step is allowed.

Rules
- Byzantine nodes' events are not replayed. The module assumes that these nodes say whatever helps.
- After a reboot a node states its registers (Restore). A vote or view that is in them but not in the trace was on flash
  before the board died, and was not sent to anyone. It is taken as a step then, and counted as recovered. After that
  the registers must equal the module's: this finds a lost lock or half a vote.
- A decision that is reported again after a reboot is not a step, if it is the same one.
- A node that boots with a slot applied has decided it, but its power may have failed between writing the checkpoint
  and sending the trace. Such a decision is taken as a recovered step at its Boot or its Restore.
- A Propose that died with the board is likewise recovered at the leader's Restore if honest nodes voted for a value
  in that view: a persisted proposal is sent again after the reboot.
- Values are named v1, v2, ... in order of appearance; the module gets one more, which no event names.
- State lives as long as the slot's check: cost does not depend on the length of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from amu.wire.messages import FetchBody, Status
from specs.checking.consensus import knowledge
from specs.checking.consensus.instance import (
    DECISIONS,
    REGISTER_PHASES,
    REGISTERS,
    VOTES,
    Instance,
    register,
    round_up,
)
from specs.checking.consensus.knowledge import Ears, Knowledge, Receipt
from specs.checking.consensus.result import BadStep, SlotResult, Step
from specs.checking.swarm import Swarm
from specs.checking.trace import Event
from specs.tla.values.values import Value

SLOT_EVENTS = frozenset({"EnterView", "Propose", *VOTES, *DECISIONS, "Restore", "Apply"})

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
# What the proofs of tetrabft_proofs.tla rest on, with the property that rests on it: in every state of a slot that has
# left view 0, and when a slot ends. `Heart` and `Permitted` say nothing of view 0.
PROVED = {
    "TypeOK": IS_STEP,
    "NoFutureVote": "CON-7",
    "VoteHasQuorumBefore": "CON-8",
    "VoteFollowsProposal": "CON-10",
    "DecisionHasQuorum": "CON-6",
    "Heart": "CON-9",
    "Permitted": "CON-13",
}

IDENTIFIERS = (IS_STEP, RESTORED, DECIDED_BEFORE_APPLIED, *INVARIANTS, *knowledge.IDENTIFIERS)

Word = tuple[int, int, int, Event | Receipt]  # Lamport time, node, line; a Send, a Wish, or a receipt


def contradiction(events: Iterable[Event]) -> tuple[str, str] | None:
    """An error that no missing event can explain: two votes in one phase, or two decided values."""
    cast: dict[tuple[int, int, str], str] = {}
    decided: Event | None = None
    for event in events:
        if event.name in VOTES:
            value = cast.setdefault((event.node, event.fields["view"], event.name), event.fields["value"])
            if value != event.fields["value"]:
                return IS_STEP, f"{event}\n  the node had voted for {value[:8]}.. in this phase and view"
        elif event.name in DECISIONS or event.name == "Apply":
            decided = decided or event
            if event.fields["value"] != decided.fields["value"]:
                return AGREEMENT, f"{event}\n  contradicts {decided}"
    return None


class SlotChecker:
    """Checks one slot.

    `events`: steps, in order. `leader_offset`: leader of view 0, if the rule of succession names one. `words`: wishes
    and messages, in any order.
    """

    def __init__(
        self,
        swarm: Swarm,
        slot: int,
        events: Iterable[Event],
        leader_offset: int | None,
        words: Sequence[Word] = (),
        ears: Ears | None = None,
    ) -> None:
        self.swarm = swarm
        self.events = [event for event in events if event.node not in swarm.byzantine]
        self.names = self._name_values()
        max_view = round_up(max([event.fields.get("view", 0) for event in self.events], default=0))
        leaders = self._leaders(leader_offset, max_view)
        self.instance = Instance(swarm, max_view, round_up(len(self.names)), leaders)
        self.words = words
        self.knowledge = Knowledge(self.instance, ears or Ears())
        self.result = SlotResult(slot, leaders, {name: value for value, name in self.names.items()}, max_view)
        self.result.has_steps = bool(self.events)
        self._decided_in_boot: dict[int, int] = {}
        self._applied_in: set[tuple[int, int]] = set()  # lives that applied the slot
        self._open_in_boot: dict[int, int] = {}  # node -> life in which it sent its state: it had not decided then
        self._has_left_view_0 = False
        self._owes_decision: set[int] = set()  # booted with the slot applied; how it decided is not known yet

    # --- preparation ----------------------------------------------------------------------------

    def _values(self) -> Iterable[str]:
        for event in self.events:
            if "value" in event.fields:
                yield event.fields["value"]
            elif event.name == "Restore":
                told = [event.fields[name] for name in REGISTERS]
                yield from [vote[1] for vote in told if vote is not None]

    def _name_values(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for value in self._values():
            names.setdefault(value, f"v{len(names) + 1}")
        return names

    def _leaders(self, offset: int | None, max_view: int) -> tuple[int, ...]:
        """The leader of each view: by the rule of succession, if known; else the honest node that proposed there; else
        a Byzantine node, if there is one, because the module demands nothing of it.
        """
        if offset is not None:
            return tuple((offset + view) % self.swarm.replica_count for view in range(max_view + 1))
        leaders = [min(self.swarm.byzantine, default=0)] * (max_view + 1)
        for event in reversed(self.events):
            if event.name == "Propose":
                leaders[event.fields["view"]] = event.node
        return tuple(leaders)

    # --- the check ------------------------------------------------------------------------------

    def check(self) -> SlotResult:
        """Replay all events, up to the first that the module does not allow."""
        result = self.result
        for _, node, _, what in self._in_order():
            if type(what) is Receipt:
                self.knowledge.hear(node, what)
                continue
            assert type(what) is Event
            self._replay(what)
            if result.bad is not None or INVARIANTS[AGREEMENT] in result.violated:
                break
        decisions = [self.instance.decided(node) for node in self.swarm.honest]
        result.decided = next((result.values[value] for value in decisions if value is not None), None)
        for identifier, name in INVARIANTS.items():
            self._hold(name, identifier)
        self._hold_proved()
        return result

    def _hold(self, name: str, identifier: str) -> None:
        if name not in self.result.violated and not self.instance.holds(name):
            self.result.violated[name] = identifier

    def _hold_proved(self) -> None:
        for name, identifier in PROVED.items():
            self._hold(name, identifier)

    def _in_order(self) -> Iterable[Word]:
        steps: list[Word] = [(event.lamport, event.node, event.line, event) for event in self.events]
        return sorted([*steps, *self.words]) if self.words else steps

    def _replay(self, event: Event) -> None:
        if event.name == "Restore":
            self._restore(event)
        elif event.name == "Boot":
            self._boot(event)
        elif event.name == "Apply":
            self._apply(event)
        elif event.name in DECISIONS:
            self._decide(event)
        elif event.name == "Send":
            self._say(event)
        elif event.name == "Wish":
            self._wish(event)
        else:
            arguments = self._arguments(event)
            if event.name == "Propose" and self.knowledge.is_second_hand(
                str(arguments[2]), event.fields["view"], event.node
            ):
                self._look_for_body(str(arguments[2]), event)
            if self.result.bad is None:
                self._take(event.name, arguments, event)

    def _arguments(self, event: Event) -> tuple[Value, ...]:
        fields = event.fields
        if event.name == "EnterView":
            return event.node, fields["view"]
        if event.name == "Learn":
            return event.node, self.names[fields["value"]]
        return event.node, fields["view"], self.names[fields["value"]]

    def _take(self, action: str, arguments: tuple[Value, ...], event: Event, recovered: bool = False) -> bool:
        """Take one step, if the module allows it, and if the node had heard enough."""
        step = Step(action, arguments, event, recovered)
        self.result.steps.append(step)
        if not self.instance.take(action, arguments):
            why = self.instance.explain(action, arguments)
            self.result.is_rejected = True
            if recovered:
                self._bad(RESTORED, event, f"read back from flash and never traced: {why}")
            else:
                self._bad(IS_STEP, event, why)
            return False
        if self.knowledge.is_asked:
            if (not recovered or action == "EnterView") and not self._knows(step):
                return False
            self.knowledge.note(action, arguments, event)
        elif action == VOTES[3] or action in DECISIONS:  # a later life may rest on them
            self.knowledge.note(action, arguments, event)
        if action in DECISIONS:
            self._hold(INVARIANTS[AGREEMENT], AGREEMENT)
        self._has_left_view_0 |= action == "EnterView"
        if self._has_left_view_0:
            self._hold_proved()
        return True

    def _wish(self, event: Event) -> None:
        step = Step("Wish", (event.node, event.fields["view"]), event)
        self.result.steps.append(step)
        if not self._knows(step):
            return
        if (event.node, event.boot) in self._applied_in:
            known = self.knowledge.repeats_no_wish(event)
            if known is not None:
                self._bad(knowledge.VIEWS_WISHED, event, self.instance.explain_state("IsRepeated", known))
                return
        self.knowledge.note("Wish", step.arguments, event)

    def _knows(self, step: Step) -> bool:
        """Whether the node had heard enough for the step."""
        step.known, breach = self.knowledge.judge(step.action, step.arguments, step.event, step.recovered)
        if breach is not None:
            self._bad(breach, step.event, self.instance.explain_state(f"KnowsFor{step.action}", step.known))
            self.result.is_rejected = step is self.result.steps[-1]
        return breach is None

    def _say(self, event: Event) -> None:
        if event.fields["kind"] == FetchBody.KIND:
            if (event.node, event.boot) in self._applied_in:
                self._bad(knowledge.TRUE_WORDS, event, "a replica that has applied the slot in this life has its body")
            return
        why = self.knowledge.why_unsaid(event)
        if event.fields["kind"] == Status.KIND:
            self._open_in_boot[event.node] = event.boot
            if self._decided_in_boot.get(event.node) == event.boot:
                why = "a replica that has decided in this life sends its state of the slot no more"
        if why is not None:
            self._bad(knowledge.TRUE_WORDS, event, why)

    def _bad(self, identifier: str, event: Event, why: str) -> None:
        values = ", ".join(f"{name} = {value[:8]}.." for name, value in self.result.values.items())
        self.result.bad = BadStep(identifier, event, why, f"{self.instance.describe()}; where {values}")

    # --- decisions ------------------------------------------------------------------------------

    def _decide(self, event: Event) -> None:
        node, value = event.node, self.names[event.fields["value"]]
        if self.instance.decided(node) == value and self._decided_in_boot.get(node) != event.boot:
            self.result.again += 1
            self._decided_in_boot[node] = event.boot
            self._knows(Step(event.name, self._arguments(event), event))
        elif self._take(event.name, self._arguments(event), event):
            self._decided_in_boot[node] = event.boot

    def _apply(self, event: Event) -> None:
        """A node applies what it has decided. After a reboot it may know a decision whose event died with the board."""
        node, value = event.node, self.names[event.fields["value"]]
        decided = self.instance.decided(node)
        is_of_flash = self._decided_in_boot.get(node) != event.boot
        if is_of_flash and self._open_in_boot.get(node) == event.boot:
            self._bad(DECIDED_BEFORE_APPLIED, event, f"node {node} had not decided, for it sent its state in this life")
            return
        if decided is None and self._recover_decision(node, value, event):
            decided = value
        if decided != value:
            self._bad(DECIDED_BEFORE_APPLIED, event, f"node {node} applied {value} but decided {decided or 'nothing'}")
            return
        self._look_for_body(value, event)
        self._applied_in.add((node, event.boot))

    def _look_for_body(self, value: str, event: Event) -> None:
        lacking = self.knowledge.lacks_body(value, event)
        if lacking is not None:
            self._bad(knowledge.KNOWN, event, self.instance.explain_state("HasBody", lacking))

    def _boot(self, event: Event) -> None:
        """The node had applied the slot when it booted, but the trace has no Apply of it."""
        if self.instance.decided(event.node) is None and not self._recover_any_decision(event):
            self._owes_decision.add(event.node)

    def _recover_any_decision(self, event: Event) -> bool:
        return any(self._recover_decision(event.node, value, event) for value in self.result.values)

    def _recover_decision(self, node: int, value: str, event: Event) -> bool:
        candidates: list[tuple[str, tuple[Value, ...]]] = [("Learn", (node, value))]
        candidates += [("Decide", (node, view, value)) for view in range(self.result.max_view + 1)]
        for action, arguments in candidates:
            if self.instance.allows(action, arguments) and self.knowledge.may_recover(action, arguments, event):
                return self._take(action, arguments, event, recovered=True)
        return False

    # --- reboots --------------------------------------------------------------------------------

    def _restore(self, event: Event) -> None:
        node, view = event.node, event.fields["view"]
        for vote_view, phase, value in self._missing_votes(event):
            if not self._recover_view(node, vote_view, event):
                return
            if phase == 1:
                self._recover_proposal(node, vote_view, value, event)
            if not self._take(VOTES[phase - 1], (node, vote_view, value), event, recovered=True):
                return
        if not self._recover_view(node, view, event):
            return
        self._recover_proposal(node, view, self._voted_for(view), event)
        self._compare(event)
        if node in self._owes_decision and self._recover_any_decision(event):
            self._owes_decision.discard(node)

    def _missing_votes(self, event: Event) -> list[tuple[int, int, str]]:
        """(view, phase, value) of votes that are in the registers but not in the module's state, oldest first."""
        missing = set()
        for name in REGISTERS:
            told = event.fields[name]
            if told is not None and told[0] <= self.result.max_view:
                phase = REGISTER_PHASES[name]
                if self.instance.vote(event.node, phase, told[0]) is None:
                    missing.add((told[0], phase, self.names[told[1]]))
        return sorted(missing)

    def _recover_view(self, node: int, view: int, event: Event) -> bool:
        return view <= self.instance.view(node) or self._take("EnterView", (node, view), event, recovered=True)

    def _voted_for(self, view: int) -> str | None:
        """The first value that an honest node votes for in phase 1 of `view`, anywhere in the trace."""
        for event in self.events:
            if event.name == "Vote1" and event.fields["view"] == view:
                return self.names[event.fields["value"]]
        return None

    def _recover_proposal(self, node: int, view: int, value: str | None, event: Event) -> None:
        if value is None or self.result.leaders[view] != node or self.instance.proposal(view) is not None:
            return
        if any(other.name == "Propose" and other.fields["view"] == view for other in self.events):
            return
        if self.instance.allows("Propose", (node, view, value)):
            self._take("Propose", (node, view, value), event, recovered=True)

    def _compare(self, event: Event) -> None:
        """Require the registers that were read back from flash to equal those of the votes in the trace."""
        node, view = event.node, event.fields["view"]
        told = {name: register(self._renamed(event.fields[name])) for name in REGISTERS}
        arguments = (node, view, *told.values())
        self.result.steps.append(Step("Restore", arguments, event))
        if not self.instance.take("Restore", arguments):
            self.result.is_rejected = True
            differences = "; ".join(self.instance.register_differences(node, view, told))
            self._bad(RESTORED, event, f"node {node} came back with other registers: {differences}")
        self.knowledge.note("Restore", arguments, event)

    def _renamed(self, told: tuple[int, str] | None) -> tuple[int, str] | None:
        return None if told is None else (told[0], self.names[told[1]])
