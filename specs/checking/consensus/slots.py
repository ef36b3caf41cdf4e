"""Keeps each slot's events until the trace ends, then checks slot by slot against specs/tetrabft/tetrabft.tla.

Rules
- In a slot that may lack events, a step that the module does not allow becomes a note: a missing event may explain it.
  A contradiction is always a violation.
- Slots that began before the trace are reported as not checked.
- A Boot event may name slots of which the trace has no Apply: the power failed between the two.
"""

from __future__ import annotations

from collections import defaultdict

from amu.wire.messages import Decided, FetchBody, Status
from specs.checking import order
from specs.checking.consensus import knowledge
from specs.checking.consensus import tlc as slots_tlc
from specs.checking.consensus.conformance import (
    AGREEMENT,
    DECIDED_BEFORE_APPLIED,
    IDENTIFIERS,
    SLOT_EVENTS,
    SlotChecker,
    Word,
    contradiction,
)
from specs.checking.consensus.knowledge import Ears, Receipt
from specs.checking.consensus.result import SlotResult
from specs.checking.run import Checker, Run
from specs.checking.schema import BOOT_ENDS, OUT_OF_ORDER
from specs.checking.trace import Event

EVENTS = SLOT_EVENTS | {"Boot", "Adopt", "Wish", "Send", "Receive", "Refuse"}
VIEWS_MAX = 1023  # in a judged slot: guards look at all pairs of views. No real run reaches a hundred
TLC = "TLC"  # its key among the reasons


