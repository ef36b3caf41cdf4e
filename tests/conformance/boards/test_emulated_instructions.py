"""The emulator's own instructions do what the library's core does; a copy of them with a bug is told apart."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hil.boards.emulated import library

STATES = 60_000
STATES_FOR_A_BUG = 20_000
SCRIPT = Path(__file__).with_name("differential.mjs")
# The upper five bits of every opcode that has an instruction of its own: all but the 32-bit ones, and BL.
GROUPS = {str(group) for group in range(29)} | {"30"}
BUGS = {
    "carry of an addition": ("c = n >>> 0 < a >>> 0 ? 1 : 0; v = ~(a ^ b) & (a ^ n);\n          }", "\n          }"),
    "overflow of a subtraction": ("c = a >>> 0 >= b ? 1 : 0; v = (a ^ b) & (a ^ n);", "c = a >>> 0 >= b ? 1 : 0;"),
    "carry of a shift": ("if (k) c = (a >>> (32 - k)) & 1;", "c = (a >>> (32 - k)) & 1;"),
    "sign of a halfword": ("case 0b1011001000: r[op & 7] = (x << 16) >> 16;", "case 0b1011001000: r[op & 7] = x;"),
    "bytes in place of words": (
        "else if (o < RAM_BYTES) ram32[o >> 2] = r[op & 7];",
        "else if (o < RAM_BYTES) ram8[o] = r[op & 7];",
    ),
    "edge of memory": ("if (a & 3 || o > RAM_BYTES - 32)", "if (a & 3 || o > RAM_BYTES + 32)"),
    "write-back": ("if (!(list & (1 << m))) r[m] = a;", "r[m] = a;"),
    "sign of a shift by nothing": ("(a >>> k) | 0 : 0;", "a >>> k : 0;"),
    "a branch by a move": ("else { next = b & ~1; cycles = 2; }", "else next = b & ~1;"),
    "remainder for quotient": ("sio.readUint32(o)", "sio.readUint32(o ^ 4)"),
    "link": ("r[14] = (at + 4) | 1;", "r[14] = at + 4;"),
    "a condition": ("isTaken = c !== 0 && z !== 0;", "isTaken = c !== 0;"),
    "cycles of a branch": ("next = at + 4 + ((op << 21) >> 20); cycles = 2;", "next = at + 4 + ((op << 21) >> 20);"),
    "changed, then left to the library": ("if (m === 15) cycles = 0;", "if (m === 15) { r[d]++; cycles = 0; }"),
}


def compared(core: Path, seed: int, states: int) -> dict[str, Any]:
    command = [str(library.node()), str(SCRIPT), str(core), str(seed), str(states)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_instruction_is_the_librarys() -> None:
    found = compared(library.CORE, 1, STATES)
    assert found["differences"] == []
    assert found["isMemoryEqual"]
    assert {group for group, count in found["executed"].items() if count > STATES // 1000} == GROUPS


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_in_an_instruction_is_seen(bug: str, tmp_path: Path) -> None:
    core = tmp_path / "core"
    shutil.copytree(library.CORE, core, ignore=shutil.ignore_patterns("node_modules"))
    (core / "node_modules").symlink_to(library.CORE / "node_modules")
    source = (core / "instructions.mjs").read_text()
    right, wrong = BUGS[bug]
    assert right in source
    (core / "instructions.mjs").write_text(source.replace(right, wrong, 1))
    found = compared(core, 2, STATES_FOR_A_BUG)
    assert found["differences"] or not found["isMemoryEqual"]
