"""Does each answer have a question? Rule MSG-4 of checker.py; owed.py has the other direction.

Theory. A node answers a question in the step that takes it (amu.consensus.catch_up, amu.consensus.replica). So in the
life of the node the last Receive before an answer is that of its question, and the number of answers is bounded.

Rules
- A message that the node took although its Lamport time was out of order has no Receive. A Refuse with reason
  "lamport" stands for it. Only the first refusals of a tick are traced, so in a tick in which a node has refused that
  many messages, an answer without a question makes MSG-4 not checked instead of violated.
"""

from __future__ import annotations

from collections.abc import Mapping

from amu.consensus.instance import WORDS_MAX
from amu.core.limits import CHUNKS_PER_REPLY_MAX
from amu.wire import messages as m
from specs.checking.messages.refusals import Refusals
from specs.checking.schema import OUT_OF_ORDER
from specs.checking.trace import Event

CHECKPOINTS_MAX = 2  # that a replica holds, and so reports
# kind of answer -> kind of question -> how many such answers one question may have, also if the slot asked for is gone
QUESTIONS: Mapping[int, Mapping[int, int]] = {
    m.Decided.KIND: {m.Fetch.KIND: 1, m.Status.KIND: 1},
    m.StateChunk.KIND: {m.FetchState.KIND: CHUNKS_PER_REPLY_MAX},
    m.Body.KIND: {m.FetchBody.KIND: 1},
    m.Progress.KIND: {
        m.Probe.KIND: 1,
        m.Status.KIND: CHECKPOINTS_MAX,
        m.Fetch.KIND: CHECKPOINTS_MAX + 1,  # and of itself, to a learner
        m.FetchState.KIND: CHECKPOINTS_MAX,
    },
    m.Vote.KIND: {m.Status.KIND: 4},
    m.Proof.KIND: {m.Status.KIND: 1},
    m.ViewChange.KIND: {m.Status.KIND: 1},
    m.Identity.KIND: {m.Hello.KIND: 1},
    m.Receipt.KIND: {m.Request.KIND: 1},
}

assert sum(QUESTIONS[kind][m.Status.KIND] for kind in (m.Vote.KIND, m.Proof.KIND, m.ViewChange.KIND)) < WORDS_MAX


class Answers:
    """The last question of each node, and its answers. Feed it receipts, refusals and boots; ask about answers."""

    def __init__(self) -> None:
        self._asked: dict[int, Event] = {}  # node -> what it received last in this life
        self._given: dict[int, dict[int, int]] = {}  # node -> kind -> how often that has been answered so
        self._refusals = Refusals()

    def boot(self, node: int) -> None:
        self._asked.pop(node, None)
        self._given.pop(node, None)

    def ask(self, event: Event) -> None:
        """A Receive."""
        node = event.node
        self._asked[node] = event
        if node in self._given:
            del self._given[node]

    def refuse(self, event: Event) -> None:
        self._refusals.add(event)
        if event.fields["reason"] == OUT_OF_ORDER:
            self.ask(event)

    def is_flooded(self, event: Event) -> bool:
        """Whether its board may have taken a message in this tick that the trace does not have."""
        return self._refusals.is_flooded(event)

    def why_unasked(self, event: Event) -> str | None:
        """Why a message to one node is not an answer; None if it is, or need not be one."""
        to, kind = event.fields["to"], event.fields["kind"]
        questions = QUESTIONS.get(kind)
        if questions is None:
            return None
        asked = self._asked.get(event.node)
        if asked is None or asked.fields["from"] != to or asked.fields["kind"] not in questions:
            wanted = " or ".join(m.BY_KIND[question].__name__ for question in questions)
            return f"no {wanted} of node {to} came last before it, but {asked or 'nothing'}"
        given = self._given.setdefault(event.node, {})
        given[kind] = given.get(kind, 0) + 1
        if given[kind] > questions[asked.fields["kind"]]:
            return f"it is answer number {given[kind]} to one question: {asked}"
        return None
