"""What the console showed to the crew: alarms, and answers to "why no progress?", by the same folds over the lines.

A crew of operators saw only what `groundstation.procedures.sight` lets through, one light time late. Where nobody was
an operator, everybody saw everything at once.
"""

import math
from collections.abc import Callable
from typing import Any

from groundstation.debrief.alarms import Change, Lives
from groundstation.debrief.moments import Moment
from groundstation.procedures.arrivals import Arrivals
from groundstation.procedures.sight import scenario_for_crew
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
        self._lives = Lives(defaults(speed) if scenario is None else scenario.all_alarms(), speed)
        known = scenario_for_crew(scenario) if is_of_crew and scenario is not None else scenario
        self._model = Model(known, self._lives)
        self._is_of_crew, self._explain = is_of_crew, explain
        self._arrivals: Arrivals[Moment] = Arrivals(scenario)

    @property
    def changes(self) -> list[Change]:
        """Of alarms."""
        return self._lives.changes

    def take(self, line: Line, moment: Moment) -> None:
        """Take in a line of the trace."""
        if not self._is_of_crew:
            self._show(line, moment)
            return
        self._arrivals.add(line, moment)
        self._release(moment.received)

    def finish(self) -> None:
        """After the last line: what is on its way arrives."""
        self._release(math.inf)

    def _release(self, now: float) -> None:
        for moment, line in self._arrivals.until(now):
            self._show(line, moment._replace(later=line["received"] - moment.received))

    def _show(self, line: Line, moment: Moment) -> None:
        self._lives.moment = moment
        self._model.takes(line)
        if ("why", OPEN) in self._model.changed:
            self._explain(self._model.tables["why"][OPEN], moment)
        self._model.changed.clear()
