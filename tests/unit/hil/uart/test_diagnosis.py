"""Why nobody answers behind an adapter, from what is heard at each baud."""

import ast
from pathlib import Path

import pytest

from groundstation.boards import provision
from hil.boards.emulated.adapter import heard
from hil.boards.pico.ports import Port
from hil.boards.pico.repl import PROBE
from hil.boards.uart import diagnosis, prompt

BAUD = 921_600
PORT = Port("A1", "adapter", Path("/nowhere"), baud=BAUD)
EXIT = provision.exit_frame(b"k" * 32, b"test", 0, 1)
PROMPTS = b"\r\n>>> \r\n>>> "


def reason(monkeypatch: pytest.MonkeyPatch, heard_at: dict[int, bytes], exits: tuple[bytes, ...] = ()) -> str:
    monkeypatch.setattr(diagnosis, "listen", lambda port, exits: heard_at.get(port.speed, b""))
    error = diagnosis.why_silent(PORT, exits)
    assert str(error).startswith("adapter A1: ")
    return error.name


def test_a_line_on_which_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason(monkeypatch, {}) == diagnosis.SILENT


@pytest.mark.parametrize("baud", [115_200, 9600])
@pytest.mark.parametrize("said", [PROMPTS, EXIT, b"noise" + EXIT + b"cut o"])
def test_a_board_at_another_baud(monkeypatch: pytest.MonkeyPatch, baud: int, said: bytes) -> None:
    """It is at its prompt, or flies."""
    at_each = {other: heard(said, baud, other) for other in (BAUD, *diagnosis.BAUDS)}
    assert reason(monkeypatch, at_each) == diagnosis.WRONG_BAUD


def test_a_board_that_flies_under_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason(monkeypatch, {BAUD: EXIT}) == diagnosis.IN_FLIGHT


def test_noise_is_no_board(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason(monkeypatch, dict.fromkeys(diagnosis.BAUDS, b"\x7f\x00\xff>>")) == diagnosis.NOISE


def test_wires_that_lead_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason(monkeypatch, {BAUD: PROBE}) == diagnosis.JOINED
    assert reason(monkeypatch, {BAUD: PROBE + EXIT}, (EXIT,)) == diagnosis.JOINED


def test_the_program_that_puts_the_prompt_there_is_python_of_a_board() -> None:
    text = prompt.text(BAUD)
    ast.parse(text)
    assert "921600" in text
    assert text.index("kbd_intr(-1)") < text.index("UART(")
    assert prompt.RECEIVE_BYTES >= 1024
