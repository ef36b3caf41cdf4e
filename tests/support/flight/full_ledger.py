"""A ledger with every table full, and the store of a board that woke with it."""

from collections.abc import Sequence

from amu.boards.host import MemoryStore
from amu.core import limits
from amu.core.types import Item
from amu.node.journal import Journal
from amu.wire import cbor

KEY = limits.KEY_SPACE_BYTES_MAX
CHECKPOINT_SLOT = 6 * limits.CHECKPOINT_SLOTS


def state(slot: int, workers: int, result: Sequence[Item], last_number: int, last_operation: int) -> list[Item]:
    """The ledger after `slot`, as its snapshot: all rows there are, with the longest keys and names.

    result: of each remembered operation. last_number: of shards, jobs, tokens and clients, as far as it fits them. Each
    client had an operation in each slot, the last one `last_operation`.
    """
    first = min(last_number, limits.SHARD_NUMBER_MAX) - limits.SHARDS_MAX
    shards: list[Item] = [
        [
            first + i,
            bytes([i] * KEY),
            bytes([i] * (KEY - 1) + [255]),
            bytes([i] * KEY),
            bytes(limits.TOKEN_BYTES_MAX),
            False,
        ]
        for i in range(limits.SHARDS_MAX)
    ]
    name = "x" * (limits.RESOURCE_BYTES_MAX - 2)
    expires = slot + limits.LEASE_SLOTS_MAX
    token = min(last_number, limits.FENCING_TOKEN_MAX)
    leases: list[Item] = [[f"{name}{i:02}", limits.HOLDER_MAX, token - i, expires] for i in range(limits.LEASES_MAX)]
    return [
        slot,
        token + 1,
        shards,
        leases,
        *_jobs(workers, last_number, expires),
        _clients(slot, result, last_number, last_operation),
    ]


def _jobs(workers: int, last_number: int, deadline: int) -> list[Item]:
    """[next number, rows]: all disputed, with as many digests as that takes."""
    last, count = min(last_number, limits.JOB_NUMBER_MAX), limits.quorum_size(workers) + 1
    digests: list[Item] = [bytes([i] * limits.DIGEST_BYTES) for i in range(max(count, limits.JOBS_MAX))]
    reports: list[Item] = [*range(count), *[None] * (workers - count)]
    rows: list[Item] = [
        [last - limits.JOBS_MAX + 1 + i, digests[i], deadline, "disputed", digests[:count], reports]
        for i in range(limits.JOBS_MAX)
    ]
    return [last + 1, rows]


def _clients(slot: int, result: Sequence[Item], last_number: int, last_operation: int) -> list[Item]:
    last = min(last_number, limits.CLIENT_NUMBER_MAX)
    first = last_operation - limits.OPERATIONS_PER_CLIENT_MAX + 1
    first_slot = slot - limits.OPERATIONS_PER_CLIENT_MAX + 1
    rows = [cbor.encode([first + i, first_slot + i, list(result)]) for i in range(limits.OPERATIONS_PER_CLIENT_MAX)]
    return [[last - limits.CLIENTS_MAX + 1 + i, rows] for i in range(limits.CLIENTS_MAX)]


def store(replicas: int, result: Sequence[Item]) -> dict[str, bytes]:
    """Files of a board that has applied CHECKPOINT_SLOT slots and remembers as many operations as it can. Between its
    two checkpoints as many have changed as batches can change."""
    kept = []
    for slot in (CHECKPOINT_SLOT - limits.CHECKPOINT_SLOTS, CHECKPOINT_SLOT):
        ledger = cbor.encode(state(slot, replicas, result, 10_000, slot))
        kept.append(cbor.encode([slot, [0] * (2 * limits.WINDOW_SLOTS), ledger]))
    memory = MemoryStore()
    writer = Journal(memory)
    writer.commission()
    writer.recover()
    writer.checkpoint([0, limits.LAMPORT_RESERVE, [0, [CHECKPOINT_SLOT - limits.CHECKPOINT_SLOTS, kept, []], []]])
    return dict(memory.files)
