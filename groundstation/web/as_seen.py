"""A run that is over, as its crew saw it: the crew's trace is written once more, and replayed in place of the bench's.

In the debrief everybody knows the whole run. What explains a decision is what the crew knew when it was taken, so a
replay keeps to one of two sights, which people choose:

    truth   the bench's trace: what happened, when it happened
    crew    what `groundstation.web.crew` lets through, when it had come: no injects, and one light time late

Rules
- Only the moments before the end differ. At the end the run is shown as it is: the debrief.
- The crew's trace is a file of its own, written in bounded parts. It goes when the truth is chosen again.
- No property is judged: what the crew saw is a part of the trace, and a check of that means nothing.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from groundstation.procedures.sight import scenario_for_crew
from groundstation.scenario.model import Scenario
from groundstation.web.checkpoints import Checkpoints
from groundstation.web.crew import CrewTrace, hidden_from
from groundstation.web.history import last_second
from groundstation.web.hub import Hub
from groundstation.web.model import Model
from groundstation.web.replay import Replay, ReplayError

CREW, TRUTH = SIGHTS = ("crew", "truth")
OF_THE_TRUTH = ("line", "violation")  # leaps that the verdict asks for: it is on the bench's trace


class AsSeen:
    """The crew's sight of the run in `trace`, shown to the pages of `hub`. Raises OSError."""

    def __init__(self, trace: Path, scenario: Scenario | None, hub: Hub, prepare: Callable[[Model], None]) -> None:
        self._files = tempfile.TemporaryDirectory(prefix="amu-crew-")
        self._writer = CrewTrace(trace, Path(self._files.name) / "crew.ndjson", scenario)
        self._end = last_second(trace)
        known = None if scenario is None else scenario_for_crew(scenario)
        self.replay = Replay(hub, self._writer.path, Checkpoints(known), prepare)
        self.is_written = False

    def write(self) -> bool:
        """Write on, a bounded part. Returns whether there is more. Raises OSError."""
        self._writer.write(self._end)
        self.is_written = self._writer.is_whole
        return not self.is_written

    async def ask(self, action: object, to: object) -> None:
        """Do what a page asks for. Raises ReplayError, OSError."""
        if action == "violation" or (action in OF_THE_TRUTH and not self.replay.is_active):
            raise ReplayError("the verdict is on what happened, not on what the crew saw of it: choose the truth first")
        await self.replay.ask(action, to, set())

    def told(self, flight: dict[str, Any]) -> dict[str, Any]:
        """The state of the flight as the crew knew it at the moment that is shown."""
        return hidden_from(flight) | self._writer.light(self.replay.at)

    def close(self) -> None:
        """Forget it."""
        self._writer.close()
        self._files.cleanup()
