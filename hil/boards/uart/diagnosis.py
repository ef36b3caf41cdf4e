"""Why nobody answers behind a serial adapter: another baud, wires the wrong way round, no prompt there."""

import contextlib
import os
import select
import time
from collections.abc import Sequence
from dataclasses import replace

import serial

from amu.wire.framer import NEED_BYTES, Framer, Text
from groundstation.boards.base import BoardError
from hil.boards.pico.ports import Port
from hil.boards.pico.repl import PROBE, PROMPT

BAUDS = (115_200, 921_600, 9600, 57_600, 230_400, 460_800)  # that are tried
WRONG_BAUD, JOINED, IN_FLIGHT, NOISE, SILENT = "wrong baud", "joined wires", "in flight", "noise", "silent line"
_LISTEN_SECONDS = 0.4


class LineError(BoardError):
    """Nobody answers behind an adapter. `name`: why, in a few words, for programs."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def why_silent(port: Port, exits: Sequence[bytes] = ()) -> LineError:
    """Why nobody answers at the baud of `port`, and what to do. `exits`: as for `approach`."""
    name, message = _reason(port, exits)
    return LineError(name, f"{port.name}: {message}")


def _reason(port: Port, exits: Sequence[bytes]) -> tuple[str, str]:
    heard = listen(port, exits)
    if heard.startswith(PROBE) and (PROBE + b"".join(exits)).startswith(heard):
        return (
            JOINED,
            "what is sent comes back: is its TX joined to its RX? Connect TX to GP1 and RX to GP0 of the Pico",
        )
    for baud in BAUDS:
        if baud != port.baud and is_a_board(listen(replace(port, baud=baud), exits)):
            return WRONG_BAUD, (
                f"a board answers at {baud} baud, not at {port.baud}: put baud = {baud} into the environment file, or "
                "deploy over USB again (amu deploy --usb), which sets what the file says"
            )
    if is_a_board(heard):
        return IN_FLIGHT, (
            "a board flies there under keys that are not known here; use the keys of the bench that it flies for"
        )
    if heard:
        return NOISE, (
            f"{len(heard)} bytes come, but no prompt at any usual baud: noise, or a program that is not the bench's; "
            "connect the grounds (GND), use short wires"
        )
    return SILENT, (
        f"nobody answers at {port.baud} baud or any other: is the Pico powered, is the adapter's TX at GP1 and its RX "
        "at GP0 (not the other way round), its GND at GND, is it an adapter of 3.3 V? Is the prompt on UART0? Stock "
        "MicroPython has it on USB only: amu deploy --usb puts it there. Does the board fly on USB?"
    )


def is_a_board(heard: bytes) -> bool:
    """Whether this is a prompt, or holds a sound frame."""
    if PROMPT in heard:
        return True
    framer = Framer()
    framer.push(heard + b"\0")
    while (item := framer.next()) is not NEED_BYTES:
        if not isinstance(item, Text):
            return True
    return False


def listen(port: Port, exits: Sequence[bytes]) -> bytes:
    """What comes at the baud of `port` when a prompt is asked for, or a flight told to end. b"" if it cannot open."""
    seen = bytearray()
    with (
        contextlib.suppress(serial.SerialException, OSError),
        serial.Serial(str(port.device), port.speed, timeout=0, write_timeout=_LISTEN_SECONDS, exclusive=True) as line,
    ):
        for data in (PROBE, b"".join(exits)):
            if data:
                line.write(data)
            give_up = time.monotonic() + _LISTEN_SECONDS
            while (left := give_up - time.monotonic()) > 0 and not is_a_board(bytes(seen)):
                if select.select([line.fileno()], [], [], left)[0]:
                    seen += os.read(line.fileno(), 4096)
    return bytes(seen)
