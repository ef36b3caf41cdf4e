"""When what happens to the boards themselves: the scenario's board faults as a queue of single events."""

import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from groundstation.scenario import BoardFault

POSTPONE_SECONDS = 0.1


@dataclass(frozen=True)
class BoardEvent:
    """`kill`, `start` (a reboot if it is running), `erase` (amnesia: kill, erase, start) or `power_cut`."""

    node: int
    action: str
    after_operations: int = 1
    waits_for_death: bool = False  # a start after a power cut: the cut comes with a write, not with the clock


class Schedule:
    """Board events that are still to come, by mission time, then in the order of the scenario."""

    def __init__(self, faults: Iterable[BoardFault]) -> None:
        self._count = itertools.count()
        self._heap: list[tuple[float, int, BoardEvent]] = []
        for fault in faults:
            action = {"restart": "start", "amnesia": "erase"}.get(fault.kind, fault.kind)
            self._push(fault.at, BoardEvent(fault.node, action, fault.after_operations))
            if fault.restart_after is not None:
                restart = BoardEvent(fault.node, "start", waits_for_death=fault.kind == "power_cut")
                self._push(fault.at + fault.restart_after, restart)

    @property
    def is_empty(self) -> bool:
        """Has everything happened?"""
        return not self._heap

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
        """Put an event off that cannot happen yet."""
        self._push(now + POSTPONE_SECONDS, event)

    def _push(self, at: float, event: BoardEvent) -> None:
        heapq.heappush(self._heap, (at, next(self._count), event))
