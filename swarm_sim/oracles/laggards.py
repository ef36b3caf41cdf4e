"""Does a board that is behind make its next step within a bound, if it hears others that can help it?

Progress of a core within minutes (`oracles.liveness`) says little about one board: the others do not wait for it. This
oracle checks the next step of each laggard: it applies a slot or adopts a state.

Others can help if f + 1 sound boards, joined to it by clean links, know the next slot, or hold one checkpoint that is
newer than its log. Then the first two ways of `SomebodyGoesOn` (specs/replicated_log/checkpoints.tla) are open.

The bound (`ticks_max`) is in its own ticks. A board notices that it makes no progress, hears how far the others are,
tries single slots in vain, then asks the holders in turn. Before that it may have waited in vain for boards that could
not be heard. Its patience doubles once it has waited for all of at least f + 1 holders, so it is at most the time
waited in vain since the last step, divided by f + 1. It may wait twice that long for its current holder and for each
one that cannot help; and no longer, however often it was behind before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from amu.consensus.checkpoints import Checkpoints
from amu.core import limits
from swarm_sim.oracles.conditions import LOOK_TICKS, Conditions, ticks_of
from swarm_sim.oracles.finding import Finding
from swarm_sim.world.board import Board

ORACLE = "SIM-LAG"


def ticks_max(replica_count: int, vain_ticks: int, view_timeout_ticks: int) -> int:
    """Ticks that a laggard may take for its next step, after it waited `vain_ticks` without possible help."""
    others, holders = replica_count - 1, limits.blocking_size(replica_count)
    notice = 2 * limits.CATCH_UP_PERIOD_TICKS + limits.PROGRESS_PERIOD_TICKS
    single_slots = limits.FETCH_PERIODS_MAX * limits.CATCH_UP_PERIOD_TICKS
    # It asks one peer per period for the next slot, and each holder of the state twice before the next holder.
    round_of_peers = others * limits.CATCH_UP_PERIOD_TICKS
    round_of_holders = 2 * others * limits.TRANSFER_PATIENCE_PERIODS_MIN * limits.CATCH_UP_PERIOD_TICKS
    start = notice + single_slots + round_of_peers + round_of_holders + 2 * LOOK_TICKS
    longest = limits.transfer_patience_periods_max(view_timeout_ticks) * limits.CATCH_UP_PERIOD_TICKS
    patience = min(vain_ticks // holders, longest)
    return int(start + 2 * (1 + others - holders) * patience)


@dataclass
class _Lag:
    """A board that is behind. Times in its own ticks."""

    life: int
    applied: int
    since: int  # it is behind and made no step
    helped_since: int | None = None  # others can help; None: they cannot


class Laggards:
    """Call `look` after each `conditions.look()`."""

    def __init__(
        self, conditions: Conditions, boards: Sequence[Board], faulty: frozenset[int], view_ticks: int
    ) -> None:
        self.steps = 0  # steps of laggards that could be helped: how often this oracle's premise held
        self._conditions = conditions
        self._honest = [board for board in boards if board.node not in faulty]
        self._replica_count = len(boards)
        self._needed = limits.blocking_size(len(boards))
        self._view_ticks = view_ticks
        self._frontier = 0  # the last slot that any honest board has applied
        self._lags: dict[int, _Lag] = {}

    def look(self) -> Finding | None:
        """A finding on the first laggard that exceeds its bound."""
        living = [board for board in self._honest if board.flight is not None]
        self._frontier = max([self._frontier, *[board.flying.applied_slot for board in living]])
        for board in self._honest:
            lag = self._lags.get(board.node)
            if lag is not None and board.flight is not None and board.flying.applied_slot > lag.applied:
                self.steps += lag.helped_since is not None
                del self._lags[board.node]
            if board.flight is None or board.flying.applied_slot >= self._frontier:
                self._lags.pop(board.node, None)
                continue
            finding = self._look_at(board)
            if finding is not None:
                return finding
        return None

    def _look_at(self, board: Board) -> Finding | None:
        ticks, applied = ticks_of(board), board.flying.applied_slot
        lag = self._lags.get(board.node)
        if lag is None or (lag.life, lag.applied) != (board.life, applied):
            lag = self._lags[board.node] = _Lag(board.life, applied, ticks)
        if board not in self._conditions.sound or not self._can_be_helped(board):
            lag.helped_since = None
            return None
        if lag.helped_since is None:
            lag.helped_since = ticks
        vain_ticks = lag.helped_since - lag.since
        allowed = ticks_max(self._replica_count, vain_ticks, self._view_ticks)
        if ticks - lag.helped_since <= allowed:
            return None
        return Finding(
            ORACLE,
            "a board that is behind and hears the others does not catch up",
            f"board {board.node} at slot {applied} of {self._frontier}: no step in {ticks - lag.helped_since} ticks, "
            f"at most {allowed} after {vain_ticks} in vain; {_doing(board)}",
        )

    def _can_be_helped(self, board: Board) -> bool:
        near = [other for other in self._conditions.sound if other is not board]
        helpers = [other for other in near if self._conditions.are_joined(board, other)]
        if len(helpers) < self._needed:
            return False
        applied = board.flying.applied_slot
        if sum(_knows(other, applied + 1) for other in helpers) >= self._needed:
            return True
        held = [set(_checkpoints(other).held()) for other in helpers]
        newer = {checkpoint for of_one in held for checkpoint in of_one if checkpoint[0] > applied}
        return any(sum(checkpoint in of_one for of_one in held) >= self._needed for checkpoint in newer)


def _checkpoints(board: Board) -> Checkpoints:
    return board.flying.replica.catch_up.checkpoints


def _knows(board: Board, slot: int) -> bool:
    """Whether the board knows the decision of `slot`, with its body."""
    flight = board.flying
    replica = flight.replica
    if replica.catch_up._entry(slot) is not None:
        return True
    instance = replica.find(slot)
    return instance is not None and instance.decision is not None and instance.is_concluded


def _doing(board: Board) -> str:
    flight = board.flying
    transfer = _checkpoints(board)._transfer
    asked = "" if transfer is None else f", asks {transfer.peer} for the state of slot {transfer.slot}"
    trusted = _checkpoints(board).trusted()
    return f"{flight.mode}, knows of slot {_checkpoints(board).target()}, trusts {trusted and trusted[0]}{asked}"
