"""The flight as its crew sees it: operators and observers, until the debrief.

    bench      the trace of the run, with everything                    the director's
    crew       the lines that a crew may see, when they can have come   the crew's, until the debrief

The crew has a trace of its own, a file that holds no more than `groundstation.procedures.sight` lets through, in the
order in which it arrives by `groundstation.procedures.horizon`. All that a crew member can ask for is read from this
file: what is not in it cannot leak, be it by a search, by the length of a gap or by the number of a line.

Rules
- `received` is the mission second at which the crew can know of the line; events of the ground are numbered from 0.
- The debrief begins when the run is over: the last line of the trace is its RunEnd, and nobody flies it. From then on
  the crew's flight is the bench's. A run that is resumed has another trace, and a debrief of its own.
- At most PENDING_MAX lines wait for their arrival. Beyond that the trace is read no further: lines come late then,
  never early.
"""

import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from amu.core.limits import GROUND
from groundstation.procedures.arrivals import Arrivals
from groundstation.procedures.sight import scenario_for_crew
from groundstation.scenario.model import Scenario
from groundstation.web.behaviour import Behaviour
from groundstation.web.flights import CHECKING, FAILED, OVER, STORED, Flight
from groundstation.web.history import from_the_end
from groundstation.web.tail import Line, Tail, parse
from specs.checking import trace_line

PENDING_MAX = 50_000
OVER_STATES = (CHECKING, OVER, STORED)
HIDDEN = ("plays", "reason", "verdict", "has_report")  # of the flight's state
WHY_FAILED = "the flight could not be started; the director sees why"


class CrewFlight:
    """A flight in the crew's sight. Like a `Flight` to its follower."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self._files = tempfile.TemporaryDirectory(prefix="amu-crew-")
        self._count = 0  # of traces
        self._writer: CrewTrace | None = None
        self.is_revealed = False

    @property
    def run(self) -> Path | None:
        return self._flight.run

    @property
    def behaviour(self) -> Behaviour | None:
        return self._flight.behaviour if self.is_revealed else None

    @property
    def trace(self) -> Path | None:
        """The trace that the crew may read: its own, or in the debrief the bench's."""
        if self.is_revealed:
            return self._flight.trace
        return None if self._writer is None else self._writer.path

    def scenario(self) -> Scenario | None:
        scenario = self._flight.scenario()
        return scenario if scenario is None or self.is_revealed else scenario_for_crew(scenario)

    def state(self) -> dict[str, Any]:
        """The flight's state, as far as the crew may know it."""
        state = self._flight.state()
        if self.is_revealed:
            return state
        told = hidden_from(state)
        if told["state"] == FAILED:
            told["reason"] = WHY_FAILED
        return told if self._writer is None else told | self._writer.light()

    def advance(self) -> bool:
        """Write on what the crew may see by now. Returns whether there is more to do at once. Raises OSError."""
        trace = self._flight.trace
        if trace is None:
            self._begin(None)
            return False
        last = _last(trace)
        is_over = last is not None and last["node"] == GROUND and last["event"] == "RunEnd"
        self.is_revealed = is_over and self._flight.state().get("state") in OVER_STATES
        if self.is_revealed:
            self._begin(None)
            return False
        if self._writer is None or self._writer.is_of_another(trace):
            self._begin(trace)
        assert self._writer is not None
        return self._writer.write(0.0 if last is None else last["received"])

    def _begin(self, trace: Path | None) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if trace is not None:
            self._count += 1
            path = Path(self._files.name) / f"crew-{self._count}.ndjson"
            self._writer = CrewTrace(trace, path, self._flight.scenario())

    def close(self) -> None:
        """Forget what the crew saw."""
        self._begin(None)
        self._files.cleanup()


def hidden_from(state: dict[str, Any]) -> dict[str, Any]:
    """The state of a flight without what a crew does not know."""
    return {name: value for name, value in state.items() if name not in HIDDEN} | {"sight": "crew"}


class CrewTrace:
    """Writes the crew's trace of one trace."""

    def __init__(self, trace: Path, path: Path, scenario: Scenario | None) -> None:
        self.path = path
        self._boards = 0 if scenario is None else scenario.mission.boards
        self._arrivals: Arrivals[int] = Arrivals(scenario)  # by offset
        self._tail = Tail(trace)
        self._file: BinaryIO = path.open("wb", buffering=0)
        self._seq = 0  # of the ground's events
        self._read = 0.0  # the latest receipt that was read

    def is_of_another(self, trace: Path) -> bool:
        """Whether this is not the trace that was read so far."""
        return self._tail.path != trace or self._tail.size < self._tail.position

    @property
    def is_whole(self) -> bool:
        """Whether all of the trace has been read."""
        return not self._tail.is_behind

    def light(self, at: float | None = None) -> dict[str, Any]:
        """Where the crew sits, and the light time from each board to there; nothing if there is no light time.

        at: the crew's mission second. None: the latest one.
        """
        now, horizon = self._arrivals.now if at is None else at, self._arrivals.horizon
        if not horizon.is_there:
            return {}
        seconds = [horizon.seconds(node, now) for node in range(self._boards)]
        return {"horizon": {"ground": horizon.ground, "now": now, "seconds": seconds}}

    def write(self, now: float) -> bool:
        """Read on, and write what can have arrived at mission second `now`. Returns whether there is more to read."""
        is_full = len(self._arrivals) >= PENDING_MAX
        for line in () if is_full else self._tail.read():
            self._read = max(self._read, line["received"])
            self._arrivals.add(line, line["offset"])
        is_behind = self._tail.is_behind and not is_full
        # What has not been read was received later than what has been, and arrives later still.
        self._release(min(now, self._read) if is_behind else now)
        return is_behind

    def _release(self, now: float) -> None:
        texts = []
        for _, line in self._arrivals.until(now):
            del line["offset"]
            if line["node"] == GROUND:
                line["seq"], self._seq = self._seq, self._seq + 1
            texts.append(trace_line.encode(line) + "\n")
        if texts:
            self._file.write("".join(texts).encode())

    def close(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def _last(trace: Path) -> Line | None:
    """The last whole line of a trace. None if there is none, or if it is not an event."""
    text = next(from_the_end(trace), None)
    return None if text is None else parse(text, 0)
