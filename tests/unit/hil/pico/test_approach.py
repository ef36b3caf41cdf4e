"""What is at a line that gives no prompt, and who holds one that cannot be opened: named, with what to do."""

import contextlib
import os
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from amu.wire import codec, frames, messages
from groundstation.boards.base import BoardError
from hil.boards.pico import approach as approaching
from hil.boards.pico import holders, ports
from hil.boards.pico.approach import approach

SERIAL = "E66138528350B62F"
HOLD = """
import fcntl, os, sys, termios
line = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(line, fcntl.LOCK_EX)
fcntl.ioctl(line, termios.TIOCEXCL)
print("held", flush=True)
sys.stdin.read()
"""


class Device:
    """Something at a line that says `words` again and again."""

    def __init__(self, folder: Path) -> None:
        self.words = b""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        (folder / f"usb-Some_Board_{SERIAL}-if00").symlink_to(self.path)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self) -> None:
        os.set_blocking(self._master, False)
        while not self._is_over.wait(0.02):
            with contextlib.suppress(BlockingIOError):
                os.read(self._master, 4096)
            os.write(self._master, self.words)

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        os.close(self._slave)
        os.close(self._master)


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(tmp_path))
    monkeypatch.setattr(approaching, "_LEAVE_SECONDS", 0.5)
    device = Device(tmp_path)
    yield device
    device.close()


def complaint() -> str:
    with pytest.raises(BoardError) as caught:
        approach(ports.require(SERIAL))
    return str(caught.value)


def test_a_line_that_says_nothing(device: Device) -> None:
    assert "it says nothing: its program hangs, or it has no MicroPython; hold BOOTSEL" in complaint()


def test_a_device_that_is_not_ours_is_quoted(device: Device) -> None:
    device.words = b"$GPGGA,\x1b[2J\r\n"
    told = complaint()
    assert "it is not one of ours, runs another program, or still boots; it says" in told
    assert "$GPGGA" in told
    assert "\x1b" not in told


def test_a_board_of_another_swarm_is_told_by_its_frames(device: Device) -> None:
    device.words = frames.build(frames.REPORT, 2, 255, b"", codec.encode(0, messages.Log(1, "here")))
    assert "it flies as board 2 of a swarm, under keys that are not known here" in complaint()


def test_a_program_that_holds_the_line_is_named(device: Device) -> None:
    command = [sys.executable, "-c", HOLD, device.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        told = complaint()
        other.communicate()
    assert f"{device.path} cannot be opened: process {other.pid} (python" in told
    assert "end it; if it is a ground station: amu ps, amu stop" in told


def test_a_line_without_permission_says_which_group(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "may_open", lambda path: False)
    told = holders.why(Path(device.path), PermissionError(13, "Permission denied"))
    assert told.startswith("no permission; ")
    assert "usermod -aG" in told or "udev rule" in told


def test_a_line_that_nobody_visible_holds_is_another_user_s(device: Device) -> None:
    assert f"sudo fuser -v {device.path}" in holders.why(Path(device.path), BlockingIOError(11, "locked"))


def test_a_line_that_is_gone(tmp_path: Path) -> None:
    assert holders.why(tmp_path / "ttyACM9", FileNotFoundError(2, "none")) == "it is gone; is the cable in?"
