"""Who sends which message, when and to whom: rules of all messages, whatever protocol they belong to.

    MSG-1   a board sends only messages of its role, to those that take them; slot and view are those of the kind
    MSG-2   a board receives only from other nodes of the swarm, and only what their role sends to its own
    MSG-3   each vote, proposal, view entry and wish is broadcast right after the step, and at no other time; a board
            that fell silent sends to the ground station only
    MSG-4   an answer goes to the node whose question came last before it, and each question has a bounded number of
            answers (answers.py)
    MSG-5   a replica answers the ground station: an operation that it applies with a reply at once, a request with a
            reply or a receipt, a hello with its identity; and it does not reply unasked (owed.py)

Theory. In specs/tetrabft/tetrabft_messages.tla a step and the message that tells it are one step (`Send` within
`CastVote`, `Propose`, `Enter` and `Wish`). A board writes its flash, traces the step and sends; so in its trace the
message is the next event, unless the board died in between.

Rules
- A message's fields are those of its class in amu.wire.messages: slot and view are 0 if it has none.
- `RunStart.traces_messages` says whether messages are traced. If true, a message that a rule asks for and the trace
  lacks is a breach. If false, each Send and Receive is one. Without the field (older traces), the rules about missing
  messages apply if some board has broadcast a message of a step.
"""

from __future__ import annotations

from amu.core.limits import BROADCAST, GROUND
from amu.wire import messages as m
from specs.checking.messages.answers import Answers
from specs.checking.messages.owed import APPLIED, Owed
from specs.checking.messages.refusals import FLOODED
from specs.checking.run import Checker, Run
from specs.checking.trace import Event

SENT_AS_ITS_KIND = "MSG-1"
RECEIVED_FROM_A_PEER = "MSG-2"
TOLD_AT_ONCE = "MSG-3"
ASKED = "MSG-4"
ANSWERED = "MSG-5"
IDENTIFIERS = (SENT_AS_ITS_KIND, RECEIVED_FROM_A_PEER, TOLD_AT_ONCE, ASKED, ANSWERED)
EVENTS = frozenset({"Send", "Receive"})

# kind of message: the steps that it reports to all others
STEPS_TOLD = {
    m.Proposal.KIND: frozenset({"Propose"}),
    m.Vote.KIND: frozenset({"Vote1", "Vote2", "Vote3", "Vote4"}),
    m.Proof.KIND: frozenset({"EnterView"}),
    m.ViewChange.KIND: frozenset({"Wish"}),
}
TOLD_BY = {step: kind for kind, steps in STEPS_TOLD.items() for step in steps}

REPLICA, LEARNER, THE_GROUND, STRANGER = "a replica", "a learner", "the ground station", "nobody in the swarm"
FLIGHT = frozenset(kind for kind in m.BY_KIND if m.is_flight(kind))
TO_ALL = frozenset(
    {*STEPS_TOLD, m.Status.KIND, m.Progress.KIND, m.Probe.KIND, m.FetchBody.KIND}
)  # kinds that a replica sends to every other one
TO_ALL_ONLY = frozenset({m.Status.KIND, m.Probe.KIND, m.FetchBody.KIND})
ROLES = {  # (sender, receiver): kinds
    (REPLICA, REPLICA): FLIGHT,
    (REPLICA, LEARNER): frozenset({m.Decided.KIND, m.Progress.KIND, m.StateChunk.KIND}),
    (LEARNER, REPLICA): frozenset({m.Fetch.KIND, m.FetchState.KIND}),
    (REPLICA, THE_GROUND): frozenset({m.Identity.KIND, m.Receipt.KIND, m.Reply.KIND, m.Log.KIND}),
    (LEARNER, THE_GROUND): frozenset({m.Log.KIND}),
    (THE_GROUND, REPLICA): frozenset({m.Hello.KIND, m.Request.KIND, m.Control.KIND}),
}
HAS_SLOT = frozenset(kind for kind, of in m.BY_KIND.items() if any(name == "slot" for name, _ in of.SHAPE))
HAS_VIEW = frozenset(kind for kind, of in m.BY_KIND.items() if any(name == "view" for name, _ in of.SHAPE))


