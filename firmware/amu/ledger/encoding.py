"""The ledger as bytes: what a checkpoint holds and a laggard adopts.

Deterministic CBOR `[applied_slot, next_token, [shard row ...], [lease row ...], next_job, [job row ...], [[client,
[operation row ...]] ...]]`, rows as the tables define them, operation rows each wrapped as a byte string so that they
are hashed and copied without decoding.

`decode` believes nothing: bytes from a peer, or from flash, must be bytes that some ledger could have written. The
digest tells whether it is the ledger of this swarm.
"""

import hashlib

from amu.core import limits
from amu.core.chunks import Chunks, split
from amu.core.errors import CodecError
from amu.ledger import commands, cursors
from amu.ledger.jobs import CANCELLED, EXPIRED, FIRST_NUMBER, OPEN, STATUSES, Job
from amu.ledger.leases import FIRST_TOKEN, Lease
from amu.ledger.operations import NEW, ClientOperations
from amu.ledger.shards import Shard
from amu.ledger.transitions import OK, REFUSED, Tables
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from collections.abc import Sequence

    from amu.core.types import Array, Item, Sink
    from amu.ledger.jobs import JobTable
    from amu.ledger.operations import OperationTable
    from amu.ledger.shards import ShardTable


def encode(applied_slot: int, tables: Tables) -> Chunks:
    """The state as Chunks."""
    chunks = Chunks()
    sink = chunks.add
    _write_tables(sink, applied_slot, tables, [job.row() for job in tables.jobs.rows])
    clients = tables.operations.clients
    sink(cbor.array_head(len(clients)))
    for entry in clients:
        sink(cbor.array_head(2))
        sink(cbor.encode(entry.client))
        _write_rows(sink, entry.rows())
    return chunks.close()


def digest(applied_slot: int, tables: Tables) -> bytes:
    """SHA-256 of the state's item with a digest in place of each job and of the operations of each client."""
    hasher = hashlib.sha256()
    _write_tables(hasher.update, applied_slot, tables, [job.digest() for job in tables.jobs.rows])
    _write_rows(hasher.update, [[entry.client, entry.digest()] for entry in tables.operations.clients])
    return hasher.digest()


def _write_tables(sink: "Sink", applied_slot: int, tables: Tables, jobs: "Sequence[Item]") -> None:
    """All of the state's item but the clients, a row at a time: a whole table takes a large block of heap."""
    sink(cbor.array_head(7))
    sink(cbor.encode(applied_slot))
    sink(cbor.encode(tables.leases.next_token))
    _write_rows(sink, [shard.row() for shard in tables.shards.rows])
    _write_rows(sink, [lease.row() for lease in tables.leases.rows])
    sink(cbor.encode(tables.jobs.next_number))
    _write_rows(sink, jobs)


def _write_rows(sink: "Sink", rows: "Sequence[Item]") -> None:
    sink(cbor.array_head(len(rows)))
    for row in rows:
        sink(cbor.encode(row))


def decode(data: bytes | Chunks, replica_count: int) -> tuple[int, Tables]:
    """(applied_slot, tables) of `data`, bytes or Chunks. Raises CodecError, naming the table at fault.

    Chunks are used up: a Pico has no room for them beside the tables.
    """
    _require(len(data) <= limits.LEDGER_BYTES_MAX, "length")
    item = cbor.read(split(data).drain())
    _require(type(item) is list and len(item) == 7, "want seven fields")
    applied_slot, next_token, shards, leases, next_job, jobs, clients = item
    _require(commands.is_uint(applied_slot, limits.SLOT_MAX), "applied slot")
    _require(commands.is_uint(next_token, limits.FENCING_TOKEN_MAX + 1) and next_token >= FIRST_TOKEN, "next token")
    tables = Tables(replica_count)
    tables.leases.next_token = next_token
    _decode_shards(tables.shards, _rows(shards, limits.SHARDS_MAX, "shards"))
    _decode_leases(tables, _rows(leases, limits.LEASES_MAX, "leases"))
    _require(commands.is_uint(next_job, limits.JOB_NUMBER_MAX + 1) and next_job >= FIRST_NUMBER, "next job")
    tables.jobs.next_number = next_job
    _decode_jobs(tables.jobs, _rows(jobs, limits.JOBS_MAX, "jobs"), applied_slot)
    _decode_clients(tables.operations, _rows(clients, limits.CLIENTS_MAX, "clients"), applied_slot)
    return applied_slot, tables


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise CodecError("ledger: %s" % what)


def _rows(item: "Array", most: int, what: str) -> "list[Array]":
    _require(type(item) is list and len(item) <= most, what)
    return item


def _fields(row: "Array", count: int, what: str) -> "Array":
    _require(type(row) is list and len(row) == count, what)
    return row


