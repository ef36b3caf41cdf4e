"""The digests of the ledger's states, computed from the log alone (LED-16).

Theory. The module's state, the remembered answers and what no guard reads (the order in which digests of a job were
first reported; the rows of expired leases, which stand until the next grant) make the state that boards hash. This file
keeps that state in the form that is hashed, from the operations and their reported results, and hashes it with the
flight code's own encoding (amu.ledger.encoding). TLA+ has no SHA-256, so no module says this. A board that reports
another digest has another state than the log makes, or does not hash its state.

Rules
- Only effects that the module has allowed are taken: what a step does, is for conformance.py to judge.
- Nothing is kept that the flight code keeps for speed. A row that changes is a new row, and a client's answers are
  hashed again when one of them changed.
- A checkpoint is the digest of slot, proposers and state (amu.consensus.checkpoints). A proposer follows from the
  origin view of its slot's body (body.py) and from the leader rule. Where a view is unknown, so are the checkpoints
  that depend on it.
- A result that no board can encode is in no state: digests after it differ from all that are reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from amu.consensus.checkpoints import digest_of
from amu.core import limits
from amu.core.chunks import Chunks
from amu.core.errors import CodecError
from amu.core.limits import WINDOW_SLOTS
from amu.core.seams import Packed
from amu.ledger import commands, encoding
from amu.ledger.jobs import OPEN, Job
from amu.ledger.leases import Lease
from amu.ledger.operations import ClientOperations, Reasons
from amu.ledger.shards import Shard
from amu.ledger.transitions import Tables
from amu.wire import cbor
from specs.checking.ledger.steps import Step
from specs.tla.values.values import Value

Told: TypeAlias = tuple[Value, ...]  # the items of a result
PROPOSERS = 2 * WINDOW_SLOTS  # of the last slots, in a checkpoint


class _Answers(ClientOperations):
    """The remembered operations of one client, in a dict instead of the flight code's ring."""

    def __init__(self, client: int) -> None:
        super().__init__(client, Reasons())
        self._rows: dict[int, bytes] = {}
        self._hashed: bytes | None = None

    def add(self, operation: int, row: bytes) -> None:
        self._rows[operation] = row
        self._hashed = None
        oldest = max(self._rows) - limits.OPERATIONS_PER_CLIENT_MAX
        for number in [number for number in self._rows if number <= oldest]:
            del self._rows[number]

    def rows(self) -> list[bytes]:
        return [self._rows[operation] for operation in sorted(self._rows)]

    def count(self) -> int:
        return len(self._rows)

    def pieces(self) -> list[bytes | Packed]:
        return [cbor.encode(row) for row in self.rows()]

    def digest(self) -> bytes:
        if self._hashed is None:
            self._hashed = hashlib.sha256(b"".join(self.rows())).digest()
        return self._hashed


