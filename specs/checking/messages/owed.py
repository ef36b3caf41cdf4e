"""Does each question of the ground station get its answer? Rule MSG-5 of checker.py.

Theory. A replica replies to each operation that it applies, at once (amu.node.application), and answers each request
and each hello in the step that takes it (amu.node.node), so before it takes any other message.

Rules
- A board that dies within a step owes nothing more.
- An unasked reply breaks MSG-5. An unasked identity or receipt breaks MSG-4 (answers.py).
"""

from __future__ import annotations

from amu.core.limits import GROUND
from amu.wire import messages as m
from specs.checking.trace import Event

APPLIED = "Operation"
ANSWERS = {  # kind of question -> kinds of answer (answers.QUESTIONS is the reverse)
    m.Hello.KIND: frozenset({m.Identity.KIND}),
    m.Request.KIND: frozenset({m.Receipt.KIND, m.Reply.KIND}),
}


class Owed:
    """The open question of each replica. Feed it their events in file order."""

    def __init__(self) -> None:
        self._asked: dict[int, Event] = {}  # node -> receipt of a question, not answered yet

    def why_unanswered(self, event: Event, before: Event | None) -> str | None:
        """Which answer is missing before this event; None if none is. `before`: the event right before it, if known."""
        breach = None
        if before is not None and before.name == APPLIED and not _is_reply(event):
            breach = f"{before}: the event after it is not the reply: {event}"
        if event.name != "Receive":
            return breach
        asked = self._asked.pop(event.node, None)
        if asked is not None and asked.boot == event.boot:
            breach = f"{asked}: the board did not answer before {event}"
        if event.fields["from"] == GROUND and event.fields["kind"] in ANSWERS:
            self._asked[event.node] = event
        return breach

    def why_unasked(self, event: Event, before: Event | None) -> str | None:
        """Why a Send to the ground station answers nothing; None if it does, or need not."""
        if _is_reply(event) and before is not None and before.name == APPLIED:
            return None
        asked = self._asked.get(event.node)
        if asked is not None and asked.boot == event.boot and event.fields["kind"] in ANSWERS[asked.fields["kind"]]:
            del self._asked[event.node]
        elif _is_reply(event):
            return "the board had neither applied an operation right before it, nor received a request"
        return None


def _is_reply(event: Event) -> bool:
    return event.name == "Send" and event.fields["to"] == GROUND and event.fields["kind"] == m.Reply.KIND
