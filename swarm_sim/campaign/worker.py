"""The process in which seeds run. Its keeper starts it and talks to it over a pair of sockets.

    keeper -> worker    Task, then seeds
    worker -> keeper    READY or a refusal, then for each seed a Finished

A process of its own, so that a seed may take its worker with it and harm nothing else. It is a fresh interpreter with
its own hash seed: an outcome that depended on the order of a set would not survive a comparison of two campaigns.

Rules. What a function raises is that seed's outcome, a crash. When the keeper is gone the worker ends at once, in
mid-seed too: a thread waits on the sockets for that. What a function prints goes to standard error.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection

from swarm_sim.campaign import task as tasks
from swarm_sim.campaign.task import Finished, RunSeed, Task, TaskError
from swarm_sim.outcome import CRASH, Outcome, unanswered

READY = "ready"


def main() -> None:
    """Entry point: the number of the inherited socket is the only argument."""
    connection: Connection = Connection(int(sys.argv[1]))
    os.set_inheritable(connection.fileno(), False)
    received: queue.SimpleQueue[object] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, received), daemon=True).start()
    task = received.get()
    assert isinstance(task, Task)
    try:
        run_seed = prepared(task)
    except TaskError as error:
        connection.send(str(error))
        return
    connection.send(READY)
    while True:
        seed = received.get()
        assert isinstance(seed, int)
        connection.send(finish(run_seed, task, seed))


def _receive(connection: Connection, received: queue.SimpleQueue[object]) -> None:
    try:
        while True:
            received.put(connection.recv())
    except (EOFError, OSError):
        os._exit(1)  # nobody is left to answer to


def prepared(task: Task) -> RunSeed:
    """The task's function. Raises TaskError if it is not there or is not the code that the campaign began with."""
    run_seed = tasks.load(task.function)
    here = tasks.fingerprint(task.function)
    if here != task.fingerprint:
        raise TaskError(
            f"the code here ({here[:12]}) is not the campaign's ({task.fingerprint[:12]}): "
            "install the same code everywhere, leave it alone while a campaign runs, or begin a new store"
        )
    return run_seed


def finish(run_seed: RunSeed, task: Task, seed: int) -> Finished:
    """Run one seed. Whatever it raises becomes a crash with the place as its cause.

    But for a MemoryError: the machine was short of memory, which says nothing of the seed.
    """
    began = time.perf_counter()
    try:
        outcome = run_seed(seed, task.nodes, task.slots)
        if not isinstance(outcome, Outcome) or outcome.seed != seed:
            raise TypeError(f"{task.function} gave no outcome of seed {seed}: {outcome!r}")
    except MemoryError as error:
        outcome = unanswered(seed, "no memory left for it", "".join(traceback.format_exception(error)))
    except BaseException as error:
        outcome = Outcome(seed, CRASH, "exception", _cause(error), "".join(traceback.format_exception(error)))
    return Finished(outcome, time.perf_counter() - began)


def _cause(error: BaseException) -> str:
    """Type and place: a message may hold what differs from seed to seed."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno} {frames[-1].name}" if frames else "nowhere"
    return f"{type(error).__name__} at {place}"


if __name__ == "__main__":
    main()
