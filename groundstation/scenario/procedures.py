"""Procedures and injects of a mission, as a scenario file has them.

    [procedure]
    title = "First lease"

    [[procedure.steps]]
    name = "lease"
    text = "Acquire the lease of the dock."
    hold = true
    poll = ["operator"]
    order = { kind = "telecommand", verb = "lease-acquire", fields = { resource = "dock/1", holder = 1, slots = 50 } }
    expect = { stage = "confirmed" }
    within_seconds = 20
    delay_seconds = 2

    [[injects]]
    name = "the relay fails"
    step = "lease"
    order = { kind = "board", board = 2, action = "kill" }

A procedure is what a crew does, step by step: hold, poll, order, expected state, delay (`groundstation.procedures`). An
inject is what the director does to them. Orders are those of `groundstation.orders.order`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from amu.core import limits
from groundstation.faults.board_fault import Moment, PositiveSeconds, Strict
from groundstation.orders.order import Body, OrderError, Telecommand, read_body

STEPS_MAX = 100
INJECTS_MAX = 100
NAME_LENGTH_MAX = 40
TEXT_LENGTH_MAX = 500
OF_A_STEP = ("telecommand", "control", "board", "fault", "end-fault", "finish")
OF_AN_INJECT = ("board", "fault", "end-fault")
STAGES = ("received", "applied", "confirmed")  # of a telecommand, each after those before it

Board = Annotated[int, Field(ge=0, lt=limits.REPLICAS_MAX)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH_MAX, pattern=r"^[^/]*$")]
Role = Literal["operator", "director"]
Told = dict[str, Any]  # an order, as a person would give it


class Expect(Strict):
    """What must have been seen on the ground; all that is given at once."""

    stage: Literal[STAGES] | None = Field(  # type: ignore[valid-type]
        default=None,
        description="stage that the step's telecommand has reached at one board, or at f + 1: confirmed",
    )
    voting: int | None = Field(
        default=None, ge=1, le=limits.REPLICAS_MAX, description="at least so many boards are heard, and vote"
    )
    heard: list[Board] = Field(default_factory=list, description="boards that are heard")
    unheard: list[Board] = Field(default_factory=list, description="boards that are not heard")
    slots: int | None = Field(default=None, ge=1, le=limits.SLOT_MAX, description="slot that f + 1 boards have applied")
    confirmed: int | None = Field(default=None, ge=1, description="telecommands confirmed since the start")

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not any(getattr(self, name) for name in type(self).model_fields):
            raise ValueError("want at least one of stage, voting, heard, unheard, slots, confirmed")
        both = sorted({*self.heard} & {*self.unheard})
        if both:
            raise ValueError(f"board {both[0]} cannot be heard and unheard")
        return self


class Step(Strict):
    """One step of the procedure: hold, poll, order, expected state, delay, in this order; each may be left out."""

    name: Name = Field(description="of its own, shown; no slash")
    text: str = Field(default="", max_length=TEXT_LENGTH_MAX, description="what the crew does, in words")
    hold: bool = Field(default=False, description="it begins when a person orders it")
    poll: list[Role] = Field(default_factory=list, description="roles that must say go; a quorum must be heard, too")
    order: Told | None = Field(default=None, description=f"what is then ordered: {', '.join(OF_A_STEP)}")
    expect: Expect | None = Field(default=None, description="what must then be seen")
    within_seconds: PositiveSeconds = Field(
        default=30.0, description="after which the expected state has failed to come"
    )
    delay_seconds: Moment = Field(default=0.0, description="from the expected state to the next step")

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        body = _read("order", self.order, OF_A_STEP)
        if self.expect is not None and self.expect.stage is not None and not isinstance(body, Telecommand):
            raise ValueError("expect.stage: is of a telecommand; give the step one as its order")
        if len(set(self.poll)) != len(self.poll):
            raise ValueError("poll: a role is named twice")
        return self

    @property
    def body(self) -> Body | None:
        """The order."""
        return None if self.order is None else read_body(self.order)

    def boards(self) -> list[int]:
        """Boards that the step names."""
        named = [] if self.expect is None else [*self.expect.heard, *self.expect.unheard]
        return named + _boards(self.order)


class Procedure(Strict):
    """What the crew does, step by step."""

    title: str = Field(default="Procedure", min_length=1, max_length=100, description="shown above the steps")
    heard_seconds: PositiveSeconds | None = Field(
        default=None, description="a board is heard if its last word is not older; default: 3 seconds of wall time"
    )
    steps: list[Step] = Field(min_length=1, max_length=STEPS_MAX, description="in this order")

    @model_validator(mode="after")
    def _names_unique(self) -> Self:
        _require_unique("steps", [step.name for step in self.steps])
        return self


class Inject(Strict):
    """What the director does to the crew. Without `at` and `step`: when the director orders it."""

    name: Name = Field(description="of its own; for the director's eyes")
    text: str = Field(default="", max_length=TEXT_LENGTH_MAX, description="what it is for, and what the crew should do")
    at: Moment | None = Field(default=None, description="mission second at which it is played")
    step: Name | None = Field(default=None, description="step of the procedure with whose begin it is played")
    order: Told = Field(description=f"what is done: {', '.join(OF_AN_INJECT)}")

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        _read("order", self.order, OF_AN_INJECT)
        if self.at is not None and self.step is not None:
            raise ValueError("at: give at or step, not both")
        return self

    @property
    def body(self) -> Body:
        """The order."""
        return read_body(self.order)

    def boards(self) -> list[int]:
        """Boards that the inject names."""
        return _boards(self.order)


def check(procedure: Procedure | None, injects: list[Inject], boards: int) -> None:
    """Raise ValueError for a board, or a step, that is not there."""
    steps = [] if procedure is None else procedure.steps
    named = [(f"procedure.steps[{index}]", node) for index, step in enumerate(steps) for node in step.boards()]
    named += [(f"injects[{index}]", node) for index, inject in enumerate(injects) for node in inject.boards()]
    for field, node in named:
        if node >= boards:
            raise ValueError(f"{field}: there is no board {node}, only 0 to {boards - 1}")
    for index, step in enumerate(steps):
        if step.expect is not None and (step.expect.voting or 0) > boards:
            raise ValueError(f"procedure.steps[{index}].expect: {step.expect.voting} of {boards} boards cannot vote")
    _require_unique("injects", [inject.name for inject in injects])
    names = [step.name for step in steps]
    for index, inject in enumerate(injects):
        if inject.step is not None and inject.step not in names:
            raise ValueError(f"injects[{index}].step: the procedure has no step {inject.step!r}; it has {names}")


def _read(field: str, order: Told | None, kinds: tuple[str, ...]) -> Body | None:
    if order is None:
        return None
    if order.get("kind") not in kinds:
        raise ValueError(f"{field}.kind: want one of {', '.join(kinds)}; have {order.get('kind')!r}")
    try:
        body = read_body(order)
        if isinstance(body, Telecommand):
            body.command()
    except OrderError as error:
        raise ValueError(f"{field}: {error}") from error
    return body


def _boards(order: Told | None) -> list[int]:
    board = None if order is None else order.get("board")
    return [board] if isinstance(board, int) else []


def _require_unique(field: str, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{field}: two are called {twice!r}; give each a name of its own")
