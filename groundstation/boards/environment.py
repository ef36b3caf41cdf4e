"""Environment files: which boards a bench has, written in TOML.

    name = "desk"

    [[boards]]
    node = 0
    kind = "pico"
    serial_number = "E66138528350B62F"

    [[boards]]
    node = 1
    kind = "virtual"

A board on a line is known by a serial number, never by a path, which may be another board's after both have been
plugged in again. Nothing in the file changes in flight, and none of it is secret: keep it with the tests that use it.

A bad file raises EnvironmentFileError with file, line and field, and with what was expected.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from amu.core import limits
from groundstation.boards.base import Unit, board_kinds
from groundstation.scenario.errors import did_you_mean, explain, explain_syntax
from specs import files
from specs.escape import MultilineError, escaped

TEXT_BYTES_MAX = 1 << 16
BAUD_DEFAULT = 115200
UART = "uart"
SERIAL_KINDS = ("pico", UART)  # real boards, known by a serial number

REPLUG = "replug"  # the command that ends `unplug`
FAULTS_BY_COMMAND = ("unplug", REPLUG, "brown_out", "hang", "worn_flash")

Argument = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
Command = Annotated[list[Argument], Field(min_length=1, max_length=32)]


class EnvironmentFileError(MultilineError):
    """A bad environment file: one line for each error."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class BoardEntry(_Strict):
    """One board of the bench."""

    node: int = Field(ge=0, lt=limits.REPLICAS_MAX, description="number of the replica")
    kind: str = Field(min_length=1, max_length=32, description="board kind, as amu boards lists them")
    serial_number: str = Field(default="", max_length=64, description="of the board, or of its serial adapter")
    baud: int = Field(default=BAUD_DEFAULT, ge=9600, le=3_000_000, description="of a UART line")
    power_off: list[Argument] = Field(default_factory=list, max_length=32, description="command that takes its power")
    power_on: list[Argument] = Field(default_factory=list, max_length=32, description="command that gives it power")

    fault_commands: dict[str, Command] = Field(
        default_factory=dict, description="commands of the bench that play faults of hardware on it, by fault"
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        known = board_kinds()
        if self.kind not in known:
            raise ValueError(f"kind: no board kind {self.kind!r}{did_you_mean(self.kind, known)}; there are {known}")
        if self.is_real and not self.serial_number:
            raise ValueError(f"serial_number: a board of kind {self.kind} needs it; amu boards lists what is there")
        if bool(self.power_off) != bool(self.power_on):
            raise ValueError("power_off: give power_off and power_on, or neither")
        for fault in self.fault_commands:
            if fault not in FAULTS_BY_COMMAND:
                raise ValueError(
                    f"fault_commands.{fault}: no fault of hardware that a command plays"
                    f"{did_you_mean(fault, list(FAULTS_BY_COMMAND))}; there are {', '.join(FAULTS_BY_COMMAND)}"
                )
        if ("unplug" in self.fault_commands) != (REPLUG in self.fault_commands):
            raise ValueError(f"fault_commands.unplug: give unplug and {REPLUG}, or neither")
        return self

    @property
    def is_real(self) -> bool:
        """Whether it is found on a line, and not made."""
        return self.kind in SERIAL_KINDS

    @property
    def adapter_baud(self) -> int:
        """Of the adapter that its line goes through; 0 if none does."""
        return self.baud if self.kind == UART else 0

    def unit(self) -> Unit:
        """What a board kind needs to find this board."""
        commands = {fault: tuple(command) for fault, command in self.fault_commands.items()}
        return Unit(self.serial_number, self.baud, tuple(self.power_off), tuple(self.power_on), commands)


class Environment(_Strict):
    """A bench: its boards are nodes 0, 1, ... of a swarm."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=16, description="small letters, digits and dashes")
    boards: list[BoardEntry] = Field(min_length=limits.REPLICAS_MIN, max_length=limits.REPLICAS_MAX)

    @model_validator(mode="after")
    def _is_a_swarm(self) -> Self:
        nodes = sorted(entry.node for entry in self.boards)
        if nodes != list(range(len(nodes))):
            raise ValueError(f"boards: nodes are {nodes}; want each of 0 to {len(nodes) - 1} once")
        numbers = [entry.serial_number.lower() for entry in self.boards if entry.serial_number]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            raise ValueError(f"boards: serial number {twice[0]} is given twice; each board has its own")
        return self

    def entries(self) -> list[BoardEntry]:
        """The boards in the order of their nodes."""
        return sorted(self.boards, key=lambda entry: entry.node)

    def kinds(self) -> list[str]:
        """Board kinds in use, sorted."""
        return sorted({entry.kind for entry in self.boards})


def load(path: Path) -> Environment:
    """Read and check an environment file. Raises EnvironmentFileError."""
    try:
        text = files.read_text(path, TEXT_BYTES_MAX)
    except files.FileError as error:
        raise EnvironmentFileError(f"{escaped(path)}: cannot be read as an environment file: {error}") from error
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise EnvironmentFileError(explain_syntax(error, str(path))) from error
    try:
        return Environment.model_validate(document)
    except ValidationError as error:
        lines = [explain(item, Environment, str(path), text) for item in error.errors()]
        raise EnvironmentFileError("\n".join(lines)) from error
