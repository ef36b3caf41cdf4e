"""Faults of a board itself: their kinds, and the fields of each, as a scenario and an order write them.

All times are mission seconds. `groundstation.faults.kinds` has the faults of links.
"""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amu.core import limits

JUMP_TICKS_MAX = 100_000
STEP_MS_MAX = 10_000.0
SECONDS_MAX = 1e9

PositiveSeconds = Annotated[float, Field(gt=0, le=SECONDS_MAX, allow_inf_nan=False)]
Moment = Annotated[float, Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)]


class Strict(BaseModel):
    """Unknown keys are errors: if a misspelt fault were silently ignored, the rehearsal would be too easy."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


# Kinds of board faults, and what each does.
BOARD_FAULT_KINDS = {
    "kill": "switched off at once",
    "restart": "switched off and on again",
    "amnesia": "as restart, with empty flash",
    "power_cut": "dies in the middle of a flash operation, of which a prefix is written",
    "pause": "the processor stands still; frames wait",
    "slow": "each message and each tick costs time",
    "clock_drift": "ticks come faster or slower",
    "clock_jump": "the clock leaps, ahead or back",
    "clock_stop": "no ticks come",
    "write_fault": "a flash operation fails with an error; silent until restarted, because its votes are unknown",
    "misdirected_write": "an append lands in the wrong place, and the board does not notice",
    "read_fault": "the next boot cannot read its flash, once",
    "crash_corruption": "dies, and its last write is garbage, not a prefix",
    "line_noise": "bytes on its line are changed, lost and added, in both directions",
    "baud_mismatch": "the two ends of its line run at different bauds",
    "slow_host": "the ground station does not read its line: what it says waits, and it waits with it",
    "unplug": "its cable is pulled and put in again; a board that the cable feeds loses its power",
    "brown_out": "its supply dips in the middle of a flash operation: it resets, and begins to fly again by itself",
    "hang": "its processor stands still, until its watchdog resets it",
    "heap_exhaustion": "something takes the rest of its heap",
    "full_flash": "something takes all room on its flash",
    "worn_flash": "the block of a flash operation wears out: it no longer takes all that is written",
}
if TYPE_CHECKING:
    BoardFaultKind = str
else:
    BoardFaultKind = Literal[tuple(BOARD_FAULT_KINDS)]
# Of lines and chips, which the simulator does not have.
HARDWARE_FAULTS = (
    "line_noise",
    "baud_mismatch",
    "slow_host",
    "unplug",
    "brown_out",
    "hang",
    "heap_exhaustion",
    "full_flash",
    "worn_flash",
)
MEMORY_FAULTS = ("misdirected_write", "crash_corruption", "amnesia")  # after these, flash may lack acknowledged writes
KINDS_OF_FIELD = {
    "after_operations": ("power_cut", "write_fault", "misdirected_write", "worn_flash", "brown_out"),
    "restart_after": ("kill", "power_cut", "crash_corruption", "write_fault"),
    "seconds": (
        *("pause", "slow", "clock_drift", "clock_stop"),
        *("line_noise", "baud_mismatch", "slow_host", "unplug", "full_flash"),
    ),
    "factor": ("clock_drift",),
    "ticks": ("clock_jump",),
    "step_ms": ("slow",),
    "probability": ("line_noise",),
}
REQUIRED_FIELDS = ("seconds", "factor", "ticks", "step_ms", "probability")  # all kinds with such a field need it


class BoardFault(Strict):
    """A fault of a board itself. Each kind has its own fields."""

    at: Moment = Field(description="mission second in which it happens")
    node: int = Field(ge=0, lt=limits.REPLICAS_MAX, description="the board that it happens to")
    kind: BoardFaultKind = Field(description="what happens")
    after_operations: int = Field(
        default=1, ge=1, description="strikes at this flash operation from then on; 1: at the next"
    )
    restart_after: PositiveSeconds | None = Field(default=None, description="how long until it is started again")
    seconds: PositiveSeconds | None = Field(default=None, description="how long it lasts")
    factor: float | None = Field(default=None, ge=0.1, le=10, description="ticks come this many times as fast")
    ticks: int | None = Field(
        default=None, ge=-JUMP_TICKS_MAX, le=JUMP_TICKS_MAX, description="by how far the clock leaps; negative: back"
    )
    step_ms: float | None = Field(default=None, gt=0, le=STEP_MS_MAX, description="board time a message or tick costs")
    probability: float | None = Field(default=None, gt=0, le=0.5, description="of damage to each byte")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        for field, kinds in KINDS_OF_FIELD.items():
            is_given = field in self.model_fields_set and getattr(self, field) is not None
            if is_given and self.kind not in kinds:
                raise ValueError(f"{field}: goes with {', '.join(kinds)}, not with {self.kind}")
            if not is_given and self.kind in kinds and field in REQUIRED_FIELDS:
                raise ValueError(f"{field}: {self.kind} needs it")
        return self
