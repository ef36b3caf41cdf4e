"""What each command does: one function per verb, named like its action in specs/ledger/ledger.tla.

Each takes the tables, the slot that is being applied and the fields of a well-formed command, in the order of
`amu.ledger.commands.SHAPES`. It either changes the tables and returns `["ok", ...]`, or changes nothing and returns
`["refused", reason]`. The guards are the module's `Can...` operators; they are checked in the order written here, so
that all replicas give the same reason.
"""

from amu.ledger import commands, cursors
from amu.ledger.jobs import CANCELLED, EXPIRED, OPEN, JobTable
from amu.ledger.leases import LeaseTable
from amu.ledger.operations import OperationTable
from amu.ledger.shards import Shard, ShardTable

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable

    from amu.core.types import Array, Item
    from amu.ledger.jobs import Job
    from amu.ledger.leases import Lease

OK = "ok"
REFUSED = "refused"


class Tables:
    """All that the ledger holds besides the number of the last applied slot."""

    def __init__(self, replica_count: int) -> None:
        self.shards = ShardTable()
        self.leases = LeaseTable()
        self.jobs = JobTable(replica_count)
        self.operations = OperationTable()


def ok(*values: "Item") -> "Array":
    return [OK] + list(values)


def refused(reason: str) -> "Array":
    return [REFUSED, reason]


def granted(lease: "Lease") -> "Array":
    """What the holder of a lease has to know: its token, and the first slot in which the lease no longer holds."""
    return ok(lease.token, lease.expires_slot)


def noop(tables: Tables, now: int) -> "Array":
    """Lets ledger time pass."""
    return ok()


def shard_create(tables: Tables, now: int, number: int, start: bytes, end: bytes) -> "Array":
    """A new open shard [start, end) whose work has not begun."""
    if not cursors.is_before_end(start, end):
        return refused("range is empty")
    if tables.shards.find(number) is not None:
        return refused("shard number is taken")
    if tables.shards.overlaps_open(start, end):
        return refused("range overlaps an open shard")
    if not tables.shards.has_room():
        return refused("no room for another shard")
    tables.shards.add(Shard(number, start, end))
    return ok()


def lease_acquire(tables: Tables, now: int, resource: str, holder: int, slots: int) -> "Array":
    """Grant `resource` to `holder` for `slots` slots, this one included. Not even its holder may acquire it twice."""
    shard = commands.shard_of(resource)
    if shard is not None and not tables.shards.is_open(shard):
        return refused("no such open shard")
    if tables.leases.live(resource, now) is not None:
        return refused("resource is held")
    if not tables.leases.has_room(now):
        return refused("no room for another lease")
    return granted(tables.leases.grant(resource, holder, now + slots, now))


def lease_renew(tables: Tables, now: int, resource: str, holder: int, token: int, slots: int) -> "Array":
    """Extend a live lease. It never gets shorter, so a renewal that overtakes a later one does no harm."""
    lease, reason = _held(tables, now, resource, token)
    if lease is None:
        return refused(reason)
    if lease.holder != holder:
        return refused("not the holder")
    lease.expires_slot = max(lease.expires_slot, now + slots)
    return granted(lease)


def lease_release(tables: Tables, now: int, resource: str, holder: int, token: int) -> "Array":
    """Give a live lease back before it expires."""
    lease, reason = _held(tables, now, resource, token)
    if lease is None:
        return refused(reason)
    if lease.holder != holder:
        return refused("not the holder")
    tables.leases.release(resource)
    return ok()


def cursor_advance(tables: Tables, now: int, number: int, token: int, last_key: bytes | None, opaque: bytes) -> "Array":
    """Record that the shard is done up to and including `last_key`."""
    shard, _, reason = _working(tables, now, number, token)
    if shard is None:
        return refused(reason)
    refusal = cursors.refusal(shard, last_key)
    if refusal is not None:
        return refused(refusal)
    shard.last_key = last_key
    shard.opaque = opaque
    return ok()


def shard_split(tables: Tables, now: int, number: int, token: int, at_key: bytes, new_number: int) -> "Array":
    """The new shard takes [at_key, end). No done work changes shard: the cursor must not have reached `at_key`."""
    shard, lease, reason = _working(tables, now, number, token)
    if shard is None:
        return refused(reason)
    if at_key <= shard.start or not cursors.is_before_end(at_key, shard.end):
        return refused("split point is not inside the shard")
    if shard.last_key is not cursors.START and at_key <= shard.last_key:
        return refused("split point is done already")
    if tables.shards.find(new_number) is not None:
        return refused("shard number is taken")
    if not tables.shards.has_room():
        return refused("no room for another shard")
    if not tables.leases.has_room(now):
        return refused("no room for another lease")
    new = Shard(new_number, at_key, shard.end)
    shard.end = at_key
    tables.shards.add(new)
    return granted(tables.leases.grant(commands.resource_of(new_number), lease.holder, lease.expires_slot, now))