def _decode_shards(table: "ShardTable", rows: "list[Array]") -> None:
    last = -1
    for row in rows:
        number, start, end, last_key, opaque, is_complete = _fields(row, 6, "shard")
        _require(commands.is_shard(number) and number > last, "shard number")
        _require(commands.is_key(start) and commands.is_key(end) and cursors.is_before_end(start, end), "shard range")
        _require(last_key is cursors.START or commands.is_key(last_key), "shard cursor")
        _require(last_key is cursors.START or cursors.in_bounds(last_key, start, end), "shard cursor out of bounds")
        _require(commands.is_opaque(opaque) and (last_key is not cursors.START or opaque == b""), "shard opaque token")
        _require(type(is_complete) is bool, "shard completion")
        _require(is_complete or not table.overlaps_open(start, end), "open shards overlap")
        table.rows.append(Shard(number, start, end, last_key, opaque, is_complete))
        last = number


def _decode_leases(tables: Tables, rows: "list[Array]") -> None:
    last = ""
    tokens = []
    for row in rows:
        resource, holder, token, expires_slot = _fields(row, 4, "lease")
        _require(commands.is_resource(resource) and resource > last, "lease resource")
        shard = commands.shard_of(resource)
        _require(commands.is_holder(holder), "lease holder")
        _require(commands.is_token(token) and token < tables.leases.next_token and token not in tokens, "lease token")
        _require(commands.is_uint(expires_slot, limits.SLOT_MAX + limits.LEASE_SLOTS_MAX), "lease expiry")
        _require(shard is None or tables.shards.is_open(shard), "lease on a shard that is not open")
        tables.leases.rows.append(Lease(resource, holder, token, expires_slot))
        tokens.append(token)
        last = resource


def _decode_jobs(table: "JobTable", rows: "list[Array]", applied_slot: int) -> None:
    last = 0
    for row in rows:
        number, payload, deadline_slot, status, digests, reports = _fields(row, 6, "job")
        _require(commands.is_job(number) and last < number < table.next_number, "job number")
        _require(commands.is_digest(payload), "job payload")
        _require(commands.is_uint(deadline_slot, limits.SLOT_MAX + limits.JOB_SLOTS_MAX), "job deadline")
        _require(status in STATUSES and (status != EXPIRED or deadline_slot <= applied_slot), "job status")
        job = Job(number, payload, deadline_slot, status, digests, reports)
        _require_reports(job, table.workers)
        judged = job.judged(table.needed)
        _require(status == judged or (judged == OPEN and status in (CANCELLED, EXPIRED)), "job status")
        table.rows.append(job)
        last = number


def _require_reports(job: Job, workers: int) -> None:
    """Each report names a digest, each digest was reported and stands there once."""
    digests, reports = job.digests, job.reports
    _require(type(digests) is list and len(digests) <= limits.JOB_DIGESTS_MAX, "job digests")
    _require(type(reports) is list and len(reports) == workers, "job reports")
    for index in reports:
        _require(index is None or (type(index) is int and 0 <= index < len(digests)), "job report")
    for i in range(len(digests)):
        _require(commands.is_digest(digests[i]) and digests[i] not in digests[:i] and i in reports, "job digest")


def _decode_clients(table: "OperationTable", rows: "list[Array]", applied_slot: int) -> None:
    last = -1
    for row in rows:
        client, operations = _fields(row, 2, "client")
        _require(commands.is_client(client) and client > last, "client number")
        _require(type(operations) is list and len(operations) > 0, "client without operations")
        entry = ClientOperations(client)
        for operation in operations:
            _decode_operation(entry, operation, applied_slot)
        # No ledger writes a row that a later row has pushed out of the window.
        _require(len(entry.rows()) == len(operations), "operation window")
        table.add(entry)
        last = client


def _decode_operation(entry: ClientOperations, data: bytes, applied_slot: int) -> None:
    _require(type(data) is bytes and len(data) <= limits.OPERATION_ROW_BYTES_MAX, "operation")
    operation, slot, result = _fields(cbor.decode(data), 3, "operation")
    _require(commands.is_operation(operation) and operation > entry.highest, "operation number")
    _require(entry.status(operation) == NEW, "operation number")
    _require(commands.is_uint(slot, applied_slot) and slot > 0, "operation slot")
    _require(_is_result(result), "operation result")
    entry.keep(operation, data)  # itself: a copy of each would not fit beside the rest


def _is_result(result: "Item") -> bool:
    """`["ok"]`, `["ok", status]`, `["ok", token or job, slot]` or `["refused", reason]`."""
    if type(result) is not list or not result:
        return False
    if result[0] == REFUSED:
        return len(result) == 2 and type(result[1]) is str
    if result[0] != OK:
        return False
    if len(result) == 2:
        return result[1] in STATUSES
    return len(result) == 1 or (len(result) == 3 and commands.is_token(result[1]) and type(result[2]) is int)
