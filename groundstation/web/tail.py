"""Reads the lines of a trace as they are written.

Rules
- Only whole lines are read; a torn end waits for its newline.
- A read is bounded, so that a long trace is read in many turns.
"""

import json
import os
from pathlib import Path
from typing import Any

READ_BYTES_MAX = 1 << 20

Line = dict[str, Any]


class Tail:
    """The lines of one file from its beginning. The file may not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0  # bytes read
        self.count = 0  # lines read
        self.unreadable = 0  # lines that are not JSON objects
        self._rest = b""

    def read(self) -> list[Line]:
        """The next lines, at most READ_BYTES_MAX of them; none if there are no more now."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.position)
                data = file.read(READ_BYTES_MAX)
        except OSError:
            return []
        self.position += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [found for line in lines if (found := self._parsed(line)) is not None]

    def _parsed(self, text: bytes) -> Line | None:
        self.count += 1
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict) or "event" not in found:
            self.unreadable += 1
            return None
        found["line"] = self.count
        return found

    @property
    def is_behind(self) -> bool:
        """Whether the file has more than was read."""
        try:
            return os.path.getsize(self.path) > self.position
        except OSError:
            return False
