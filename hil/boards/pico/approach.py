"""Brings a Pico to its prompt, whatever it does now.

At the prompt a control-C gets a new prompt at once. In flight it means nothing; there an authentic Control telecommand
ends the flight. Frames under other keys than the board's own are refused by it, so all that may fit can be sent.
"""

import contextlib
import os
import select
import time
from collections.abc import Sequence

import serial

from amu.wire.framer import NEED_BYTES, Framer
from amu.wire.frames import Frame
from groundstation.boards.base import BoardError
from hil.boards.pico import flights, holders
from hil.boards.pico.ports import Port
from hil.boards.pico.repl import PROBE, PROMPT, Repl
from hil.boards.uart import diagnosis

_AGAIN_SECONDS = 2.0
_ANSWER_SECONDS = 0.3  # at a prompt; it answers in a few milliseconds
_LEAVE_SECONDS = 8.0  # until a flight has ended, or a boot: a Pico may work at its backlog
_HEARD_BYTES_MAX = 4096  # the newest, from which we tell who is there
_PIECE_BYTES = 2048  # below the bound of the framer's ring
_WORDS_MAX = 60


def approach(port: Port, exits: Sequence[bytes] = ()) -> Repl:
    """The prompt of the board at `port`. `exits`: frames that may end its flight, the likeliest last.

    Raises BoardError if it is not there, is held by another program, or flies under other keys.
    """
    heard = bytearray()
    if not _answers(port, exits, heard):
        if port.baud:
            raise diagnosis.why_silent(port, exits)
        raise BoardError(f"{port.name}: gives no prompt: {_told(bytes(heard))}")
    repl = Repl(port)
    try:
        repl.enter()
    except BoardError:
        repl.close()
        raise
    flights.forget(port.serial_number)
    return repl


def _answers(port: Port, exits: Sequence[bytes], heard: bytearray) -> bool:
    """Whether a prompt shows up: at once, after the exits, or at the end of a boot."""
    device = port.device
    if device is None:
        raise BoardError(f"{port.name}: is not on the bus; plug it in")
    try:
        line = serial.Serial(str(device), port.speed, timeout=0, write_timeout=_ANSWER_SECONDS, exclusive=True)
    except (serial.SerialException, OSError) as error:
        raise BoardError(f"{port.name}: {device} cannot be opened: {holders.why(device, error)}") from error
    try:
        give_up = time.monotonic() + _LEAVE_SECONDS
        frames = b"".join(exits)
        again = 0.0  # a wire may lose them; USB does not
        while time.monotonic() < give_up:
            if _shows_prompt(line, PROBE, heard):
                return True
            if frames and time.monotonic() >= again:
                if _shows_prompt(line, frames, heard):
                    return True
                again = time.monotonic() + _AGAIN_SECONDS if port.baud else give_up
        return False
    except (serial.SerialException, OSError) as error:
        raise BoardError(f"{port.name}: left the bus: {error}; is the cable in?") from error
    finally:
        line.close()


def _shows_prompt(line: serial.Serial, data: bytes, heard: bytearray) -> bool:
    """Write, and listen for a moment."""
    with contextlib.suppress(serial.SerialTimeoutException):
        line.write(data)
    seen = b""
    give_up = time.monotonic() + _ANSWER_SECONDS
    while (left := give_up - time.monotonic()) > 0:
        ready, _, _ = select.select([line.fileno()], [], [], left)
        if ready:
            data = os.read(line.fileno(), 4096)
            seen = (seen + data)[-64:]
            heard += data
            del heard[:-_HEARD_BYTES_MAX]
        if PROMPT in seen:
            return True
    return False


def _told(heard: bytes) -> str:
    """Who gives no prompt, by what it said, and what to do."""
    framer, words = Framer(), b""
    for start in range(0, len(heard), _PIECE_BYTES):
        framer.push(heard[start : start + _PIECE_BYTES])
        while (item := framer.next()) is not NEED_BYTES:
            if isinstance(item, Frame):
                return (
                    f"it flies as board {item.source} of a swarm, under keys that are not known here; use the keys of "
                    "its bench (amu ps lists flights), or hold BOOTSEL, plug it in and erase its flash"
                )
            words += item.data
    words = (words + b" " + heard[heard.rfind(b"\0") + 1 :]).strip()
    if not words:
        return (
            "it says nothing: its program hangs, or it has no MicroPython; hold BOOTSEL, plug it in, and copy an image"
        )
    shown = words[-_WORDS_MAX:].decode("ascii", "backslashreplace")
    return f"it is not one of ours, runs another program, or still boots; it says {shown!r}"
