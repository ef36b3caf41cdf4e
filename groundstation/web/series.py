"""Telemetry over mission time: samples of the picture, few enough to plot a whole mission.

A sample has `at`, `boards`: for each board [applied slot, view, free heap in bytes, longest free run in bytes], null
where the board has not told it, and since the start of the run `confirmed`: telecommands, `lost`: frames.

Rule: there are at most SAMPLES_MAX. When they are full, every second one goes, and samples are taken half as often.
"""

from typing import Any

SAMPLES_MAX = 600
FIRST_SECONDS = 0.5  # of mission time between samples, at first

Row = dict[str, Any]


class Series:
    """`rows` by number of the sample. `changed`: keys since it was last emptied, of gone rows too."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.changed: set[str] = set()
        self._thinned = 0  # times
        self._due = 0.0
        self._count = 0

    def take(self, now: float, boards: dict[str, Row], confirmed: int, lost: int) -> None:
        """Take a sample of the boards' rows if one is due."""
        if now < self._due:
            return
        if len(self.rows) >= SAMPLES_MAX:
            self._thin()
        seconds = FIRST_SECONDS * 2**self._thinned
        self._due = (now // seconds + 1) * seconds
        key = str(self._count)
        self._count += 1
        told = {node: _of(board) for node, board in boards.items()}
        self.rows[key] = {"at": now, "boards": told, "confirmed": confirmed, "lost": lost}
        self.changed.add(key)

    def _thin(self) -> None:
        self._thinned += 1
        for key in list(self.rows)[1::2]:
            del self.rows[key]
            self.changed.add(key)


def _of(board: Row) -> list[int | None]:
    heard = board["heard"] is not None
    return [
        board["applied"] if heard else None,
        board["view"] if heard else None,
        board["heap_free"],
        board["heap_run"] or None,  # 0: not known
    ]
