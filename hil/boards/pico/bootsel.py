"""Puts a Pico into BOOTSEL without its button: the chip's boot ROM shows a drive that takes a MicroPython image."""

import time

from groundstation.boards.base import BoardError
from hil.boards.pico import flights, ports
from hil.boards.pico.approach import approach

_GONE_SECONDS = 5.0  # until its line is gone
_POLL_SECONDS = 0.02


def enter(serial_number: str) -> None:
    """Of a Pico that waits at its prompt. Raises BoardError, also if it flies: a flight is ended first, by amu stop."""
    port = ports.require(serial_number)
    for flight in flights.noted("pico"):
        if flight["serial_number"].lower() == serial_number.lower():
            raise BoardError(f"{port.name}: flies in {flight['home']}; end its flight first: amu stop")
    before = port.line
    with approach(port) as repl:
        repl.bootloader()
    give_up = time.monotonic() + _GONE_SECONDS
    while port.line == before:
        if time.monotonic() > give_up:
            raise BoardError(f"{port.name}: did not leave its line; hold BOOTSEL while you plug it in")
        time.sleep(_POLL_SECONDS)
