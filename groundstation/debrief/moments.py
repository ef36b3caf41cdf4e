"""Moments of a run: the line of the trace from which a figure is drawn, mission time, and UTC where it is known.

Every figure of a debrief is the second of one line of the trace, or the difference of two such.
"""

import datetime
from collections.abc import Sequence
from typing import NamedTuple


class Moment(NamedTuple):
    """Line `line` of the trace, counted from 1, which the ground had at mission second `received`; or `later` seconds
    later, by what the line says or by the light time to the crew."""

    line: int
    received: float
    later: float = 0.0

    @property
    def at(self) -> float:
        """The mission second."""
        return self.received + self.later


class Utc:
    """UTC of mission seconds. starts: (mission second, when that was) of each ground station, in order; when: None if
    nobody knows, as where boards live in virtual time. speed: mission seconds in a second of wall time."""

    def __init__(self, starts: Sequence[tuple[float, datetime.datetime | None]] = (), speed: float = 1.0) -> None:
        self._starts = [*starts]
        self._speed = speed

    @property
    def is_known(self) -> bool:
        """Whether that of any moment is."""
        return any(when is not None for _, when in self._starts)

    def text(self, at: float) -> str:
        """Of mission second `at`, to the second: 2026-11-30 08:06:48 UTC. "" if it is not known."""
        passed = [(second, when) for second, when in self._starts if second <= at]
        second, when = passed[-1] if passed else (0.0, None)
        if when is None:
            return ""
        try:
            found = when + datetime.timedelta(seconds=(at - second) / self._speed)
        except OverflowError:
            return ""
        return found.strftime("%Y-%m-%d %H:%M:%S UTC")


def parsed(started: object) -> datetime.datetime | None:
    """The moment in the member `started` of run.json, if it has one."""
    try:
        found = datetime.datetime.fromisoformat(str(started))
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(datetime.UTC)
