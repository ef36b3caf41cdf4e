"""Can what the clients were told be true? The history of the run's operations, held against a sequential ledger."""

from collections.abc import Sequence

from swarm_sim.linearizability.history import ILLEGAL
from swarm_sim.linearizability.ledger import check_ledger_history
from swarm_sim.linearizability.ledger_order import LedgerOperation
from swarm_sim.oracles.finding import Finding
from swarm_sim.world.ground import Operation

ORACLE = "SIM-LIN"


def check(history: Sequence[Operation], replica_count: int) -> Finding | None:
    """A history that no order explains. One that the search cannot decide within its bound is no finding."""
    told = [
        LedgerOperation(one.client, one.number, one.command, one.invoked, one.responded, one.slot, one.result)
        for one in history
    ]
    result = check_ledger_history(told, replica_count)
    if result.verdict != ILLEGAL:
        return None
    stuck = "" if result.stuck is None else f"{result.stuck.label} was told {result.stuck.response}"
    verb = "" if result.stuck is None else str(result.stuck.request[0])
    return Finding(ORACLE, f"a history that no order explains: {verb}", f"{result.partition}: {stuck}. {result.reason}")
