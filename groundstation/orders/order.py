"""An order: its form in JSON, and the checks of it.

    {"id": "a1", "sender": "alice", "order": {"kind": "telecommand", "verb": "lease-acquire", "fields": {...}}}

Rules
- Arguments are checked before anything is recorded or done: a bad order is refused with the field and what was wanted.
- Times are mission seconds. A fault begins when the flight takes the order, and lasts `seconds`.
- Bytes are hexadecimal text, as in the trace.
- An order is strict JSON, as the trace is: each one goes on record, a refused one too.

Each kind has `words`, the order in a few words.
"""

import json
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from amu.core import limits
from amu.core.errors import CodecError
from amu.core.types import Array
from amu.ledger.commands import SHAPES, is_digest, is_key, is_last_key, is_opaque, parse
from groundstation.faults.board_fault import BOARD_FAULT_KINDS, SECONDS_MAX, BoardFault
from groundstation.faults.kinds import FaultRule
from specs import strict_json

ORDER_BYTES_MAX = 16 * 1024
NAME_LENGTH_MAX = 64
TEXT_LENGTH_MAX = 500
RUNNER, AUTOMATIC = "procedure", "automatic"  # reserved senders: the runner, and the word go without people
BYTES_FIELDS = (is_digest, is_key, is_last_key, is_opaque)

Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH_MAX)]
Board = Annotated[int, Field(ge=0, lt=limits.REPLICAS_MAX)]
Duration = Annotated[float, Field(gt=0, le=SECONDS_MAX, allow_inf_nan=False)]


class OrderError(Exception):
    """An order that cannot be taken. Says which field is wrong and what was wanted."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Telecommand(_Strict):
    """A ledger command for the swarm."""

    kind: Literal["telecommand"]
    verb: Literal[tuple(SHAPES)]  # type: ignore[valid-type]
    fields: dict[Name, int | str | None] = Field(default_factory=dict)

    def command(self) -> Array:
        """The command as the ledger reads it. Raises OrderError."""
        shape = SHAPES[self.verb]
        names = [name for name, _ in shape]
        if set(names) != set(self.fields):
            raise OrderError(f"fields: {self.verb} wants {', '.join(names) or 'none'}; have {sorted(self.fields)}")
        command: Array = [self.verb]
        for name, check in shape:
            command.append(_ledger_field(name, self.fields[name], check in BYTES_FIELDS))
        try:
            parse(command)
        except CodecError as error:
            raise OrderError(f"fields: {error}") from error
        return command

    @property
    def words(self) -> str:
        return f"telecommand {self.verb}"


class Control(_Strict):
    """A command to a board itself: to end its flight or to reset."""

    kind: Literal["control"]
    board: Board
    action: Literal["exit", "reset"]

    @property
    def words(self) -> str:
        return f"control {self.action} for board {self.board}"


class Strike(_Strict):
    """A board fault, or the start of a board that is off. The fields are those of the scenario's board faults."""

    kind: Literal["board"]
    board: Board
    action: Literal["start", *BOARD_FAULT_KINDS]  # type: ignore[valid-type]
    fields: dict[Name, int | float] = Field(default_factory=dict)

    def fault(self, now: float) -> BoardFault | None:
        """The board fault from mission second `now` on; None for a start. Raises OrderError."""
        if self.action == "start":
            if self.fields:
                raise OrderError(f"fields: a start has none; have {sorted(self.fields)}")
            return None
        document = {"at": now, "node": self.board, "kind": self.action, **self.fields}
        try:
            return BoardFault.model_validate(document)
        except ValidationError as error:
            raise OrderError(_explained(error)) from error

    @property
    def words(self) -> str:
        return f"{self.action} of board {self.board}"


class Inject(_Strict):
    """A fault of links, from now on: a rule as in a scenario's `[[faults]]`, without start and end."""

    kind: Literal["fault"]
    name: Name
    seconds: Duration | None = None  # None: until the end of the mission, or until it is ended
    rule: dict[Name, Any]

    def bound(self, now: float) -> FaultRule:
        """The rule with its window. Raises OrderError."""
        taken = {"name", "start", "end"} & set(self.rule)
        if taken:
            raise OrderError(f"rule.{min(taken)}: omit it; name and seconds stand beside the rule")
        end = None if self.seconds is None else now + self.seconds
        document = {**self.rule, "name": self.name, "start": now, "end": end}
        try:
            # From JSON text: there a list is what a tuple is in Python.
            return _RULE.validate_json(json.dumps(document))
        except (ValidationError, TypeError, ValueError) as error:
            told = _explained(error) if isinstance(error, ValidationError) else str(error)
            raise OrderError(f"rule: {told}") from error

    @property
    def words(self) -> str:
        return f"link fault {self.name}"


