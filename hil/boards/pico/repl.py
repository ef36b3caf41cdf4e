"""MicroPython's prompt on a Pico: run code there, and send files, through mpremote's serial transport.

The prompt is there when no program runs. The flight software ignores control-C, which may be part of a frame: it
leaves for the prompt when the ground station tells it to, by an authentic Control telecommand.
"""

import ast
import contextlib
import io
import time
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from typing import Any, Self

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from groundstation.boards.base import BoardError
from hil.boards.pico import holders
from hil.boards.pico.ports import Port

PROMPT = b">>> "
PROBE = b"\r\x03\x02"  # control-C ends what runs, control-B leaves the raw prompt
BLOCK_BYTES = 1024
PROMPT_SECONDS = 3.0  # for an answer of the prompt; it answers in a few milliseconds
_POLL_SECONDS = 0.01
_ENTER_TRIES = 4
_SHOWN_CHARACTERS = 60  # of a damaged answer
_SETTLE_SECONDS = 0.5  # until the board has said what it has to say
_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n"

# Lines of base64: a file's blocks may hold a control-C, which must stay a way to break in. The board asks for each one:
# while it works on flash it takes no interrupts, and a UART loses what arrives.
_RECEIVER = """
import sys
from binascii import a2b_base64
def receive(path, blocks):
    with open(path, "wb") as file:
        for _ in range(blocks):
            sys.stdout.write("+")
            file.write(a2b_base64(sys.stdin.buffer.readline()))
"""


class Repl:
    """The prompt of the Pico at `port`, exclusively ours. Raises BoardError, which says what to do."""

    def __init__(self, port: Port) -> None:
        self._name = port.name
        device = port.device
        if device is None:
            raise BoardError(f"{self._name}: is not on the bus; plug it in")
        try:
            self._transport = SerialTransport(str(device), baudrate=port.speed, timeout=PROMPT_SECONDS)
        except (TransportError, serial.SerialException, OSError) as error:
            raise BoardError(f"{self._name}: {device} cannot be opened: {holders.why(device, error)}") from error
        with contextlib.suppress(OSError):
            self._transport.serial.write_timeout = PROMPT_SECONDS
        self._can_receive = False
        self.is_emulated = device.resolve().is_relative_to("/dev/pts")  # its time passes as this machine allows
        self._is_on_uart = port.baud > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the line. The board stays as it is."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._transport.close()

    def enter(self) -> None:
        """To the prompt, with an empty heap. Raises BoardError if a program runs that cannot be interrupted."""
        with (
            self._explained("gives no prompt: its program cannot be interrupted"),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            if self._is_on_uart:
                self._enter_on_uart()
            else:
                self._transport.enter_raw_repl(soft_reset=True, timeout_overall=PROMPT_SECONDS)

    def _enter_on_uart(self) -> None:
        """As mpremote would, but that the board's last words before its reset, which it waits for, die in the UART's
        buffer; and a wire may lose bytes, or bring what the board says to earlier questions. Raises TransportError.
        """
        for tries_left in reversed(range(_ENTER_TRIES)):
            try:
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_SECONDS)
                self._transport.serial.write(b"\x04")
                told = self._transport.read_until(1, _RAW_PROMPT, timeout_overall=PROMPT_SECONDS)
                if not told.endswith(_RAW_PROMPT):
                    raise TransportError("could not enter raw repl")
                self._transport.exec("pass")
                return
            except TransportError:
                if not tries_left:
                    raise
                time.sleep(_SETTLE_SECONDS)
                self._transport.serial.reset_input_buffer()

    def run(self, code: str) -> str:
        """Run `code`. Returns what it printed."""
        with self._explained("the prompt does not answer"):
            return str(self._transport.exec(code), "utf-8", "replace").replace("\r\n", "\n")

    def ask(self, expression: str) -> Any:
        """The value of an expression: what `repr` can show. Raises BoardError, too, if a bad line damaged it."""
        told = self.run(f"print(repr({expression}))")
        try:
            return ast.literal_eval(told.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            shown = told.strip()[:_SHOWN_CHARACTERS]
            raise BoardError(f"{self._name}: its answer was damaged ({shown!r}): is the line sound?") from error

    def send(self, path: str, data: bytes, tell: Callable[[int], None] = lambda count: None) -> None:
        """Write a file, block by block; its folder must exist. `tell`: bytes written so far."""
        if not self._can_receive:
            self.run(_RECEIVER)
            self._can_receive = True
        blocks = [data[start : start + BLOCK_BYTES] for start in range(0, len(data), BLOCK_BYTES)]
        with self._explained(f"{path} was not written"):
            self._transport.exec_raw_no_follow(f"receive({path!r}, {len(blocks)})")
            line = self._transport.serial
            sent = 0
            for block in blocks:
                if line.read(1) != b"+":
                    raise TransportError("no answer")
                line.write(b2a_base64(block))
                sent += len(block)
                tell(sent)
            _, error = self._transport.follow(PROMPT_SECONDS)
            if error:
                raise TransportExecError(b"", error.decode("utf-8", "replace"))

    def reset(self) -> None:
        """Reset the chip. The line goes away."""
        with contextlib.suppress(TransportError, OSError, serial.SerialException):
            self._transport.exec_raw_no_follow("import machine; machine.reset()")
            time.sleep(_POLL_SECONDS)
        self.close()

    def bootloader(self) -> None:
        """Into BOOTSEL, where the chip is a drive that takes an image. The line goes away."""
        with contextlib.suppress(TransportError, OSError, serial.SerialException):
            self._transport.exec_raw_no_follow("import machine; machine.bootloader()")
            time.sleep(_POLL_SECONDS)
        self.close()

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except TransportExecError as error:
            said = str(error.error_output).strip().split("\n")[-1]
            raise BoardError(f"{self._name}: {what}: {said or 'no reason given'}") from error
        except TransportError as error:
            raise BoardError(f"{self._name}: {what} ({error})") from error
        except (serial.SerialException, OSError) as error:
            raise BoardError(f"{self._name}: {what}: the line is gone; is the cable in?") from error
