"""Real Picos on USB, found by serial number and followed by the link that udev keeps for it.

    node-<n>/           config.cbor, board.json (serial number), intake, running, or else stopped

Switched off, to this bench, is a board that waits at MicroPython's prompt: its flight is over and its memory is gone.
So `kill` sends the authentic Control telecommand that ends a flight between two steps, and `start` resets the chip.
Where the environment file names commands that take and give a board's power, `kill` uses them, at any moment.

A Pico that resets by itself leaves the bus and comes back, and flies again without being asked. One whose ground
station dies flies on, too; see `flights`.
"""

import contextlib
import itertools
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar, NotRequired, Self, TypedDict

from amu.boards import config
from groundstation.boards import provision
from groundstation.boards.base import Board, BoardError, BoardPlan, RunningBoard, Unit
from groundstation.boards.environment import REPLUG
from groundstation.links.base import Link, LinkLost
from groundstation.links.intake import Intake
from groundstation.links.serial_link import NO_DEVICE, SerialLink
from groundstation.os_errors import explained
from groundstation.record.run_directory import RunDirectoryError, read_as, write_json, write_private
from hil.boards import switch_marks
from hil.boards.pico import deploy, flights, ports, tree
from hil.boards.pico.approach import approach
from hil.boards.pico.ports import Line, Port
from hil.boards.pico.repl import PROBE, PROMPT, Repl

_BUS_SECONDS = 15.0  # until a board that was reset is back on the bus
_RESET_SECONDS = 3.0  # that a board is off the bus when it resets by itself
_POLL_SECONDS = 0.01
_POWER_SECONDS = 30.0  # for a power command
_AGAIN_SECONDS = 2.0  # without a prompt, then the command to leave is sent again
_OPERATIONS = "{operations}"  # in a command: the number of a flash operation from now
_GREETING = b"\x00"  # an empty frame: somebody listens now; see `tree.LAUNCHER_TEXT`
_QUESTION = b"\x03\x02\x00\x00"  # control-C and control-B to a prompt; to a flight a short frame that is damaged
_ANSWER_SECONDS = 0.3  # of a prompt, which answers in a few milliseconds
_CONFIGURATION, _STATE, _INTAKE = "config.cbor", "board.json", "intake"


class _State(TypedDict):
    """Of board.json: a Unit."""

    serial_number: str
    baud: int
    power_off: list[str]
    power_on: list[str]
    fault_commands: NotRequired[dict[str, list[str]]]  # not in earlier versions