def shard_handover(tables: Tables, now: int, number: int, token: int, to_holder: int) -> "Array":
    """Pass the lease on with a fresh token and the same expiry: from now on the old token moves nothing."""
    shard, lease, reason = _working(tables, now, number, token)
    if shard is None:
        return refused(reason)
    tables.leases.release(lease.resource)
    return granted(tables.leases.grant(lease.resource, to_holder, lease.expires_slot, now))


def shard_complete(tables: Tables, now: int, number: int, token: int) -> "Array":
    """The end of the shard's work, and of the lease on it."""
    shard, lease, reason = _working(tables, now, number, token)
    if shard is None:
        return refused(reason)
    shard.is_complete = True
    tables.leases.release(lease.resource)
    return ok()


def job_open(tables: Tables, now: int, payload: bytes, slots: int) -> "Array":
    """A new job under a fresh number, for `slots` slots, this one included."""
    if not tables.jobs.has_room():
        return refused("no room for another job")
    job = tables.jobs.open(payload, now + slots)
    return ok(job.number, job.deadline_slot)


def job_result(tables: Tables, now: int, number: int, worker: int, digest: bytes) -> "Array":
    """Count the digest that `worker` computed. The requester vouches for the worker: specs/decisions/jobs.md."""
    if worker >= tables.jobs.workers:
        return refused("no such worker")
    job, reason = _running(tables, now, number)
    if job is None:
        return refused(reason)
    if job.reports[worker] is not None:
        return refused("worker has reported")
    job.report(worker, digest, tables.jobs.needed)
    return ok(job.status)


def job_cancel(tables: Tables, now: int, number: int) -> "Array":
    """Withdraw a job before its deadline."""
    job, reason = _running(tables, now, number)
    if job is None:
        return refused(reason)
    job.end(CANCELLED)
    return ok(CANCELLED)


def job_expire(tables: Tables, now: int, number: int) -> "Array":
    """End a job whose deadline ledger time has reached."""
    job, reason = _open(tables, number)
    if job is None:
        return refused(reason)
    if not job.is_overdue(now):
        return refused("job is before its deadline")
    job.end(EXPIRED)
    return ok(EXPIRED)


def _open(tables: Tables, number: int) -> "tuple[Job | None, str]":
    """(job, "") if it has not ended, else (None, reason)."""
    job = tables.jobs.find(number)
    if job is None:
        return None, "no such job"
    if job.status != OPEN:
        return None, "job is " + job.status
    return job, ""


def _running(tables: Tables, now: int, number: int) -> "tuple[Job | None, str]":
    """(open job before its deadline, ""), or (None, reason)."""
    job, reason = _open(tables, number)
    if job is not None and not job.is_running(now):
        return None, "job is past its deadline"
    return job, reason


def _held(tables: Tables, now: int, resource: str, token: int) -> "tuple[Lease | None, str]":
    """(lease, "") if `token` is that of the live lease on `resource`, else (None, reason)."""
    lease = tables.leases.live(resource, now)
    if lease is None:
        return None, "no live lease"
    if lease.token != token:
        return None, "token is not the lease's"
    return lease, ""


def _working(tables: Tables, now: int, number: int, token: int) -> "tuple[Shard | None, Lease, str]":
    """(open shard, its live lease, "") if `token` is that lease's, else (None, None, reason)."""
    if not tables.shards.is_open(number):
        return None, None, "no such open shard"  # type: ignore[return-value]
    lease, reason = _held(tables, now, commands.resource_of(number), token)
    if lease is None:
        return None, None, reason  # type: ignore[return-value]
    return tables.shards.find(number), lease, ""


# Looked up only, never iterated.
TRANSITIONS: "dict[str, Callable[..., Array]]" = {
    "noop": noop,
    "shard-create": shard_create,
    "lease-acquire": lease_acquire,
    "lease-renew": lease_renew,
    "lease-release": lease_release,
    "cursor-advance": cursor_advance,
    "shard-split": shard_split,
    "shard-handover": shard_handover,
    "shard-complete": shard_complete,
    "job-open": job_open,
    "job-result": job_result,
    "job-cancel": job_cancel,
    "job-expire": job_expire,
}
