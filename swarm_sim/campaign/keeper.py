"""Keeps one worker process, and returns an outcome for every seed, whatever happens to the worker.

A worker's death need not be the fault of its seed: an operator may have killed it, or a kernel short of memory. So the
seed runs again in a new worker. If the second worker also dies, and nobody killed it from outside, the seed is at fault
and the outcome is a crash. If a worker was killed twice, or did not end within `seconds_max` and was killed for that,
there is no answer: the machine may have been short of memory or time. The seed is reported as unanswered, and runs
again when the campaign is continued.

Rules. One seed at a time, from one thread at a time; but any thread may call `stop`. A worker that cannot start is not
an outcome of a seed: it ends the campaign.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from swarm_sim.campaign.task import Finished, Task
from swarm_sim.campaign.worker import READY
from swarm_sim.outcome import CRASH, Outcome, unanswered

ATTEMPTS_MAX = 2
STARTS_MAX = 3
START_SECONDS_MAX = 120.0
DIED = "worker died"


class WorkerError(Exception):
    """Workers do not work at all. The message is one line: why, and what to do."""


class StoppedError(Exception):
    """The keeper was stopped while it ran a seed."""


class Keeper:
    """Runs seeds of `task` in a worker process, which it starts when needed, and again after a death."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def run(self, seed: int) -> Finished:
        """Run `seed`. Raises WorkerError if no worker starts, StoppedError if stopped meanwhile."""
        death = ""
        for _ in range(ATTEMPTS_MAX):
            connection = self._connected()
            try:
                connection.send(seed)
                if not connection.poll(self.task.seconds_max):
                    self._end_worker()
                    self._raise_if_stopped()
                    cause = f"no end after {self.task.seconds_max:g} s"
                    return Finished(unanswered(seed, cause, "ended by force"), self.task.seconds_max)
                finished = connection.recv()
            except (EOFError, OSError):
                death = self._end_worker()
                continue
            assert isinstance(finished, Finished)
            return finished
        self._raise_if_stopped()
        detail = f"{death}, {ATTEMPTS_MAX} times"
        if death in SENT_BY_OTHERS:
            return Finished(unanswered(seed, DIED, detail), 0.0)
        return Finished(Outcome(seed, CRASH, "worker", DIED, detail), 0.0)

    def close(self) -> None:
        """End the worker. Call only from the thread that runs seeds."""
        if self._process is not None:
            self._end_worker()

    def stop(self) -> None:
        """Kill the worker, even during a seed. Call from any thread; the keeper's own thread closes the keeper."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def _raise_if_stopped(self) -> None:
        if self._stopped:
            raise StoppedError

    def _connected(self) -> Connection:
        """A connection to a worker that was alive a moment ago."""
        self._raise_if_stopped()
        if self._process is not None and self._process.poll() is not None:
            self._end_worker()  # died while it had no seed
        if self._connection is not None:
            return self._connection
        death = ""
        for _ in range(STARTS_MAX):
            self._raise_if_stopped()
            self._connection = self._started()
            try:
                self._connection.send(self.task)
                answer = self._connection.recv() if self._connection.poll(START_SECONDS_MAX) else "no answer"
            except (EOFError, OSError):
                death = self._end_worker()
                continue
            if answer != READY:
                self._end_worker()
                raise WorkerError(f"a worker refuses {self.task.function}: {answer}")
            return self._connection
        self._raise_if_stopped()
        raise WorkerError(f"worker processes do not start: {death}, {STARTS_MAX} times")

    def _started(self) -> Connection:
        here, there = Pipe()
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "swarm_sim.campaign.worker", str(there.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=2,  # standard output is for the report
            pass_fds=[there.fileno()],
            process_group=0,  # only the coordinator gets a Ctrl-C from the terminal
            env={**os.environ, "PYTHONPATH": path},
        )
        there.close()
        if self._stopped:
            self._process.kill()  # `stop` was called before there was a process to kill
        return here

    def _end_worker(self) -> str:
        """End the worker if it is still there. Returns a description of how it ended."""
        assert self._process is not None
        assert self._connection is not None
        self._connection.close()
        self._connection = None
        self._process.kill()
        status = self._process.wait()
        self._process = None
        return _by_signal(-status) if status < 0 else f"ended with status {status}"


def _by_signal(number: int) -> str:
    return f"ended by {signal.Signals(number).name}"


SENT_BY_OTHERS = tuple(map(_by_signal, (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)))
