"""When what happens to the boards themselves: the scenario's board faults as a queue of single events.

A scenario with a core that must make progress says where faults end (`groundstation.scenario.model.Liveness`); what
comes of that here is that such events never enter the queue, and that each board of the core gets one `heal`.
"""

import heapq
import itertools
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from groundstation.scenario.model import BoardFault, Liveness

POSTPONE_SECONDS = 0.1

_ACTIONS = {"amnesia": "erase"}  # where the fault is not called as what is done


@dataclass(frozen=True)
class BoardEvent:
    """What is to be done to a board.

    kill; start, restart (both a reboot if it is running); erase (amnesia: kill, erase, start); power_cut; pause until a
    mission second, and resume; heal (whatever was done to it, it is sound from now on).
    """

    node: int
    action: str
    after_operations: int = 1
    waits_for_death: bool = False  # a start after a power cut: the cut comes with a write, not with the clock
    until: float = 0.0
    number: int = 0  # among all events of the scenario, the same in every flight of it
    due: float = field(default=0.0, compare=False)  # as planned, however often it is put off


class Schedule:
    """Board events that are still to come, by mission time, then in the order of the scenario."""

    def __init__(
        self,
        faults: Iterable[BoardFault],
        liveness: Liveness | None = None,
        begun: Collection[int] = (),
        now: float = 0.0,
    ) -> None:
        """From mission second `now` on; the events with the numbers in `begun` have happened before."""
        self._count = itertools.count()
        self._heap: list[tuple[float, int, BoardEvent]] = []
        self._core = frozenset() if liveness is None else frozenset(liveness.core)
        self._healed_at = math.inf if liveness is None else liveness.at
        for number, (at, event) in enumerate(self._planned(faults)):
            if number not in begun:
                self._push(max(at, now), replace(event, number=number), due=at)

    def _planned(self, faults: Iterable[BoardFault]) -> Iterator[tuple[float, BoardEvent]]:
        for node in sorted(self._core):
            yield self._healed_at, BoardEvent(node, "heal")
        for fault in faults:
            until = fault.at + (fault.seconds or 0.0)
            action = _ACTIONS.get(fault.kind, fault.kind)
            yield fault.at, BoardEvent(fault.node, action, fault.after_operations, until=until)
            if fault.kind == "pause":
                yield until, BoardEvent(fault.node, "resume")
            if fault.restart_after is not None:
                waits_for_death = fault.kind == "power_cut"
                yield fault.at + fault.restart_after, BoardEvent(fault.node, "start", waits_for_death=waits_for_death)

    def waiting(self) -> list[BoardEvent]:
        """What has not happened, in order."""
        return [event for _, _, event in sorted(self._heap)]

    def next_due(self) -> float | None:
        """Mission second of the next event; None if there is none."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[BoardEvent]:
        """Take out the events whose time has come."""
        events = []
        while self._heap and self._heap[0][0] <= now:
            events.append(heapq.heappop(self._heap)[2])
        return events

    def postpone(self, event: BoardEvent, now: float) -> None:
        """Put an event off that cannot happen yet. One that would come after the healing is not waited for."""
        if now + POSTPONE_SECONDS < self._healed_at:
            self._push(now + POSTPONE_SECONDS, event, event.due)

    def _push(self, at: float, event: BoardEvent, due: float) -> None:
        is_over = at >= self._healed_at and (event.node in self._core or event.action == "start")
        if event.action == "heal" or not is_over:
            heapq.heappush(self._heap, (at, next(self._count), replace(event, due=due)))
