"""Names what is wrong with boards and lines, in plain words and with advice, from what the ground station sees.

It does not know which faults the scenario plays: what it finds on a bench where nobody plays any is as true. Nothing in
a flight depends on it.

    damaged line    bytes arrive that make no frame
    wrong baud      likewise, and no frame among them
    late line       much had waited on the line for long
    line gone       nothing can be read or written, although nobody switched the board off
    hung, power failed, reset    it began a new life, and nobody ordered that; its words may tell why
    short of memory, flash full, flash worn, silent    a board says so itself
"""

from collections.abc import Callable
from dataclasses import dataclass

from groundstation.record.contents import Diagnosed
from specs.checking.trace_line import Told

DAMAGED_MIN = 3  # stretches of bytes that make no frame: one may be the end of a board's former life
DAMAGED_ALL_MIN = 6  # with no frame among them: then it is more than noise
QUIET_WALL_SECONDS = 2.0  # without damage; the next is a new finding
LATE_WALL_SECONDS = 1.0  # a board says something in each tick
LATE_BYTES_MIN = 4096  # that waited; a board that stood still itself has not said so much
GONE_WALL_SECONDS = 0.3  # a board that is dead is found dead sooner
FINDINGS_MAX = 64  # of a flight

DAMAGED, BAUD, LATE, GONE = "damaged line", "wrong baud", "late line", "line gone"
HUNG, POWER, RESET = "hung", "power failed", "reset"
MEMORY, FULL, WORN, SILENT = "short of memory", "flash full", "flash worn", "silent"

# By words that a board prints at its boot (`amu.boards.pico`): name of the finding, what it is, what to do.
_RESETS = (
    (
        "reset by the watchdog",
        HUNG,
        "its flight loop stood still, and its watchdog reset it",
        "it flies on from its journal, and nothing that it acknowledged is lost; if it happens again, report a bug",
    ),
    (
        "power came back",
        POWER,
        "its power failed or dipped",
        "it flies on from its journal, and nothing that it acknowledged is lost; look at its supply, cable and plug",
    ),
    ("", RESET, "it was reset, and does not know why", "it flies on from its journal; look at its supply and its pins"),
)

# By words in the reason that a board gives for its silence: name of the finding, what to do. The first that fits.
_SILENCES = (
    (
        "no room on flash",
        FULL,
        "it votes again by itself once flash has room: remove files that are not the flight's, or write less",
    ),
    *(
        (words, WORN, "its flash is worn out: replace the board; the others fly on without it")
        for words in ("append failed", "checkpoint failed")
    ),
    ("unreadable", SILENT, "it stays so: erase its flash, and it rejoins without memory, or replace it"),
    ("", SILENT, "what it saw contradicts itself: more boards are faulty than the swarm tolerates"),
)


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
        self._frames_before: dict[int, int] = {}  # when the present damage began
        self._is_damaged: set[int] = set()
        self._gone_since: dict[int, float] = {}
        self._is_gone: set[int] = set()

    def read(self, node: int, now: float, count: int, damaged: int, sound: int, reported: int) -> None:
        """`count` bytes were read of a board's line; so far `damaged` stretches made no frame, `sound` ones did, and
        the board has `reported` damage of what it received."""
        if count:
            silence = now - self._read_at.get(node, now)
            self._read_at[node] = now
            if silence >= LATE_WALL_SECONDS * self._wall_second and count >= LATE_BYTES_MIN:
                self._late(node, now, silence, count)
        before, grew_at = self._damaged.get(node, (0, now))
        if damaged > before:
            self._damaged[node] = damaged, now
            first = self._frames_before.setdefault(node, sound)
            since = damaged - self._sound_until.get(node, 0)
            if node not in self._is_damaged and since >= (DAMAGED_MIN if sound > first else DAMAGED_ALL_MIN):
                self._is_damaged.add(node)
                self._damage(node, now, reported, is_all=sound == first)
        elif now - grew_at >= QUIET_WALL_SECONDS * self._wall_second:
            self._sound_until[node] = damaged
            self._frames_before.pop(node, None)
            self._is_damaged.discard(node)

    def line(self, node: int, now: float, is_there: bool, is_on: bool) -> None:
        """Whether the line of a board is there, and whether it should be: nobody has switched it off. Call it often."""
        if not is_on:
            self._gone_since.pop(node, None)
            self._is_gone.discard(node)
        elif is_there:
            since = self._gone_since.pop(node, None)
            if since is not None and node in self._is_gone:
                self._is_gone.discard(node)
                self._tell(now, f"board {node}: its line is there again, after {now - since:.1f} s")
        elif node not in self._is_gone:
            since = self._gone_since.setdefault(node, now)
            if now - since >= GONE_WALL_SECONDS * self._wall_second:
                self._is_gone.add(node)
                what = "its line is gone: it can be neither heard nor asked"
                advice = (
                    "put its cable in; it is taken up by itself, but what it said meanwhile may be missing in the trace"
                )
                self._find(Finding(node, since, GONE, what, advice), now)

    def reset(self, node: int, now: float, words: str) -> None:
        """A board began a new life that nobody ordered. words: what it printed last."""
        name, what, advice = next(rest for known, *rest in _RESETS if known in words)
        self._find(Finding(node, now, name, what, advice))

    def event(self, node: int, now: float, name: str, fields: Told) -> None:
        """A board has traced an event."""
        reason = str(fields.get("reason", ""))
        if name == "Restart" and "MemoryError" in reason:
            what = f"ran out of memory ({reason}), and began a new life from its journal"
            advice = "nothing that it had acknowledged is lost; give it more heap, or fly fewer boards or shards"
            self._find_once(Finding(node, now, MEMORY, what, advice))
        elif name == "Silent":
            found, advice = next((found, advice) for words, found, advice in _SILENCES if words in reason)
            self._find_once(Finding(node, now, found, f"takes no part: {reason}", advice))

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

    def _damage(self, node: int, now: float, reported: int, is_all: bool) -> None:
        if is_all:
            what = "bytes come from it, and not one frame among them is whole"
            advice = (
                "do both ends of its line run at the same baud? See: amu doctor; what it said meanwhile may be missing"
            )
            self._find(Finding(node, now, BAUD, what, advice))
            return
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

    def _find_once(self, finding: Finding) -> None:
        """A board may say it again in each life."""
        if all((each.board, each.name) != (finding.board, finding.name) for each in self.findings):
            self._find(finding)

    def _find(self, finding: Finding, now: float | None = None) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(finding)
            self._tell(finding.at if now is None else now, f"board {finding.board}: {finding}")
