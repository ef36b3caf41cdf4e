"""Lamport time in a trace: is it a clock, and does every message come before its receipt?

Theory (Lamport 1978). If event a can have influenced event b, the time of a is below the time of b. Sorting by (time,
node) therefore gives an order of events that some observer could have seen. specs/decisions/trace_order.md says why
that order may be replayed against the modules.

Rules
- ORD-1: a node's times grow with each event, also across its reboots. Only a board that lost its memory may start at a
  lower time. A board that cannot read its memory writes nothing to flash; a later boot continues from the life before
  that.
- ORD-2: a receipt's time is above the time of the sending.
- ORD-3: what an honest node receives from an honest one was sent: at that time, of that kind, to that node or to all. A
  node that lost its memory may use a time again while a message that it sent at that time is still on its way. The
  sending stands in the trace before the receipt: the ground station reads a board's events before it passes its
  messages on.
- ORD-4: the ground station's clock does not run backward from one event to the next, its own included: it writes them
  as they come. The next station goes on from the record's last time. Nor do the ticks of a board in one life, which
  may wrap.

Events come in file order. Those of one boot must come in the order of their
numbers, as the serial line delivers them.
"""

from __future__ import annotations

from amu.core.limits import GROUND
from specs.checking.run import Checker, Run
from specs.checking.ticks import advanced
from specs.checking.trace import Event

LAMPORT_GROWS = "ORD-1"
RECEIPT_AFTER_SENDING = "ORD-2"
RECEIVED_WAS_SENT = "ORD-3"
RECEIVED_IN_ORDER = "ORD-4"
IDENTIFIERS = (LAMPORT_GROWS, RECEIPT_AFTER_SENDING, RECEIVED_WAS_SENT, RECEIVED_IN_ORDER)

WITHOUT_MEMORY = frozenset({"blank", "unreadable"})  # Boot.journal of a board that cannot know its old clock


def sort_key(event: Event) -> tuple[int, int, int]:
    """The total order of events. The line breaks ties, which only a broken clock can cause."""
    return event.lamport, event.node, event.line


class LamportOrder(Checker):
    """Checks the rules in one pass.

    A receipt is not looked up if sendings of its sender may be missing from the trace. That may show only later, so a
    receipt without a sending is kept until the end.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.receipts = 0
        self.receipts_not_checked = 0
        self._violate = run.verdict.violate
        self._last: dict[int, Event] = {}
        self._is_remembered: dict[int, bool] = {}  # does flash know of the present life
        self._remembered: dict[int, Event] = {}  # last event of the last life that flash knows of
        self._unsent: list[tuple[int, str]] = []  # sender and breach, if all its sendings are known
        self._too_early: dict[int, str] = {}  # sender without a Send so far -> the first receipt of a message of it
        self._received = -1.0  # the last event's, in mission seconds

    def feed(self, event: Event) -> None:
        node, name = event.node, event.name
        before = self._last.get(node)
        self._last[node] = event
        self._check_clock(event)
        if before is not None and before.boot == event.boot and _ran_backward(before.ticks, event.ticks):
            self._violate(RECEIVED_IN_ORDER, f"{event}: the board is at tick {event.ticks}, and was at {before.ticks}")
        if before is None or name == "Boot" or before.boot != event.boot or event.lamport <= before.lamport:
            self._check_growth(event, before)
        if name == "Send":
            self.run.sends.add(event)
        elif name == "Receive":
            self._check_receipt(event)

    def ground(self, event: Event) -> None:
        self._check_clock(event)

    def _check_clock(self, event: Event) -> None:
        if event.received is not None:
            if event.received < self._received:
                self._violate(RECEIVED_IN_ORDER, f"{event}: received at {event.received} s, after {self._received} s")
            self._received = event.received

    def finish(self, tlc: bool = False) -> None:
        self.run.verdict.counts["receipts by honest boards"] = self.receipts
        self._unsent += [(sender, told) for sender, told in self._too_early.items() if sender in self.run.sends.senders]
        for sender, breach in self._unsent:
            if self.run.is_told(sender):
                self._violate(RECEIVED_WAS_SENT, breach)
            else:
                self.receipts_not_checked += 1
        self._unsent.clear()

    def not_held(self) -> set[str]:
        found = set()
        if not self._last:
            found.add(LAMPORT_GROWS)
        if not self.receipts:
            found.add(RECEIPT_AFTER_SENDING)
        if self.receipts == self.receipts_not_checked:
            found.add(RECEIVED_WAS_SENT)
        if self._received < 0:
            found.add(RECEIVED_IN_ORDER)
        return found

    def _may_look_up(self, sender: int) -> bool:
        """Whether the trace has all that the node has sent so far."""
        is_traced = self.run.traces_messages or sender in self.run.sends.senders
        return is_traced and self.run.is_told(sender)

    def _check_growth(self, event: Event, before: Event | None) -> None:
        """Check the first event of a life, or an event whose time is not above that of the one `before`."""
        if before is not None and (event.name == "Boot" or before.boot != event.boot):
            before = self._of_last_life(event, before)
        if event.name == "Boot":
            self._is_remembered[event.node] = event.fields["journal"] != "unreadable"
        if before is None or event.lamport > before.lamport:
            return
        if before.boot != event.boot:
            if event.name == "Boot" and event.fields["journal"] in WITHOUT_MEMORY:
                return
            where = f"after the boot that ended at time {before.lamport}"
        else:
            where = f"after {before.name} at time {before.lamport}"
        self._violate(LAMPORT_GROWS, f"{event}: the node's Lamport time does not grow, {where}")

    def _of_last_life(self, event: Event, before: Event) -> Event:
        """The event that `event`, which may begin a life, must be later than."""
        if self._is_remembered.get(event.node, True):
            self._remembered[event.node] = before
        return before if before.boot == event.boot else self._remembered.get(event.node, before)

    def _check_receipt(self, event: Event) -> None:
        self.receipts += 1
        sender, sent = event.fields["from"], event.fields["sent"]
        if event.lamport <= sent:
            self._violate(RECEIPT_AFTER_SENDING, f"{event}: received at or before its sending")
        if sender == GROUND or sender in self.run.swarm.byzantine:
            self.receipts_not_checked += 1
            return
        if self.run.sends.of(event) is not None:
            return
        found = self.run.sends.at(sender, sent)
        if found:
            said = ", ".join(f"a message of kind {one.kind} to {one.to}" for one in found)
            self._violate(RECEIVED_WAS_SENT, f"{event}: at that time node {sender} sent {said}")
        elif not self.run.is_told(sender):
            self.receipts_not_checked += 1
        elif not self._may_look_up(sender):
            self.receipts_not_checked += 1
            self._too_early.setdefault(sender, f"{event}: node {sender} had sent nothing so far")
            self.receipts_not_checked += 1
        else:
            self._unsent.append((sender, f"{event}: node {sender} had sent nothing at Lamport time {sent}"))


def _ran_backward(before: int | None, ticks: int | None) -> bool:
    """A line may leave them out."""
    return before is not None and ticks is not None and advanced(before, ticks) < 0
