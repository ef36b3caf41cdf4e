"""Works off numbered jobs in forked processes, one for each processor.

Rules. Results come in the order of the jobs. No process outlives this one by more than the job at hand.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from specs.verification.jobs import cores

Result = TypeVar("Result")

_fork = get_context("fork")


class WorkerLost(Exception):
    """A process was killed before its job was done."""


def results(work: Callable[[int], Result], jobs: int) -> Generator[Result, None, None]:
    """`work(0)`, `work(1)`, ... up to `jobs`. Raises WorkerLost, and what `work` raises."""
    taken = _fork.Value("i", 0)
    workers = [_start(work, jobs, taken) for _ in range(min(jobs, cores()))]
    try:
        yield from _ordered([ours for ours, _ in workers])
    finally:
        for _, process in workers:
            process.terminate()
            process.join()


def _start(work: Callable[[int], Any], jobs: int, taken: Any) -> tuple[Connection, Any]:
    ours, theirs = _fork.Pipe(duplex=False)
    process = _fork.Process(target=_run, args=(work, jobs, taken, theirs, os.getpid()), daemon=True)
    process.start()
    theirs.close()  # so that its end is seen
    return ours, process


def _run(work: Callable[[int], Any], jobs: int, taken: Any, told: Connection, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # solvers do not let Python see it
    while os.getppid() == parent:
        with taken:
            at, taken.value = taken.value, taken.value + 1
        if at >= jobs:
            told.send(None)
            return
        try:
            told.send((at, work(at), None))
        except Exception as error:
            told.send((at, None, error))


def _ordered(waiting: list[Connection]) -> Iterator[Any]:
    early: dict[int, Any] = {}
    due = 0
    while waiting:
        for one in connection.wait(waiting):
            assert isinstance(one, Connection)
            try:
                said = one.recv()
            except EOFError:
                raise WorkerLost from None
            if said is None:
                waiting.remove(one)
                continue
            at, result, error = said
            if error is not None:
                raise error
            early[at] = result
            while due in early:
                yield early.pop(due)
                due += 1
