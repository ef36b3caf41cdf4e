"""Functions in machine code do what their twins in Python do."""

from pathlib import Path

import pytest

from hil.boards.emulated import folding, pico_files
from hil.boards.emulated.pico_chip import NANOS, PicoChip
from tests.support.flight import interpreters

SCRIPTS = [Path(interpreters.__file__).with_name(name) for name in ("machine_twins.py", "cbor_twins.py")]
SECONDS = 60


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_twins_agree(script: Path) -> None:
    done = interpreters.run_micropython(script)
    assert (done.returncode, done.stdout) == (0, "rounds 3000\n")


@pytest.mark.long
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_twins_agree_on_a_pico(script: Path, pico_image: Path) -> None:
    main = folding.folded("main.py", script.read_text()).encode()  # a Pico's `limits` has no constants left
    files = {**pico_files.modules(), "main.py": main}
    chip = PicoChip(pico_image, pico_files.make(files), "AMU-0001", 1, lambda most: b"")
    told = b""
    while b">>>" not in told and chip.nanos < SECONDS * NANOS:
        chip.advance(NANOS)
        told += chip.receive()
    assert told.startswith(b"rounds 150\r\n"), told
