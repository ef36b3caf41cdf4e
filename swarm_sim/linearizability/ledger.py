"""Whether what clients were told by the ledger can be true: the check of a swarm's client histories.

First the rules of the whole history (`ledger_order`), then each part against the sequential specification
(`ledger_parts`, `ledger_rules`, `job_rules`), which shares no code with the flight software but the agreed bounds.

What one part cannot know is accepted whenever it cannot be contradicted: that a table is full, that an ended job or a
completed shard has made room for another, the token of a grant whose answer nobody saw (any, until it is used). A
job-open without an answer may stand behind any number that no answer gave out, even behind several. An answer "stale"
or "busy" leaves open whether the operation took effect. Counters are held to grow, not to grow by one: a hole may be
the work of an operation that nobody heard of. No answer tells a cursor's opaque token, so it is not judged.
"""

from collections.abc import Sequence

from swarm_sim.linearizability.checker import STEPS_MAX, check_parts
from swarm_sim.linearizability.history import ILLEGAL, Operation, Result
from swarm_sim.linearizability.ledger_order import LedgerOperation, breaches, once
from swarm_sim.linearizability.ledger_parts import parts

WHOLE = "whole history"  # the partition that a breach of order is in

__all__ = ["LedgerOperation", "check_ledger_history"]


def check_ledger_history(history: Sequence[LedgerOperation], replica_count: int, steps_max: int = STEPS_MAX) -> Result:
    """The verdict on what the clients of a swarm of `replica_count` boards saw, in any order.

    In the result, operations are in ledger time, slot s between 2s and 2s + 1; `label` names the client's operation.
    """
    for breach in breaches(history):
        told = breach.operation
        stuck = Operation(told.client, tuple(told.command), told.result, told.invoked, told.returned, told.label)
        return Result(ILLEGAL, partition=WHOLE, stuck=stuck, reason=breach.reason)
    return check_parts(parts(once(history), replica_count), steps_max)
