"""Runs the model checker's jobs in parallel within the machine's cores, the longest first.

A job takes as many cores as it has workers. The longest starts first: a long run that started last would leave the
other cores idle.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Job(Generic[T]):
    """`weight` in cores. `seconds` is an estimate that orders jobs."""

    call: Callable[[], T]
    weight: int = 1
    seconds: float = 0.0


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(jobs: Sequence[Job[T]], capacity: int) -> Iterator[T]:
    """Yields results in order of completion. A job heavier than `capacity` runs alone."""
    waiting = sorted(jobs, key=lambda job: -job.seconds)
    running: dict[Future[T], int] = {}
    with ThreadPoolExecutor(max(1, capacity)) as pool:
        while waiting or running:
            free = capacity - sum(running.values())
            for job in list(waiting):
                weight = min(job.weight, capacity)
                if weight <= free:
                    waiting.remove(job)
                    running[pool.submit(job.call)] = weight
                    free -= weight
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                del running[future]
                yield future.result()
