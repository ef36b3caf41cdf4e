"""Tracebacks of failed boards, from a run's ground.log."""

import re
from dataclasses import dataclass
from pathlib import Path

from specs.files import open_regular

FAILURES_MAX = 12  # shown in a report
OPEN_MAX = 2  # shown unfolded
LINES_MAX = 80  # of one traceback
BYTES_MAX = 16 << 20  # of ground.log, which its writer keeps smaller
_LINE = re.compile(r"^ *(\d+\.\d+)  board (\d+) *  (.*)$")
_BEGIN = "Traceback (most recent call last)"
_END = re.compile(r"^\s*(\w+(?:Error|Exception|Interrupt|Exit|Iteration))\b(.*)")


@dataclass(frozen=True, slots=True)
class Failure:
    """`at`: mission second. `what`: the last line of the traceback."""

    board: int
    at: float
    what: str
    text: str


def read(path: Path) -> list[Failure]:
    """All tracebacks in the log, in order of time. Empty if there is no log."""
    try:
        with open_regular(path) as file:
            lines = file.read(BYTES_MAX).decode("utf-8", "replace").split("\n")
    except OSError:
        return []
    open_of: dict[int, tuple[float, list[str]]] = {}
    found: list[Failure] = []

    def close(board: int) -> None:
        at, text = open_of.pop(board)
        ends = [ended for line in text if (ended := _END.match(line))]
        found.append(
            Failure(board, at, ends[-1][0].strip() if ends else "a traceback that was cut off", "\n".join(text))
        )

    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        at, board, said = float(match[1]), int(match[2]), match[3]
        if _BEGIN in said:
            if board in open_of:
                close(board)
            open_of[board] = (at, [said])
        elif board in open_of:
            open_of[board][1].append(said)
            if _END.match(said) or len(open_of[board][1]) >= LINES_MAX:
                close(board)
    for board in sorted(open_of):
        close(board)
    return sorted(found, key=lambda failure: failure.at)
