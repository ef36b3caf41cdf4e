"""What each replica had received in a slot, and whether that was enough for its steps: specs/tetrabft/knowledge.tla.

    KNW-1    a step needs what arrived: its guard of tetrabft.tla holds on what the replica had received in that life
    KNW-2    a message says what its sender did
    CON-17   a view is entered because n - f replicas wish it or a quorum votes in it; a replica wishes the next view,
             or repeats what f + 1 others wish; where it has applied the slot, it only repeats

Theory. A message that a replica sent after a step may carry it; one that it sent before cannot. So the time of a
message's sending says which steps of its sender the receiver may know. A trace has no contents of messages: a message
counts as carrying all steps of its kind, in its slot and view, that its sender had taken.

Rules
- A replica knows its own steps; of the messages that it received it knows those of its present life only.
- The content of a message is unknown if the trace has no Send of it, or if the receiver took it although its Lamport
  time was out of order (Refuse "lamport"). Then the receiver counts as knowing all that the sender had done, for the
  rest of that life.
- A body that arrived in a former life may be on flash: it counts in later lives too. A liar may have sent any body.
- A decision that is on flash and in no trace was made in a former life, so it rests on votes and replies that the trace
  has before the end of that life.
- CON-17 evaluates the same operators as if all messages had arrived, so it needs no traced messages. It also applies to
  a view that a board reads back from flash: for that view the board's own wish, and what it heard, died with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set
from dataclasses import dataclass, field
from typing import NamedTuple

from amu.wire import messages as m
from specs.checking.consensus.instance import VOTES, Instance
from specs.checking.run import Sent
from specs.checking.trace import Event
from specs.tla.language.language import of_python
from specs.tla.values.values import Value

KNOWN = "KNW-1"
TRUE_WORDS = "KNW-2"
VIEWS_WISHED = "CON-17"
IDENTIFIERS = (KNOWN, TRUE_WORDS, VIEWS_WISHED)

SAYS = {  # kind: the operator that says when it may be sent
    m.Proposal.KIND: "SaysProposal",
    m.Vote.KIND: "SaysVote",
    m.Suggest.KIND: "SaysSuggest",
    m.Proof.KIND: "SaysProof",
    m.ViewChange.KIND: "SaysViewChange",
    m.Status.KIND: "SaysStatus",
    m.Decided.KIND: "SaysDecided",
}
STAYS_TRUE = frozenset({m.Proposal.KIND, m.Vote.KIND, m.Decided.KIND})
OF_SLOT = frozenset(SAYS)  # kinds that a slot's check takes
HAS_BODY = frozenset({m.Proposal.KIND, m.Decided.KIND, m.Body.KIND})  # kinds with a body, or room for one

# What a message may tell its receiver (CONTENTS: by kind of message). Each guard needs one or more of these.
PROPOSALS, BALLOTS, SUGGESTS, PROOFS, WISHES, DECISIONS = range(6)
UNTOLD = "messages of consensus were not traced"
GUESSED = (
    "a step needed messages of which the trace does not say what they were: no Send tells of them, or they came late"
)
# How much a replica is taken to know: what certainly arrived; that and what messages of unknown content may have told;
# all that happened.
CERTAIN, POSSIBLE, ALL = range(3)
NEVER = 1 << 63  # later than any Lamport time, and than any line
DECISIONS_MADE = ("Decide", "Learn")
DECIDED = -1
CONTENTS = {
    m.Proposal.KIND: (PROPOSALS,),
    m.Vote.KIND: (BALLOTS,),
    m.Suggest.KIND: (SUGGESTS,),
    m.Proof.KIND: (PROOFS,),
    m.ViewChange.KIND: (WISHES,),
    m.Status.KIND: (BALLOTS, SUGGESTS, PROOFS, WISHES),
    m.Decided.KIND: (DECISIONS,),
    m.Body.KIND: (),
}


class Receipt(NamedTuple):
    """An honest replica received a message of another about a slot."""

    boot: int
    sender: int
    sent: int  # Lamport time
    message: Sent
    has_body: bool


@dataclass
class Ears:
    """What the slots share about receipts. `are_open`: messages of consensus are traced. `heard_all`: (node, boot,
    sender) if the node received a message of unknown content from the sender in that life."""

    are_open: bool = False
    hear_wishes: bool = False  # a trace without messages has wishes at least; a behaviour of tetrabft.tla has none
    heard_all: set[tuple[int, int, int]] = field(default_factory=set)
    # node -> Lamport time at which a message with a body, of whatever slot, first arrived from a liar
    bodies_of_liars: dict[int, int] = field(default_factory=dict)
    # (node, boot) -> the line up to which the lives before it may have heard anything
    began: dict[tuple[int, int], int] = field(default_factory=dict)
    guessed: bool = False  # a step was allowed only because of `heard_all`


class Knowledge:
    """What each replica knows in one slot. Feed receipts and steps in Lamport order; ask about steps and messages."""

    def __init__(self, instance: Instance, ears: Ears) -> None:
        self._instance = instance
        self._ears = ears
        self.is_asked = ears.are_open or ears.hear_wishes
        self._honest = instance.swarm.honest
        self._everybody = frozenset(self._honest)
        # (node, boot) -> (what, view) -> sender -> time of its last message
        self._heard: dict[tuple[int, int], dict[tuple[int, int], dict[int, int]]] = defaultdict(dict)
        self._wishes: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)  # (node, boot) -> sender -> view
        self._wished: dict[int, list[tuple[int, int]]] = {}  # node -> time and view of its wishes, which grow in a life
        self._own_wish: dict[tuple[int, int], int] = {}  # (node, boot) -> its last wish
        self._cast: dict[tuple[int, int, int], int] = {}  # node, phase and view of a vote -> its time
        self._decided: dict[int, int] = {}  # node -> time of its decision
        self._lines: dict[tuple[int, int], int] = {}  # node and view of a fourth vote, or -1 of a decision -> its line
        self._read: dict[int, set[int]] = defaultdict(set)  # node -> views whose proposal arrived, in all its lives
        self._bodies: dict[int, set[int]] = defaultdict(set)  # node -> those that sent it a body, in all its lives
        self._said: set[tuple[int, int, int]] = set()  # sender, kind and view of messages that stay true

    # --- what happens -----------------------------------------------------------------------

    def hear(self, node: int, receipt: Receipt) -> None:
        boot, sender, sent, message, has_body = receipt
        life = (node, boot)
        if has_body and message.kind == m.Proposal.KIND:
            self._read[node].add(message.view)
        elif has_body:
            self._bodies[node].add(sender)
        heard = self._heard[life]
        view = message.view
        for what in CONTENTS[message.kind]:
            if what == WISHES:
                self._hear_wish(life, receipt)
                continue
            last = heard.setdefault((what, view), {})
            if last.get(sender, -1) < sent:
                last[sender] = sent

    def _hear_wish(self, life: tuple[int, int], receipt: Receipt) -> None:
        """A view change names its wish; a status carries the wish that its sender had then, or its view."""
        wish = receipt.message.view
        if receipt.message.kind == m.Status.KIND:
            wish = max([wish, *(view for time, view in self._wished.get(receipt.sender, ()) if time < receipt.sent)])
        known = self._wishes[life]
        known[receipt.sender] = max(wish, known.get(receipt.sender, 0))

    def note(self, action: str, arguments: tuple[Value, ...], event: Event) -> None:
        """A step has been taken, by `event` or, if it died with its board, before it."""
        node, time = event.node, event.lamport
        if action in VOTES:
            self._cast.setdefault((node, VOTES.index(action) + 1, arguments[1]), time)
            if action == VOTES[3]:
                self._lines.setdefault((node, arguments[1]), event.line)
        elif action in DECISIONS_MADE:
            self._decided.setdefault(node, time)
            self._lines.setdefault((node, DECIDED), event.line)
        elif action in ("EnterView", "Restore", "Wish"):
            self._note_wish(event, arguments[1])

    def _note_wish(self, event: Event, view: int) -> None:
        life = (event.node, event.boot)
        if view > self._own_wish.get(life, 0):
            self._own_wish[life] = view
            self._wished.setdefault(event.node, []).append((event.lamport, view))

    # --- what it allows ---------------------------------------------------------------------

    def judge(
        self, action: str, arguments: tuple[Value, ...], event: Event, recovered: bool = False
    ) -> tuple[tuple[Value, ...], str | None]:
        """The arguments of `KnowsFor<action>` that were asked for a step of `event`, and the property that it breaks,
        if any. Call `note` after it. `recovered`: the step was on flash and died with its board, as may have its own
        wish and what it heard."""
        known: tuple[Value, ...] = ()
        if recovered:
            self._note_wish(event, arguments[1])
        if action in ("EnterView", "Wish") and (self._ears.hear_wishes or self._ears.are_open):
            known = self._needs(action, arguments, event, ALL)
            if not self._holds(action, known):
                return known, VIEWS_WISHED
        if self._ears.are_open and not recovered:
            known = self._needs(action, arguments, event, POSSIBLE)
            if not self._holds(action, known):
                return known, KNOWN
            if self._ears.heard_all and not self._holds(action, self._needs(action, arguments, event, CERTAIN)):
                self._ears.guessed = True
        return known, None

    def repeats_no_wish(self, event: Event) -> tuple[Value, ...] | None:
        """The arguments of `IsRepeated`, if a wish repeats no wish of f + 1 others that had arrived."""
        extent = POSSIBLE if self._ears.are_open else ALL
        known = self._needs("Wish", (event.node, event.fields["view"]), event, extent)[1:]
        return None if self._instance.module.predicate("IsRepeated")(self._instance.state, *known) else known

    def may_recover(self, action: str, arguments: tuple[Value, ...], event: Event) -> bool:
        """Whether a decision may have been made in a life before that of `event`, and be known from flash only."""
        end = self._ears.began.get((event.node, event.boot))
        if end is None:
            return False  # no life before it is known
        if action == "Learn":
            what, known = DECIDED, arguments[1:]
        else:
            what, known = arguments[1], arguments[1:]
        heard = {node for (node, of), line in self._lines.items() if of == what and line < end}
        heard = heard - {event.node} if action == "Learn" else heard | {event.node}
        return self._holds(action, (*known, frozenset(heard)))

    def lacks_body(self, value: str, event: Event) -> tuple[Value, ...] | None:
        """The arguments of `HasBody`, if the node cannot have the body of a value that it applies or proposes again."""
        node = event.node
        if not self._ears.are_open:
            return None
        views = frozenset([view for view in self._read[node] if view <= self._instance.max_view])
        known = (node, value, views, frozenset(self._bodies[node]))
        if self._instance.module.predicate("HasBody")(self._instance.state, *known):
            return None
        if self._ears.bodies_of_liars.get(node, NEVER) < event.lamport:
            return None
        if any(receiver == node for receiver, _, _ in self._ears.heard_all):
            self._ears.guessed = True
            return None
        return known

    def is_second_hand(self, value: str, view: int, node: int) -> bool:
        """Whether another replica proposed the value in an earlier view."""
        leader: Value = self._instance.state["leader"]
        return any(self._instance.proposal(earlier) == value and leader[earlier] != node for earlier in range(view))

    def _holds(self, action: str, known: tuple[Value, ...]) -> bool:
        return self._instance.module.predicate(f"KnowsFor{action}")(self._instance.state, *known)

    def _needs(self, action: str, arguments: tuple[Value, ...], event: Event, extent: int) -> tuple[Value, ...]:
        """The arguments of `KnowsFor<action>`. `extent`: CERTAIN, POSSIBLE or ALL."""
        if action == "Learn":
            return (arguments[1], self._who_decided(event, extent))
        view = arguments[1]
        if action == "Wish":
            return (*arguments, self._wishes_known(event, extent))
        if action == "EnterView":
            phases = tuple([self._voters(phase, view, event, extent) for phase in (1, 2, 3)])
            return (view, self._wishes_known(event, extent), phases)
        value = arguments[2]
        if action == "Vote1":
            asked = self._senders(PROPOSALS, view, event, extent)
            return (view, value, asked, self._senders(PROOFS, view, event, extent))
        if action == "Propose":
            return (view, value, self._senders(SUGGESTS, view, event, extent))
        phase = 4 if action == "Decide" else VOTES.index(action)
        return (view, value, self._voters(phase, view, event, extent))

    def _senders(self, what: int, view: int, event: Event, extent: int) -> Set[int]:
        if extent == ALL:
            return self._everybody
        return self._and_others(event, list(self._heard[event.node, event.boot].get((what, view), ())), extent)

    def _voters(self, phase: int, view: int, event: Event, extent: int) -> Set[int]:
        """Those whose vote of the phase the node may know."""
        if extent == ALL:
            return self._everybody
        cast, heard = self._cast, self._heard[event.node, event.boot].get((BALLOTS, view), {})
        return self._and_others(
            event, [sender for sender, sent in heard.items() if cast.get((sender, phase, view), NEVER) < sent], extent
        )

    def _who_decided(self, event: Event, extent: int) -> Set[int]:
        if extent == ALL:
            return self._everybody - {event.node}
        decided, heard = self._decided, self._heard[event.node, event.boot].get((DECISIONS, 0), {})
        told = [sender for sender, sent in heard.items() if decided.get(sender, NEVER) < sent]
        return self._and_others(event, told, extent) - {event.node}

    def _and_others(self, event: Event, senders: list[int], extent: int) -> frozenset[int]:
        """These, the node itself, and, if POSSIBLE, those of which it may have heard anything."""
        senders.append(event.node)
        if extent == POSSIBLE and self._ears.heard_all:
            senders += [other for other in self._honest if (event.node, event.boot, other) in self._ears.heard_all]
        return frozenset(senders)

    def _wishes_known(self, event: Event, extent: int) -> Value:
        node, boot = event.node, event.boot
        known = self._wishes[node, boot]
        wished = {}
        for other in range(self._instance.swarm.replica_count):
            if other == node:
                wished[other] = self._own_wish.get((node, boot), 0)
            elif extent == ALL or (extent == POSSIBLE and (node, boot, other) in self._ears.heard_all):
                wished[other] = max([0, *(view for _, view in self._wished.get(other, ()))])
            else:
                wished[other] = known.get(other, 0)
        return of_python(wished)

    def why_unsaid(self, event: Event) -> str | None:
        """Why the node may not send this message; None if it may."""
        node, fields = event.node, event.fields
        kind, view = fields["kind"], fields["view"]
        said = (node, kind, view)
        if said in self._said:
            return None
        arguments: tuple[Value, ...] = (node, view)
        if kind == m.ViewChange.KIND:
            arguments = (view, self._own_wish.get((node, event.boot), 0))
        elif kind == m.Decided.KIND:
            arguments = (node,)
        instance = self._instance
        if instance.module.predicate(SAYS[kind])(instance.state, *arguments):
            if kind in STAYS_TRUE:
                self._said.add(said)
            return None
        return instance.explain_state(SAYS[kind], arguments)
