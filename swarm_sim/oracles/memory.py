"""Is a node's memory bounded? Weighs everything reachable from it, and compares with the bound from `core.limits`.

Weights count data, independent of the interpreter: the length of byte strings and strings, one word per element of a
list, tuple or dict and per attribute. The bound is a sum over the limits, plus room for small fixed objects.
"""

from amu.core import limits
from swarm_sim.oracles.finding import Finding

ORACLE = "SIM-MEMORY"
WORD_BYTES = 8
FIXED_BYTES = 24 * 1024  # a fixed number of objects: handlers, clocks, tables of the node itself


def bytes_max(replica_count: int) -> int:
    """The bound on the weight of one node, in bytes."""
    n = replica_count
    body = limits.BODY_BYTES_MAX + limits.DIGEST_BYTES + 8 * WORD_BYTES
    report = 8 * (limits.DIGEST_BYTES + 4 * WORD_BYTES)  # registers of a proof, a suggest, votes of four phases
    instance = (limits.BODIES_PER_SLOT_MAX + 2 * n) * body + 3 * n * report + 2048
    log = (limits.LOG_SLOTS_MAX + limits.CHECKPOINT_SLOTS) * body
    states = 4 * limits.STATE_BYTES_MAX  # two checkpoints, a transfer, one being served
    requests = limits.PENDING_REQUESTS_MAX * (limits.COMMAND_BYTES_MAX + 16 * WORD_BYTES)
    rows = limits.SHARDS_MAX + limits.LEASES_MAX + limits.JOBS_MAX
    ledger = 4 * limits.LEDGER_BYTES_MAX + rows * 32 * WORD_BYTES
    channels = n * limits.CHANNEL_QUEUE_ITEMS_MAX * 2 * (limits.CHANNEL_ITEM_BYTES_MAX + 4 * WORD_BYTES)
    return limits.INSTANCES_MAX * instance + log + states + requests + ledger + channels + FIXED_BYTES


def weigh(root: object) -> int:
    """Bytes of data reachable from `root`, each object once."""
    total = 0
    seen: set[int] = set()
    waiting: list[object] = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (bytes, bytearray, str)):
            total += len(item)
            continue
        if isinstance(item, (int, float)) or item is None or id(item) in seen or callable(item):
            continue
        seen.add(id(item))
        children: list[object]
        if isinstance(item, (list, tuple, set, frozenset)):
            children = list(item)
        elif isinstance(item, dict):
            children = [*item.keys(), *item.values()]
        else:
            children = list(getattr(item, "__dict__", {}).values())
        total += WORD_BYTES * len(children)
        waiting.extend(children)
    return total


def check(node: int, flight: object, replica_count: int) -> Finding | None:
    """Compare a node's weight with its bound."""
    weight = weigh(flight)
    if weight <= bytes_max(replica_count):
        return None
    return Finding(
        ORACLE,
        "a node holds more than its limits allow",
        f"board {node}: {weight} bytes of data, at most {bytes_max(replica_count)}",
    )
