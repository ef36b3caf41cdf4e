"""Looks into a trace file: the lines of a part, where a second or a slot begins, and which lines are as asked.

Rules
- A line is known by its offset. Receipts are in the order of the file (ORD-4), so a moment is found by bisection.
- Every look is bounded in bytes; a search says from where to go on.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from groundstation.web.tail import Line, parse

LOOK_BYTES_MAX = 1 << 20
SEARCH_BYTES_MAX = 32 << 20
FOUND_MAX = 200
REMEMBERED_MAX = 100_000  # lines of `without` that a search keeps in mind
LINE_BYTES_MAX = 1 << 16
END_BYTES = 1 << 21  # of a trace, in which its last line is looked for: two of the longest


@dataclass(frozen=True)
class Query:
    """Lines with all of `words`, and, if `without` is given, not preceded by one with all of those within `seconds`."""

    words: tuple[str, ...]
    without: tuple[str, ...] = ()
    seconds: float = 0.0

    def is_in(self, text: bytes) -> bool:
        return _has(text, self.words)


def read(path: Path, first: int, last: int, count: int) -> list[Line]:
    """At most `count` lines that begin in bytes `first` to before `last`; `first` begins a line. Raises OSError."""
    found: list[Line] = []
    with path.open("rb") as file:
        file.seek(first)
        data = file.read(min(max(0, last - first), LOOK_BYTES_MAX) + LINE_BYTES_MAX)
    offset = first
    for text in data.split(b"\n")[:-1]:
        if offset >= last or len(found) >= count:
            break
        line = parse(text, offset)
        if line is not None:
            found.append(line)
        offset += len(text) + 1
    return found


def begin_of_line(path: Path, offset: int) -> int:
    """The first line that begins at or after `offset`. Raises OSError."""
    if offset <= 0:
        return 0
    with path.open("rb") as file:
        file.seek(offset - 1)
        data = file.read(LINE_BYTES_MAX)
    end = data.find(b"\n")
    return offset + end if end >= 0 else offset - 1 + len(data)


def at_second(path: Path, second: float) -> int:
    """The offset of the first line that was received at or after mission second `second`. Raises OSError."""
    low, high = 0, path.stat().st_size
    while low < high:
        middle = (low + high) // 2
        begin = begin_of_line(path, middle)
        lines = read(path, begin, begin + 1, 1)
        if begin < high and lines and lines[0].get("received", 0.0) < second:
            low = begin + 1
        else:
            high = middle
    return begin_of_line(path, low)


def from_the_end(path: Path) -> Iterator[bytes]:
    """The whole lines of the end of a file, the last one first. None if it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - END_BYTES))
            data = file.read()
    except OSError:
        return
    end = data.rfind(b"\n")
    while end >= 0:
        begin = data.rfind(b"\n", 0, end) + 1
        yield data[begin:end]
        end = begin - 1


def last_second(path: Path) -> float:
    """The mission second of the last event. 0.0 if there is none."""
    found = (parse(text, 0) for text in from_the_end(path))
    return next((float(line["received"]) for line in found if line is not None), 0.0)


def first_of_slot(path: Path, slot: int) -> Line | None:
    """The first event about a slot. None: there is none. Reads up to it. Raises OSError."""
    mark = re.compile(rb'"slot": ?%d\b' % slot)
    return next(_events(path, lambda number, text: mark.search(text) is not None), None)


def events_at(path: Path, numbers: set[int]) -> list[Line]:
    """The events on these lines of the file, counted from 1. Reads up to the last of them. Raises OSError."""
    found = _events(path, lambda number, text: number in numbers)
    return list(islice(found, len(numbers)))


def _events(path: Path, is_asked: Callable[[int, bytes], bool]) -> Iterator[Line]:
    offset = 0
    with path.open("rb") as file:
        for number, text in enumerate(iter(partial(file.readline, LINE_BYTES_MAX), b""), 1):
            line = parse(text, offset) if is_asked(number, text) else None
            if line is not None:
                yield line
            offset += len(text)


def search(path: Path, query: Query, first: int) -> tuple[list[Line], int | None]:
    """Lines from offset `first` on that are as asked, and where to go on; None at the end. Raises OSError.

    A search that goes on looks back by `seconds` before its begin, so that its parts find what one search would.
    """
    found: list[Line] = []
    before: deque[float] = deque(maxlen=REMEMBERED_MAX)
    begin = first = max(0, first)
    if query.without and first:
        lines = read(path, first, first + 1, 1)
        begin = at_second(path, lines[0]["received"] - query.seconds) if lines else first
    offset = begin
    with path.open("rb") as file:
        file.seek(begin)
        for text in iter(partial(file.readline, LINE_BYTES_MAX), b""):  # a longer line comes in parts, and is skipped
            if not text.endswith(b"\n") and len(text) < LINE_BYTES_MAX:
                break
            if offset >= first and (len(found) >= FOUND_MAX or offset - first >= SEARCH_BYTES_MAX):
                return found, offset
            _look(text, offset, first, query, before, found)
            offset += len(text)
    return found, None


def _look(text: bytes, offset: int, first: int, query: Query, before: deque[float], found: list[Line]) -> None:
    is_asked = offset >= first and query.is_in(text)
    is_before = bool(query.without) and _has(text, query.without)
    line = parse(text, offset) if is_asked or is_before else None
    if line is None:
        return
    at = line["received"]
    while before and before[0] < at - query.seconds:
        before.popleft()
    if is_asked and not before:
        found.append(line)
    if is_before:
        before.append(at)


def _has(text: bytes, words: tuple[str, ...]) -> bool:
    lower = text.lower()
    return all(word.encode() in lower for word in words)
