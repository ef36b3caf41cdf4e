"""The run's log in plain text: what boards print and report, and what the ground station did to them.

Bounded: a board that floods its line with text, or a Byzantine one, must not fill the disk. What is left out is
counted.
"""

from pathlib import Path

from specs.escape import shown

LINES_MAX = 20_000
LINE_CHARACTERS_MAX = 500


class GroundLog:
    """Writes lines `mission second  who  text` to `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out = 0
        self._lines = 0
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def say(self, now: float, node: int | None, text: str) -> None:
        """One entry; a board's own words if `node` is given."""
        if self._lines >= LINES_MAX:
            self.left_out += 1
            return
        self._lines += 1
        who = "ground" if node is None else f"board {node}"
        self._file.write(f"{now:10.3f}  {who:8}  {shown(text[:LINE_CHARACTERS_MAX])}\n")

    def text(self, now: float, node: int, data: bytes) -> None:
        """Text that a board printed between its frames."""
        for line in data.decode("utf-8", "backslashreplace").split("\n"):
            if line.strip():
                self.say(now, node, line.removesuffix("\r"))

    def close(self) -> None:
        """Say what was left out, and close."""
        if self.left_out:
            self._file.write(f"{self.left_out} further lines were left out\n")
        self._file.close()
