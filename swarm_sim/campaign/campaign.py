"""The loop of a campaign: seeds that the store lacks, finished by a crew, into the store.

A crew is whatever finishes seeds: `jobs.run` on this machine, `cluster.run` on a Dask cluster, each bound to its last
argument. It may end seeds in any order.

Rules. An outcome is stored before anyone hears of it: what was shown is kept. Whatever ends the loop early - Ctrl-C, a
full disk, a lost cluster - leaves the store as it is, and the next call goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import Protocol

from swarm_sim.campaign.store import Store, missing
from swarm_sim.campaign.task import Finished, Task

Crew = Callable[[Task, Iterable[int]], Generator[Finished, None, None]]


class Watcher(Protocol):
    """Who is told of a campaign's progress."""

    def began(self, wanted: int, stored: int) -> None:
        """`stored` of `wanted` seeds have an outcome already."""

    def finished(self, finished: Finished, is_new: bool) -> None:
        """One more; `is_new` is False if another campaign had stored this seed meanwhile."""


def run(task: Task, seeds: range, store: Store, crew: Crew, watcher: Watcher) -> None:
    """Give every one of `seeds` an outcome in `store`.

    Raises StoreError if the store is another campaign's or cannot be written, WorkerError if nothing can run the task.
    """
    store.identify(task)
    watcher.began(len(seeds), len(store.stored(seeds)))
    with closing(crew(task, missing(store, seeds))) as finished:
        for one in finished:
            watcher.finished(one, store.put(one))
