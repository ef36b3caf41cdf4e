"""Follows the boards' traces while the mission flies: enough to show progress and to know when to stop.

This is the operator's view, not the verdict: it believes what each board reports about itself. The swarm's progress is
what f + 1 boards with the plain flight software report, so one late or lying board can neither end a mission early nor
hold it up.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from groundstation.scenario.mission_end import slots_applied
from specs.checking.trace_line import Told

NEVER_HEARD = "-"
SLOTS_WATCHED = 64
DECIDED = 5
PHASES = {
    "EnterView": 0,
    "Restore": 0,
    "Vote1": 1,
    "Vote2": 2,
    "Vote3": 3,
    "Vote4": 4,
    "Decide": DECIDED,
    "Learn": DECIDED,
}


class Notice(NamedTuple):
    """Something that a board did. `is_routine`: so frequent that only the live page shows it."""

    text: str
    is_routine: bool = False


@dataclass
class Watched:
    """One board, as of its latest trace frame."""

    boot: int = 0
    view: int = 0
    decided: int = 0
    applied: int = 0
    mode: str = NEVER_HEARD
    votes: dict[int, tuple[int, int]] = field(default_factory=dict)  # slot -> view, phase; of the latest slots

    def note_vote(self, slot: int, reached: tuple[int, int]) -> None:
        """The board has reached this view and phase of a slot."""
        known = self.votes.get(slot, reached)
        self.votes[slot] = max(reached, known, key=lambda vote: (vote[1] == DECIDED, vote))
        if len(self.votes) > SLOTS_WATCHED:
            del self.votes[min(self.votes)]


@dataclass
class Watch:
    """All boards. `byzantine` ones do not count for the swarm's progress."""

    replica_count: int
    byzantine: frozenset[int] = frozenset()
    boards: dict[int, Watched] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.boards = {node: Watched() for node in range(self.replica_count)}

    def event(self, node: int, boot: int, name: str, fields: Told) -> Notice | None:
        """Take in a recorded event. Returns what the operator should see of it."""
        board = self.boards[node]
        if boot != board.boot:
            board = self.boards[node] = Watched(boot)
        slot = fields.get("slot", 0)
        if name in PHASES:
            board.note_vote(slot, (fields.get("view", 0), PHASES[name]))
        if name in ("Decide", "Learn", "Apply", "Adopt"):
            board.decided = max(board.decided, slot)
        if name in ("Apply", "Adopt"):
            board.applied = max(board.applied, slot)
        if name == "EnterView":
            board.view = fields["view"]
            return Notice(f"enters view {fields['view']} of slot {slot}", is_routine=True) if fields["view"] else None
        if name == "Boot":
            board.mode = "rejoining" if fields["journal"] == "blank" else "voting"
            board.applied = fields["applied_slot"]
            return Notice(f"boots, journal {fields['journal']}, applied slot {board.applied}")
        if name == "Restart":
            return Notice(f"began this life by itself: {fields['reason']}")
        if name == "Silent":
            board.mode = "silent"
            return Notice(f"falls silent: {fields['reason']}")
        if name == "Rejoin":
            board.mode = "voting"
            return Notice(f"votes again, above slot {fields['floor']}")
        if name == "Adopt":
            return Notice(f"adopts the ledger of slot {slot}")
        return None

    def forget(self, node: int) -> None:
        """The board starts again: forget what it reported before."""
        self.boards[node] = Watched()

    def slots(self) -> int:
        """The last slot that f + 1 correct boards have applied."""
        return slots_applied(self.applied(), self.replica_count)

    def applied(self) -> dict[int, int]:
        """The last slot of each correct board."""
        return {node: board.applied for node, board in self.boards.items() if node not in self.byzantine}
