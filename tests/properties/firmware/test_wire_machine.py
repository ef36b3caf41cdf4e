"""Functions in machine code do what their twins in Python do."""

from pathlib import Path

import pytest

from hil.boards.emulated import pico_files
from hil.boards.emulated.pico_chip import NANOS, PicoChip
from tests.support.flight import interpreters

SCRIPT = Path(interpreters.__file__).with_name("machine_twins.py")
SECONDS = 60


def test_twins_agree() -> None:
    done = interpreters.run_micropython(SCRIPT)
    assert (done.returncode, done.stdout) == (0, "rounds 3000\n")


@pytest.mark.long
def test_twins_agree_on_a_pico(pico_image: Path) -> None:
    files = {**pico_files.firmware(), "main.py": SCRIPT.read_bytes()}
    chip = PicoChip(pico_image, pico_files.make(files), "AMU-0001", 1, lambda most: b"")
    told = b""
    while b">>>" not in told and chip.nanos < SECONDS * NANOS:
        chip.advance(NANOS)
        told += chip.receive()
    assert told.startswith(b"rounds 150\r\n"), told
