"""The process in which seeds run. Its keeper starts it and communicates with it over a pair of sockets.

    keeper -> worker    Task, then seeds
    worker -> keeper    READY or a refusal, then one Finished per seed

A separate process, so that a seed that kills its worker harms nothing else. It is a new interpreter with its own hash
seed: comparing two campaigns reveals an outcome that depends on the order of a set.

Rules. An exception of the function is that seed's outcome, a crash. If the keeper is gone, the worker ends immediately,
even during a seed: a thread watches the socket. Output of the function goes to standard error.
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
        os._exit(1)  # the keeper is gone


def prepared(task: Task) -> RunSeed:
    """The task's function. Raises TaskError if it is missing, or its code is not the campaign's."""
    run_seed = tasks.load(task.function)
    here = tasks.fingerprint(task.function)
    if here != task.fingerprint:
        raise TaskError(
            f"the code here ({here[:12]}) is not the campaign's ({task.fingerprint[:12]}): "
            "install the same code everywhere and do not change it during a campaign, or start a new store"
        )
    return run_seed


def finish(run_seed: RunSeed, task: Task, seed: int) -> Finished:
    """Run one seed. An exception becomes a crash with its place in the code as cause.

    A MemoryError does not: the machine was short of memory, so the seed is unanswered.
    """
    began = time.perf_counter()
    try:
        outcome = run_seed(seed, task.nodes, task.slots)
        if not isinstance(outcome, Outcome) or outcome.seed != seed:
            raise TypeError(f"{task.function} did not return an outcome of seed {seed}: {outcome!r}")
    except MemoryError as error:
        outcome = unanswered(seed, "out of memory", "".join(traceback.format_exception(error)))
    except BaseException as error:
        outcome = Outcome(seed, CRASH, "exception", _cause(error), "".join(traceback.format_exception(error)))
    return Finished(outcome, time.perf_counter() - began)


def _cause(error: BaseException) -> str:
    """Type and place, without the message, which may differ from seed to seed."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno} {frames[-1].name}" if frames else "nowhere"
    return f"{type(error).__name__} at {place}"


if __name__ == "__main__":
    main()
