"""Does a board believe that others are further than they can be?

vote floor   a board that lost its memory votes above a floor. It lies at most two windows above the last slot that
             some correct board had reached: if it lies higher, a liar can keep the board from voting forever.
             Asked where at most one board lies: more of them can name a floor (catch_up, rejoining after amnesia)
stable       a board drops its log below a stable checkpoint. So n - f boards, liars among them, have reached it:
             else too few hold it for a laggard (specs/replicated_log/checkpoints.tla, `Recoverable`). A state that
             the board itself took over counts as stable on f + 1 reports
"""

from collections.abc import Sequence

from amu.core import limits
from specs.checking.trace import Event
from swarm_sim.oracles.finding import Finding
from swarm_sim.world.board import Board

ORACLE = "SIM-REACH"
LIARS_MAX = 1  # where floors are judged


class Reach:
    """Feed it every event but Send and Receive, and call `look` now and then; `finding` is the first breach."""

    def __init__(self, boards: Sequence[Board], faulty: frozenset[int]) -> None:
        self.finding: Finding | None = None
        self._boards = boards
        self._faulty = faulty
        self._needed = limits.quorum_size(len(boards))
        self._reached = {board.node: 0 for board in boards if board.node not in faulty}
        self._adopted: dict[int, int] = {}  # board -> the last slot whose state it took over

    def feed(self, event: Event) -> None:
        node = event.node
        if node not in self._reached:
            return
        if event.name == "Apply":
            self._note(node, event.fields["slot"])
            self._look_at(self._boards[node])
        elif event.name == "Adopt":
            self._adopted[node] = event.fields["slot"]
            self._note(node, event.fields["slot"])
        elif event.name == "Boot":
            self._note(node, event.fields["applied_slot"])
        elif event.name == "Rejoin":
            self._rejoined(event)

    def look(self) -> None:
        """Look at the stable checkpoints of all correct boards."""
        for node in self._reached:
            self._look_at(self._boards[node])

    def _note(self, node: int, slot: int) -> None:
        self._reached[node] = max(self._reached[node], slot)

    def _rejoined(self, event: Event) -> None:
        highest = max(self._reached.values()) + 2 * limits.WINDOW_SLOTS
        if event.fields["floor"] > highest and len(self._faulty) <= LIARS_MAX:
            self._find("a vote floor above all that the log can hold", f"{event}: at most {highest}")

    def _look_at(self, board: Board) -> None:
        if board.flight is None:
            return
        self._note(board.node, board.flight.applied_slot)  # its Apply may still be on its way
        slot = board.flight.replica.catch_up.checkpoints.stable_slot
        if slot <= self._adopted.get(board.node, 0):
            return
        holders = sum(reached >= slot for reached in self._reached.values()) + len(self._faulty)
        if holders < self._needed:
            self._find(
                "a stable checkpoint that too few have reached",
                f"board {board.node}, slot {slot}: {holders} boards, {self._needed} are needed",
            )

    def _find(self, cause: str, detail: str) -> None:
        if self.finding is None:
            self.finding = Finding(ORACLE, cause, detail)
