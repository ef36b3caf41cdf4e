"""An emulated chip's process: requests and answers over its pipes, and what it says when it ends badly.

A chip has a process of its own, so that the boards of a swarm use all cores of the host. The process ends with its
standard input, so none outlives the ground station. It is waited for with patience, but within bounds.
"""

import contextlib
import json
import os
import re
import select
import struct
import subprocess
import tempfile
import time
import weakref
from typing import IO, Any

from hil.boards.emulated import library

PATIENCE_SECONDS = 120.0  # of wall time for one answer: a hundred times what the slowest one takes
_REQUEST = struct.Struct("<cI")
_ANSWER = struct.Struct("<I")
_OPTIONS = struct.Struct("<I")
_READ_BYTES = 1 << 16
_WORDS_MAX = 600
_ERROR = re.compile(r"\w*Error\b|FATAL ERROR")


class EmulatorError(Exception):
    """The process of an emulated chip ended or hangs. Says which chip and what the process said."""


def _end(process: "subprocess.Popen[bytes]", told: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, told):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


class ChipProcess:
    """One process. `ask` and `answer` alternate; between them the host may do something else."""

    def __init__(self, name: str) -> None:
        library.require()
        self._name = name
        self._told: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            [str(library.node()), str(library.CORE / "serve.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._told,
            bufsize=0,
            start_new_session=True,  # a control-C at the terminal is for the ground station
        )
        self._finalizer = weakref.finalize(self, _end, self._process, self._told)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def open(self, bootrom: bytes, flash: bytes, **options: Any) -> None:
        """Switch a chip on. `options`: see the constructor of Chip in core/chip.mjs."""
        document = json.dumps(options).encode()
        self.ask(b"N", _OPTIONS.pack(len(document)) + document + bootrom + flash)
        self.answer()

    def ask(self, opcode: bytes, body: bytes = b"") -> None:
        """Send a request. Its answer must be taken before the next one. Raises EmulatorError."""
        if not self._finalizer.alive:
            raise EmulatorError(f"{self._name}: its emulator was ended; start the board again")
        data = memoryview(_REQUEST.pack(opcode, len(body)) + body)
        give_up = time.monotonic() + PATIENCE_SECONDS
        while data:
            self._wait(self._in, select.POLLOUT, give_up)
            try:
                data = data[os.write(self._in, data) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._died() from error

    def answer(self) -> bytes:
        """The answer to the request, waited for. Raises EmulatorError."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        (length,) = _ANSWER.unpack(self._read(_ANSWER.size, give_up))
        return self._read(length, give_up)

    def close(self) -> None:
        """End the process."""
        self._finalizer()

    def _read(self, count: int, give_up: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            self._wait(self._out, select.POLLIN, give_up)
            try:
                part = os.read(self._out, min(count - len(data), _READ_BYTES))
            except BlockingIOError:
                continue
            if not part:
                raise self._died()
            data += part
        return bytes(data)

    def _wait(self, descriptor: int, event: int, give_up: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, give_up - time.monotonic()) * 1000):
            self.close()
            raise EmulatorError(
                f"{self._name}: its emulator did not answer for {PATIENCE_SECONDS:.0f} s and was ended; "
                "is the machine overloaded?"
            )

    def _died(self) -> EmulatorError:
        code = self._process.wait()
        self._told.seek(0)
        lines = [line.strip() for line in self._told.read().decode("utf-8", "replace").split("\n") if line.strip()]
        # Node.js prints the place, the error and a stack.
        errors = [line for line in lines if _ERROR.match(line)] or lines[-1:]
        self.close()
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        said = f": {errors[0][:_WORDS_MAX]}" if errors else ""
        return EmulatorError(f"{self._name}: its emulator ended {how}{said}")
