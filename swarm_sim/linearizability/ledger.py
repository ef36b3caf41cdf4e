"""Are the ledger's answers to clients linearizable? The check of a swarm's client histories.

First the rules of the whole history (`ledger_order`), then each part against the sequential specification
(`ledger_parts`, `ledger_rules`, `job_rules`), which shares only the agreed bounds with the flight software.

Facts outside a part are accepted unless they are contradicted: that a table is full, that an ended job or a completed
shard was removed to make room, the token of a grant without an answer (any, until it is used). A job-open without an
answer may be the origin of any number that no answer gave out, even of several. An answer "stale" or "busy" leaves open
whether the operation took effect. Counters must grow, but not by one: an operation without an answer may have used the
numbers between. No answer contains a cursor's opaque token, so it is not checked.
"""

from collections.abc import Sequence

from swarm_sim.linearizability.checker import STEPS_MAX, check_parts
from swarm_sim.linearizability.history import ILLEGAL, Operation, Result
from swarm_sim.linearizability.ledger_order import LedgerOperation, breaches, once
from swarm_sim.linearizability.ledger_parts import parts

WHOLE = "whole history"  # the partition of a breach of order

__all__ = ["LedgerOperation", "check_ledger_history"]


def check_ledger_history(history: Sequence[LedgerOperation], replica_count: int, steps_max: int = STEPS_MAX) -> Result:
    """The verdict on the operations of all clients of a swarm of `replica_count` boards, in any order.

    In the result, operations are in ledger time, slot s between 2s and 2s + 1; `label` names the client's operation.
    """
    for breach in breaches(history):
        bad = breach.operation
        stuck = Operation(bad.client, tuple(bad.command), bad.result, bad.invoked, bad.returned, bad.label)
        return Result(ILLEGAL, partition=WHOLE, stuck=stuck, reason=breach.reason)
    return check_parts(parts(once(history), replica_count), steps_max)
