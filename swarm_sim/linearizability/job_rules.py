"""The ledger's possible answers about one job: a sequential specification.

Like `ledger_rules`, for jobs. The state is the job with one number; its deadline is in a span of slots. An ended job
may have been removed at any later time to make room for others, which the operations on this number do not show: after
that there is no such job.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from amu.core import limits
from amu.core.types import Array
from swarm_sim.linearizability.ledger_rules import Reply, Span

OPEN, ACCEPTED, DISPUTED, CANCELLED, EXPIRED = "open", "accepted", "disputed", "cancelled", "expired"
ABSENT = "absent"  # not opened yet, or removed
NEVER: Span = (0, 0)


@dataclass(frozen=True)
class Job:
    """reports: (worker, digest), in order of worker."""

    status: str = ABSENT
    deadline: Span = NEVER
    reports: tuple[tuple[int, bytes], ...] = ()


Outcome = tuple[Array, Job]
Outcomes = Iterator[Outcome]


def job_open(job: Job, slots: Span, reply: Reply, workers: int, payload: bytes, length: int) -> Outcomes:
    """Opens a job, whose number only the answer gives."""
    if job == Job():
        deadline = slots[0] + length, slots[1] + length
        yield ["ok", reply[1] if reply else None, deadline[0]], Job(OPEN, deadline)


def job_result(job: Job, slots: Span, reply: Reply, workers: int, number: int, worker: int, digest: bytes) -> Outcomes:
    """The report of one worker, which may report once."""
    if worker >= workers:
        yield ["refused", "no such worker"], job
        return
    for after, is_running in _with_status(job, slots):
        if not is_running:
            yield from _refusals(after)
        elif any(worker == other for other, _ in job.reports):
            yield ["refused", "worker has reported"], after
        else:
            reports = tuple(sorted([*job.reports, (worker, digest)]))
            status = _judged([reported for _, reported in reports], workers)
            yield ["ok", status], replace(after, status=status, reports=reports)


def job_cancel(job: Job, slots: Span, reply: Reply, workers: int, number: int) -> Outcomes:
    """Cancels a job before its deadline."""
    for after, is_running in _with_status(job, slots):
        if is_running:
            yield ["ok", CANCELLED], replace(after, status=CANCELLED)
        else:
            yield from _refusals(after)


def job_expire(job: Job, slots: Span, reply: Reply, workers: int, number: int) -> Outcomes:
    """Ends a job, at or after its deadline."""
    for after, is_running in _with_status(job, slots):
        if is_running:
            yield ["refused", "job is before its deadline"], after
        elif job.status == OPEN:
            yield ["ok", EXPIRED], replace(after, status=EXPIRED)
        else:
            yield from _refusals(after)


def _with_status(job: Job, slots: Span) -> Iterator[tuple[Job, bool]]:
    """(job, whether it runs): both answers if the spans allow both. Each answer narrows the deadline."""
    if job.status != OPEN:
        yield job, False
        return
    first, last = job.deadline
    if slots[0] < last:
        yield replace(job, deadline=(max(first, slots[0] + 1), last)), True
    if slots[1] >= first:
        yield replace(job, deadline=(first, min(last, slots[1]))), False


def _refusals(job: Job) -> Outcomes:
    """The refusals for a job that does not run."""
    if job.status == OPEN:
        yield ["refused", "job is past its deadline"], job
        return
    if job.status != ABSENT:
        yield ["refused", f"job is {job.status}"], job
    yield ["refused", "no such job"], job if job == Job() else replace(job, status=ABSENT)


def _judged(digests: list[bytes], workers: int) -> str:
    """By the definition: f + 1 equal digests accept a job; one that can no longer reach them is disputed."""
    most = max(digests.count(digest) for digest in digests)
    needed = limits.faults_max(workers) + 1
    if most >= needed:
        return ACCEPTED
    return OPEN if most + workers - len(digests) >= needed else DISPUTED


RULES: dict[str, Callable[..., Outcomes]] = {
    "job-open": job_open,
    "job-result": job_result,
    "job-cancel": job_cancel,
    "job-expire": job_expire,
}
