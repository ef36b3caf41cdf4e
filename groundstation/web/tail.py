"""Reads the lines of a trace as they are written. A line is known by its offset: the byte at which it begins.

Rules
- Only whole lines are read; a torn end waits for its newline.
- A read is bounded, so that a long trace is read in many turns.
"""

import json
import os
from pathlib import Path
from typing import Any

READ_BYTES_MAX = 1 << 18

Line = dict[str, Any]


class Tail:
    """The lines of one file from byte `start` on, which begins a line. The file may not exist yet."""

    def __init__(self, path: Path, start: int = 0) -> None:
        self.path = path
        self.position = start  # of the next line
        self.unreadable = 0  # lines that are not JSON objects
        self._rest = b""

    def read(self) -> list[Line]:
        """The next lines, at most READ_BYTES_MAX bytes of them; none if there are no more now."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.position + len(self._rest))
                data = file.read(READ_BYTES_MAX)
        except OSError:
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = []
        for text in lines:
            line = parse(text, self.position)
            if line is None:
                self.unreadable += 1
            else:
                found.append(line)
            self.position += len(text) + 1
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
    """The event on a line, with its offset. None for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or "event" not in found:
        return None
    found["offset"] = offset
    return found
