"""Picos at the end of a USB-serial adapter: UART0 in place of USB, and all else as for Picos on USB.

The adapter stays on the bus when the chip resets, so nothing on the host tells of a reset: a board has started when it
says something, and is asked who it is until then. Nothing tells either of a board without power; it does not answer. A
wire loses bytes, so a command to leave the flight is sent again while it shows no effect.
"""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from groundstation.boards.base import Unit
from groundstation.links.base import LinkLost
from hil.boards.pico.board import PicoBoard
from hil.boards.pico.repl import Repl

_OTHER_BAUDS = (57_600, 38_400)


class UartBoard(PicoBoard):
    """One Pico behind an adapter. `unit`: the adapter's serial number and the baud of its line."""

    kind: ClassVar[str] = "uart"
    board_faults: ClassVar[frozenset[str]] = PicoBoard.board_faults | {"baud_mismatch"}
    unplayable: ClassVar[Mapping[str, str]] = {
        fault: why for fault, why in PicoBoard.unplayable.items() if fault != "baud_mismatch"
    }
    _is_on_uart: ClassVar[bool] = True
    _leave_seconds: ClassVar[float] = 60.0  # a board that boots still hears nothing

    def __init__(self, directory: Path, node: int, unit: Unit) -> None:
        super().__init__(directory, node, unit)
        self._name = f"board {node} (adapter {unit.serial_number}, {unit.baud} baud)"
        self._is_unpowered = False  # by the bench's own command

    def begin(self, fault: str, after_operations: int) -> None:
        if fault == "baud_mismatch":
            self._run_at(next(baud for baud in _OTHER_BAUDS if baud != self._unit.baud))
        else:
            super().begin(fault, after_operations)

    def end(self, fault: str) -> None:
        if fault == "baud_mismatch":
            self._run_at(self._unit.baud)
        else:
            super().end(fault)

    def _run_at(self, baud: int) -> None:
        if self._link is not None:
            with contextlib.suppress(LinkLost):
                self._link.fetch()
                self._link.set_baud(baud)

    def kill(self) -> None:
        self._is_unpowered |= self._is_flying and bool(self._unit.power_off)
        super().kill()

    def _switch_on(self) -> None:
        if self._is_unpowered:
            self._note_start()
            self._hear()  # before there is anything to hear
            self._power(self._unit.power_on)
            self._is_unpowered = False
        else:
            self._reset()
            self._hear()

    def _hear(self) -> None:
        self._is_flying = True
        self.link()

    def _prompt(self, exits: Sequence[bytes] = ()) -> Repl:
        if self._is_unpowered:
            self._power(self._unit.power_on)
            self._is_unpowered = False
        return super()._prompt(exits)