class SlotsChecker(Checker):
    """Takes the events of replicas."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._slots: dict[int, list[Event]] = defaultdict(list)
        self._words: dict[int, list[Word]] = defaultdict(list)
        self._ears = Ears()
        self._checked_from = 0  # slots up to this one began before the trace did
        self._honest = frozenset(run.swarm.honest)
        self._applied: dict[int, list[tuple[int, int]]] = defaultdict(list)  # node -> (line, slot)
        self._applied_at_boot: dict[int, int] = {}
        self._ended: dict[int, int] = {}  # node -> line at which its last life ended, as the ground station saw
        self._asked: dict[int, int] = {}  # node -> kind of what it received last
        self._without_body: set[tuple[int, int]] = set()  # sender and time of a decision without its body
        self._told_by_boot: list[tuple[int, int, Event]] = []  # slots low .. high: applied, as only a Boot says

    def ground(self, event: Event) -> None:
        if event.name == "Resume":
            self._ended.clear()
        elif event.name in BOOT_ENDS:
            self._ended.setdefault(event.fields["board"], event.line)

    def feed(self, event: Event) -> None:
        name = event.name
        if name == "Receive":
            self._asked[event.node] = event.fields["kind"]
            self._keep_receipt(event)
        elif name == "Send":
            kind = event.fields["kind"]
            if kind in knowledge.OF_SLOT or kind == FetchBody.KIND:
                self._ears.are_open |= kind in knowledge.OF_SLOT
                if kind == Decided.KIND and self._asked.get(event.node) == Status.KIND:
                    self._without_body.add((event.node, event.lamport))
                self._words[event.fields["slot"]].append((event.lamport, event.node, event.line, event))
        elif name == "Boot":
            self._asked.pop(event.node, None)
            self._ears.began[event.node, event.boot] = self._ended.pop(event.node, event.line)
            self._keep_applied_before(event)
        elif name == "Wish":
            self._ears.hear_wishes = True
            self._words[event.fields["slot"]].append((event.lamport, event.node, event.line, event))
        elif name == "Refuse":
            if event.fields["reason"] == OUT_OF_ORDER:
                self._asked.pop(event.node, None)
                self._ears.heard_all.add((event.node, event.boot, event.fields["from"]))
        elif name in SLOT_EVENTS:
            self._slots[event.fields["slot"]].append(event)
        if name in ("Apply", "Adopt"):
            self._applied[event.node].append((event.line, event.fields["slot"]))

    def _keep_receipt(self, event: Event) -> None:
        sender, kind = event.fields["from"], event.fields["kind"]
        if sender not in self._honest:
            if kind in knowledge.HAS_BODY:
                self._ears.bodies_of_liars.setdefault(event.node, event.lamport)
            return
        sent = self.run.sends.of(event)
        if sent is None:
            self._ears.heard_all.add((event.node, event.boot, sender))
        elif kind in knowledge.CONTENTS:
            has_body = kind in knowledge.HAS_BODY and (sender, event.fields["sent"]) not in self._without_body
            receipt = Receipt(event.boot, sender, event.fields["sent"], sent, has_body)
            self._words[sent.slot].append((event.lamport, event.node, event.line, receipt))

    def _keep_applied_before(self, event: Event) -> None:
        """Ignores the first boot: what it found on flash is from an earlier run."""
        node, applied = event.node, event.fields["applied_slot"]
        if len(self.run.continuity.boots[node]) > 1:
            seen = [*(slot for _, slot in self._applied[node][-1:])]
            if node in self._applied_at_boot:
                seen.append(self._applied_at_boot[node])
            if seen and max(seen) < applied:
                self._told_by_boot.append((max(seen) + 1, applied, event))
        self._applied_at_boot[node] = applied

    def finish(self, tlc: bool) -> None:
        run, verdict = self.run, self.run.verdict
        self._checked_from = run.beginning.last_slot_begun(max(self._slots, default=0))
        for what in run.beginning.untold(self._checked_from):
            verdict.miss(what)
        results = self._check(keep=tlc)
        if not self._ears.are_open:
            verdict.nothing_held(knowledge.KNOWN, knowledge.UNTOLD)
            verdict.nothing_held(knowledge.TRUE_WORDS, knowledge.UNTOLD)
            if not self._ears.hear_wishes:
                verdict.nothing_held(knowledge.VIEWS_WISHED, "no wish for a view was traced")
        if self._ears.guessed:
            verdict.doubt(knowledge.KNOWN, knowledge.GUESSED)
        if tlc and run.swarm.is_tolerable:
            run.tell("slots before TLC", 0, len(results))
            slots_tlc.check(run.swarm, results, verdict)
        elif tlc:
            verdict.reasons[TLC] = "tetrabft.tla ASSUMEs that at most f replicas lie"
        else:
            verdict.reasons[TLC] = "not requested"

    def not_held(self) -> set[str]:
        counts = self.run.verdict.counts
        if not counts["slots"]:
            return {*IDENTIFIERS}
        return set() if counts["slots decided"] else {DECIDED_BEFORE_APPLIED, AGREEMENT}

    def _check(self, keep: bool) -> list[SlotResult]:
        """Check every slot against the module, in order. Returns the results if `keep`, else none."""
        run, verdict = self.run, self.run.verdict
        tainted = self._tainted()
        results = []
        for number, slot in enumerate(slots := sorted(self._slots.keys() | self._words.keys())):
            run.tell("slots", number, len(slots))
            told = [event for low, high, event in self._told_by_boot if low <= slot <= high]
            events = sorted(self._slots.pop(slot, []) + told, key=order.sort_key)
            words = self._words.pop(slot, [])
            offset = run.log.first_leader(slot)
            is_tainted = slot <= self._checked_from or any(low <= slot <= high for low, high in tainted)
            found = contradiction(events) if is_tainted else None
            if found is not None:
                verdict.violate(*found)
            if slot <= self._checked_from:
                verdict.counts["slots not checked"] += bool(events)
                continue
            view = max([event.fields.get("view", 0) for event in events], default=0)
            if view > VIEWS_MAX:
                verdict.counts["slots not checked"] += 1
                verdict.miss(f"slot {slot} was not checked: it reaches view {view}, above the limit of {VIEWS_MAX}")
                continue
            result = SlotChecker(run.swarm, slot, events, offset, words, self._ears).check()
            self._judge(result, is_tainted)
            # The replay ended at the first bad step: contradictions after it are still reported.
            found = contradiction(events) if result.bad is not None and not is_tainted else None
            if found is not None:
                verdict.violate(*found)
            if keep:
                results.append(result)
        return results

    def _judge(self, result: SlotResult, is_tainted: bool) -> None:
        """Add a slot's result to the verdict. `is_tainted`: missing events may explain a step that is not allowed."""
        verdict = self.run.verdict
        verdict.counts["slots"] += result.has_steps
        verdict.counts["slots decided"] += result.decided is not None
        verdict.counts["told again after a reboot"] += result.again
        verdict.steps.update(result.counts())
        breaches = [(identifier, f"{name} does not hold") for name, identifier in result.violated.items()]
        if result.bad is not None:
            breaches.append((result.bad.identifier, str(result.bad)))
        for identifier, what in breaches:
            if is_tainted:
                verdict.doubt(identifier, "events are missing")
                verdict.note(f"slot {result.slot} is judged only up to this, for events are missing: {what}")
            else:
                verdict.violate(identifier, f"slot {result.slot}: {what}")

    def _tainted(self) -> list[tuple[int, int]]:
        """Ranges of slots that missing events may belong to: those that were open during a hole."""
        ranges = []
        for hole in self.run.replica_holes():
            before = [slot for line, slot in self._applied[hole.node] if line < hole.line]
            low = (before[-1] if before else 0) - 2 * self.run.swarm.window_slots
            ranges.append((low, self._open_at(hole.node, hole.line)))
        return ranges

    def _open_at(self, node: int, line: int) -> int:
        """The last slot that `node` may have acted in before `line`: two windows past the next one that it applies."""
        for other_line, slot in self._applied[node]:
            if other_line >= line:
                return slot + 2 * self.run.swarm.window_slots
        return max(self._slots, default=0)
