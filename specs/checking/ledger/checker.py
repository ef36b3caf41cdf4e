"""Collects the operations that honest boards applied; when the trace ends, checks their log against specs/ledger."""

from __future__ import annotations

from specs.checking.ledger import tlc as ledger_tlc
from specs.checking.ledger.conformance import IDENTIFIERS, INVARIANTS, STEP_PROPERTIES, check_log
from specs.checking.ledger.log import agreed_log
from specs.checking.ledger.steps import EXACTLY_ONCE
from specs.checking.run import KeepingChecker, Run
from specs.checking.trace import Event
from specs.verdict import HOLDS

__all__ = ["EVENTS", "IDENTIFIERS", "OperationsChecker"]

EVENTS = frozenset({"Adopt", "Apply", "Checkpoint", "Decide", "Operation"})
ACCEPTED_BY_TLC = "TLC-2"  # TLC accepts the ledger's log exactly if the in-process check does
OF_THE_MODULE = {*INVARIANTS.values(), *STEP_PROPERTIES.values(), EXACTLY_ONCE}


class OperationsChecker(KeepingChecker):
    """Takes the events of replicas and learners."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._decided_in: dict[int, int] = {}  # slot -> the last view in which it was decided

    def feed(self, event: Event) -> None:
        if event.name == "Decide":
            slot, view = event.fields["slot"], event.fields["view"]
            self._decided_in[slot] = max(view, self._decided_in.get(slot, 0))
        else:
            super().feed(event)

    def finish(self, tlc: bool) -> None:
        run, verdict = self.run, self.run.verdict
        joined = [(node, run.continuity.boots[node][0]) for node in run.continuity.joined]
        views = self._decided_in if run.swarm.is_tolerable else {}
        run.applied = log = agreed_log(self._events, run.holes(), verdict.violate, joined)
        recorded = check_log(log, run.swarm.replica_count, verdict, views)
        if not tlc or recorded is None:
            return
        verdict.expect(ACCEPTED_BY_TLC)
        answer = ledger_tlc.check(recorded)
        if not answer.accepted:
            verdict.tlc = "rejected"
        if answer.accepted != all(verdict.invariants[identifier] == HOLDS for identifier in OF_THE_MODULE):
            says = "accepts the log that is rejected here" if answer.accepted else f"rejects the log: {answer.what}"
            verdict.violate(ACCEPTED_BY_TLC, f"TLC {says}")
