"""The watchdog of a Pico restarts a board that hangs, and spares one whose loop turns or that is worked on by hand."""

from pathlib import Path

import pytest

from hil.boards.emulated import pico_files
from hil.boards.emulated.pico_chip import NANOS, PicoChip

pytestmark = pytest.mark.long

SECONDS = 20  # the watchdog bites after 8
WATCHDOG_RESET = 3  # machine.WDT_RESET
STARTS = b"""
import machine, time
with open("starts", "ab") as file:
    file.write(bytes([machine.reset_cause()]))
from amu.boards.pico import Watchdog, WatchedTicks
watchdog = Watchdog()
"""
HANGS = STARTS + b"time.sleep(60)\n"
TURNS = STARTS + b"ticks = WatchedTicks(20, watchdog)\nwhile True:\n    ticks.now()\n    time.sleep(1)\n"
RETIRES = STARTS + b"watchdog.retire()\n"


def starts(image: Path, program: bytes) -> list[int]:
    """Why the board started, each time that it did so in SECONDS."""
    files = {**pico_files.modules(), "main.py": program}
    chip = PicoChip(image, pico_files.make(files), "AMU-0001", 1, lambda most: b"")
    chip.advance(SECONDS * NANOS)
    return list(pico_files.read(chip.files, "starts") or b"")


def test_a_board_that_hangs_is_restarted(pico_image: Path) -> None:
    causes = starts(pico_image, HANGS)
    assert len(causes) >= 2
    assert set(causes[1:]) == {WATCHDOG_RESET}


def test_a_board_whose_loop_turns_is_left_alone(pico_image: Path) -> None:
    assert len(starts(pico_image, TURNS)) == 1


def test_a_board_at_its_prompt_is_left_alone(pico_image: Path) -> None:
    assert len(starts(pico_image, RETIRES)) == 1
