"""What the space-time diagrams show: the whole of a short run, or the telling slot of a long one; and single slots.

Rules
- More than MESSAGES_MAX messages make no readable picture. What is not of the consensus protocol is left out first;
  then the excerpt is one slot, that of what the reader asks about: the first bad step, else the first change of view.
- A slot's story ends with its last decision. What was sent again after that is left out, and the text says so.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from amu.core.limits import GROUND
from groundstation.report.canvas import BOARDS_MAX
from groundstation.report.exports.causality import Step
from groundstation.report.messages import OTHER, Mark, Message, down_spans, read_marks, read_messages, seconds

MESSAGES_MAX = 300  # that all are drawn as arrows with a head
FAINT_MAX = 4000  # further ones, drawn faintly
BEFORE_SHARE = 3  # one in so many messages of an excerpt lies before what it is about
MATTERED = (
    "Strong arrows let a board act: the proposal before its first vote, the vote that completed a quorum, the wish "
    "before a change of view. All other messages are faint."
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Everything between two mission seconds. `said`: what was left out, and why this part was taken.

    `slot`: the only one that is shown, or None. `nodes`: of the whole run, so that lanes stay where they are.
    """

    since: float
    until: float
    nodes: list[int]
    messages: list[Message]
    marks: list[Mark]
    down: list[tuple[int, float, float]]
    said: str
    slot: int | None = None
    resumes: list[tuple[float, int]] = field(default_factory=list)  # mission second and Lamport time

    @property
    def is_crowded(self) -> bool:
        """Too many messages to draw all of them alike."""
        return len(self.messages) > MESSAGES_MAX or self.slot is not None


