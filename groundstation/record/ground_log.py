"""The run's log in plain text: output and reports of boards, and what the ground station did to them.

Bounded: a board that floods its line with text, or a Byzantine one, must neither fill the disk nor use up the room of
the others. Lines beyond the bound are counted. A full disk costs lines of this log and nothing else: the trace has
everything that must not be lost.
"""

import os
from collections import Counter
from pathlib import Path

from specs.escape import escaped

LINES_MAX = 10_000  # per board, and for the ground station
LINE_CHARACTERS_MAX = 500


class GroundLog:
    """Writes lines `mission second  who  text` to `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out: Counter[str] = Counter()
        self._lines: Counter[str] = Counter()
        self._begun: dict[int, tuple[float, bytes]] = {}  # board -> time and text of an unfinished line
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def say(self, now: float, node: int | None, text: str) -> None:
        """Write one entry: of board `node`, or of the ground station if None."""
        who = "ground" if node is None else f"board {node}"
        if self._lines[who] >= LINES_MAX:
            self.left_out[who] += 1
            return
        self._lines[who] += 1
        self._write(who, f"{now:10.3f}  {who:8}  {escaped(text[:LINE_CHARACTERS_MAX])[:LINE_CHARACTERS_MAX]}\n")

    def text(self, now: float, node: int, data: bytes) -> None:
        """Text that a board printed between its frames. An unfinished line waits for its end."""
        _, begun = self._begun.pop(node, (now, b""))
        *lines, rest = (begun + data).split(b"\n")
        for line in lines:
            self._line(now, node, line)
        if len(rest) >= LINE_CHARACTERS_MAX:
            self._line(now, node, rest)
        elif rest:
            self._begun[node] = (now, rest)

    def _line(self, now: float, node: int, line: bytes) -> None:
        text = line.decode("utf-8", "backslashreplace").removesuffix("\r")
        if text.strip():
            self.say(now, node, text)

    def close(self) -> None:
        """Write unfinished lines and how many were left out, and close."""
        for node, (now, line) in sorted(self._begun.items()):
            self._line(now, node, line)
        for who, count in sorted(self.left_out.items()):
            self._write(who, f"{who}: {count} further lines were left out\n")
        os.close(self._descriptor)

    def _write(self, who: str, line: str) -> None:
        data = line.encode("utf-8", "backslashreplace")
        try:
            is_whole = os.write(self._descriptor, data) == len(data)
        except OSError:
            is_whole = False
        if not is_whole:
            self.left_out[who] += 1
