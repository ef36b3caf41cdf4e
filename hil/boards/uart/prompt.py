"""Puts MicroPython's prompt on a Pico's UART0, where stock images have none: a boot.py, written once over USB.

GP0 sends and GP1 receives. The receive buffer holds a line of a deployment; the flight receives by other means. The
send buffer lets a board go on while a frame leaves. A write waits when it is full, WAIT_MS at most before it looks
again.
"""

from groundstation.boards.base import BoardError
from hil.boards.pico import deploy
from hil.boards.pico.repl import Repl

FILE = "boot.py"
RECEIVE_BYTES = 2048
SEND_BYTES = 2048
WAIT_MS = 10

_TEXT = """\
# The bench's: puts the prompt on UART0 as well. GP0 sends, GP1 receives.
import micropython

micropython.kbd_intr(-1)  # a frame that is on the line already may hold a control-C
import machine, os

os.dupterm(
    machine.UART(
        0,
        {baud},
        tx=machine.Pin(0),
        rx=machine.Pin(1),
        rxbuf={receive},
        txbuf={send},
        timeout={wait},
    )
)
"""
_MARK = _TEXT.partition("\n")[0]


def text(baud: int) -> str:
    """The boot.py of a board whose line runs at `baud`."""
    return _TEXT.format(baud=baud, receive=RECEIVE_BYTES, send=SEND_BYTES, wait=WAIT_MS)


def install(repl: Repl, baud: int) -> bool:
    """Write it, at whose prompt we are. False if it was there. Raises BoardError; a boot.py of others is kept.

    The prompt is on UART0 from the next boot on.
    """
    deploy.look(repl)
    found = repl.ask(f"text('/{FILE}')")
    if found == text(baud):
        return False
    if found and not found.startswith(_MARK):
        raise BoardError(f"has a {FILE} that is not the bench's; remove it, or let it do what that of the bench does")
    repl.run(f"put('/{FILE}', {text(baud).encode()!r})")
    return True
