"""What the ledger may answer about one job, as a sequential specification.

As `ledger_rules`, for jobs: the state is the job of one number. An ended job may have made room for others at any time
since, which its number alone cannot tell: from then on there is no such job.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from amu.core import limits

OPEN, ACCEPTED, DISPUTED, CANCELLED, EXPIRED = "open", "accepted", "disputed", "cancelled", "expired"
ABSENT = "absent"  # not opened yet, or gone


@dataclass(frozen=True)
class Job:
    """reports: (worker, digest), in order of worker."""

    status: str = ABSENT
    deadline_slot: int = 0
    reports: tuple[tuple[int, bytes], ...] = ()


Outcome = tuple[list[Any], Job]
Outcomes = Iterator[Outcome]


def job_open(job: Job, slot: int, told: list[Any] | None, workers: int, payload: bytes, slots: int) -> Outcomes:
    """A new job, under a number that only the answer tells."""
    if job == Job():
        yield ["ok", told[1] if told else None, slot + slots], Job(OPEN, slot + slots)


def job_result(
    job: Job, slot: int, told: list[Any] | None, workers: int, number: int, worker: int, digest: bytes
) -> Outcomes:
    """The report of one worker, who has one."""
    if worker >= workers:
        yield ["refused", "no such worker"], job
    elif not _is_running(job, slot):
        yield from _refusals(job)
    elif any(worker == other for other, _ in job.reports):
        yield ["refused", "worker has reported"], job
    else:
        reports = tuple(sorted([*job.reports, (worker, digest)]))
        status = _judged([digest for _, digest in reports], workers)
        yield ["ok", status], replace(job, status=status, reports=reports)


def job_cancel(job: Job, slot: int, told: list[Any] | None, workers: int, number: int) -> Outcomes:
    """Taken back before the deadline."""
    if _is_running(job, slot):
        yield ["ok", CANCELLED], replace(job, status=CANCELLED)
    else:
        yield from _refusals(job)


def job_expire(job: Job, slot: int, told: list[Any] | None, workers: int, number: int) -> Outcomes:
    """Ended from the deadline on."""
    if job.status != OPEN:
        yield from _refusals(job)
    elif slot < job.deadline_slot:
        yield ["refused", "job is before its deadline"], job
    else:
        yield ["ok", EXPIRED], replace(job, status=EXPIRED)


def _is_running(job: Job, slot: int) -> bool:
    return job.status == OPEN and slot < job.deadline_slot


def _refusals(job: Job) -> Outcomes:
    """What is said of a job that does not run."""
    if job.status == OPEN:
        yield ["refused", "job is past its deadline"], job
        return
    if job.status != ABSENT:
        yield ["refused", f"job is {job.status}"], job
    yield ["refused", "no such job"], job if job == Job() else replace(job, status=ABSENT)


def _judged(digests: list[bytes], workers: int) -> str:
    """By the definition: f + 1 equal digests accept; a job that cannot come to that any more is disputed."""
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
