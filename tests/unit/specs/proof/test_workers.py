"""Jobs in other processes: all results in order; failures and killed processes become errors."""

import os
import signal
import time

import pytest

from specs.proof import workers


def test_results_come_in_order_from_other_processes() -> None:
    def work(at: int) -> tuple[int, int]:
        time.sleep(0.05 if at == 0 else 0)
        return at, os.getpid()

    found = list(workers.results(work, 9))
    assert [at for at, _ in found] == list(range(9))
    assert os.getpid() not in {process for _, process in found}


def test_no_jobs_have_no_results() -> None:
    assert list(workers.results(str, 0)) == []


def test_an_error_of_a_job_is_raised() -> None:
    def work(at: int) -> int:
        if at == 2:
            raise ValueError("the third")
        return at

    with pytest.raises(ValueError, match="the third"):
        list(workers.results(work, 5))


def test_a_killed_process_is_an_error() -> None:
    def work(at: int) -> int:
        if at == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return at

    with pytest.raises(workers.WorkerLost):
        list(workers.results(work, 3))


def test_processes_end_with_the_reader() -> None:
    found = workers.results(lambda at: os.getpid(), 1000)
    process = next(found)
    found.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