class Traffic:
    """Messages and steps of a run, read once."""

    def __init__(self, steps: list[Step]) -> None:
        """`steps`: as `causality.read` returns them, at least one."""
        self.steps = steps
        self.nodes = sorted({step.event.node for step in steps} - {GROUND})
        self.messages = read_messages(steps, self.nodes)
        self.marks = read_marks(steps)
        self.end = seconds(max(steps, key=lambda step: step.at_us))
        self.down = list(down_spans(steps, self.end))
        self.resumes = [(seconds(step), step.event.lamport) for step in steps if step.event.name == "Resume"]

    def excerpt(self, bad_line: int | None = None) -> Excerpt | None:
        """What to draw of the run; None if it traces no message. `bad_line`: of the first step that broke a rule."""
        if len(self.messages) <= MESSAGES_MAX:
            return self._part(self.messages, "The whole run.") if self.messages else None
        consensus = [message for message in self.messages if message.label != OTHER]
        if 0 < len(consensus) <= MESSAGES_MAX:
            return self._part(consensus, "The whole run; messages that are not of the consensus protocol are left out.")
        focus, slot, why = self._focus(bad_line)
        if slot is not None and any(message.slot == slot for message in consensus):
            return self.story(slot, why, focus)
        near = _around(consensus or self.messages, focus, MESSAGES_MAX)
        since, until = _window(near)
        said = f"{since:.3f} s to {until:.3f} s of {self.end:.2f} s: {why}. Messages of the consensus protocol alone."
        return self._part(near, said, since, until)

    def story(self, slot: int, why: str = "", focus: float = 0.0) -> Excerpt:
        """Slot `slot`, of which there is a message, from its beginning to its last decision."""
        messages = [message for message in self.messages if message.slot == slot and message.label != OTHER]
        marks = [mark for mark in self.marks if mark.slot == slot]
        decided = [mark.at for mark in marks if mark.name in ("Decide", "Learn")]
        until = max(*decided, focus) if decided else self.end
        kept = [message for message in messages if message.sent <= until] or messages
        later = len(messages) - len(kept)
        shown = _around(kept, focus, FAINT_MAX)
        while sum(message.mattered for message in shown) > MESSAGES_MAX:
            shown = _around(shown, focus, len(shown) * 3 // 4)
        is_whole = len(shown) == len(kept)
        since, end = (min([shown[0].sent, *(mark.at for mark in marks)]), until) if is_whole else _window(shown)
        said = (
            f"Slot {slot}{f', {why}' if why else ''}: {since:.3f} s to {end:.3f} s of {self.end:.2f} s. {MATTERED}"
            + (f" Left out: {later} messages sent after the last decision." if later else "")
            + (f" Left out: {len(kept) - len(shown)} messages further away." if len(shown) < len(kept) else "")
        )
        return self._part(shown, said, since, end, slot)

    def _part(
        self,
        messages: list[Message],
        said: str,
        since: float = 0.0,
        until: float | None = None,
        slot: int | None = None,
    ) -> Excerpt:
        until = self.end if until is None else until
        nodes = self.nodes
        if len(nodes) > BOARDS_MAX:
            busy = {node for message in messages if message.mattered for node in (message.sender, message.receiver)}
            nodes = sorted(busy or nodes)[:BOARDS_MAX]
            said += f" Of {len(self.nodes)} boards {len(nodes)} are drawn."
        marks = [
            mark
            for mark in self.marks
            if since <= mark.at <= until and (slot is None or mark.slot == slot or mark.name == "Boot")
        ]
        resumes = [(at, clock) for at, clock in self.resumes if since <= at <= until]
        return Excerpt(since, until, nodes, messages, marks, self.down, said, slot, resumes)

    def _focus(self, bad_line: int | None) -> tuple[float, int | None, str]:
        """(mission second, slot, why): what the excerpt is about."""
        for step in self.steps:
            if bad_line is not None and step.event.line == bad_line:
                return seconds(step), step.event.fields.get("slot"), f"the first bad step, line {bad_line} of the trace"
        for name, why in (("EnterView", "the first change of view"), ("Wish", "the first wish to change the view")):
            for mark in self.marks:
                if mark.name == name and mark.view > 0:
                    return mark.at, mark.slot, why
        decided = [mark.slot for mark in self.marks if mark.name == "Decide"]
        return (0.0, decided[0], "the first to be decided") if decided else (0.0, None, "the beginning")


def pick_slots(traffic: Traffic, shown: int | None = None) -> list[tuple[str, Excerpt]]:
    """(title, slot) without and with a view change, each of middling size. `shown`: a slot that is drawn already."""
    sizes: dict[int, int] = defaultdict(int)
    for message in traffic.messages:
        sizes[message.slot] += message.label != OTHER
    decided = {mark.slot for mark in traffic.marks if mark.name == "Decide"}
    views: dict[int, int] = {slot: 0 for slot in sorted(sizes) if slot in decided and slot != shown and sizes[slot]}
    for mark in traffic.marks:
        if mark.name == "EnterView" and mark.slot in views:
            views[mark.slot] = max(views[mark.slot], mark.view)
    changed = [slot for slot in views if views[slot] > 0]
    fewest = min((views[slot] for slot in changed), default=0)
    picked = []
    for title, slots in (
        ("decided in its first view", [slot for slot in views if views[slot] == 0]),
        ("decided after a view change", [slot for slot in changed if views[slot] == fewest]),
    ):
        if slots:
            by_size = sorted(slots, key=lambda slot: (sizes[slot], slot))
            slot = by_size[len(by_size) // 2]
            picked.append((f"Slot {slot}: {title}", traffic.story(slot)))
    return picked


def _around(messages: list[Message], focus: float, count: int) -> list[Message]:
    """At most `count` messages about a mission second."""
    first = next((index for index, message in enumerate(messages) if message.sent >= focus), len(messages))
    first = max(0, min(first - count // BEFORE_SHARE, len(messages) - count))
    return messages[first : first + count]


def _window(messages: Iterable[Message]) -> tuple[float, float]:
    sent = [message.sent for message in messages]
    arrived = max(message.sent if message.received is None else message.received for message in messages)
    first, last = sent[0], sent[-1]
    return first, max(min(arrived, last + (last - first) / 5), last + 1e-6)
