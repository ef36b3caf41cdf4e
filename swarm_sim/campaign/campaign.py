"""The loop of a campaign: a crew runs the seeds that the store lacks, and the loop stores their outcomes.

A crew runs seeds: `jobs.run` on this machine, `dask_cluster.run` on a Dask cluster, each with its last argument bound.
It may finish seeds in any order.

Rules. An outcome is stored before it is displayed. If the loop ends early (Ctrl-C, a full disk, a lost cluster), the
store stays valid, and the next call continues from there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import Protocol

from swarm_sim.campaign.store import Store, missing
from swarm_sim.campaign.task import Finished, Task

Crew = Callable[[Task, Iterable[int]], Generator[Finished, None, None]]


class Watcher(Protocol):
    """Callbacks for a campaign's progress."""

    def began(self, wanted: int, stored: int) -> None:
        """`stored` of `wanted` seeds already have an outcome."""

    def finished(self, finished: Finished, is_new: bool) -> None:
        """One more seed. `is_new` is False if another campaign has stored it meanwhile."""


def run(task: Task, seeds: range, store: Store, crew: Crew, watcher: Watcher) -> None:
    """Give every one of `seeds` an outcome in `store`.

    Raises StoreError if the store is another campaign's or cannot be written, WorkerError if nothing can run the task.
    """
    store.identify(task)
    watcher.began(len(seeds), len(store.stored(seeds)))
    with closing(crew(task, missing(store, seeds))) as finished:
        for one in finished:
            watcher.finished(one, store.put(one))
