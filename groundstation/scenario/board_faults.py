"""The schedule of board faults: a scenario's faults as a queue of single events.

Rehearsals and the simulator use the same queue. It does not know the boards: callers say which are on, and report each
change.

Rules
- Without a core (`groundstation.scenario.model.Liveness`) every fault must happen. A fault that strikes at a flash
  operation waits until its board is on, a pause has passed since its start, and no such fault is armed. With a core, a
  fault that strikes a board which is off is void, and a second one replaces the first: storms have enough of them.
- The start after such a fault waits for the board's death, of any cause. Then it comes at its time, but not before a
  pause has passed.
- Once the core is healed, each of its boards gets one `heal` and no other event, and no other board is started.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from groundstation.faults.board_fault import BoardFault
from groundstation.scenario.model import Liveness

STRIKING = ("power_cut", "crash_corruption", "write_fault", "misdirected_write")  # at a later flash operation

_ACTIONS = {"amnesia": "erase"}  # of faults that are not named after their action
_LASTING = ("line_noise", "baud_mismatch", "slow_host", "unplug", "full_flash")  # faults of hardware
_ENDS = {"pause": "resume", **dict.fromkeys(_LASTING, "over")}  # actions that end lasting faults


@dataclass(frozen=True)
class BoardEvent:
    """An action on a board.

    kill; start, restart (a running board reboots); erase (amnesia: kill, erase, start); pause, and resume; over (a
    lasting fault ends); heal (undo all faults: the board is sound from now on); others have the names of their `fault`.
    """

    node: int
    action: str
    due: float  # as planned, even if it has to wait longer
    fault: BoardFault | None = None  # that it belongs to
    number: int = 0  # among all events of the scenario, the same in every flight; then those of orders

    @property
    def waits_for_death(self) -> bool:
        """Whether it is a start after a fault that strikes with a write, not at a time."""
        return self.action == "start" and self.fault is not None and self.fault.kind in STRIKING


class Schedule:
    """The remaining board events, by mission time, then in the order of the scenario."""

    def __init__(
        self,
        faults: Iterable[BoardFault],
        liveness: Liveness | None,
        pause_seconds: float,
        begun: Collection[int] = (),
        armed: Collection[int] = (),
        now: float = 0.0,
    ) -> None:
        """The schedule from mission second `now` on. begun: numbers of events that have happened.

        armed: boards on which such an event has armed a fault of the flash.
        """
        self._pause_seconds = pause_seconds
        self._count = itertools.count()
        self.next_number = 1 + max(begun, default=-1)  # of the next order's event
        self._heap: list[tuple[float, int, BoardEvent]] = []
        self._parked: dict[int, list[BoardEvent]] = {}  # by board, strikes that wait for its start
        self._starts: dict[int, BoardEvent] = {}  # by number of the strike that comes before
        self._struck: dict[int, BoardEvent] = {}  # by board, the start that waits for its death
        self._core = frozenset() if liveness is None else frozenset(liveness.core)
        self._healed_at = math.inf if liveness is None else liveness.at
        heals = [BoardEvent(node, "heal", self._healed_at) for node in sorted(self._core)]
        planned = [*heals, *itertools.chain.from_iterable(map(_events_of, faults))]
        self._take_in(planned, 0, begun, armed, now)
        self.next_number = max(self.next_number, len(planned))

    def _take_in(
        self, events: Iterable[BoardEvent], first: int, begun: Collection[int], armed: Collection[int], now: float
    ) -> None:
        """Number the events from `first` on, each start after its fault, and queue those that have not begun."""
        for number, event in enumerate(events, first):
            if number in begun:
                continue
            event = replace(event, number=number)
            if event.waits_for_death and number - 1 not in begun:
                self._starts[number - 1] = event
            elif event.waits_for_death and event.node in armed:
                self._struck[event.node] = event
            else:
                self._push(max(event.due, now), event)

    def order(
        self,
        node: int,
        fault: BoardFault | None,
        at: float,
        number: int,
        begun: Collection[int] = (),
        armed: Collection[int] = (),
    ) -> None:
        """Queue a fault that nobody planned, or the start of a board if it is None, from mission second `at` on.

        number: of its first event, `next_number` when the order was taken. begun, armed: as for the schedule.
        """
        events = [BoardEvent(node, "start", at)] if fault is None else list(_events_of(fault))
        self.next_number = max(self.next_number, number + len(events))
        self._take_in(events, number, begun, armed, at)

    def call_off(self, fault: BoardFault, now: float) -> bool:
        """Forget the events of `fault`. False if it began before mission second `now`, or if it is not planned."""
        kept = [entry for entry in self._heap if entry[2].fault != fault]
        dropped = [event for _, _, event in self._heap if event.fault == fault]
        self._heap = kept
        heapq.heapify(self._heap)
        for node, events in self._parked.items():
            dropped += [event for event in events if event.fault == fault]
            self._parked[node] = [event for event in events if event.fault != fault]
        self._starts = {number: event for number, event in self._starts.items() if event.fault != fault}
        self._struck = {node: event for node, event in self._struck.items() if event.fault != fault}
        return any(event.action == _ACTIONS.get(fault.kind, fault.kind) for event in dropped)

    def waiting(self) -> list[BoardEvent]:
        """The events that wait only for their time, or for a board to be on, in the order of the plan."""
        events = [*(event for _, _, event in self._heap), *itertools.chain(*self._parked.values())]
        return sorted(events, key=lambda event: (event.due, event.number))

    def told(self, deadline: float, is_on: Callable[[int], bool]) -> list[str]:
        """The `waiting` events that are due by mission second `deadline`, in words."""

        def words(event: BoardEvent) -> str:
            off = ", which is off," if event.action in STRIKING and not is_on(event.node) else ""
            return f"{event.action} on board {event.node}{off} at {event.due:.2f} s"

        return [words(event) for event in self.waiting() if event.due <= deadline]

    def next_due(self) -> float | None:
        """Mission second of the next event that waits only for its time. None if there is none."""
        return self._heap[0][0] if self._heap else None

    def due(
        self, now: float, is_on: Callable[[int], bool], is_armed: Callable[[int, str], bool]
    ) -> Iterator[BoardEvent]:
        """Take out the due events, one by one: each may change what the next one waits for.

        is_on: whether a board is on. is_armed: whether a fault of this kind is already armed on it.
        """
        while self._heap and self._heap[0][0] <= now:
            event = heapq.heappop(self._heap)[2]
            if event.action in STRIKING:
                can_strike = is_on(event.node) and not is_armed(event.node, event.action)
                if not can_strike and not self._core:
                    self._parked.setdefault(event.node, []).append(event)
                    continue
                if is_on(event.node) and event.number in self._starts:
                    self._struck[event.node] = self._starts[event.number]
            elif event.action == "heal":
                self._struck.pop(event.node, None)
            yield event

    def started(self, node: int, now: float) -> None:
        """Board `node` was switched on."""
        for event in self._parked.pop(node, ()):
            self._push(now + self._pause_seconds, event)

    def died(self, node: int, now: float) -> None:
        """Board `node` is off, or its flash has failed."""
        start = self._struck.pop(node, None)
        if start is not None:
            self._push(max(start.due, now + self._pause_seconds), start)

    def is_over(self, node: int, action: str, at: float) -> bool:
        """Whether the healed core rules out this action at mission second `at`."""
        return at >= self._healed_at and (node in self._core or action == "start")

    def _push(self, at: float, event: BoardEvent) -> None:
        if event.action == "heal" or not self.is_over(event.node, event.action, at):
            heapq.heappush(self._heap, (at, next(self._count), event))


def _events_of(fault: BoardFault) -> Iterator[BoardEvent]:
    """The events of one fault, its start after it."""
    yield BoardEvent(fault.node, _ACTIONS.get(fault.kind, fault.kind), fault.at, fault)
    if fault.kind in _ENDS:
        yield BoardEvent(fault.node, _ENDS[fault.kind], ends_at(fault), fault)
    if fault.restart_after is not None:
        yield BoardEvent(fault.node, "start", fault.at + fault.restart_after, fault)


def ends_at(fault: BoardFault) -> float:
    """The mission second at which a lasting fault ends."""
    return fault.at + (fault.seconds or 0.0)
