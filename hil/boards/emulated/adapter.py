"""A USB-serial adapter between an emulated Pico's UART0 and a pseudo-terminal, with a baud of its own.

The adapter sends as fast as its baud allows and not faster, and stays on the bus when the chip resets. Its baud is what
the program on the host chose for the line. Bytes between two ends whose bauds differ are heard as a real receiver hears
them (`heard`). As long as no program has chosen a baud, or the chip has none, what is sent is lost.
"""

import math
from collections.abc import Callable
from pathlib import Path

from hil.boards.emulated.pico_chip import NANOS
from hil.boards.emulated.pseudo_terminal import PseudoTerminal

LINK = "usb-AMU_Serial_Adapter_{}-if00-port0"
CHARACTER_BITS = 10  # start, eight of data, stop
_TOLERANCE = 0.04  # of half a bit in ten, less what edges and sampling take

Spoil = Callable[[bytes], bytes]


class Adapter:
    """One adapter, wired to one Pico. `serial_number`: its own, not the Pico's.

    For faults: `to_board` and `to_host` change what passes (noise; a broken wire passes nothing), `own_baud` is used
    whatever the host chose.
    """

    def __init__(self, folder: Path, serial_number: str) -> None:
        self.serial_number = serial_number
        self.path = folder / LINK.format(serial_number)
        self.to_board: Spoil = bytes
        self.to_host: Spoil = bytes
        self.own_baud: int | None = None
        self._line: PseudoTerminal | None = None

    @property
    def baud(self) -> int:
        """Of the adapter's end; 0: nobody has opened it."""
        if self._line is None:
            return 0
        return self._line.baud if self.own_baud is None else self.own_baud

    def plug_in(self) -> None:
        """Onto the host's bus."""
        if self._line is None:
            self._line = PseudoTerminal(self.path)

    def unplug(self) -> None:
        """Off the bus. The Pico does not notice."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def take(self, nanos: int, baud: int, waiting: int) -> tuple[int, bytes]:
        """See SerialEnd."""
        own = self.baud
        if self._line is None or not own:
            return own, b""
        most = own * nanos // (CHARACTER_BITS * NANOS) + 1 - waiting
        return own, heard(self.to_board(self._line.take(max(0, most))), own, baud)

    def give(self, data: bytes, baud: int) -> None:
        """See SerialEnd."""
        if self._line is not None:
            self._line.give(heard(self.to_host(data), baud, self.baud))


def heard(data: bytes, sent_baud: int, heard_baud: int) -> bytes:
    """What a receiver at `heard_baud` makes of `data`, sent without a pause at `sent_baud`, and then silence.

    A falling edge begins a character; its bits are looked at in the middle of where they should be. A character without
    a stop bit counts all the same: neither MicroPython nor pyserial looks for it.
    """
    if not data or not sent_baud or not heard_baud:
        return b""
    if abs(sent_baud - heard_baud) <= _TOLERANCE * heard_baud:
        return data
    bits = [bit for byte in data for bit in (0, *(byte >> place & 1 for place in range(8)), 1)]
    step = sent_baud / heard_baud  # of the sender's bits in one of the receiver's

    def level(at: float) -> int:
        return bits[int(at)] if at < len(bits) else 1

    found = bytearray()
    at = 0  # in the sender's bits, at whose beginnings alone the line changes
    while at < len(bits):
        is_edge = not bits[at] and (at == 0 or bits[at - 1])
        if is_edge and not level(at + step / 2):
            found.append(sum(level(at + (place + 1.5) * step) << place for place in range(8)))
            at = math.ceil(at + 9.5 * step)
        else:
            at += 1
    return bytes(found)
