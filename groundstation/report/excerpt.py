"""Selects what the space-time diagrams show: a whole short run, or the most informative slot of a long one.

Rules
- A picture of more than MESSAGES_MAX messages is unreadable. First, messages outside the consensus protocol are
  omitted. If that is not enough, the excerpt is one slot: that of the first bad step, else of the first view change.
- A slot's story ends with its last decision. Later retransmissions are omitted, and the text says so.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from amu.core.limits import GROUND
from groundstation.report.canvas import BOARDS_MAX
from groundstation.report.exports.causality import Step
from groundstation.report.messages import OTHER, Mark, Message, down_spans, read_marks, read_messages, seconds

MESSAGES_MAX = 300  # drawn as arrows with a head
FAINT_MAX = 4000  # further messages, drawn faintly
BEFORE_SHARE = 3  # 1 / BEFORE_SHARE of an excerpt's messages precede its focus
MATTERED = (
    "Strong arrows enabled a step of a board: the proposal before its first vote, the vote that completed a quorum, "
    "the wish before a view change. All other messages are faint."
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a run between two mission seconds. `said`: why this part was selected, and what was omitted.

    `slot`: the only slot shown, or None. `nodes`: of the whole run, so that all pictures have the same lanes.
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
    marked: tuple[float, int, str] | None = None  # a moment: mission second, Lamport time and its name

    @property
    def is_crowded(self) -> bool:
        """Whether there are too many messages to draw all as strong arrows."""
        return len(self.messages) > MESSAGES_MAX or self.slot is not None


class Traffic:
    """Messages and steps of a run."""

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
        """The part of the run to draw. None if the trace has no message. `bad_line`: line of the first bad step."""
        if len(self.messages) <= MESSAGES_MAX:
            return self._part(self.messages, "The whole run.") if self.messages else None
        consensus = [message for message in self.messages if message.label != OTHER]
        if 0 < len(consensus) <= MESSAGES_MAX:
            return self._part(consensus, "The whole run, consensus messages only.")
        focus, slot, why = self._focus(bad_line)
        if slot is not None and any(message.slot == slot for message in consensus):
            return self.story(slot, why, focus)
        near = _around(consensus or self.messages, focus, MESSAGES_MAX)
        since, until = _window(near)
        said = f"{since:.3f} s to {until:.3f} s of {self.end:.2f} s: {why}. Consensus messages only."
        return self._part(near, said, since, until)

    def around(self, focus: float, count: int = MESSAGES_MAX) -> tuple[float, float]:
        """The span of about `count` consensus messages, a third of which are sent before mission second `focus`."""
        consensus = [message for message in self.messages if message.label != OTHER]
        return _window(_around(consensus or self.messages, focus, count)) if self.messages else (focus, focus)

    def between(self, since: float, until: float, said: str, marked: tuple[float, int, str]) -> Excerpt:
        """The consensus messages between two mission seconds, with a moment marked."""
        messages = [message for message in self.messages if message.label != OTHER and since <= message.sent <= until]
        return replace(self._part(messages, said, since, until), marked=marked)

    def story(self, slot: int, why: str = "", focus: float = 0.0) -> Excerpt:
        """Slot `slot`, which must have a message, from its beginning to its last decision."""
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
            + (f" Omitted: {later} messages sent after the last decision." if later else "")
            + (f" Omitted: {len(kept) - len(shown)} messages further away." if len(shown) < len(kept) else "")
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
            said += f" {len(nodes)} of {len(self.nodes)} boards are drawn."
        marks = [
            mark
            for mark in self.marks
            if since <= mark.at <= until and (slot is None or mark.slot == slot or mark.name == "Boot")
        ]
        resumes = [(at, clock) for at, clock in self.resumes if since <= at <= until]
        return Excerpt(since, until, nodes, messages, marks, self.down, said, slot, resumes)

    def _focus(self, bad_line: int | None) -> tuple[float, int | None, str]:
        """(mission second, slot, reason): the focus of the excerpt."""
        for step in self.steps:
            if bad_line is not None and step.event.line == bad_line:
                return seconds(step), step.event.fields.get("slot"), f"the first bad step, line {bad_line} of the trace"
        for name, why in (("EnterView", "the first view change"), ("Wish", "the first wish for a view change")):
            for mark in self.marks:
                if mark.name == name and mark.view > 0:
                    return mark.at, mark.slot, why
        decided = [mark.slot for mark in self.marks if mark.name == "Decide"]
        return (0.0, decided[0], "the first decided") if decided else (0.0, None, "the beginning")


def pick_slots(traffic: Traffic, shown: int | None = None) -> list[tuple[str, Excerpt]]:
    """(title, slot) without and with a view change, each of median size. `shown`: a slot that is already drawn."""
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
    """At most `count` messages around a mission second."""
    first = next((index for index, message in enumerate(messages) if message.sent >= focus), len(messages))
    first = max(0, min(first - count // BEFORE_SHARE, len(messages) - count))
    return messages[first : first + count]


def _window(messages: Iterable[Message]) -> tuple[float, float]:
    sent = [message.sent for message in messages]
    arrived = max(message.sent if message.received is None else message.received for message in messages)
    first, last = sent[0], sent[-1]
    return first, max(min(arrived, last + (last - first) / 5), last + 1e-6)
