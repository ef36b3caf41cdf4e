import gc

from expect import refused
from ledger_desk import Desk, tables

from amu.core import limits
from amu.core.chunks import split
from amu.core.errors import CodecError
from amu.ledger.state import Ledger
from amu.wire import cbor

if hasattr(gc, "threshold"):
    gc.threshold(16384)  # as a board does: collect before the heap is in pieces

PAYLOAD = bytes(32)
RIGHT = bytes([1] * 32)
WRONG = bytes([2] * 32)


def _job(desk, number):
    for row in tables(desk.ledger)[4]:
        if row[0] == number:
            return row
    return None


def _with_job(slots=50):
    """A desk with job 1."""
    desk = Desk()
    assert desk.do("job-open", PAYLOAD, slots) == ["ok", 1, 1 + slots]
    return desk


def test_a_job_is_accepted_on_equal_digests_of_one_more_than_may_be_faulty():
    desk = _with_job()
    assert desk.do("job-result", 1, 3, WRONG) == ["ok", "open"]
    assert desk.do("job-result", 1, 0, RIGHT) == ["ok", "open"]
    assert _job(desk, 1) == [1, PAYLOAD, 51, "open", [WRONG, RIGHT], [1, None, None, 0]]
    assert desk.do("job-result", 1, 2, RIGHT) == ["ok", "accepted"]
    assert _job(desk, 1) == [1, PAYLOAD, 51, "accepted", [WRONG, RIGHT], [1, None, 1, 0]]
    desk.refused("job is accepted", "job-result", 1, 1, RIGHT)
    desk.refused("job is accepted", "job-cancel", 1)
    desk.refused("job is accepted", "job-expire", 1)


def test_a_larger_swarm_needs_more_equal_digests():
    ledger = Ledger(7)
    ledger.apply(1, [[1, 0, ["job-open", PAYLOAD, 50]]])
    results = ledger.apply(2, [[1, 1 + w, ["job-result", 1, w, RIGHT]] for w in (6, 0, 4)])
    assert results == [["ok", "open"], ["ok", "open"], ["ok", "accepted"]]
    assert ledger.apply(3, [[1, 9, ["job-result", 1, 7, RIGHT]]]) == [["refused", "no such worker"]]
    assert Ledger.restore(ledger.encoded(), 7).digest() == ledger.digest()
    refused(CodecError, "job reports", Ledger.restore, ledger.encoded())  # of a swarm of another size


def test_a_worker_reports_once():
    desk = _with_job()
    assert desk.do("job-result", 1, 3, WRONG) == ["ok", "open"]
    desk.refused("worker has reported", "job-result", 1, 3, WRONG)
    desk.refused("worker has reported", "job-result", 1, 3, RIGHT)
    desk.refused("no such worker", "job-result", 1, 4, WRONG)
    desk.refused("no such job", "job-result", 2, 0, WRONG)
    assert desk.do("job-result", 1, 0, RIGHT) == ["ok", "open"]  # one liar's report has counted once


def test_a_job_is_disputed_when_no_digest_can_win_any_more():
    desk = _with_job()
    for worker in range(3):
        assert desk.do("job-result", 1, worker, bytes([worker] * 32)) == ["ok", "open"]
    assert desk.do("job-result", 1, 3, bytes([3] * 32)) == ["ok", "disputed"]
    desk.refused("job is disputed", "job-cancel", 1)


def test_nothing_counts_from_the_deadline_on_and_a_client_learns_it():
    desk = _with_job(3)  # runs in slots 1 to 3
    assert desk.do("job-result", 1, 0, RIGHT) == ["ok", "open"]
    desk.refused("job is before its deadline", "job-expire", 1)
    desk.refused("job is past its deadline", "job-result", 1, 1, RIGHT)  # slot 4
    desk.refused("job is past its deadline", "job-cancel", 1)
    assert _job(desk, 1)[3] == "open"  # until a client asks
    assert desk.do("job-expire", 1) == ["ok", "expired"]
    desk.refused("job is expired", "job-result", 1, 1, RIGHT)
    desk.refused("job is expired", "job-expire", 1)


def test_a_job_can_be_taken_back():
    desk = _with_job()
    assert desk.do("job-cancel", 1) == ["ok", "cancelled"]
    desk.refused("job is cancelled", "job-result", 1, 1, RIGHT)
    desk.refused("job is cancelled", "job-cancel", 1)


def test_a_full_job_table_gives_up_ended_jobs_only():
    desk = Desk()
    for number in range(1, limits.JOBS_MAX + 1):
        assert desk.do("job-open", PAYLOAD, 2)[1] == number
    desk.wait(2)
    desk.refused("no room for another job", "job-open", PAYLOAD, 2)  # overdue, but no client has learned it
    assert desk.do("job-expire", 5) == ["ok", "expired"]
    assert desk.do("job-expire", 3) == ["ok", "expired"]
    assert desk.do("job-open", PAYLOAD, 2)[1] == limits.JOBS_MAX + 1  # numbers never repeat
    assert _job(desk, 3) is None
    assert _job(desk, 5)[3] == "expired"
    desk.refused("no such job", "job-result", 3, 0, RIGHT)


def _changed(row, place, item):
    row = list(row)
    row[place] = item
    return row


def test_restore_refuses_jobs_that_no_ledger_wrote():
    job = [1, PAYLOAD, 20, "open", [RIGHT], [0, None, None, None]]
    accepted = [1, PAYLOAD, 20, "accepted", [RIGHT], [0, None, 0, None]]
    for state in (job, accepted, [1, PAYLOAD, 9, "expired", [], [None] * 4], _changed(job, 3, "cancelled")):
        good = cbor.encode([9, 1, [], [], 2, [state], []])
        assert Ledger.restore(good).encoded() == split(good)
    for part, next_job, bad in (
        ("next job", 0, []),
        ("jobs", 99, [[i + 1, PAYLOAD, 20, "open", [], [None] * 4] for i in range(limits.JOBS_MAX + 1)]),
        ("job number", 1, [job]),
        ("job number", 9, [job, job]),
        ("job number", 9, [_changed(job, 0, 0)]),
        ("job payload", 9, [_changed(job, 1, b"short")]),
        ("job deadline", 9, [_changed(job, 2, -1)]),
        ("job status", 9, [_changed(job, 3, "lost")]),
        ("job status", 9, [_changed(job, 3, 0)]),
        ("job status", 9, [_changed(job, 3, "expired")]),  # ledger time is 9
        ("job status", 9, [_changed(job, 3, "accepted")]),
        ("job status", 9, [_changed(accepted, 3, "open")]),
        ("job status", 9, [_changed(accepted, 3, "cancelled")]),
        ("job digests", 9, [[1, PAYLOAD, 20, "open", None, [None] * 4]]),
        ("job reports", 9, [[1, PAYLOAD, 20, "open", [], [None] * 5]]),
        ("job report", 9, [[1, PAYLOAD, 20, "open", [], [0, None, None, None]]]),
        ("job report", 9, [[1, PAYLOAD, 20, "open", [RIGHT], [False, None, None, None]]]),
        ("job digest", 9, [[1, PAYLOAD, 20, "open", [RIGHT], [None] * 4]]),
        ("job digest", 9, [[1, PAYLOAD, 20, "open", [RIGHT, RIGHT], [0, 1, None, None]]]),
        ("job digest", 9, [[1, PAYLOAD, 20, "open", [b"short"], [0, None, None, None]]]),
    ):
        refused(CodecError, part, Ledger.restore, cbor.encode([9, 1, [], [], next_job, bad, []]))
