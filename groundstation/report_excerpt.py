"""What a space-time diagram over mission time shows: the whole of a short run, or the telling part of a long one.

Rules
- More arrows than MESSAGES_MAX make no readable picture. What is not of the consensus protocol is left out first; then
  the excerpt is taken around what the reader will ask about: the first bad step, else the first change of view.
- Times are those of `causality`: a message may arrive later than its receiver's line said it, never before it was sent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amu.core.limits import BROADCAST, GROUND
from groundstation.exports.causality import MICROSECONDS, Step, kind_name
from groundstation.report_series import DEATHS, KIND_NAMES, VOTES

MESSAGES_MAX = 300
BEFORE_SHARE = 3  # one in so many messages of an excerpt lies before what it is about
OTHER = "other"
MARKED = ("Propose", "Decide", "Learn", "EnterView", "Wish", "Boot", *VOTES)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one board. Times in mission seconds; `received` is None when no trace shows that it arrived."""

    label: str
    sender: int
    sent: float
    receiver: int
    received: float | None
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A step of a board."""

    node: int
    at: float
    name: str
    slot: int | None


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Everything between two mission seconds. `said`: what was left out, and why this part was taken."""

    since: float
    until: float
    nodes: list[int]
    messages: list[Message]
    marks: list[Mark]
    down: list[tuple[int, float, float]]
    said: str


def excerpt(steps: list[Step], bad_line: int | None = None) -> Excerpt | None:
    """What to draw of a run; None if it traces no message. `bad_line`: of the first step that broke a rule."""
    nodes = sorted({step.event.node for step in steps} - {GROUND})
    everything = sorted(_messages(steps, nodes), key=lambda message: message.sent)
    end = _seconds(max(steps, key=lambda step: step.at_us))
    messages, said, since, until = everything, "The whole run.", 0.0, end
    if len(messages) > MESSAGES_MAX:
        messages = [message for message in everything if message.label != OTHER]
        said = "The whole run; messages that are not of the consensus protocol are left out."
    if len(messages) > MESSAGES_MAX:
        focus, why = _focus(steps, bad_line)
        first = next((index for index, message in enumerate(messages) if message.sent >= focus), len(messages))
        first = max(0, min(first - MESSAGES_MAX // BEFORE_SHARE, len(messages) - MESSAGES_MAX))
        messages = messages[first : first + MESSAGES_MAX]
        since, until = _window(messages)
        said = f"{since:.3f} s to {until:.3f} s of {end:.2f} s: {why}. Messages of the consensus protocol alone."
    if not messages:
        return None
    marks = [
        Mark(step.event.node, _seconds(step), step.event.name, step.event.fields.get("slot"))
        for step in steps
        if step.event.name in MARKED and since <= _seconds(step) <= until
    ]
    return Excerpt(since, until, nodes, messages, marks, list(_down(steps, end)), said)


def _seconds(step: Step) -> float:
    return step.at_us / MICROSECONDS


def _window(messages: list[Message]) -> tuple[float, float]:
    first, last = messages[0].sent, messages[-1].sent
    arrived = max(message.sent if message.received is None else message.received for message in messages)
    return first, max(min(arrived, last + (last - first) / 5), last + 1e-6)


def _focus(steps: list[Step], bad_line: int | None) -> tuple[float, str]:
    """The mission second that the excerpt is about, and why."""
    for step in steps:
        if bad_line is not None and step.event.line == bad_line:
            return _seconds(step), f"around the first bad step, line {bad_line} of the trace"
    for step in steps:
        if step.event.name in ("Wish", "EnterView") and step.event.fields["view"] > 0:
            return _seconds(step), "around the first change of view"
    return 0.0, "the beginning"


def _messages(steps: Iterable[Step], nodes: list[int]) -> Iterator[Message]:
    phases: dict[tuple[int, int], int] = {}
    sends: list[tuple[Step, str]] = []
    receipts: dict[int, list[Step]] = {}  # line of a sending -> its receipts
    for step in steps:
        event = step.event
        if event.name in VOTES:
            phases[event.node, event.fields["slot"]] = VOTES[event.name]
        elif event.name == "Send" and event.fields["to"] != GROUND:
            sends.append((step, _label(step, phases)))
        elif event.name == "Receive" and step.cause is not None:
            receipts.setdefault(step.cause.event.line, []).append(step)
    for send, label in sends:
        arrived = receipts.get(send.event.line, [])
        for receipt in arrived:
            yield _message(send, label, receipt.event.node, receipt)
        addressee = send.event.fields["to"]
        wanted = set(nodes) - {send.event.node} if addressee == BROADCAST else {addressee}
        for receiver in sorted(wanted - {receipt.event.node for receipt in arrived}):
            yield _message(send, label, receiver, None)


def _label(send: Step, phases: dict[tuple[int, int], int]) -> str:
    label = KIND_NAMES.get(send.event.fields["kind"], OTHER)
    phase = phases.get((send.event.node, send.event.fields["slot"]))
    return f"vote {phase}" if label == "vote" and phase is not None else label


def _message(send: Step, label: str, receiver: int, receipt: Step | None) -> Message:
    fields = send.event.fields
    name = kind_name(fields["kind"]) if label == OTHER else label
    about = f" of slot {fields['slot']} view {fields['view']}" if fields["slot"] else ""
    sent = _seconds(send)
    received = None if receipt is None else _seconds(receipt)
    fate = "no trace shows that it arrived" if received is None else f"received {received:.6f} s"
    title = f"{name}{about}, board {send.event.node} to {receiver}: sent {sent:.6f} s, {fate}"
    return Message(label, send.event.node, sent, receiver, received, title)


def _down(steps: Iterable[Step], end: float) -> Iterator[tuple[int, float, float]]:
    since: dict[int, float] = {}
    for step in steps:
        if step.event.name in DEATHS:
            since.setdefault(step.event.fields["board"], _seconds(step))
        elif step.event.name == "Boot" and step.event.node in since:
            yield step.event.node, since.pop(step.event.node), _seconds(step)
    for node, start in sorted(since.items()):
        yield node, start, end
