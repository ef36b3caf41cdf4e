"""Checks the trace of a flight while it is written, in a process of its own, and tells the state of each property.

    python -m groundstation.web.check TRACE          a line of JSON on standard output for each verdict so far
    python -m groundstation.web.check TRACE OFFSET   one, on what stands before byte OFFSET

Any first part of a trace is a trace, that of a ground station that died there. So the verdict on it is that of
`amu check`: a property holds so far, is violated, or was not checked yet, with the reason. Much of the check is done at
the end of a trace; therefore the process that has read the lines so far forks, the child concludes, and the parent
reads on.

Rules
- One child at a time. A check that falls behind tells less often, and says how far it has come.
- It runs at the lowest priority: it holds nobody up.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from groundstation.web.child import end_child, start_child
from groundstation.web.tail import READ_BYTES_MAX
from specs import properties
from specs.checking import trace
from specs.checking.check import TraceChecker
from specs.checking.trace import TraceError, parse_bytes
from specs.verdict import VIOLATED, Checked

POLL_SECONDS = 0.2
VIOLATIONS_TOLD_MAX = 20
BYTES_MAX = 128 << 20  # of a trace that is checked here: the checker keeps much of it in memory

State = dict[str, Any]


class LiveCheck:
    """The check of one trace up to the bytes that were fed."""

    def __init__(self) -> None:
        self.checked = 0  # bytes
        self._checker = TraceChecker()
        self.error: str | None = None  # why no further line is checked
        self._line = 0

    def feed(self, text: bytes) -> None:
        """Take in one whole line."""
        self._line += 1
        if self.error is None and self.checked + len(text) > BYTES_MAX:
            self.error = f"it is longer than {BYTES_MAX >> 20} MiB; amu check judges the whole trace"
        if self.error is None:
            self.checked += len(text)
            try:
                self._checker.feed(parse_bytes(text, self._line))
            except TraceError as error:
                self.error = str(error)

    def conclude(self) -> State:
        """The verdict on the lines so far. Nothing can be fed afterwards."""
        state: State = {"checked": self.checked, "error": self.error, "properties": {}, "violations": []}
        try:
            verdict = self._checker.conclude()
        except TraceError as error:
            return state | {"error": self.error or str(error)}
        told = {name: (state, verdict.reasons.get(name, "")) for name, state in verdict.invariants.items()}
        return state | {"properties": told, "violations": verdict.violations[:VIOLATIONS_TOLD_MAX]}

    def fork(self) -> int:
        """Conclude in a child process. Returns the descriptor on which its state arrives as JSON."""
        reading, writing = os.pipe()
        if os.fork():
            os.close(writing)
            return reading
        try:
            with os.fdopen(writing, "wb") as file:
                file.write(json.dumps(self.conclude()).encode())
        finally:
            os._exit(0)


def follow(path: Path) -> None:
    """Check a trace as it grows, until nobody reads what we say any more."""
    while not path.exists():
        time.sleep(POLL_SECONDS)
        _say(b"")
    check, rest = LiveCheck(), b""
    concluded: tuple[int, str | None] = (-1, None)
    child: int | None = None
    with path.open("rb") as file:
        while True:
            data = file.read(READ_BYTES_MAX)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                check.feed(line + b"\n")
            if len(rest) > trace.LINE_BYTES_MAX:
                check.error, rest = check.error or f"a line is longer than {trace.LINE_BYTES_MAX} bytes", b""
            if child is not None and select.select([child], [], [], 0.0)[0]:
                _say(_result(child))
                child = None
            if child is None and (check.checked, check.error) != concluded:
                child, concluded = check.fork(), (check.checked, check.error)
            if not data:
                time.sleep(POLL_SECONDS)
                _say(b"")  # an empty line asks whether anybody still reads


def judge(path: Path, offset: int) -> State:
    """The verdict on what stands before byte `offset`, the begin or the end of a line. Raises OSError."""
    check, left = LiveCheck(), offset
    with path.open("rb") as file:
        while left > 0 and (text := file.readline(min(left, trace.LINE_BYTES_MAX))):
            left -= len(text)
            check.feed(text)
    return check.conclude()


def _result(child: int) -> bytes:
    with os.fdopen(child, "rb") as file:
        text = file.read()
    os.wait()
    return text


def _say(text: bytes) -> None:
    sys.stdout.buffer.write(text + b"\n")
    sys.stdout.buffer.flush()


class Checking:
    """The process that checks a console's trace. `state`: what it last told. A thread listens to it.

    offset: judge what stands before this byte, once. None: judge the trace again and again as it grows.
    """

    def __init__(self, trace: Path, offset: int | None = None) -> None:
        self.state: State = {}
        arguments = [str(trace)] if offset is None else [str(trace), str(offset)]
        self._process = start_child(__name__, *arguments, said=subprocess.PIPE)
        self._is_lasting = offset is None
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            if text.strip():
                self.state = json.loads(text)
        if self._is_lasting or not self.state:
            self.state = {**self.state, "error": self.state.get("error") or "the live check has ended; see amu check"}

    def close(self) -> None:
        """End the process, and the child that concludes."""
        end_child(self._process)
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


def of_verdict(verdict: Checked, size: int) -> State:
    """The state that a verdict on the whole trace tells. size: of the trace, in bytes."""
    reasons = verdict["not_checked"]
    told = {name: (state, reasons.get(name, "")) for name, state in verdict["invariants"].items()}
    return {"checked": size, "error": None, "properties": told, "violations": verdict["violations"]}


def rows(state: State) -> dict[str, dict[str, Any]]:
    """A row for each property: its sentence, its state, and where its module says it."""
    known, found = properties.read(), {}
    for identifier, (told, reason) in state.get("properties", {}).items():
        of_it = [text for text in state["violations"] if text.startswith(f"{identifier}: ")] if told == VIOLATED else []
        one = known.get(identifier)
        found[identifier] = {
            "id": identifier,
            "sentence": properties.NO_SENTENCE if one is None else one.sentence,
            "feature": "" if one is None else one.feature,
            "places": [] if one is None else properties.places(one),
            "state": told,
            "reason": reason,
            "violations": of_it,
        }
    return found


if __name__ == "__main__":
    os.nice(10)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        if len(sys.argv) > 2:
            _say(json.dumps(judge(Path(sys.argv[1]), int(sys.argv[2]))).encode())
        else:
            follow(Path(sys.argv[1]))