class EndFault(_Strict):
    """The end of a fault of links that an order began."""

    kind: Literal["end-fault"]
    name: Name

    @property
    def words(self) -> str:
        return f"the end of link fault {self.name}"


class Note(_Strict):
    """A remark for the record. to_crew: the crew sees it before the debrief, also if the director wrote it."""

    kind: Literal["note"]
    text: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX, pattern=r"\S")
    to_crew: bool = False

    @property
    def words(self) -> str:
        return f"a note: {self.text}"


class Alarm(_Strict):
    """What a person does about an alarm. seconds: how long it is shelved. to: whom it is assigned to."""

    kind: Literal["alarm"]
    alarm: Name
    action: Literal["acknowledge", "shelve", "assign"]
    seconds: Duration | None = None
    to: Name | None = None

    @property
    def words(self) -> str:
        return f"{self.action} of alarm {self.alarm}"


class Proceed(_Strict):
    """A word to the procedure, about the step that it is at."""

    kind: Literal["procedure"]
    action: Literal["step", "pause", "continue", "skip", "retry"]
    step: Name

    @property
    def words(self) -> str:
        return f"{'begin' if self.action == 'step' else self.action} of step {self.step}"


class Poll(_Strict):
    """An answer in the poll of a step. role: for which the person answers; None: the person's own."""

    kind: Literal["poll"]
    step: Name
    answer: Literal["go", "no-go"]
    role: Literal["operator", "director"] | None = None

    @property
    def words(self) -> str:
        return f"{self.answer} for step {self.step}"


class Play(_Strict):
    """An inject of the scenario, now."""

    kind: Literal["inject"]
    name: Name

    @property
    def words(self) -> str:
        return f"inject {self.name}"


class Finish(_Strict):
    """End the mission in order."""

    kind: Literal["finish"]

    @property
    def words(self) -> str:
        return "the end of the mission"


Body: TypeAlias = Annotated[
    Telecommand | Control | Strike | Inject | EndFault | Note | Alarm | Proceed | Poll | Play | Finish,
    Field(discriminator="kind"),
]
_RULE: TypeAdapter[FaultRule] = TypeAdapter(FaultRule)
_BODY: TypeAdapter[Body] = TypeAdapter(Body)


class Order(_Strict):
    """One order of a person. id: the sender's own, told in the answer. role: the sender's."""

    id: Name
    sender: Name
    role: Literal["operator", "director"] = "director"  # who reaches the socket may do everything
    order: Body


def read(text: str | bytes) -> Order:
    """The order in one JSON text. Raises OrderError."""
    if len(text) > ORDER_BYTES_MAX:
        raise OrderError(f"{len(text)} bytes; want at most {ORDER_BYTES_MAX}")
    try:
        strict_json.loads(text if isinstance(text, str) else text.decode())
    except ValueError as error:
        raise OrderError(str(error)) from error
    try:
        order = Order.model_validate_json(text)
    except ValidationError as error:
        raise OrderError(_explained(error)) from error
    if order.sender in (RUNNER, AUTOMATIC):
        raise OrderError(f"sender: {order.sender!r} is reserved")
    return order


def read_body(told: object) -> Body:
    """An order's body as it is recorded. Raises OrderError."""
    try:
        return _BODY.validate_python(told)
    except ValidationError as error:
        raise OrderError(_explained(error)) from error


def _ledger_field(name: str, value: int | str | None, is_bytes: bool) -> int | str | bytes | None:
    if not is_bytes or value is None:
        return value
    try:
        return bytes.fromhex(str(value)) if isinstance(value, str) else value
    except ValueError as error:
        raise OrderError(f"fields.{name}: want bytes in hexadecimal, have {value!r}") from error


def _explained(error: ValidationError) -> str:
    """The first mistake: where it is, and what was wanted."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
