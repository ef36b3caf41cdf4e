"""Alarms of a mission: limits on what boards and swarm report, written in the scenario file.

    [[alarms]]
    name = "low heap"
    parameter = "heap_free"
    warning_low = 20000
    critical_low = 10000
    persistence = 3

An alarm tells a person; it changes nothing in flight, so no correctness rests on it. It is raised when the value has
been beyond a limit in `persistence` samples in a row, and returns to normal after as many within the limits. The life
of an alarm is that of ISA-18.2 (IEC 62682, section 5.2): raised, acknowledged, returned, shelved.
"""

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amu.core import limits

ALARMS_MAX = 64
NAME_LENGTH_MAX = 40
PERSISTENCE_MAX = 1000


class Parameter(NamedTuple):
    """What an alarm looks at. of_board: each board has one, else the swarm has."""

    unit: str
    means: str
    of_board: bool = True


PARAMETERS = {
    "off": Parameter("", "whether a board is off: 1 or 0"),
    "silent_seconds": Parameter("s", "mission seconds since a board that is on was last heard"),
    "heap_free": Parameter("B", "free heap of a board"),
    "heap_run": Parameter("B", "longest run of its free heap"),
    "slots_behind": Parameter("slots", "applied slots behind the board that is furthest"),
    "view": Parameter("view changes", "view of a board's latest slot: each is a leader that did not decide it"),
    "unconfirmed": Parameter("operations", "telecommands that are not confirmed", of_board=False),
    "unconfirmed_seconds": Parameter("s", "mission seconds since the oldest of these was queued", of_board=False),
    "violations": Parameter("properties", "properties that are violated", of_board=False),
}
if TYPE_CHECKING:
    ParameterName = str
else:
    ParameterName = Literal[tuple(PARAMETERS)]
Limit = Annotated[float, Field(allow_inf_nan=False)]


class Alarm(BaseModel):
    """Limits on one parameter."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(min_length=1, max_length=NAME_LENGTH_MAX, pattern=r"^[^/]*$", description="shown; no slash")
    parameter: ParameterName = Field(description="what it looks at")
    boards: list[Annotated[int, Field(ge=0, lt=limits.REPLICAS_MAX)]] | None = Field(
        default=None, min_length=1, description="boards that it looks at; default: all"
    )
    warning_low: Limit | None = Field(default=None, description="a warning below this")
    critical_low: Limit | None = Field(default=None, description="critical below this")
    warning_high: Limit | None = Field(default=None, description="a warning above this")
    critical_high: Limit | None = Field(default=None, description="critical above this")
    persistence: int = Field(default=1, ge=1, le=PERSISTENCE_MAX, description="samples in a row until it changes")

    @model_validator(mode="after")
    def _has_limits_in_order(self) -> Self:
        given = [self.critical_low, self.warning_low, self.warning_high, self.critical_high]
        known = [limit for limit in given if limit is not None]
        if not known:
            raise ValueError("warning_low: give at least one limit")
        if known != sorted(known):
            raise ValueError("warning_low: want critical_low <= warning_low <= warning_high <= critical_high")
        if self.boards is not None and not PARAMETERS[self.parameter].of_board:
            raise ValueError(f"boards: {self.parameter} is of the swarm; omit it")
        return self

    def level(self, value: float) -> str:
        """ "critical", "warning" or "normal"."""
        if _beyond(value, self.critical_low, self.critical_high):
            return "critical"
        return "warning" if _beyond(value, self.warning_low, self.warning_high) else "normal"


def _beyond(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def defaults(speed: float) -> list[Alarm]:
    """The alarms of a scenario that names none. speed: mission seconds in a second of wall time."""
    return [
        Alarm(name="board off", parameter="off", critical_high=0.0),
        Alarm(name="board not heard", parameter="silent_seconds", warning_high=3.0 * speed, critical_high=10.0 * speed),
        Alarm(name="low heap", parameter="heap_free", warning_low=20_000.0, critical_low=10_000.0, persistence=3),
        Alarm(name="board behind", parameter="slots_behind", warning_high=16.0, critical_high=64.0, persistence=4),
        Alarm(name="not confirmed", parameter="unconfirmed_seconds", warning_high=10.0 * speed),
        Alarm(name="property violated", parameter="violations", critical_high=0.0),
    ]
