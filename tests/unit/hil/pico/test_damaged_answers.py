"""What a bench gets to hear may be anything: answers of a board on a bad line, the words of a power command."""

import sys
from pathlib import Path

import pytest

from groundstation.boards.base import BoardError, Unit
from hil.boards.pico.board import PicoBoard
from hil.boards.pico.repl import Repl


class Damaged(Repl):
    """A prompt whose answers arrive as they are given."""

    def __init__(self, told: str) -> None:
        self._name, self._told = "Pico E6", told

    def run(self, code: str) -> str:
        return self._told


@pytest.mark.parametrize("told", ["", "(1, 28", "3x", "\0", "[" * 5000, "OK\x04>"])
def test_a_damaged_answer_is_told_as_that(told: str) -> None:
    with pytest.raises(BoardError, match=r"Pico E6: its answer was damaged \(.*\): is the line sound\?"):
        Damaged(told).ask("1")


def test_a_sound_answer_is_a_value() -> None:
    assert Damaged("(1, 'x')\n").ask("1") == (1, "x")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os, sys; os.write(2, bytes([255, 254])); sys.exit(3)", r"failed with code 3: \\xff\\xfe"),
        ("import sys; sys.exit(0 if sys.stdin.read() else 4)", "failed with code 4"),
    ],
)
def test_a_power_command_may_say_anything_and_hears_nothing(tmp_path: Path, code: str, told: str) -> None:
    board = PicoBoard(tmp_path, 0, Unit("E6", 115200, (), (), {"hang": (sys.executable, "-c", code)}))
    with pytest.raises(BoardError, match=told):
        board.begin("hang", 1)