class Digests:
    """The state after the steps so far.

    `after`: the digest after each slot that has ended, in hexadecimal. `checkpoints`: those of the slots with one.
    `sizes`: bytes of each checkpoint, at least: those of its proposers are the fewest where they are unknown.
    """

    def __init__(self, replica_count: int, origin_views: Mapping[int, int] = MappingProxyType({})) -> None:
        self.after: dict[int, str] = {}
        self.checkpoints: dict[int, str] = {}
        self.sizes: dict[int, int] = {}
        self._replica_count = replica_count
        self._origin_views = origin_views
        self._proposers: list[int | None] = [0] * PROPOSERS  # of the last slots that ended, oldest first
        self._tables = Tables(replica_count)
        self._shards: dict[int, Shard] = {}
        self._leases: dict[str, Lease] = {}
        self._jobs: dict[int, Job] = {}
        self._answers: dict[int, _Answers] = {}

    def end(self, slot: int) -> None:
        """The steps of all slots up to this one have been taken."""
        while len(self.after) < slot:
            ended = len(self.after) + 1
            self.after[ended] = encoding.digest(ended, self._tables).hex()
            self._add_proposer(ended)
            if ended % limits.CHECKPOINT_SLOTS == 0:
                self._add_checkpoint(ended)

    def _add_proposer(self, slot: int) -> None:
        view, leader = self._origin_views.get(slot), self._proposers[-WINDOW_SLOTS]
        proposer = None if view is None or leader is None else (leader + view) % self._replica_count
        self._proposers = [*self._proposers[1:], proposer]

    def _add_checkpoint(self, slot: int) -> None:
        data = Chunks()
        proposers = [proposer or 0 for proposer in self._proposers]
        cbor.write([slot, proposers, encoding.encode(slot, self._tables)], data.add)
        self.sizes[slot] = len(data)
        if None not in self._proposers:
            self.checkpoints[slot] = digest_of(data.close()).hex()

    def remember(self, step: Step) -> None:
        """The operation of the step is answered, and its answer remembered."""
        operation = step.operation
        assert operation is not None, "a tick has no operation"
        client = self._answers.get(operation.client)
        if client is None:
            client = self._answers[operation.client] = _Answers(operation.client)
            self._tables.operations.clients = [self._answers[number] for number in sorted(self._answers)]
        try:
            row = cbor.encode([operation.operation, operation.slot, operation.result])
        except (CodecError, ValueError):
            row = b""
        client.add(operation.operation, row)

    def take(self, step: Step) -> None:
        """Take the effect of a step that the module allows."""
        if step.operation is None or step.verb == "Noop":
            return
        assert step.fields is not None, "no effect without a well-formed command"
        getattr(self, "_" + step.verb)(step.operation.slot, step.told, **step.fields)
        self._tables.shards.rows = [self._shards[number] for number in sorted(self._shards)]
        self._tables.leases.rows = [self._leases[resource] for resource in sorted(self._leases)]
        self._tables.jobs.rows = [self._jobs[number] for number in sorted(self._jobs)]

    # --- one method for each action of the module, in the code's terms -----------------------------------------------

    def _ShardCreate(self, now: int, told: Told, shard: int, start: bytes, end: bytes) -> None:
        self._make_room()
        self._shards[shard] = Shard(shard, start, end)

    def _LeaseAcquire(self, now: int, told: Told, resource: str, holder: int, slots: int) -> None:
        self._grant(now, told, resource, holder)

    def _LeaseRenew(self, now: int, told: Told, resource: str, holder: int, token: int, slots: int) -> None:
        self._leases[resource] = Lease(resource, holder, *told)

    def _LeaseRelease(self, now: int, told: Told, resource: str, holder: int, token: int) -> None:
        del self._leases[resource]

    def _CursorAdvance(self, now: int, told: Told, shard: int, token: int, last_key: bytes, opaque: bytes) -> None:
        old = self._shards[shard]
        self._shards[shard] = Shard(shard, old.start, old.end, last_key, opaque)

    def _ShardSplit(self, now: int, told: Told, shard: int, token: int, at_key: bytes, new_shard: int) -> None:
        old = self._shards[shard]
        self._shards[shard] = Shard(shard, old.start, at_key, old.last_key, old.opaque)
        self._make_room()
        self._shards[new_shard] = Shard(new_shard, at_key, old.end)
        holder = self._leases[commands.resource_of(shard)].holder
        self._grant(now, told, commands.resource_of(new_shard), holder)

    def _ShardHandover(self, now: int, told: Told, shard: int, token: int, to_holder: int) -> None:
        self._grant(now, told, commands.resource_of(shard), to_holder)

    def _ShardComplete(self, now: int, told: Told, shard: int, token: int) -> None:
        old = self._shards[shard]
        self._shards[shard] = Shard(shard, old.start, old.end, old.last_key, old.opaque, True)
        del self._leases[commands.resource_of(shard)]

    def _JobOpen(self, now: int, told: Told, payload: bytes, slots: int) -> None:
        ended = [number for number, job in self._jobs.items() if job.status != OPEN]
        if len(self._jobs) >= limits.JOBS_MAX and ended:
            del self._jobs[min(ended)]
        number, deadline = told
        self._jobs[number] = Job(number, payload, deadline, OPEN, [], [None] * self._replica_count)
        self._tables.jobs.next_number = number + 1

    def _JobResult(self, now: int, told: Told, job: int, worker: int, digest: bytes) -> None:
        old = self._jobs[job]
        digests = old.digests if digest in old.digests else [*old.digests, digest]
        reports = [*old.reports]
        reports[worker] = digests.index(digest)
        self._jobs[job] = Job(job, old.payload, old.deadline_slot, told[0], digests, reports)

    def _JobCancel(self, now: int, told: Told, job: int) -> None:
        old = self._jobs[job]
        self._jobs[job] = Job(job, old.payload, old.deadline_slot, told[0], old.digests, old.reports)

    _JobExpire = _JobCancel

    def _grant(self, now: int, told: Told, resource: str, holder: int) -> None:
        """A grant clears the table of what has expired."""
        self._leases = {name: lease for name, lease in self._leases.items() if lease.is_live(now)}
        token, expires = told
        self._leases[resource] = Lease(resource, holder, token, expires)
        self._tables.leases.next_token = token + 1

    def _make_room(self) -> None:
        completed = [number for number, shard in self._shards.items() if shard.is_complete]
        if len(self._shards) >= limits.SHARDS_MAX and completed:
            del self._shards[min(completed)]
