"""Collects the operations that honest boards applied; when the trace ends, checks their log against specs/ledger."""

from __future__ import annotations

from amu.core.limits import CHUNK_BYTES_MAX
from specs.checking.ledger import tlc as ledger_tlc
from specs.checking.ledger.conformance import IDENTIFIERS, INVARIANTS, STEP_PROPERTIES, Recorded, check_log
from specs.checking.ledger.log import agreed_log
from specs.checking.ledger.steps import EXACTLY_ONCE
from specs.checking.messages.refusals import FLOODED
from specs.checking.run import KeepingChecker, Run
from specs.checking.trace import Event
from specs.verdict import HOLDS

__all__ = ["EVENTS", "IDENTIFIERS", "OperationsChecker"]

EVENTS = frozenset({"Adopt", "Apply", "Checkpoint", "Decide", "Operation"})
ADOPTS, LEARNER_ADOPTS = "KNW-3", "LOG-10"  # of specs/checking/consensus: what arrived before a state is adopted
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
        if recorded is not None:
            self._hold_pieces(recorded)
        if not tlc or recorded is None:
            return
        verdict.expect(ACCEPTED_BY_TLC)
        answer = ledger_tlc.check(recorded)
        if not answer.accepted:
            verdict.tlc = "rejected"
        if answer.accepted != all(verdict.invariants[identifier] == HOLDS for identifier in OF_THE_MODULE):
            says = "accepts the log that is rejected here" if answer.accepted else f"rejects the log: {answer.what}"
            verdict.violate(ACCEPTED_BY_TLC, f"TLC {says}")

    def _hold_pieces(self, recorded: Recorded) -> None:
        """KNW-3, and LOG-10 of a learner: all pieces of an adopted state have arrived."""
        run = self.run
        if not run.has_messages:
            return
        for event, pieces in run.log.reports.transfers.adopted:
            identifier = ADOPTS if event.node < run.swarm.replica_count else LEARNER_ADOPTS
            size = recorded.sizes.get(event.fields["slot"])
            if size is None or not run.is_told(event.node):
                continue
            wanted = -(-size // CHUNK_BYTES_MAX)
            if pieces is None:
                run.verdict.doubt(identifier, FLOODED)
            elif pieces < wanted:
                run.verdict.violate(
                    identifier, f"{event}: {pieces} pieces of the state had arrived, and it has {wanted}"
                )