class MessagesChecker(Checker):
    """Takes all events of replicas and learners."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._violate = run.verdict.violate
        self._before: dict[int, Event] = {}  # node -> its last event
        self._silent: set[int] = set()
        self._answers = Answers()
        self._owed = Owed()
        self._told: set[tuple[int, ...]] = set()  # kinds of sendings and receipts that were in order
        # RunStart says so, or some board has sent a message about a step: these are traced
        self._tells_steps = run.traces_messages is True
        self._untold: list[tuple[str, str]] = []  # property and breach, if messages about steps are traced
        self._held: set[str] = set()

    def feed(self, event: Event) -> None:
        node, name = event.node, event.name
        before = event.right_after(self._before.get(node))
        self._before[node] = event
        if name in EVENTS and self.run.traces_messages is False:
            self._look_at_untraced(event)
        elif name == "Send":
            self._look_at_sending(event, before)
        elif name == "Receive":
            self._look_at_receipt(event)
        elif name == "Boot":
            self._silent.discard(node)
            self._answers.boot(node)
        elif name == "Refuse":
            self._answers.refuse(event)
        elif name == "Silent":
            self._silent.add(node)
        if before is not None and before.name in TOLD_BY:
            self._look_for_its_message(before, event)
        if name == "Receive" or (before is not None and before.name == APPLIED):
            self._look_for_what_is_owed(event, before)

    def finish(self, tlc: bool) -> None:
        if self._tells_steps:
            for identifier, breach in self._untold:
                self._violate(identifier, breach)

    def not_held(self) -> set[str]:
        return {*IDENTIFIERS} - self._held

    def _role(self, node: int) -> str:
        if node < self.run.swarm.replica_count:
            return REPLICA
        if node == GROUND:
            return THE_GROUND
        return LEARNER if node < self.run.swarm.replica_count + self.run.learner_count else STRANGER

    # --- sendings ---------------------------------------------------------------------------

    def _look_at_sending(self, event: Event, before: Event | None) -> None:
        fields = event.fields
        to, kind = fields["to"], fields["kind"]
        self._held |= {SENT_AS_ITS_KIND, TOLD_AT_ONCE, ASKED}
        look = (event.node, to, kind, fields["slot"] > 0, fields["view"] > 0)
        if look not in self._told:
            breach = self._wrong_sending(event)
            if breach is None:
                self._told.add(look)
            else:
                self._violate(SENT_AS_ITS_KIND, f"{event}: {breach}")
        if to != BROADCAST:
            self._look_for_its_question(event)
        if to == GROUND:
            breach = self._owed.why_unasked(event, before)
            if breach is not None and self.run.is_told(event.node):
                self._violate(ANSWERED, f"{event}: {breach}")
        if event.node in self._silent and to != GROUND:
            self._violate(TOLD_AT_ONCE, f"{event}: the node had fallen silent")
        if to == BROADCAST and kind in STEPS_TOLD:
            self._tells_steps = True
            if before is not None and not _tells(event, before):
                self._violate(TOLD_AT_ONCE, f"{event}: the event before is not the step of this message: {before}")

    def _look_at_untraced(self, event: Event) -> None:
        """A Send or Receive in a trace that should have none. Only the first of each is reported: there may be many."""
        identifier = SENT_AS_ITS_KIND if event.name == "Send" else RECEIVED_FROM_A_PEER
        if identifier not in self._held:
            self._held.add(identifier)
            self._violate(identifier, f"{event}: RunStart says that messages are not traced")

    def _wrong_sending(self, event: Event) -> str | None:
        """What is wrong with a Send, whatever the protocols say; None: nothing."""
        fields = event.fields
        to, kind = fields["to"], fields["kind"]
        if kind not in m.BY_KIND:
            return f"there is no message of kind {kind}"
        name = m.BY_KIND[kind].__name__
        sender, receiver = self._role(event.node), REPLICA if to == BROADCAST else self._role(to)
        if to == event.node or kind not in ROLES.get((sender, receiver), ()):
            return f"{sender} sends no {name} to {'itself' if to == event.node else receiver}"
        if to == BROADCAST and kind not in TO_ALL:
            return f"a {name} is sent to one node only"
        if to != BROADCAST and kind in TO_ALL_ONLY:
            return f"a {name} is sent to all only"
        if (fields["slot"] > 0) != (kind in HAS_SLOT):
            return f"a {name} names {'a' if kind in HAS_SLOT else 'no'} slot"
        if fields["view"] > 0 and kind not in HAS_VIEW:
            return f"a {name} names no view"
        return None

    def _look_for_its_question(self, event: Event) -> None:
        """MSG-4 of a message to one node: if it is an answer, had that node asked last?"""
        why = self._answers.why_unasked(event)
        if why is None:
            return
        if self._answers.is_flooded(event):
            self.run.verdict.doubt(ASKED, FLOODED)
        elif self.run.continuity.is_whole(event.node):
            self._violate(ASKED, f"{event}: {why}")

    def _look_for_its_message(self, step: Event, event: Event) -> None:
        """MSG-3 of a step that its board broadcasts: `event`, right after it, must be the message."""
        if not (event.name == "Send" and event.fields["to"] == BROADCAST and _tells(event, step)):
            breach = f"{step}: the event after it is not the message that tells it: {event}"
            self._untold.append((TOLD_AT_ONCE, breach))

    def _look_for_what_is_owed(self, event: Event, before: Event | None) -> None:
        if event.node < self.run.swarm.replica_count:
            self._held.add(ANSWERED)
            breach = self._owed.why_unanswered(event, before)
            if breach is not None and self.run.is_told(event.node):
                self._untold.append((ANSWERED, breach))

    # --- receipts ---------------------------------------------------------------------------

    def _look_at_receipt(self, event: Event) -> None:
        sender, kind = event.fields["from"], event.fields["kind"]
        self._held.add(RECEIVED_FROM_A_PEER)
        self._answers.ask(event)
        look = (event.node, sender, kind)
        if look in self._told:
            return
        role = self._role(sender)
        own = self._role(event.node)
        if sender == event.node or kind not in ROLES.get((role, own), ()):
            name = m.BY_KIND[kind].__name__ if kind in m.BY_KIND else f"message of kind {kind}"
            who = "itself" if sender == event.node else role
            self._violate(RECEIVED_FROM_A_PEER, f"{event}: {own} receives no {name} from {who}")
        else:
            self._told.add(look)


def _tells(sending: Event, step: Event) -> bool:
    """Whether a Send is the message that reports a step."""
    told = sending.fields
    return (
        step.name in STEPS_TOLD.get(told["kind"], ())
        and told["slot"] == step.fields["slot"]
        and told["view"] == step.fields["view"]
    )
