"""Geometry of the mission: when two nodes hear each other, and how long light takes between them.

A *contact pass* runs from acquisition of signal (AOS) to loss of signal (LOS), a half-open interval [aos, los) of
mission seconds. A schedule may repeat with a period (an orbit); its passes then lie within one period, and the first
period starts at mission time 0. Everything here is a pure function of mission time, independent of frames and faults.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amu.core import limits

Node = Annotated[int, Field(ge=0, lt=limits.REPLICAS_MAX, description="replica number")]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, description="mission seconds")]


LISTED = Field(strict=False)  # accepts a file's lists for the model's tuples; their elements are checked strictly


class Pass(BaseModel):
    """One contact pass: [aos, los) in mission seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    aos: Seconds = Field(description="acquisition of signal: contact begins")
    los: Seconds = Field(description="loss of signal: contact ends")

    @model_validator(mode="after")
    def _los_after_aos(self) -> Self:
        if self.los <= self.aos:
            raise ValueError(f"los must come after aos = {self.aos:g} s, have los = {self.los:g} s")
        return self


class PairLightTime(BaseModel):
    """One-way light time between two nodes, the same in both directions, in mission seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    nodes: Annotated[tuple[Node, Node], LISTED] = Field(description="two replicas")
    seconds: Seconds = Field(description="one-way light time between them")

    @model_validator(mode="after")
    def _two_nodes(self) -> Self:
        if self.nodes[0] == self.nodes[1]:
            raise ValueError(f"nodes must be two different nodes, have {self.nodes[0]} twice")
        return self


def check_passes(passes: Sequence[Pass], period_seconds: float | None) -> None:
    """Raise ValueError unless the passes are in order, do not overlap and lie within the period."""
    for number, (earlier, later) in enumerate(itertools.pairwise(passes), start=1):
        if later.aos < earlier.los:
            raise ValueError(
                f"passes must be in order and must not overlap: pass {number + 1} starts at {later.aos:g} s, "
                f"before pass {number} ends at {earlier.los:g} s"
            )
    if period_seconds is not None and passes and passes[-1].los > period_seconds:
        raise ValueError(
            f"passes must lie within one period of {period_seconds:g} s, the last one ends at {passes[-1].los:g} s"
        )


def next_contact(passes: Sequence[Pass], period_seconds: float | None, now: float) -> float | None:
    """First mission second >= `now` that lies in a pass: `now` itself during a pass, None if no pass is left.

    `passes` must satisfy `check_passes` and hold at least one pass.
    """
    start = 0.0 if period_seconds is None else math.floor(now / period_seconds) * period_seconds
    for one in passes:
        # Compare in mission time, not in time within the period: the subtraction would round `now` into another pass.
        if now < start + one.los:
            return max(now, start + one.aos)
    if period_seconds is None:
        return None
    return max(now, start + period_seconds + passes[0].aos)


def light_time_seconds(pairs: Sequence[PairLightTime], default_seconds: float, source: int, destination: int) -> float:
    """One-way light time of the pair, `default_seconds` when the table does not name it."""
    for pair in pairs:
        if {source, destination} == set(pair.nodes):
            return pair.seconds
    return default_seconds
