"""A campaign on this machine: one worker per job, each with a keeper and a thread that waits for it.

Rules. At most one seed per job is in flight, so memory does not grow with the campaign. Seeds finish in any order.
Closing the generator ends every worker.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from queue import SimpleQueue

from swarm_sim.campaign.keeper import Keeper, StoppedError
from swarm_sim.campaign.task import Finished, Task

Answer = Finished | Exception


def run(task: Task, seeds: Iterable[int], jobs: int) -> Generator[Finished, None, None]:
    """Runs `seeds`. Yields results in order of completion. Raises WorkerError if workers do not work."""
    inbox: SimpleQueue[int | None] = SimpleQueue()
    outbox: SimpleQueue[Answer] = SimpleQueue()
    keepers = [Keeper(task) for _ in range(jobs)]
    threads = [threading.Thread(target=_serve, args=(keeper, inbox, outbox), daemon=True) for keeper in keepers]
    for thread in threads:
        thread.start()
    under_way = 0
    try:
        for seed in seeds:
            if under_way == jobs:
                yield _taken(outbox)
                under_way -= 1
            inbox.put(seed)
            under_way += 1
        for _ in range(under_way):
            yield _taken(outbox)
    finally:
        for keeper in keepers:
            keeper.stop()
        for _ in threads:
            inbox.put(None)
        for thread in threads:
            thread.join()


def _taken(outbox: SimpleQueue[Answer]) -> Finished:
    answer = outbox.get()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _serve(keeper: Keeper, inbox: SimpleQueue[int | None], outbox: SimpleQueue[Answer]) -> None:
    try:
        while (seed := inbox.get()) is not None:
            outbox.put(keeper.run(seed))
    except StoppedError:
        pass  # the caller that stopped the keeper expects no answer
    except Exception as error:
        outbox.put(error)  # `run` raises it
    finally:
        keeper.close()
