"""What a crew sees of a run, in the order in which it arrives: what `sight` lets through, when `horizon` says.

    arrivals = Arrivals(scenario)
    arrivals.add(line, place); ...
    for place, line in arrivals.until(now): ...

`received` of a line that has arrived is the mission second at which the crew can know of it; it never goes back.
"""

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

from groundstation.procedures.horizon import Horizon
from groundstation.procedures.sight import Line, geometry_of, seen_by_crew
from groundstation.scenario.model import Scenario

Place = TypeVar("Place")  # of a line in the trace; orders those that arrive at once


class Arrivals(Generic[Place]):
    """Of one run. scenario: None if nobody knows it. Its length: how many lines are on their way."""

    def __init__(self, scenario: Scenario | None) -> None:
        self.horizon = Horizon(scenario)
        self.now = 0.0  # of the crew
        self._geometry = geometry_of(scenario)
        self._pending: list[tuple[float, Place, Line]] = []  # a heap: by arrival, then by place

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, line: Line, place: Place) -> None:
        """Take in a line of the bench's trace."""
        seen = seen_by_crew(line, self._geometry)
        if seen is not None:
            heapq.heappush(self._pending, (self.horizon.arrival(line), place, seen))

    def until(self, now: float) -> Iterator[tuple[Place, Line]]:
        """The lines that have arrived by mission second `now`, taken out."""
        while self._pending and self._pending[0][0] <= max(now, self.now):
            arrival, place, line = heapq.heappop(self._pending)
            self.now = line["received"] = max(arrival, self.now)
            yield place, line
