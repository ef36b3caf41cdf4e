"""The emulated chip, register by register: flash as a W25Q16 behaves, what a power cut leaves of it, the watchdog."""

import json
import subprocess
from pathlib import Path

from hil.boards.emulated import library

SCRIPT = Path(__file__).with_name("chip_commands.mjs")


def test_flash_and_watchdog_do_as_the_datasheets_say() -> None:
    command = [str(library.node()), str(SCRIPT), str(library.CORE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "identity": "AMU-0007",
        "kind": [0xEF, 0x40, 0x15],
        "notEnabled": [0xFF],
        "enabled": 2,
        "aroundThePage": [[1, 2], [3, 4, 0xFF], [0xFF]],
        "disabledAfterwards": 0,
        "onlyClears": [0],
        "read": [2, 0xFF],
        "sector": [[0xFF], [7]],
        "block": [0xFF],
        "operations": 5,
        "tornProgram": [False, [1, 2, 0xFF, 0xFF]],
        "tornErase": [False, 0xFF, 0xFF, 0, 0],
        "beforeTheBite": [0, 0],
        "afterTheBite": [1, 1, 0x600D, 5],
        "afterATrigger": [2, 2],
    }
