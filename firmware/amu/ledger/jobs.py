"""Jobs: a computation that several workers do on their own, believed when f + 1 of them report the same digest.

A worker is a replica's board, known by its replica number. Of n = 3f + 1 boards at most f are faulty, so among f + 1
that report one digest at least one is correct and has computed it (Castro and Liskov, OSDI 1999, section 4.1: a client
waits for f + 1 equal replies; volunteer computing calls the same a quorum of replicated results: Anderson, GRID 2004).
The correct ones agree only if the job is deterministic: equal input, equal digest.

Each job ends once, by an operation whose result says how. No end but *accepted* is a statement about workers:

    accepted    f + 1 workers have reported one digest
    disputed    no digest can reach f + 1 any more, whatever the silent workers still report; with at most f faulty
                workers this means that the job is not deterministic
    cancelled   an operator withdrew it
    expired     ledger time had reached the deadline when a client asked; this does not mean that a worker has failed

Rules: numbers come from one counter that only grows, so that a late report never meets another job under its number. A
worker reports once. Nothing counts from the deadline on. An ended job keeps its place as a record until the place is
needed; the lowest-numbered one then makes room. A job that has not ended never does.
"""

import hashlib

from amu.core import limits
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Array

FIRST_NUMBER = 1

OPEN = "open"
ACCEPTED = "accepted"
DISPUTED = "disputed"
CANCELLED = "cancelled"
EXPIRED = "expired"
STATUSES = (OPEN, ACCEPTED, DISPUTED, CANCELLED, EXPIRED)


class Job:
    """One row. `payload` is the digest of what to compute: program and input.

    `digests`: those reported so far, each once, in the order of their first report. `reports`: one entry per worker,
    the index of its digest in `digests`, or None.
    """

    def __init__(
        self,
        number: int,
        payload: bytes,
        deadline_slot: int,
        status: str,
        digests: list[bytes],
        reports: list[int | None],
    ) -> None:
        self.number = number
        self.payload = payload
        self.deadline_slot = deadline_slot
        self.status = status
        self.digests = digests
        self.reports = reports
        self._digest: bytes | None = None

    def row(self) -> "Array":
        """CBOR item of the row, in the order of the constructor's arguments."""
        return [self.number, self.payload, self.deadline_slot, self.status, self.digests, self.reports]

    def digest(self) -> bytes:
        """SHA-256 of the row. Kept, because only jobs that were touched in a slot have to be hashed again."""
        if self._digest is None:
            self._digest = hashlib.sha256(cbor.encode(self.row())).digest()
        return self._digest

    def is_running(self, now: int) -> bool:
        """Whether a report would count in slot `now`."""
        return self.status == OPEN and now < self.deadline_slot

    def is_overdue(self, now: int) -> bool:
        """Whether ledger time has reached the deadline and nobody has ended the job."""
        return self.status == OPEN and now >= self.deadline_slot

    def report(self, worker: int, digest: bytes, needed: int) -> None:
        """Count the report of a worker that has not reported yet; the job ends if that decides it."""
        assert self.reports[worker] is None, "worker reports once"
        if digest not in self.digests:
            self.digests.append(digest)
        self.reports[worker] = self.digests.index(digest)
        self.status = self.judged(needed)
        self._digest = None

    def end(self, status: str) -> None:
        """The end that an operator asked for: CANCELLED or EXPIRED."""
        assert self.status == OPEN, "a job ends once"
        self.status = status
        self._digest = None

    def judged(self, needed: int) -> str:
        """ACCEPTED, DISPUTED or OPEN, by the reports alone. `needed` equal ones make a digest the result."""
        counts = [0] * len(self.digests)
        silent = 0
        for index in self.reports:
            if index is None:
                silent += 1
            else:
                counts[index] += 1
        most = max(counts) if counts else 0
        if most >= needed:
            return ACCEPTED
        return OPEN if most + silent >= needed else DISPUTED


class JobTable:
    """At most JOBS_MAX jobs, sorted by number, and the counter of their numbers."""

    def __init__(self, replica_count: int) -> None:
        self.rows: list[Job] = []  # at most JOBS_MAX
        self.next_number = FIRST_NUMBER
        self.workers = replica_count
        self.needed = limits.blocking_size(replica_count)

    def find(self, number: int) -> Job | None:
        """The job with that number, or None."""
        for job in self.rows:
            if job.number == number:
                return job
        return None

    def has_room(self) -> bool:
        """Whether one more job fits, if need be in the place of one that has ended."""
        return len(self.rows) < limits.JOBS_MAX or self._first_ended() is not None

    def open(self, payload: bytes, deadline_slot: int) -> Job:
        """A new job under a fresh number. Only when `has_room()`."""
        if len(self.rows) == limits.JOBS_MAX:
            del self.rows[self._first_ended()]  # type: ignore[arg-type]
        number = self.next_number
        assert number <= limits.JOB_NUMBER_MAX, "job numbers"
        self.next_number = number + 1
        job = Job(number, payload, deadline_slot, OPEN, [], [None] * self.workers)
        self.rows.append(job)  # the largest number so far
        return job

    def _first_ended(self) -> int | None:
        for i in range(len(self.rows)):
            if self.rows[i].status != OPEN:
                return i
        return None
