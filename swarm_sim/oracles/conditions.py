"""Which boards were sound, and which links between them clean, since the last look? Only these must make progress.

A stretch of time counts only if it was sound from one look to the next. Nothing here reads the trace: the scenario
gives the faults, and the boards their effects.
"""

from bisect import bisect_right

from groundstation.faults.ether import ETHER_FULL
from groundstation.faults.kinds import Jitter
from groundstation.faults.rule import FLIGHT_KINDS, Draws, Link, Rule
from swarm_sim.world.board import Board
from swarm_sim.world.world import LINE_FULL, World

LOOK_TICKS = 20
DELAY_TICKS_MAX = 3  # jitter up to this is not a fault: an answer comes within a catch-up period


class Conditions:
    """Call `look` every LOOK_TICKS. Then `sound` and `are_joined` describe the stretch before."""

    def __init__(self, world: World, faulty: frozenset[int]) -> None:
        self.sound: list[Board] = []
        self._world = world
        self._honest = [board for board in world.boards if board.node not in faulty]
        self._since = 0.0
        self._seen: dict[int, tuple[int, int]] = {}  # board -> life, ticks
        self._frames_lost = 0
        self._windows = _windows(world)

    def look(self) -> None:
        """Evaluate the stretch since the last look."""
        world = self._world
        counts = world.network.counts
        lost = counts[LINE_FULL] + counts[ETHER_FULL]
        is_crowded, self._frames_lost = lost > self._frames_lost, lost
        self._stretch = (self._since, world.now)
        seen = {board.node: (board.life, ticks_of(board)) for board in self._honest if board.is_up}
        if is_crowded:
            self.sound = []
        else:
            self.sound = [board for board in self._honest if board.is_up and self._is_sound(board, seen[board.node])]
        self._seen, self._since = seen, world.now

    def _is_sound(self, board: Board, seen: tuple[int, int]) -> bool:
        """Whether the board was up all the time, not silent, with a regular clock, and prompt."""
        life, ticks = self._seen.get(board.node, (-1, 0))
        due = (self._world.now - self._since) / self._world.tick_seconds
        return (
            life == seen[0]
            and abs(seen[1] - ticks - due) <= 2
            and not board.is_silent
            and board.is_prompt_since(self._since)
        )

    def are_joined(self, one: Board, other: Board) -> bool:
        """Whether every frame between two boards got through, both ways, with little delay."""
        since, now = self._stretch
        windows = self._windows[min(one.node, other.node), max(one.node, other.node)]
        index = bisect_right(windows, (now, float("inf"))) - 1  # the last that has begun; windows do not overlap
        return index < 0 or windows[index][1] <= since


def ticks_of(board: Board) -> int:
    """The board's own ticks in this life: the clock of its timers."""
    flight = board.flying
    return int(flight.replica._ticks)


def _windows(world: World) -> dict[tuple[int, int], list[tuple[float, float]]]:
    """For each pair of boards, the windows in which a fault rule may affect their frames; sorted, without overlap."""
    plan, count = world.scenario.fault_plan(), len(world.boards)
    delay_max = DELAY_TICKS_MAX * world.tick_seconds
    found: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for one in range(count):
        for other in range(one + 1, count):
            is_core = plan.heal is not None and {one, other} <= set(plan.heal.core)
            last = plan.heal.at if plan.heal is not None and is_core else float("inf")
            spans = []
            for rule in plan.rules:
                end = min(last, float("inf") if rule.end is None else rule.end)
                if rule.start < end and not _is_harmless(rule, delay_max) and _touches(rule, one, other):
                    spans.append((rule.start, end))
            found[one, other] = _merged(sorted(spans))
    return found


def _is_harmless(rule: Rule, delay_max: float) -> bool:
    return isinstance(rule, Jitter) and rule.seconds_max <= delay_max


def _touches(rule: Rule, one: int, other: int) -> bool:
    """Whether the rule may affect frames between the two boards, in either direction."""
    return any(
        rule.selects(source, destination, tuple(FLIGHT_KINDS.values()))
        and rule.on_link(Link(source, destination, "", Draws(0, "", source, destination))) is not None
        for source, destination in ((one, other), (other, one))
    )


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
