"""Does each timer keep its bound, and return to its start on progress?

    view      in a view of a started, undecided slot, a board wishes for the next view after view_timeout_ticks,
              doubled for each view of this slot, at most VIEW_TIMEOUT_DOUBLINGS_MAX times
    state     in an undecided slot, the pause until the board sends its state again is STATUS_PERIOD_TICKS, doubled with
              each repetition since its last step, at most STATUS_DOUBLINGS_MAX times
    channel   an unacknowledged item is sent again after CHANNEL_RETRANSMIT_TICKS, doubled with each repetition since
              the last progress, at most CHANNEL_RETRANSMIT_DOUBLINGS_MAX times

Progress is defined by what others see: another slot, an acknowledged item, an adopted incarnation. So a doubling that
survives progress is found, even though the timer never exceeds its greatest length. The patience for a state
transfer is checked through its purpose (`oracles.laggards`). Times are the board's own ticks while its timers
ran: a stopped clock or a stalled processor stops them all.
"""

from collections.abc import Sequence
from typing import Any

from amu.core import limits
from swarm_sim.oracles.conditions import ticks_of
from swarm_sim.oracles.finding import Finding
from swarm_sim.world.board import Board

ORACLE = "SIM-TIMER"
LONGEST_STILL = limits.STATUS_PERIOD_TICKS << limits.STATUS_DOUBLINGS_MAX
LONGEST = limits.CHANNEL_RETRANSMIT_TICKS << limits.CHANNEL_RETRANSMIT_DOUBLINGS_MAX


class Timers:
    """Call `look` often. A wait that begins between two looks is seen late, so it is never overestimated; the allowed
    growth of a pause is counted from the look before."""

    def __init__(self, boards: Sequence[Board], faulty: frozenset[int], view_timeout_ticks: int) -> None:
        self._honest = [board for board in boards if board.node not in faulty]
        self._view_ticks = view_timeout_ticks
        self._ticks: dict[tuple[int, ...], int] = {}  # of each life, at the last look
        # What waits -> the ticks at which it was first seen waiting. Holds only what still waits.
        self._views: dict[tuple[int, ...], int] = {}
        self._states: dict[tuple[Any, ...], int] = {}
        self._channels: dict[tuple[int, ...], tuple[int, int, int]] = {}

    def look(self) -> Finding | None:
        """A finding on the first overdue timer."""
        views, states, channels = self._views, self._states, self._channels
        self._views, self._states, self._channels = {}, {}, {}
        for board in self._honest:
            if board.flight is None:
                continue
            now = ticks_of(board)
            last = self._ticks.get(_life(board), 0)
            self._ticks[_life(board)] = now
            finding = (
                self._look_at_views(board, views, now)
                or self._look_at_states(board, states, last, now)
                or self._look_at_channels(board, channels, last, now)
            )
            if finding is not None:
                return finding
        return None

    def _look_at_views(self, board: Board, before: dict[tuple[int, ...], int], now: int) -> Finding | None:
        flight = board.flying
        for instance in flight.replica.instances:
            if instance is None or instance.decision is not None or instance._is_passive() or not instance.is_busy():
                continue
            view = instance.view
            if instance.synchroniser.wishes[board.node] > view:
                continue
            key = (*_life(board), instance.slot, view)
            since = self._views[key] = before.get(key, now)
            allowed = self._view_ticks << min(view, limits.VIEW_TIMEOUT_DOUBLINGS_MAX)
            if now - since > allowed:
                return _overdue(board, "a view", f"slot {instance.slot}, view {view}", now - since, allowed)
        return None

    def _look_at_states(self, board: Board, before: dict[tuple[Any, ...], int], last: int, now: int) -> Finding | None:
        for instance in board.flying.replica.instances:
            if instance is None or instance.decision is not None or instance._is_passive():
                continue
            step = (instance.view, instance.proposed_view, tuple(instance.registers.as_list()))
            key = (*_life(board), instance.slot, *step, instance.synchroniser.wishes[board.node])
            since = self._states[key] = before.get(key, last)
            # A doubling pause equals the sum of all pauses before it plus the first.
            allowed = min(limits.STATUS_PERIOD_TICKS + now - since, LONGEST_STILL)
            pause = limits.STATUS_PERIOD_TICKS << instance._repeats
            if pause > allowed:
                return _overdue(board, "a state", f"slot {instance.slot}, view {instance.view}", pause, allowed)
        return None

    def _look_at_channels(
        self, board: Board, before: dict[tuple[int, ...], tuple[int, int, int]], last: int, now: int
    ) -> Finding | None:
        flight = board.flying
        if not flight.services.is_on:
            return None
        for channel in flight.services._channels:
            if channel is None or (channel._is_known and channel._highest == channel._acknowledged):
                continue
            adopted = -1 if channel.peer_boot is None else channel.peer_boot
            key = (*_life(board), channel.peer, adopted, channel.restarts, channel._acknowledged, channel._is_known)
            # Since the progress, since the last repetition, repetitions.
            since, repeated_at, count = before.get(key, (last, now, channel.retransmissions))
            if channel.retransmissions != count:
                repeated_at, count = now, channel.retransmissions
            self._channels[key] = (since, repeated_at, count)
            grown = repeated_at - since  # a doubling pause equals the sum of all pauses before it plus the first
            allowed = min(limits.CHANNEL_RETRANSMIT_TICKS + grown, LONGEST)
            if now - repeated_at > allowed:
                return _overdue(board, "a channel", f"to board {channel.peer}", now - repeated_at, allowed)
        return None


def _life(board: Board) -> tuple[int, ...]:
    """Identifies a node: after a failure of its flash a board continues with a new one."""
    flight = board.flying
    return board.node, board.life, flight.boot


def _overdue(board: Board, what: str, where: str, ticks: int, allowed: int) -> Finding:
    return Finding(
        ORACLE, f"the timer of {what} is overdue", f"board {board.node}, {where}: {ticks} ticks, at most {allowed}"
    )
