"""Reads the lines of a trace as they are written. A line is known by its offset: the byte at which it begins.

Rules
- Only whole lines are read; a torn end waits for its newline.
- A read is bounded, so that a long trace is read in many turns; and so is a line.
- A line that is not an event, by the rules of `specs.checking.trace`, is counted and skipped: a damaged trace must not
  stop the console.
"""

import os
from pathlib import Path
from typing import Any

from amu.core.limits import GROUND
from specs import strict_json
from specs.checking.trace import LINE_BYTES_MAX, TraceError, require_readable

READ_BYTES_MAX = 1 << 18

Line = dict[str, Any]


class Tail:
    """The lines of one file from byte `start` on, which begins a line. The file may not exist yet."""

    def __init__(self, path: Path, start: int = 0) -> None:
        self.path = path
        self.position = start  # of the next line
        self.unreadable = 0  # lines that are not events
        self._rest = b""
        self._is_in_long = False  # within a line that is too long

    def read(self, most: int | None = None) -> list[Line]:
        """The next lines, at most `most` or READ_BYTES_MAX bytes of them; none if there are no more now."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.position + len(self._rest))
                data = file.read(most or READ_BYTES_MAX)
        except OSError:
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = []
        for text in lines:
            line = None if self._is_in_long else parse(text, self.position)
            self._is_in_long = False
            if line is None:
                self.unreadable += 1
            else:
                found.append(line)
            self.position += len(text) + 1
        if len(self._rest) > LINE_BYTES_MAX:
            self.position += len(self._rest)
            self._rest, self._is_in_long = b"", True
        return found

    @property
    def size(self) -> int:
        """Bytes in the file now."""
        try:
            return os.path.getsize(self.path)
        except OSError:
            return 0

    @property
    def is_behind(self) -> bool:
        """Whether the file has more than was read."""
        return self.size > self.position + len(self._rest)


def parse(text: bytes, offset: int) -> Line | None:
    """The event on a line, as it is written, with its offset. None for any other text."""
    try:
        told = text.decode()
        found = strict_json.PLAIN_DECODER.decode(told)
        if not isinstance(found, dict):
            return None
        require_readable(found, told)
    except (ValueError, RecursionError, TraceError):
        return None
    if "received" not in found or ("ticks" not in found and found["node"] != GROUND):
        return None
    found["offset"] = offset
    return found
