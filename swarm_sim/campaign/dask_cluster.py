"""A campaign on a Dask cluster: the scheduler distributes seeds, Dask workers keep worker processes as `jobs` does.

    coordinator --Client--> scheduler --> Dask worker, for each of its threads: Keeper --> worker process

Theory. Dask runs a function at least once: when a Dask worker dies, its seeds go to another. Outcomes are functions of
the seed, and the store counts a seed once, so at least once is enough. Each Dask worker keeps our worker processes, so
the same keeper as on one machine handles a seed that kills or hangs its process, without harm to the cluster. A Dask
worker with as many threads as cores keeps all of them busy.

Rules. At most four seeds per thread are in flight. Dask gives up a task when several of its workers died
(`KilledWorker`), even if the task was only waiting there: a seed runs in its own process and cannot kill a Dask worker.
So the seed is sent again, at most ATTEMPTS_MAX times, and then reported as unanswered, never as failed. Each worker
process compares its code with the campaign's. If all Dask workers are gone, the campaign waits for new ones. Needs the
extra `cluster`, here and on the workers.

Source: https://distributed.dask.org/en/stable/resilience.html
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from swarm_sim.campaign.keeper import Keeper, WorkerError
from swarm_sim.campaign.task import Finished, Task
from swarm_sim.outcome import unanswered

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS_MAX = 30
ATTEMPTS_MAX = 8  # per seed; each ends with the death of several Dask workers
SEEDS_PER_THREAD = 4  # one runs, the others are in transit: the round trip takes some 50 ms

# In a Dask worker: idle keepers.
_idle: list[Keeper] = []
_idle_lock = threading.Lock()


def run(task: Task, seeds: Iterable[int], address: str) -> Generator[Finished, None, None]:
    """Runs `seeds` on the cluster whose scheduler is at `address`. Yields results in order of completion.

    Raises WorkerError if there is no cluster, if it is lost, or if its workers cannot run the task.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise WorkerError(f"--cluster needs Dask ({error}): pip install 'amu-swarm[cluster]'") from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS_MAX)
    except (OSError, ValueError) as error:
        raise WorkerError(
            f"no cluster at {address}: {error or 'no answer'}; start one with `dask scheduler`"
        ) from error
    try:
        yield from _Coordinator(client, task).run(iter(seeds))
    except (OSError, CancelledError) as error:
        raise WorkerError(f"the cluster at {address} is lost: {error}") from error
    finally:
        if client.status == "running":
            client.run(release, on_error="ignore")
        client.close()


class _Coordinator:
    """The seeds in flight on a cluster, by future."""

    def __init__(self, client: Client, task: Task) -> None:
        self._client = client
        self._task = task
        self._under_way: dict[Future[Finished], tuple[int, int]] = {}  # seed, attempt

    def run(self, seeds: Iterator[int]) -> Iterator[Finished]:
        while True:
            room = self._threads() * SEEDS_PER_THREAD - len(self._under_way)
            for _, seed in zip(range(room), seeds):
                self._send(seed, attempt=1)
            if not self._under_way:
                return
            for future in self._ended():
                finished = self._taken(future)
                if finished is not None:
                    yield finished

    def _threads(self) -> int:
        """The number of threads of the current Dask workers, which may join and leave."""
        threads: int = sum(self._client.nthreads().values())
        if not threads and not self._under_way:
            raise WorkerError("the cluster has no worker: start some with `dask worker`")
        return threads

    def _send(self, seed: int, attempt: int) -> None:
        key = f"seed-{seed}-{attempt}-{self._client.id}"
        future = self._client.submit(run_here, self._task, seed, key=key, pure=False)
        self._under_way[future] = (seed, attempt)

    def _ended(self) -> list[Future[Finished]]:
        from distributed import wait

        done = wait(list(self._under_way), return_when="FIRST_COMPLETED").done
        # "lost": it had ended, but the only worker with the result died. Dask runs it again.
        return [future for future in done if future.status != "lost"]

    def _taken(self, future: Future[Finished]) -> Finished | None:
        """The result of a future. None if its seed was sent again."""
        from distributed import KilledWorker

        seed, attempt = self._under_way.pop(future)
        try:
            return future.result()
        except KilledWorker:
            if attempt < ATTEMPTS_MAX:
                self._send(seed, attempt + 1)
                return None
        except Exception as error:  # an error of the cluster or its code, never of a seed
            raise WorkerError(f"on the cluster: {type(error).__name__}: {error}") from error
        return Finished(unanswered(seed, "Dask workers died", f"{ATTEMPTS_MAX} times"), 0.0)


def run_here(task: Task, seed: int) -> Finished:
    """In a Dask worker: run the seed in a worker process, which is kept for the next seed."""
    keeper = _taken_from_idle(task) or Keeper(task)
    try:
        return keeper.run(seed)
    finally:
        with _idle_lock:
            _idle.append(keeper)


def _taken_from_idle(task: Task) -> Keeper | None:
    """An idle keeper of this task, or None. Closes those of other tasks."""
    with _idle_lock:
        others = [keeper for keeper in _idle if keeper.task != task]
        own = [keeper for keeper in _idle if keeper.task == task]
        _idle[:] = own[1:]
    for keeper in others:
        keeper.close()
    return own[0] if own else None


def release() -> None:
    """In a Dask worker: end the idle worker processes."""
    with _idle_lock:
        keepers = _idle[:]
        _idle.clear()
    for keeper in keepers:
        keeper.close()
