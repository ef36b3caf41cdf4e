"""Checks a recorded run: reads the trace once, then holds each slot against the modules.

    check_trace(path, tlc=False, tell=ignore_progress) -> Verdict

Rules. A trace with events missing is judged as far as it goes: a step that is not allowed may then only seem so, and
is told as a note; what contradicts itself (two votes in one phase, two decisions, two ledgers) is a violation whatever
is missing. Slots that began before the trace did are not checked, and named (specs/checking/beginning.py). What comes
after RunEnd is no part of the run, unless a Resume or an Attach goes on with it. What nothing was held against is not
checked, and a trace of which nothing was checked is incomplete.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from amu.core.limits import GROUND
from specs.checking import order, premises, replay, trace
from specs.checking.beginning import Beginning
from specs.checking.consensus import learner_rules, log_rules
from specs.checking.consensus.conformance import (
    AGREEMENT,
    DECIDED_BEFORE_APPLIED,
    INVARIANTS,
    IS_STEP,
    RESTORED,
    SLOT_EVENTS,
    SlotChecker,
    SlotResult,
    contradiction,
)
from specs.checking.consensus.instance import Swarm
from specs.checking.continuity import Continuity, Hole
from specs.checking.ledger import conformance as ledger_conformance
from specs.checking.ledger import tlc as ledger_tlc
from specs.checking.ledger.steps import EXACTLY_ONCE
from specs.checking.services import conformance as ops_conformance
from specs.checking.services import detector as detector_conformance
from specs.checking.trace import Event, TraceError
from specs.verdict import ENDED_BY_ITSELF, HOLDS, NOT_CHECKED, Progress, Verdict, ignore_progress

LEDGER_ACCEPTED_BY_TLC = "TLC-2"  # TLC accepts the ledger's log exactly if the in-process check does
LEDGER_PROPERTIES = {
    *ledger_conformance.INVARIANTS.values(),
    *ledger_conformance.STEP_PROPERTIES.values(),
    EXACTLY_ONCE,
}
TLC = "TLC"  # its place among the reasons
NO_PROGRESS_REASON = "no progress"  # RunEnd.reason of a run that stopped deciding

VIEWS_MAX = 1023  # of a slot that is judged: a guard looks at every pair of views; no run comes to a hundred
EVENTS_TOGETHER = 512  # looked at in one go: code that takes turns with other code finds the caches cold
MESSAGES = frozenset({"Send", "Receive"})  # most of all events, and of no slot's nor table's

IDENTIFIERS = (
    *(IS_STEP, RESTORED, DECIDED_BEFORE_APPLIED, *INVARIANTS),
    *(order.LAMPORT_GROWS, order.RECEIPT_AFTER_SENDING, order.RECEIVED_WAS_SENT),
    *log_rules.IDENTIFIERS,
)


def check_trace(path: Path | str, tlc: bool = False, tell: Progress = ignore_progress) -> Verdict:
    """The verdict on the trace at `path`; with `tlc`, TLC must accept the same steps. `tell` hears how far it is.

    Raises TraceError if the file is no trace, TlcError if TLC was asked for and cannot be run.
    """
    checker = TraceChecker(tell)
    reader = trace.Reader(Path(path))
    for event in reader:
        checker.feed(event)
        if event.line % EVENTS_TOGETHER == 0:
            tell("bytes of the trace", reader.position, reader.size)
    return checker.conclude(tlc, reader.truncated)


class TraceChecker:
    """One pass over a trace: keeps what the slots need, checks the rest on the way.

    Feed it every event in the order in which they were received, then `conclude` once. Events need not come from a
    file: a simulator feeds them as they happen. What is wrong with an event may be found, and TraceError raised, by a
    later call.
    """

    def __init__(self, tell: Progress = ignore_progress) -> None:
        self._tell = tell
        self.verdict = Verdict()
        self.verdict.expect(*IDENTIFIERS)
        self.continuity = Continuity()
        self.slots: dict[int, list[Event]] = defaultdict(list)
        self.ledger_events: list[Event] = []
        self.ops_events: list[Event] = []
        self.detector_events: list[Event] = []
        self._suspected: set[tuple[int, int]] = set()  # (board, peer), as the board has told
        self.checked_from = 0  # slots up to this one began before the trace did
        self._beginning: Beginning | None = None
        self._swarm: Swarm | None = None
        self._order: order.LamportOrder | None = None
        self._log: log_rules.LogChecker | None = None
        self._learners: learner_rules.LearnerChecker | None = None
        self._node_count = 0  # replicas and learners
        self._applied: dict[int, list[tuple[int, int]]] = defaultdict(list)  # node -> (line, slot)
        self._applied_at_boot: dict[int, int] = {}
        self._told_by_boot: list[tuple[int, int, Event]] = []  # slots low .. high that only a boot tells to be applied
        self._boots: dict[int, list[int]] = defaultdict(list)
        self._end: str | None = None
        self._after_end: list[Event] = []  # no part of the run, unless it goes on
        self._events = 0
        self._seen: set[str] = set()  # names of events of honest boards
        self._waiting: list[Event] = []  # at most EVENTS_TOGETHER

    @property
    def swarm(self) -> Swarm:
        if self._swarm is None:
            raise TraceError("no RunStart event: the trace is empty or was cut off before its first line")
        return self._swarm

    def feed(self, event: Event) -> None:
        self._waiting.append(event)
        if len(self._waiting) == EVENTS_TOGETHER:
            self._look_at_waiting()

    def _look_at_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._look_at(event)

    def _look_at(self, event: Event) -> None:
        if self._end is not None and not self._goes_on(event):
            return
        self._events += 1
        if event.node == GROUND:
            self._on_ground(event)
            return
        swarm = self.swarm
        if event.node >= self._node_count:
            raise TraceError(f"line {event.line}: there is no node {event.node} among {self._node_count}")
        if event.node in swarm.byzantine:
            self.verdict.counts["events of byzantine nodes"] += 1
            return
        self.continuity.feed(event)
        self._seen.add(event.name)
        assert self._order is not None, "RunStart makes both"
        assert self._log is not None
        assert self._beginning is not None
        self._order.feed(event)
        if event.node < swarm.replica_count:
            if self._beginning.feed(event):
                self._log.join()
            self._log.feed(event)
            self._keep(event)
            return
        assert self._learners is not None, "only they have such numbers"
        self._learners.feed(event, self._log.state)
        if event.name in ("Apply", "Operation"):
            self.ledger_events.append(event)

    def _goes_on(self, event: Event) -> bool:
        """Whether the run that has ended goes on with this event: then what was told in between belongs to it."""
        if event.node != GROUND or event.name not in ("Resume", "Attach"):
            self._after_end.append(event)
            return False
        self._end = None
        between, self._after_end = self._after_end, []
        for earlier in between:
            self._look_at(earlier)
        self._end = None
        return True

    def _start(self, event: Event) -> None:
        fields = event.fields
        if self._swarm is not None:
            raise TraceError(f"line {event.line}: a second RunStart")
        strangers = [node for node in fields["byzantine"] if node >= fields["replica_count"]]
        if strangers:
            raise TraceError(
                f"line {event.line}: RunStart.byzantine names node {strangers[0]}; "
                f"want numbers below the replica count, {fields['replica_count']}"
            )
        self._swarm = Swarm(fields["replica_count"], frozenset(fields["byzantine"]), fields["window_slots"])
        self._beginning = Beginning(self._swarm)
        self._order = order.LamportOrder(self._swarm.byzantine, self.verdict.violate, self._is_told)
        self._log = log_rules.LogChecker(self._swarm, self.verdict.violate)
        learners = trace.learner_count(event)
        self._node_count = self._swarm.replica_count + learners
        if learners:
            self.verdict.expect(learner_rules.FOLLOWS)
            self._learners = learner_rules.LearnerChecker(self._swarm, learners, self.verdict.violate)
        if not self._swarm.is_tolerable:
            self.verdict.note(self._swarm.warning)

    def _is_told(self, node: int) -> bool:
        """Whether the trace has all that a node has done so far, in this life and in those before."""
        assert self._beginning is not None, "RunStart makes it"
        return self.continuity.is_whole(node) and node not in self._beginning.past

    def _on_ground(self, event: Event) -> None:
        # What a liar says is held to nothing: neither does what cannot be read of it leave anything open.
        is_of_liar = self._swarm is not None and event.fields.get("board") in self._swarm.byzantine
        if event.name == "TraceError" and is_of_liar:
            self.verdict.counts["unreadable events of byzantine nodes"] += 1
        if event.name == "Resume":
            self.verdict.resumed.append(event.fields["resumed"])
        self.continuity.feed(event, is_of_liar)
        if event.name == "RunStart":
            self._start(event)
        elif event.name == "RunEnd":
            self._end = event.fields["reason"]
        elif event.name == "Attach" and self._beginning is not None and self._log is not None:
            if self._beginning.attach(event):
                self._log.join()
        elif event.name == "Health" and self._beginning is not None:
            self._beginning.health(event)
        elif event.name == "Telecommand":
            self.verdict.counts[f"telecommands {event.fields['stage']}"] += 1

    def _is_honest(self, node: int) -> bool:
        return node not in self.swarm.byzantine

    def _honest_holes(self) -> list[Hole]:
        return [hole for hole in self.continuity.holes if self._is_honest(hole.node)]

    def _replica_holes(self) -> list[Hole]:
        """Those that leave open what was decided."""
        return [hole for hole in self._honest_holes() if hole.node < self.swarm.replica_count]

    def _keep(self, event: Event) -> None:
        name, boots = event.name, self._boots[event.node]
        if event.boot not in boots:
            boots.append(event.boot)
        if name in MESSAGES:
            if self._suspected and name == "Receive":
                self._keep_suspicion(event)
            return
        if name == "Boot":
            self._keep_applied_before(event, is_first=len(boots) == 1)
        if name in SLOT_EVENTS:
            self.slots[event.fields["slot"]].append(event)
        if name in ("Apply", "Adopt"):
            self._applied[event.node].append((event.line, event.fields["slot"]))
        if name in ("Apply", "Operation"):
            self.ledger_events.append(event)
        if name in ops_conformance.EVENTS:
            self.ops_events.append(event)
        if name in detector_conformance.EVENTS:
            self._keep_suspicion(event)

    def _keep_applied_before(self, event: Event, is_first: bool) -> None:
        """A boot tells of slots that the node was not seen to apply: its power failed before it could say so.

        Not the first boot: what that one has found on flash is an earlier run's.
        """
        node, applied = event.node, event.fields["applied_slot"]
        if not is_first:
            seen = [*(slot for _, slot in self._applied[node][-1:])]
            if node in self._applied_at_boot:
                seen.append(self._applied_at_boot[node])
            if seen and max(seen) < applied:
                self._told_by_boot.append((max(seen) + 1, applied, event))
        self._applied_at_boot[node] = applied

    def _keep_suspicion(self, event: Event) -> None:
        """Of all receipts only those of a suspected peer say anything to the detector's module."""
        name, node = event.name, event.node
        if name == "Receive" and (node, event.fields["from"]) not in self._suspected:
            return
        self.detector_events.append(event)
        if name == "Suspicion":
            self._suspected.add((node, event.fields["peer"]))
        elif name == "Heard":
            self._suspected.discard((node, event.fields["peer"]))
        elif name == "Boot":
            self._suspected = {pair for pair in self._suspected if pair[0] != node}

    def conclude(self, tlc: bool = False, is_truncated: bool = False) -> Verdict:
        """The verdict. `is_truncated`: the file's last line was cut off. Raises TraceError, and TlcError as above."""
        self._look_at_waiting()
        if self._order is not None:
            self._order.finish()
        self._look_for_what_is_missing(is_truncated)
        results = self._check_slots(keep=tlc)
        if tlc and self.swarm.is_tolerable:
            self._tell("slots before TLC", 0, len(results))
            replay.check(self.swarm, results, self.verdict)
        elif tlc:
            self.verdict.reasons[TLC] = "tetrabft.tla ASSUMEs that at most f replicas lie"
        else:
            self.verdict.reasons[TLC] = "not asked for"
        self._check_ledger(tlc)
        self._check_ops()
        self._look_for_what_was_not_held()
        return self.verdict

    def _look_for_what_is_missing(self, is_truncated: bool) -> None:
        verdict, continuity = self.verdict, self.continuity
        verdict.counts["events"] = self._events
        verdict.counts["boots of honest boards"] = sum(len(boots) for boots in self._boots.values())
        verdict.counts["receipts by honest boards"] = self._order.receipts if self._order is not None else 0
        for hole in self._honest_holes():
            verdict.miss(str(hole))
        if self._log is not None and self._log.too_old:
            verdict.doubt(log_rules.SAME_LEDGER, "events tell of slots too far back")
            verdict.note(
                f"{self._log.too_old} events tell of slots too far back to be compared with what others did there"
            )
        if self._log is not None and self._learners is not None:
            self._learners.finish(self._log.state)
            verdict.counts["steps of learners"] = sum(self._learners.steps.values())
            if self._learners.too_old:
                verdict.doubt(learner_rules.FOLLOWS, "steps of learners are too far back")
                verdict.note(f"{self._learners.too_old} steps of learners are too far back to be compared")
        if continuity.restarts:
            verdict.counts[ENDED_BY_ITSELF] = len(continuity.restarts)
        for restart in continuity.restarts:
            verdict.note(restart)
        for problem in (*continuity.unexplained, *continuity.errors):
            verdict.miss(problem)
        if is_truncated:
            verdict.miss("the last line is cut off")
        if self._end is None:
            verdict.miss("no RunEnd: the recorder stopped before the run did")
        verdict.stalled = self._end == NO_PROGRESS_REASON
        if self._after_end:
            count, line = len(self._after_end), self._after_end[0].line
            verdict.counts["events after RunEnd"] = count
            verdict.note(f"{count} events after RunEnd, from line {line} on, are no part of the run: not judged")
        if self._beginning is not None:
            self.checked_from = self._beginning.last_slot_begun(max(self.slots, default=0))
            for what in self._beginning.untold(self.checked_from):
                verdict.miss(what)

    def _look_for_what_was_not_held(self) -> None:
        """What holds because nothing was there to break it has not been checked."""
        verdict = self.verdict
        premises.look(verdict, self._seen)
        idle = set()
        if not verdict.counts["slots"]:
            idle |= {IS_STEP, RESTORED, DECIDED_BEFORE_APPLIED, *INVARIANTS}
        if not verdict.counts["slots decided"]:
            idle |= {DECIDED_BEFORE_APPLIED, AGREEMENT}
        if self._log is None or not self._log.steps.keys() & log_rules.HELD:
            idle |= set(log_rules.IDENTIFIERS)
        if self._order is not None:
            idle |= self._order.not_held()
        for identifier in idle:
            verdict.doubt(identifier, "nothing of it could be judged")
        if not any(state != NOT_CHECKED for state in verdict.invariants.values()):
            verdict.miss("no event of an honest board was held against a module: nothing was checked")
        elif not verdict.counts["slots decided"] and not verdict.stalled:
            verdict.miss(f"no slot was seen to be decided: agreement ({AGREEMENT}) was not checked")

    # --- ledger ---------------------------------------------------------------------------------

    def _check_ledger(self, tlc: bool) -> None:
        """Hold the log that was applied against ledger.tla."""
        verdict = self.verdict
        holes = self._honest_holes()
        recorded = ledger_conformance.check_ledger(self.ledger_events, holes, self.swarm.replica_count, verdict)
        if not tlc or recorded is None:
            return
        verdict.expect(LEDGER_ACCEPTED_BY_TLC)
        answer = ledger_tlc.check(recorded)
        if not answer.accepted:
            verdict.tlc = "rejected"
        if answer.accepted != all(verdict.invariants[identifier] == HOLDS for identifier in LEDGER_PROPERTIES):
            says = "accepts the log that is rejected here" if answer.accepted else f"rejects the log: {answer.what}"
            verdict.violate(LEDGER_ACCEPTED_BY_TLC, f"TLC {says}")

    # --- ops protocols ----------------------------------------------------------------------------

    def _check_ops(self) -> None:
        """Hold channels, turns, snapshots and levels of suspicion against their modules."""
        holes = self._replica_holes()
        swarm = self.swarm
        ops_conformance.check_ops(
            self.ops_events, holes, swarm.replica_count, swarm.byzantine, self.verdict, self._tell
        )
        detector_conformance.check_detector(self.detector_events, holes, swarm.replica_count, self.verdict)

    # --- slots ------------------------------------------------------------------------------------

    def _check_slots(self, keep: bool) -> list[SlotResult]:
        """Hold every slot against tetrabft.tla, in order. Returns what came of them, if they are to be kept."""
        verdict = self.verdict
        log = self._log or log_rules.LogChecker(self.swarm, verdict.violate)
        rebooted = frozenset(node for node, boots in self._boots.items() if len(boots) > 1)
        tainted = self._tainted()
        results = []
        for number, slot in enumerate(slots := sorted(self.slots)):
            self._tell("slots", number, len(slots))
            told = [event for low, high, event in self._told_by_boot if low <= slot <= high]
            events = sorted(self.slots.pop(slot) + told, key=order.sort_key)
            offset = log.first_leader(slot)
            is_tainted = slot <= self.checked_from or any(low <= slot <= high for low, high in tainted)
            found = contradiction(events) if is_tainted else None
            if found is not None:
                verdict.violate(*found)
            if slot <= self.checked_from:
                verdict.counts["slots not checked"] += 1
                continue
            view = max([event.fields.get("view", 0) for event in events])
            if view > VIEWS_MAX:
                verdict.counts["slots not checked"] += 1
                verdict.miss(
                    f"slot {slot} was not checked: it comes to view {view}, more than {VIEWS_MAX} are not judged"
                )
                continue
            result = SlotChecker(self.swarm, slot, events, offset, rebooted).check()
            self._judge(result, is_tainted)
            # The replay ended at the first bad step: what contradicts itself behind it is still told.
            found = contradiction(events) if result.bad is not None and not is_tainted else None
            if found is not None:
                verdict.violate(*found)
            if keep:
                results.append(result)
        return results

    def _judge(self, result: SlotResult, is_tainted: bool) -> None:
        """What a slot adds to the verdict. `is_tainted`: what is not allowed may only lack events that are missing."""
        verdict = self.verdict
        verdict.counts["slots"] += 1
        verdict.counts["slots decided"] += result.decided is not None
        verdict.counts["told again after a reboot"] += result.again
        verdict.steps.update(result.counts())
        breaches = {identifier: f"{INVARIANTS[identifier]} does not hold" for identifier in result.violated}
        if result.bad is not None:
            breaches[result.bad.identifier] = str(result.bad)
        for identifier, what in breaches.items():
            if is_tainted:
                verdict.doubt(identifier, "events are missing")
                verdict.note(f"slot {result.slot} is judged only up to this, for events are missing: {what}")
            else:
                verdict.violate(identifier, f"slot {result.slot}: {what}")

    def _tainted(self) -> list[tuple[int, int]]:
        """Ranges of slots in which missing events may have happened: those open at some time during a hole."""
        ranges = []
        for hole in self._replica_holes():
            before = [slot for line, slot in self._applied[hole.node] if line < hole.line]
            low = (before[-1] if before else 0) - 2 * self.swarm.window_slots
            ranges.append((low, self._open_at(hole.node, hole.line)))
        return ranges

    def _open_at(self, node: int, line: int) -> int:
        """The last slot that `node` may have acted in before `line`: two windows ahead of what it applies next."""
        for other_line, slot in self._applied[node]:
            if other_line >= line:
                return slot + 2 * self.swarm.window_slots
        return max(self.slots, default=0)
