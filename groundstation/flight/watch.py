"""What the boards' traces tell while the mission still flies: enough to show progress and to know when to stop.

This is the operator's view, not the verdict: it believes what each board says of itself, one board at a time. How far
the swarm has come is what f + 1 boards that fly the plain flight software say, so that one late or lying board
neither ends a mission early nor holds it up.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from amu.node.tracer import EVENTS
from groundstation.flight.mission_end import slots_applied

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
    """Something that a board did. `is_routine`: so frequent that only a page with room for it shows it."""

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


@dataclass
class Watch:
    """All boards. `byzantine` are left out of how far the swarm has come."""

    replica_count: int
    byzantine: frozenset[int] = frozenset()
    boards: dict[int, Watched] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.boards = {node: Watched() for node in range(self.replica_count)}

    def trace(self, node: int, boot: int, events: Iterable[Any]) -> list[Notice]:
        """Take in the events of a Trace frame; what an operator should hear of."""
        board = self.boards[node]
        board.boot = boot
        told = []
        for event in events:
            # What a Byzantine board sends may have any shape; the recorder reports it, here it is passed over.
            if not isinstance(event, list) or len(event) < 2 or not isinstance(event[0], int) or event[0] not in EVENTS:
                continue
            name, names = EVENTS[event[0]]
            if len(event) == 2 + len(names):
                notice = self._event(board, name, dict(zip(names, event[2:])))
                if notice is not None:
                    told.append(notice)
        return told

    def recall(self, node: int, boot: int, name: str, fields: dict[str, Any]) -> None:
        """An event that an earlier ground station has recorded."""
        board = self.boards[node]
        if boot > board.boot:
            board = self.boards[node] = Watched()
        board.boot = boot
        self._event(board, name, fields)

    def _event(self, board: Watched, name: str, fields: dict[str, Any]) -> Notice | None:
        slot = fields.get("slot")
        if name in PHASES and isinstance(slot, int):
            view = fields.get("view")
            reached = (view if isinstance(view, int) else 0, PHASES[name])
            board.votes[slot] = max(
                reached, board.votes.get(slot, reached), key=lambda vote: (vote[1] == DECIDED, vote)
            )
            if len(board.votes) > SLOTS_WATCHED:
                del board.votes[min(board.votes)]
        if name in ("Decide", "Learn") and isinstance(slot, int):
            board.decided = max(board.decided, slot)
        elif name in ("Apply", "Adopt") and isinstance(slot, int):
            board.applied = max(board.applied, slot)
            board.decided = max(board.decided, slot)
        if name == "EnterView":
            board.view = fields["view"]
            return Notice(f"enters view {fields['view']} of slot {slot}", is_routine=True) if fields["view"] else None
        if name == "Boot":
            board.mode, board.applied = (
                "voting",
                fields["applied_slot"] if isinstance(fields["applied_slot"], int) else 0,
            )
            if fields["journal"] == "blank":
                board.mode = "rejoining"
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
        """The board starts anew: what it knew is what it will say."""
        self.boards[node] = Watched()

    def slots(self) -> int:
        """The last slot that f + 1 correct boards have applied."""
        return slots_applied(self.applied(), self.replica_count)

    def applied(self) -> dict[int, int]:
        """The last slot of each correct board."""
        return {node: board.applied for node, board in self.boards.items() if node not in self.byzantine}
