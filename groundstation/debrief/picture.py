"""What the console showed to the crew: alarms, and answers to "why no progress?", by the same folds over the lines.

A crew of operators saw only what `groundstation.procedures.sight` lets through, one light time late. Where nobody was
an operator, everybody saw everything at once.
"""

import heapq
from collections.abc import Callable
from typing import Any

from groundstation.debrief.alarms import Change, Lives
from groundstation.debrief.moments import Moment
from groundstation.procedures.horizon import Horizon
from groundstation.procedures.sight import geometry_of, scenario_for_crew, seen_by_crew
from groundstation.scenario.alarms import defaults
from groundstation.scenario.model import Scenario
from groundstation.web.model import Model
from groundstation.web.tail import Line
from groundstation.web.why import OPEN


class Picture:
    """The picture of one run. explain: called with each answer about the first open slot, and when it was shown.

    is_of_crew: as operators saw it.
    """

    def __init__(
        self, scenario: Scenario | None, is_of_crew: bool, explain: Callable[[dict[str, Any], Moment], None]
    ) -> None:
        speed = 1.0 if scenario is None else scenario.mission.speed
        alarms = [] if scenario is None else scenario.alarms
        self._lives = Lives(alarms or defaults(speed), speed)
        is_hidden = is_of_crew and scenario is not None
        self._model = Model(scenario_for_crew(scenario) if is_hidden and scenario else scenario, self._lives)
        self._is_of_crew, self._explain = is_of_crew, explain
        self._geometry, self._horizon = geometry_of(scenario), Horizon(scenario)
        self._pending: list[tuple[float, int, float, Line]] = []  # arrival, line, receipt, what it says
        self._now = 0.0

    @property
    def changes(self) -> list[Change]:
        """Of alarms."""
        return self._lives.changes

    def take(self, line: Line, moment: Moment) -> None:
        """Take in a line of the trace."""
        if not self._is_of_crew:
            self._show(line, moment)
            return
        seen = seen_by_crew(line, self._geometry)
        if seen is not None:
            heapq.heappush(self._pending, (self._horizon.arrival(line), moment.line, moment.received, seen))
        self._release(moment.received)

    def finish(self) -> None:
        """After the last line: what is on its way arrives."""
        while self._pending:
            self._release(self._pending[0][0])

    def _release(self, now: float) -> None:
        while self._pending and self._pending[0][0] <= now:
            arrival, number, received, line = heapq.heappop(self._pending)
            self._now = line["received"] = max(arrival, self._now)
            self._show(line, Moment(number, received, self._now - received))

    def _show(self, line: Line, moment: Moment) -> None:
        self._lives.moment = moment
        self._model.takes(line)
        if ("why", OPEN) in self._model.changed:
            self._explain(self._model.tables["why"][OPEN], moment)
        self._model.changed.clear()
