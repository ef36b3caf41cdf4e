"""The ledger as bytes: what a checkpoint holds and a laggard adopts.

Deterministic CBOR `[applied_slot, next_token, [shard row ...], [lease row ...], next_job, [job row ...], [[client,
[operation row ...]] ...]]`, rows as the tables define them, operation rows each wrapped as a byte string so that they
are hashed and copied without decoding.

`decode` believes nothing: bytes from a peer, or from flash, must be bytes that some ledger could have written. The
digest tells whether it is the ledger of this swarm.
"""

import hashlib

from amu.core import limits
from amu.core.chunks import Chunks, Stream, split
from amu.core.errors import CodecError
from amu.ledger import commands, cursors
from amu.ledger.jobs import CANCELLED, EXPIRED, FIRST_NUMBER, OPEN, STATUSES, Job
from amu.ledger.leases import FIRST_TOKEN, Lease
from amu.ledger.operations import ClientOperations, OperationTable
from amu.ledger.shards import Shard
from amu.ledger.transitions import OK, REFUSED, Tables
from amu.wire import cbor, reading

if "":  # for the type checker; see amu.core.types
    from collections.abc import Iterator, Sequence

    from amu.core.types import Array, Item, Sink
    from amu.ledger.jobs import JobTable
    from amu.ledger.shards import ShardTable


def encode(applied_slot: int, tables: Tables) -> Chunks:
    """The state as Chunks."""
    chunks = Chunks()
    sink = chunks.add
    _write_tables(sink, applied_slot, tables, [job.row() for job in tables.jobs.rows])
    chunks.cut()  # so that a piece without a change is equal to that of the state before
    clients = tables.operations.clients
    sink(cbor.array_head(len(clients)))
    for entry in clients:
        sink(cbor.array_head(2))
        sink(cbor.encode(entry.client))
        sink(cbor.array_head(entry.count()))
        for piece in entry.pieces():
            chunks.share(piece)
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


def decode(
    data: bytes | Chunks | Stream, replica_count: int, known: "OperationTable | None" = None
) -> tuple[int, Tables]:
    """(applied_slot, tables) of `data`. Raises CodecError, naming the table at fault.

    Row by row, into the tables: a Pico has no room for the state in any other form beside them. What `known`
    remembers, too, is shared with it.
    """
    _require(len(data) <= limits.LEDGER_BYTES_MAX, "length")
    reader = reading.Reader((split(data) if isinstance(data, bytes) else data).source())
    _require(reader.array() == 7, "want seven fields")
    applied_slot, next_token = reader.item(), reader.item()
    _require(commands.is_uint(applied_slot, limits.SLOT_MAX), "applied slot")
    _require(commands.is_uint(next_token, limits.FENCING_TOKEN_MAX + 1) and next_token >= FIRST_TOKEN, "next token")
    tables = Tables(replica_count)
    tables.leases.next_token = next_token
    _decode_shards(tables.shards, _rows(reader, limits.SHARDS_MAX, "shards"))
    _decode_leases(tables, _rows(reader, limits.LEASES_MAX, "leases"))
    next_job = reader.item()
    _require(commands.is_uint(next_job, limits.JOB_NUMBER_MAX + 1) and next_job >= FIRST_NUMBER, "next job")
    tables.jobs.next_number = next_job
    _decode_jobs(tables.jobs, _rows(reader, limits.JOBS_MAX, "jobs"), applied_slot)
    if known is not None:
        tables.operations = OperationTable(known.reasons)
    _decode_clients(tables.operations, reader, applied_slot, known or tables.operations)
    reader.end()
    return applied_slot, tables


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise CodecError("ledger: %s" % what)


def _rows(reader: reading.Reader, most: int, what: str) -> "Iterator[Array]":
    """The rows of the table that is next, one by one."""
    count = reader.array()
    _require(count <= most, what)
    for _ in range(count):
        yield reader.item()


def _fields(row: "Array", count: int, what: str) -> "Array":
    _require(type(row) is list and len(row) == count, what)
    return row


def _decode_shards(table: "ShardTable", rows: "Iterator[Array]") -> None:
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


def _decode_leases(tables: Tables, rows: "Iterator[Array]") -> None:
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


def _decode_jobs(table: "JobTable", rows: "Iterator[Array]", applied_slot: int) -> None:
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


def _decode_clients(table: OperationTable, reader: reading.Reader, applied_slot: int, known: OperationTable) -> None:
    last = -1
    clients = reader.array()
    _require(clients <= limits.CLIENTS_MAX, "clients")
    for _ in range(clients):
        _require(reader.array() == 2, "client")
        client = reader.item()
        _require(commands.is_client(client) and client > last, "client number")
        entry = ClientOperations(client, table.reasons)
        count = reader.array()
        _require(count > 0, "client without operations")
        _require(count <= limits.OPERATIONS_PER_CLIENT_MAX, "operation window")
        operations: list[int] = []
        rows: list[bytes] = []
        sound: list[bytes] = []
        for _ in range(count):
            row = reader.row()
            operations.append(_decode_operation(row, operations[-1] if operations else -1, applied_slot, sound))
            rows.append(row)
        # No ledger writes a row that a later row has pushed out of the window.
        _require(operations[-1] - operations[0] < limits.OPERATIONS_PER_CLIENT_MAX, "operation window")
        entry.load(operations, rows)
        before = known.find(client)
        if before is not None:
            entry.share_with(before)
        table.add(entry)
        last = client


def _decode_operation(data: bytes, last: int, applied_slot: int, sound: list[bytes]) -> int:
    """Number of the operation of a row; that of the row before is `last`. `sound`: a result that needs no look, or none
    yet, since most are alike."""
    if not 4 <= len(data) <= limits.OPERATION_ROW_BYTES_MAX or data[0] != 0x83:
        raise CodecError("ledger: operation")
    operation, at = _number(data, 1)
    slot, at = _number(data, at)
    if not last < operation <= limits.OPERATION_MAX:
        raise CodecError("ledger: operation number")
    if not 0 < slot <= applied_slot:
        raise CodecError("ledger: operation slot")
    result = data[at:]
    if result not in sound:
        _require(_is_result(cbor.decode(result)), "operation result")
        sound[:] = [result]
    return operation


def _number(data: bytes, at: int) -> tuple[int, int]:
    """(unsigned integer, where it ends) of a row. Read here: calls of the decoder took a sixth of a restart."""
    left = len(data) - at
    head = data[at] if left > 0 else 0xFF
    if head < 24:
        return head, at + 1
    # Else it has a shorter form, is cut off, too large for any, or no such integer.
    if head == 25 and left > 2 and data[at + 1]:
        return data[at + 1] << 8 | data[at + 2], at + 3
    if head == 24 and left > 1 and data[at + 1] >= 24:
        return data[at + 1], at + 2
    if head == 26 and left > 4 and (data[at + 1] or data[at + 2]):
        return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5
    raise CodecError("ledger: operation")


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
