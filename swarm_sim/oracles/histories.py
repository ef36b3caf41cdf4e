"""Are the clients' histories linearizable? Checks the run's operations against a sequential ledger."""

from collections.abc import Sequence

from groundstation.record.operation import Answer
from swarm_sim.linearizability.history import ILLEGAL
from swarm_sim.linearizability.ledger import check_ledger_history
from swarm_sim.linearizability.ledger_order import LedgerOperation
from swarm_sim.oracles.finding import Finding
from swarm_sim.world.ground import HistoryEntry

ORACLE = "SIM-LIN"


def check(
    history: Sequence[HistoryEntry], replica_count: int, contradictions: Sequence[tuple[int, Answer, Answer]]
) -> Finding | None:
    """Finds two answers that f + 1 boards gave each, or a history that no order explains.

    A history that the search cannot decide within its bound is not a finding.
    """
    if contradictions:
        number, one, other = contradictions[0]
        return Finding(ORACLE, "f + 1 boards each gave two answers", f"operation {number}: {one} and {other}")
    operations = [
        LedgerOperation(one.client, one.number, one.command, one.invoked, one.responded, one.slot, one.result)
        for one in history
    ]
    result = check_ledger_history(operations, replica_count)
    if result.verdict != ILLEGAL:
        return None
    stuck = "" if result.stuck is None else f"{result.stuck.label} got {result.stuck.response}"
    verb = "" if result.stuck is None else str(result.stuck.request[0])
    return Finding(ORACLE, f"a history that no order explains: {verb}", f"{result.partition}: {stuck}. {result.reason}")
