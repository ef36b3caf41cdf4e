"""One telecommand: its state on each board, and the rule by which it counts as confirmed.

At most f boards lie, so if f + 1 distinct boards give the same answer, at least one of them is correct. All correct
boards apply an operation in the same slot with the same result (Castro and Liskov, OSDI 1999, section 4.1).

Rules
- Stages are times at which something was seen: queued, uplinked, received and applied *per board*, confirmed.
- A missing answer never means "failed": until enough boards have answered, the state is "unconfirmed, waiting".
- A board's first answer stands. A second, different one is recorded as a conflict, and so is each answer that no other
  board has given.
"""

from dataclasses import dataclass, field

from amu.core.types import Array
from amu.wire import cbor

QUEUED = "queued"  # not uplinked yet
WAITING = "unconfirmed, waiting"
CONFIRMED = "confirmed"
MALFORMED = "malformed"  # f + 1 boards cannot read the command: it will never be applied
STALE = "stale"  # f + 1 boards have forgotten this old number: whether it was applied is unknown

TERMINAL = (CONFIRMED, MALFORMED, STALE)
RECEIPTS = ("queued", "busy", "stale", "malformed")
CONFLICTS_MAX = 2  # recorded per board and operation

Answer = tuple[int, Array]  # slot and result


@dataclass
class OnBoard:
    """One operation on one board. Times are those of the station; None: not yet."""

    due: float  # next uplink
    attempts: int = 0
    uplinked: float | None = None
    received: float | None = None
    receipt: str | None = None  # latest status
    applied: float | None = None
    answer: Answer | None = None
    pauses: int = 0  # before uplinks, since the board's last boot
    encoded: bytes | None = field(default=None, compare=False)  # the answer in wire form


@dataclass
class Operation:
    """Operation `number` of this station's client, and its progress on each board."""

    number: int
    command: Array
    queued: float
    boards: dict[int, OnBoard]
    state: str = QUEUED
    finished: float | None = None
    answer: Answer | None = None  # once CONFIRMED
    conflicts: list[tuple[int, Answer]] = field(default_factory=list)  # (board, its answer)

    @property
    def is_terminal(self) -> bool:
        """Whether it is finished: nothing more is uplinked for it."""
        return self.state in TERMINAL

    def note_answer(self, board: int, answer: Answer, now: float) -> bool:
        """Take in a board's answer. True for a new conflict: no other board gave it, or the board gave another one."""
        on_board, encoded = self.boards[board], on_wire(answer)
        if on_board.answer is None:
            known = [other.encoded for other in self.boards.values() if other.answer is not None]
            on_board.answer, on_board.encoded, on_board.applied = answer, encoded, now
            is_conflict = bool(known) and encoded not in known
        else:
            is_conflict = encoded != on_board.encoded
        if not is_conflict or len(self.conflicts) >= CONFLICTS_MAX * len(self.boards):
            return False
        if any(board == liar and same(answer, lie) for liar, lie in self.conflicts):
            return False
        self.conflicts.append((board, answer))
        return True

    def matching(self, answer: Answer) -> list[int]:
        """The boards that gave this answer."""
        encoded = on_wire(answer)
        return [n for n, on_board in self.boards.items() if on_board.encoded == encoded]

    def with_receipt(self, status: str) -> list[int]:
        """The boards without an answer whose latest receipt has this status."""
        return [n for n, on_board in self.boards.items() if on_board.answer is None and on_board.receipt == status]

    def finish(self, state: str, now: float) -> None:
        """Enter a terminal state, once."""
        assert state in TERMINAL, state
        assert not self.is_terminal, self.state
        self.state = state
        self.finished = now


def on_wire(answer: Answer) -> bytes:
    """The wire form, by which answers are compared: in Python True == 1, but results must not be confused."""
    encoded: bytes = cbor.encode(list(answer))
    return encoded


def same(one: Answer, other: Answer) -> bool:
    """Whether they are equal in wire form."""
    return on_wire(one) == on_wire(other)
