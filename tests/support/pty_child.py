"""A process on a terminal of its own: keys go in, and what it writes is read without its control sequences."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Sequence
from typing import Any

GIVE_UP_SECONDS = 120.0
_CONTROL = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])")
_CLOCK = re.compile(r"(\d+\.\d) s +\d\d:\d\d:\d\d UTC")


class PtyChild:
    """Python code that runs on a pseudo-terminal of this size."""

    def __init__(self, code: str, arguments: Sequence[str], columns: int = 120, lines: int = 36, **more: str) -> None:
        self.output = b""  # all that it has written
        self._mark = 0  # of what was looked at
        self.process, self._line = pty.fork()
        if self.process == 0:  # the child
            os.environ.update({"TERM": "xterm-256color", "COLUMNS": "", "LINES": "", **more})
            os.execv(sys.executable, [sys.executable, "-c", code, *arguments])
        self.resize(columns, lines)
        self.attributes: list[Any] = termios.tcgetattr(self._line)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Press keys. What is shown from now on is looked at."""
        self._mark = len(self.output)
        os.write(self._line, keys.encode())

    @property
    def text(self) -> str:
        """What it has written since the last keys, without control sequences."""
        return _CONTROL.sub(b"", self.output[self._mark :]).decode(errors="replace")

    def shows(self, *words: str) -> None:
        """Wait until it has written all of these words since the last keys."""
        end = time.monotonic() + GIVE_UP_SECONDS
        while not all(word in self.text for word in words):
            assert time.monotonic() < end, f"{words} did not come:\n{self.text[-4000:]}"
            assert self._read(1.0), f"it ended before {words} came:\n{self.text[-4000:]}"

    def settles(self) -> None:
        """Wait until it has drawn twice since the last keys, by the clock in its bar: they have had their effect."""
        end = time.monotonic() + GIVE_UP_SECONDS
        while len(set(_CLOCK.findall(self.text))) < 3:
            assert time.monotonic() < end, f"it draws no more:\n{self.text[-4000:]}"
            assert self._read(1.0), f"it ended:\n{self.text[-4000:]}"

    def _read(self, seconds: float) -> bool:
        """Take what it writes within a while. False: it has closed its terminal."""
        if self._line < 0:
            return False
        if not select.select([self._line], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._line, 1 << 16)
        except OSError:
            return False
        self.output += data
        return bool(data)

    def end(self) -> int:
        """Wait until it ends. Returns its exit code."""
        while self._read(GIVE_UP_SECONDS):
            pass
        end = time.monotonic() + GIVE_UP_SECONDS
        while (ended := os.waitpid(self.process, os.WNOHANG))[0] == 0:
            assert time.monotonic() < end, "it closed its terminal and does not end"
            time.sleep(0.05)
        status = ended[1]
        self.process = 0
        return os.waitstatus_to_exitcode(status)

    def is_restored(self) -> bool:
        """Whether the terminal is as it was: its modes, its first screen, its cursor."""
        screens = [self.output.rfind(each) for each in (b"\x1b[?1049h", b"\x1b[?1049l")]
        cursors = [self.output.rfind(each) for each in (b"\x1b[?25l", b"\x1b[?25h")]
        same = termios.tcgetattr(self._line) == self.attributes
        return same and screens[0] < screens[1] and cursors[0] < cursors[1]

    def signal(self, number: int) -> None:
        self._mark = len(self.output)
        os.kill(self.process, number)

    def hang_up(self) -> None:
        """Close the terminal, as a line that drops does."""
        os.close(self._line)
        self._line = -1

    def close(self) -> None:
        """After the test."""
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        if self._line >= 0:
            os.close(self._line)
