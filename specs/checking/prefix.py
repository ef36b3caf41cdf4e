"""Finds the shortest first part of a trace on which a property is violated.

    python -m specs.checking.prefix TRACE PROPERTY      one line of JSON on standard output: null, or a Prefix

Any first part of a trace is a trace, that of a ground station that died there, and has the verdict of `amu check`. A
bisection finds a line with which the property is violated and without which it is not. What is violated stays violated:
a later line takes no violation back.

Lines after one that is not an event are not looked at.

The checker cannot go back, and much of its work is done at the end of a trace. Therefore the process stands at a line
where nothing is violated yet, and a forked child reads on from there and concludes. The lines that the violation names
are tried first: it is nearly always one of them.
"""

import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from specs.checking.check import TraceChecker
from specs.checking.trace import TraceError, parse_bytes
from specs.files import FileError, read_bytes

BYTES_MAX = 128 << 20  # of a trace that is looked at: the checker keeps much of it in memory
BEFORE = 12  # lines that are shown before the last one
_NAMED = re.compile(r"(?<!\.tla, )\bline (\d+)\b")


@dataclass(frozen=True)
class Prefix:
    """lines: how many the shortest first part has. violations: what the checker says of the property at its end.

    shown: (line, offset in bytes, whether the violation names it) of the last lines, and of all that it names.
    """

    lines: int
    violations: list[str]
    shown: list[tuple[int, int, bool]]


def named_lines(text: str) -> list[int]:
    """The lines of the trace that a violation names, in its order; lines of modules are not among them."""
    return [int(number) for number in _NAMED.findall(text)]


def shortest(text: bytes, identifier: str) -> Prefix | None:
    """Of a trace, the shortest first part that violates a property. None: the whole does not. Needs `os.fork`."""
    lines = text.split(b"\n")[:-1]
    search = _Search(lines, identifier)
    found = search.at(len(lines))
    if not found:
        return None
    low, high = 0, len(lines)
    for number in sorted({number for violation in found for number in named_lines(violation)}):
        for probe in (number - 1, number):
            if low < probe < high:
                low, high, found = _narrowed(search, low, high, probe, found)
    while high - low > 1:
        low, high, found = _narrowed(search, low, high, (low + high) // 2, found)
    return Prefix(high, found, _shown(lines, high, found))


def _narrowed(search: "_Search", low: int, high: int, probe: int, found: list[str]) -> tuple[int, int, list[str]]:
    at_probe = search.at(probe)
    if at_probe:
        return low, probe, at_probe
    search.go(probe)
    return probe, high, found


class _Search:
    """Stands at a line, with everything before it checked."""

    def __init__(self, lines: list[bytes], identifier: str) -> None:
        self._lines, self._prefix = lines, f"{identifier}: "
        self._checker, self._fed, self._is_bad = TraceChecker(), 0, False

    def go(self, count: int) -> None:
        """Read on until `count` lines are read."""
        try:
            while self._fed < count and not self._is_bad:
                self._fed += 1
                self._checker.feed(parse_bytes(self._lines[self._fed - 1] + b"\n", self._fed))
        except TraceError:
            self._is_bad = True

    def at(self, count: int) -> list[str]:
        """The violations of the property that the first `count` lines show. A child finds them."""
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                self._tell(count, writing)
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as file:
            answer = file.read()
        os.wait()
        if not answer:
            raise ChildProcessError(f"the check of the first {count} lines did not end")
        found: list[str] = json.loads(answer)
        return found

    def _tell(self, count: int, descriptor: int) -> None:
        self.go(count)
        try:
            told = [text for text in self._checker.conclude().violations if text.startswith(self._prefix)]
        except TraceError:
            told = []  # the first lines alone are not a trace: they show nothing
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(told).encode())


def _shown(lines: list[bytes], count: int, violations: list[str]) -> list[tuple[int, int, bool]]:
    named = {number for text in violations for number in named_lines(text) if number <= count}
    wanted = named | set(range(max(1, count - BEFORE), count + 1))
    found, offset = [], 0
    for number in range(1, count + 1):
        if number in wanted:
            found.append((number, offset, number in named or number == count))
        offset += len(lines[number - 1]) + 1
    return found


def main() -> None:
    path, identifier = sys.argv[1:3]
    try:
        text = read_bytes(Path(path), BYTES_MAX)
    except FileError as error:
        sys.exit(f"{path}: cannot be read: {error}")
    found = shortest(text, identifier)
    print(json.dumps(None if found is None else asdict(found)))


if __name__ == "__main__":
    os.nice(5)  # a person waits for it
    main()