class PicoBoard(Board):
    """One Pico of the bench. Its files in `directory` say which."""

    kind: ClassVar[str] = "pico"
    board_faults: ClassVar[frozenset[str]] = frozenset({"kill", "restart", "amnesia", "line_noise", "slow_host"})
    unplayable: ClassVar[Mapping[str, str]] = {
        "heap_exhaustion": "nothing outside a chip can take its heap",
        "full_flash": "nothing outside a chip can write files while it runs",
        "baud_mismatch": "USB has no baud",
        **dict.fromkeys(
            ("unplug", "brown_out", "hang", "worn_flash"),
            "the bench has no command for it: fault_commands in the environment file",
        ),
    }
    resets_itself: ClassVar[bool] = True
    is_real_time: ClassVar[bool] = True
    _is_on_uart: ClassVar[bool] = False
    _leave_seconds: ClassVar[float] = 10.0  # until a flight has ended: a Pico may work at its backlog

    def __init__(self, directory: Path, node: int, unit: Unit) -> None:
        self.node = node
        self._directory, self._unit = directory, unit
        self._name = f"board {node} (Pico {unit.serial_number})"
        self._intake: Intake | None = None
        self._link: SerialLink | None = None
        self._flown: Port | None = None  # by which the present flight is heard,
        self._line: Line | None = None  # and its line
        self._is_flying = False
        self._is_unplugged = False  # by us
        self._is_closed = False

    @classmethod
    def playable(cls, unit: Unit) -> frozenset[str]:
        return cls.board_faults | set(unit.fault_commands) - {REPLUG}

    @property
    def faults(self) -> frozenset[str]:
        return self.playable(self._unit)

    @classmethod
    def create(cls, directory: Path, plans: Sequence[BoardPlan]) -> list[Self]:
        boards = []
        for plan in plans:
            home = directory / f"node-{plan.node}"
            home.mkdir(parents=True, exist_ok=True)
            write_private(home / _CONFIGURATION, plan.configuration)
            write_json(home / _STATE, asdict(plan.unit))
            board = cls(home, plan.node, plan.unit)
            board._prepare(plan)
            boards.append(board)
        return boards

    @classmethod
    def attach(cls, directory: Path, nodes: Collection[int] | None = None) -> list[Self]:
        boards = []
        for state in sorted(directory.glob(f"node-*/{_STATE}"), key=lambda path: int(path.parent.name[5:])):
            if nodes is not None and int(state.parent.name[5:]) not in nodes:
                continue
            board = cls(state.parent, int(state.parent.name[5:]), _unit(state))
            board._is_flying = switch_marks.is_on(board._directory)
            boards.append(board)
        if not boards:
            raise BoardError(f"{directory}: no Pico was made part of a swarm here (there is no node-*/{_STATE})")
        for board in boards:
            board._require_ours()
        _note_prompts([board for board in boards if board._is_flying])
        return boards

    @classmethod
    def running(cls) -> list[RunningBoard]:
        return [
            RunningBoard(
                cls.kind,
                flight["node"],
                None,
                Path(flight["home"]),
                flight["since"],
                not (Path(flight["home"]) / _STATE).exists(),
                flight["serial_number"],
            )
            for flight in flights.noted(cls.kind)
            if (port := ports.find(flight["serial_number"])) is not None and port.line is not None
        ]

    @classmethod
    def stop_running(cls, board: RunningBoard) -> None:
        for flight in flights.noted(cls.kind):
            if flight["serial_number"] != board.serial_number:
                continue
            if board.is_deleted:
                port = ports.require(flight["serial_number"], cls._adapter_baud(flight["baud"]))
                approach(port, [bytes.fromhex(flight["exit"])]).close()
                continue
            # In the way of a ground station, so that its last words are kept for the next one.
            (own,) = cls.attach(board.home.parent, [board.node])
            own.kill()
            own._drop_link()

    def start(self) -> None:
        if self._is_closed:
            raise BoardError(f"{self._name} was closed; attach to {self._directory.parent} again")
        if self.alive():
            raise BoardError(f"{self._name} is running already")
        self._drop_link()
        self._switch_on()
        self._is_flying = True

    def kill(self) -> None:
        if not self._is_flying:
            return
        if self._unit.power_off:
            if self._link is not None:
                with contextlib.suppress(LinkLost):
                    self._link.fetch()
            self._power(self._unit.power_off)
        elif self._line_or_none() is not None:
            self._leave_flight()
        else:  # it may come back, and fly on
            self._is_flying = False
            return
        self._is_flying = False
        switch_marks.off(self._directory)
        flights.forget(self._unit.serial_number)

    def power_cut(self, after_operations: int) -> None:
        if after_operations < 1:
            raise BoardError(f"power cut after {after_operations} flash operations; want 1 or more")
        raise BoardError(f"{self._name}: nobody can cut the power of a real board at a given flash operation")

    def begin(self, fault: str, after_operations: int) -> None:
        command = self._unit.fault_commands.get(fault)
        if command is None:
            super().begin(fault, after_operations)
            return
        if self._link is not None:
            with contextlib.suppress(LinkLost):
                self._link.fetch()
        self._is_unplugged = fault == "unplug"
        self._power(tuple(part.replace(_OPERATIONS, str(after_operations)) for part in command))

    def end(self, fault: str) -> None:
        if fault == "unplug" and self._is_unplugged:
            self._is_unplugged = False
            self._power(self._unit.fault_commands[REPLUG])

    def erase(self) -> None:
        if self._is_flying:
            raise BoardError(f"{self._name} is running; kill it before its flash is erased")
        with self._prompt() as repl:
            deploy.erase_store(repl)

    def alive(self) -> bool:
        if not self._is_flying:
            return False
        if self._link is None:
            return self._line_or_none() is not None
        return self._is_heard()

    def was_switched_off(self) -> bool:
        return switch_marks.is_off(self._directory)

    def link(self) -> Link:
        if self._link is not None and (self._is_heard() or not self._is_flying):
            return self._link
        if self._intake is None:
            self._intake = Intake(self._directory / _INTAKE)
        port = self._port_or_none()
        line = None if port is None else port.line
        if not self._is_flying and not self._intake.is_empty:  # its last words, of before it was switched off
            self._link = SerialLink(NO_DEVICE, self._intake)
            return self._link
        if line is None or not self._is_flying:
            raise LinkLost(f"{self._name}: {'is not on the bus' if line is None else 'waits at its prompt'}")
        assert port is not None
        if self._link is not None:
            self._link.close()
        self._link, self._flown, self._line = SerialLink(str(line.device), self._intake, port.speed), port, line
        with contextlib.suppress(LinkLost):
            self._link.write(_GREETING)
            self._link.pump()
        return self._link

    def close(self) -> None:
        if self._is_closed:
            return
        with contextlib.suppress(BoardError):
            self.end("unplug")
        with contextlib.suppress(BoardError):
            self.kill()
        self._drop_link()
        self._is_closed = True

    def _switch_on(self) -> None:
        """Give it power, or reset it."""
        if self._unit.power_on and self._port_or_none() is None:
            self._note_start()
            self._power(self._unit.power_on)
            self._wait_for_bus(None)
        else:
            self._wait_for_bus(self._reset())

    def _reset(self) -> Line | None:
        """Into flight. Returns the line before the reset. Raises BoardError if what it carries is not ours."""
        with self._prompt() as repl:
            if not deploy.carries(repl, self._own_configuration()):
                raise BoardError(
                    f"{self._name}: was given to another swarm since, and its votes are gone; fly this run again "
                    "from the start (--replay)"
                )
            before = self._port().line
            self._note_start()
            repl.reset()
        return before

    # --- the line ---------------------------------------------------------------------------------

    def _is_heard(self) -> bool:
        """Whether the line of the present flight is open and still the board's. Often asked: only this line is looked
        at, not every line of the machine.
        """
        is_open = self._link is not None and self._link.fileno() is not None
        return is_open and self._flown is not None and self._flown.line == self._line

    def _port_or_none(self) -> Port | None:
        return ports.find(self._unit.serial_number, self._adapter_baud(self._unit.baud))

    @classmethod
    def _adapter_baud(cls, baud: int) -> int:
        """Of the adapter between us and the board; 0: there is none."""
        return baud if cls._is_on_uart else 0

    def _line_or_none(self) -> Line | None:
        port = self._port_or_none()
        return None if port is None else port.line

    def _port(self) -> Port:
        """The board's line, waited for: a chip that resets is off the bus for a moment. Raises BoardError."""
        give_up = time.monotonic() + _RESET_SECONDS
        while (port := self._port_or_none()) is None or port.line is None:
            if time.monotonic() > give_up:
                raise BoardError(f"{self._name}: is not on the bus; plug it in, and see: amu boards")
            time.sleep(_POLL_SECONDS)
        return port

    def _wait_for_bus(self, before: Line | None) -> None:
        """Wait until the board is there on another line than before its reset."""
        give_up = time.monotonic() + _BUS_SECONDS
        while True:
            line = self._line_or_none()
            if line not in (None, before):
                return
            if time.monotonic() > give_up:
                raise BoardError(f"{self._name}: did not come back to the bus; unplug it, and plug it in again")
            time.sleep(_POLL_SECONDS)

    def _drop_link(self) -> None:
        if self._link is not None:
            with contextlib.suppress(LinkLost):
                self._link.fetch()
            self._link.close()
        self._link = self._flown = self._line = None

    def _prompt(self, exits: Sequence[bytes] = ()) -> Repl:
        self._drop_link()
        return approach(self._port(), [*exits, self._exit_frame()])

    # --- what lies on it --------------------------------------------------------------------------

    def _prepare(self, plan: BoardPlan) -> None:
        """Firmware, configuration, and vote state of a fresh replica. The board waits at its prompt then."""
        decoded = config.decode(plan.configuration)
        with self._prompt(plan.exits) as repl:
            deploy.deploy(repl, tree.flight_files(with_adversaries=decoded.adversary is not None))
            store = provision.commissioned_files(decoded.journal)
            deploy.provision(repl, plan.configuration, store, self._is_on_uart)

    def _require_ours(self) -> None:
        """Raise BoardError if the board flies for another folder: then its flight must be ended first."""
        number, home = self._unit.serial_number, str(self._directory.resolve())
        for flight in flights.noted(self.kind):
            if flight["serial_number"] == number and flight["home"] != home:
                raise BoardError(f"{self._name}: flies in {flight['home']} now; see: amu ps, amu stop")

    def _note_start(self) -> None:
        """Before it flies: its ground station may die at any moment from then on."""
        try:
            switch_marks.on(self._directory)
        except OSError as error:
            raise BoardError(f"{self._name}: cannot be noted as started: {explained(error)}") from error
        unit = self._unit
        home = str(self._directory.resolve())
        flights.note(
            {
                "kind": self.kind,
                "serial_number": unit.serial_number,
                "baud": unit.baud,
                "node": self.node,
                "home": home,
                "since": time.time(),
                "exit": self._exit_frame().hex(),
            }
        )

    def _own_configuration(self) -> bytes:
        return (self._directory / _CONFIGURATION).read_bytes()

    def _exit_frame(self) -> bytes:
        own = config.decode(self._own_configuration())
        key = own.keys_in[own.replica_count]
        assert key is not None, "the ground's key"
        return provision.exit_frame(key, own.cluster, own.epoch, own.replica)

    def _leave_flight(self) -> None:
        """End the flight between two of its steps. What it has said stays readable."""
        try:
            link = self.link()
        except LinkLost as error:
            raise BoardError(f"{self._name}: {error}") from error
        assert isinstance(link, SerialLink)
        assert self._intake is not None
        link.drop_unsent()
        give_up = time.monotonic() + self._leave_seconds
        again = 0.0
        words = itertools.cycle((self._exit_frame(), PROBE))  # a line may lose either of them
        with contextlib.suppress(LinkLost):
            while not self._intake.ends_with(PROMPT):
                if time.monotonic() > give_up:
                    raise BoardError(f"{self._name}: does not leave its flight; unplug it, and plug it in again")
                if time.monotonic() > again:
                    link.write(next(words))
                    again = time.monotonic() + _AGAIN_SECONDS
                link.pump()
                time.sleep(_POLL_SECONDS)
                link.fetch()
        link.close()  # what has arrived can still be read

    def _power(self, command: tuple[str, ...]) -> None:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="backslashreplace",
                timeout=_POWER_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BoardError(f"{self._name}: command {command[0]}: {error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().split("\n")[-1]
            raise BoardError(f"{self._name}: command {command[0]} failed with code {done.returncode}: {said}")


def _note_prompts(boards: Sequence[PicoBoard]) -> None:
    """Note which boards wait at their prompts, since their ground station died. In flight the question is noise."""
    asked = []
    for board in boards:
        with contextlib.suppress(LinkLost):
            board.link().write(_QUESTION)
            asked.append(board)
    give_up = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < give_up:
        for board in asked:
            if board._link is not None:
                with contextlib.suppress(LinkLost):
                    board._link.pump()
                    board._link.fetch()
        time.sleep(_POLL_SECONDS)
    for board in asked:
        if board._intake is not None and board._intake.ends_with(PROMPT):
            board._is_flying = False
            switch_marks.off(board._directory)
            flights.forget(board._unit.serial_number)


def _unit(state: Path) -> Unit:
    """The board that a file names. Raises BoardError."""
    try:
        found = read_as(state, _State)
    except RunDirectoryError as error:
        raise BoardError(f"{error}; want what the board was made with") from error
    commands = {fault: tuple(command) for fault, command in found.get("fault_commands", {}).items()}
    return Unit(found["serial_number"], found["baud"], tuple(found["power_off"]), tuple(found["power_on"]), commands)
