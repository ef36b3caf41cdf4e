"""Names what is wrong with boards and lines, in plain words and with advice, from what the ground station sees.

It does not know which faults the scenario plays: what it finds on a bench where nobody plays any is as true. Nothing in
a flight depends on it.

    damaged line    bytes arrive that make no frame
    late line       much had waited on the line for long
"""

from collections.abc import Callable
from dataclasses import dataclass

from groundstation.record.contents import Diagnosed

DAMAGED_MIN = 3  # stretches of bytes that make no frame: one may be the end of a board's former life
QUIET_WALL_SECONDS = 2.0  # without damage; the next is a new finding
LATE_WALL_SECONDS = 1.0  # a board says something in each tick
LATE_BYTES_MIN = 4096  # that waited; a board that stood still itself has not said so much
FINDINGS_MAX = 64  # of a flight

DAMAGED, LATE = "damaged line", "late line"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: with which board, since which mission second, its name, what it is, what to do."""

    board: int
    at: float
    name: str
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.what}; {self.advice}"

    def as_dict(self) -> Diagnosed:
        """For verdict.json."""
        return {"board": self.board, "at": self.at, "name": self.name, "what": self.what, "advice": self.advice}


class Diagnosis:
    """Call the methods with what happens. `wall_second`: one of the wall in mission seconds; a finding goes to
    `tell(now, text)` at once."""

    def __init__(self, wall_second: float, tell: Callable[[float, str], None]) -> None:
        self.findings: list[Finding] = []
        self._wall_second, self._tell = wall_second, tell
        self._read_at: dict[int, float] = {}  # when something arrived last
        self._sound_until: dict[int, int] = {}  # damage that has been told, or that was too little
        self._damaged: dict[int, tuple[int, float]] = {}  # latest count, and when it grew
        self._is_damaged: set[int] = set()

    def read(self, node: int, now: float, count: int, damaged: int, reported: int) -> None:
        """`count` bytes were read of a board's line; so far `damaged` stretches made no frame, and the board has
        `reported` as many of what it received."""
        if count:
            silence = now - self._read_at.get(node, now)
            self._read_at[node] = now
            if silence >= LATE_WALL_SECONDS * self._wall_second and count >= LATE_BYTES_MIN:
                self._late(node, now, silence, count)
        before, grew_at = self._damaged.get(node, (0, now))
        if damaged > before:
            self._damaged[node] = damaged, now
            if node not in self._is_damaged and damaged - self._sound_until.get(node, 0) >= DAMAGED_MIN:
                self._is_damaged.add(node)
                self._damage(node, now, reported)
        elif now - grew_at >= QUIET_WALL_SECONDS * self._wall_second:
            self._sound_until[node] = damaged
            self._is_damaged.discard(node)

    def _late(self, node: int, now: float, silence: float, count: int) -> None:
        self._find(
            Finding(
                node,
                now,
                LATE,
                f"{count} bytes from it had waited on its line, and nothing was read for {silence:.1f} s",
                "nothing is lost, but the board stood still meanwhile: this computer is too slow or was stopped; fly "
                "fewer boards, or end other programs",
            )
        )

    def _damage(self, node: int, now: float, reported: int) -> None:
        both = f", and it reports {reported} damaged frames itself" if reported else ""
        self._find(
            Finding(
                node,
                now,
                DAMAGED,
                f"what arrives from it is damaged, found by the frames' checksums{both}",
                "damaged frames were refused, and boards repeat theirs, but what was lost of its trace cannot be "
                "checked; look at cable, plug and ground, and at the baud rate of a UART",
            )
        )

    def _find(self, finding: Finding) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(finding)
            self._tell(finding.at, f"board {finding.board}: {finding}")
