"""The messages and steps of a trace, for space-time diagrams.

Rules
- A broadcast is one message per board. `causality` matches receipts with sendings and gives the times: a message may
  arrive later than its receiver's line in the trace, never before it was sent.
- A message *mattered* if it was the last of its kind that a board had received when it took a step that this kind
  enables: the proposal before a first vote, the vote that completed a quorum, the wish before a view change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amu.core.limits import BROADCAST, GROUND
from groundstation.report.exports.causality import MICROSECONDS, Step, kind_name

VOTES = {"Vote1": 1, "Vote2": 2, "Vote3": 3, "Vote4": 4}
KIND_NAMES = {0x10: "proposal", 0x11: "vote", 0x12: "suggest", 0x13: "proof", 0x14: "view change"}
OTHER = "other"
MARKED = ("Propose", "Decide", "Learn", "EnterView", "Wish", "Boot", *VOTES)
DEATHS = ("BoardKill", "PowerCut", "BoardCrash")
# step: labels of the messages that enable it
LETS = {
    "Propose": ("suggest",),
    "Vote1": ("proposal", "proof"),
    "Vote2": ("vote 1",),
    "Vote3": ("vote 2",),
    "Vote4": ("vote 3",),
    "Decide": ("vote 4",),
    "Wish": ("view change",),
    "EnterView": ("view change",),
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one board. Times are mission seconds, clocks Lamport times.

    `received` and `received_clock` are None if no trace shows that it arrived. `slot`: 0 if it belongs to none.
    """

    label: str
    slot: int
    view: int
    sender: int
    sent: float
    sent_clock: int
    receiver: int
    received: float | None
    received_clock: int | None
    mattered: bool
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A step of a board."""

    node: int
    at: float
    clock: int
    name: str
    slot: int | None
    view: int


def seconds(step: Step) -> float:
    """The position of a step, in mission seconds."""
    return step.at_us / MICROSECONDS


def read_messages(steps: Iterable[Step], nodes: list[int]) -> list[Message]:
    """All messages between boards, in order of sending."""
    phases: dict[tuple[int, int], int] = {}
    sends: dict[int, tuple[Step, str]] = {}  # line of a sending -> it and its label
    receipts: dict[int, list[Step]] = {}  # line of a sending -> its receipts
    latest: dict[tuple[int, int, str], int] = {}  # (node, slot, label) -> line of the last receipt
    mattered: set[int] = set()  # lines of receipts
    for step in steps:
        event = step.event
        if event.name in VOTES:
            phases[event.node, event.fields["slot"]] = VOTES[event.name]
        if event.name == "Send" and event.fields["to"] != GROUND:
            sends[event.line] = (step, _label(step, phases))
        elif event.name == "Receive" and step.cause is not None and step.cause.event.line in sends:
            receipts.setdefault(step.cause.event.line, []).append(step)
            label = sends[step.cause.event.line][1]
            latest[event.node, step.cause.event.fields["slot"], label] = event.line
        elif event.name in LETS:
            last = [latest.get((event.node, event.fields["slot"], label), 0) for label in LETS[event.name]]
            mattered.add(max(last))
    found: list[Message] = []
    for send, label in sends.values():
        arrived = receipts.get(send.event.line, [])
        found += [_message(send, label, step.event.node, step, step.event.line in mattered) for step in arrived]
        addressee = send.event.fields["to"]
        wanted = set(nodes) - {send.event.node} if addressee == BROADCAST else {addressee}
        missing = sorted(wanted - {step.event.node for step in arrived})
        found += [_message(send, label, receiver, None, False) for receiver in missing]
    return sorted(found, key=lambda message: message.sent)


def _label(send: Step, phases: dict[tuple[int, int], int]) -> str:
    label = KIND_NAMES.get(send.event.fields["kind"], OTHER)
    phase = phases.get((send.event.node, send.event.fields["slot"]))
    return f"vote {phase}" if label == "vote" and phase is not None else label


def _message(send: Step, label: str, receiver: int, receipt: Step | None, mattered: bool) -> Message:
    event = send.event
    fields = event.fields
    slot, view = fields["slot"] or 0, fields["view"] or 0
    name = kind_name(fields["kind"]) if label == OTHER else label
    about = f" of slot {slot} view {view}" if slot else ""
    sent = seconds(send)
    received = None if receipt is None else seconds(receipt)
    clock = None if receipt is None else receipt.event.lamport
    fate = "no trace shows that it arrived" if received is None else f"received {received:.6f} s"
    title = (
        f"{name}{about}, board {event.node} to {receiver}: sent {sent:.6f} s, {fate} (Lamport time {event.lamport}"
        + (")" if clock is None else f" to {clock})")
    )
    return Message(label, slot, view, event.node, sent, event.lamport, receiver, received, clock, mattered, title)


def read_marks(steps: Iterable[Step]) -> list[Mark]:
    """The steps to draw, in trace order."""
    return [
        Mark(
            step.event.node,
            seconds(step),
            step.event.lamport,
            step.event.name,
            step.event.fields.get("slot"),
            step.event.fields.get("view") or 0,
        )
        for step in steps
        if step.event.name in MARKED
    ]


def down_spans(steps: Iterable[Step], end: float) -> Iterator[tuple[int, float, float]]:
    """(board, from, to) for each span in which a board was down."""
    since: dict[int, float] = {}
    for step in steps:
        if step.event.name in DEATHS:
            since.setdefault(step.event.fields["board"], seconds(step))
        elif step.event.name == "Boot" and step.event.node in since:
            yield step.event.node, since.pop(step.event.node), seconds(step)
    for node, start in sorted(since.items()):
        yield node, start, end
