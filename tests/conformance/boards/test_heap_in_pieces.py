"""No allocation after boot needs a large block: the flight code flies on a heap that is in pieces."""

import re
from pathlib import Path

import pytest

from amu.core import limits
from tests.support.flight import interpreters

SCRIPT = Path(interpreters.__file__).with_name("heap_in_pieces.py")
HEAP = "1200k"  # four boards in one process


def fly(folder: Path, piece_bytes: int) -> tuple[int, str]:
    done = interpreters.run_micropython(SCRIPT, str(folder), str(piece_bytes), heap=HEAP)
    return done.returncode, done.stdout


def test_a_swarm_flies_on_a_heap_whose_longest_run_is_the_bound(tmp_path: Path) -> None:
    code, out = fly(tmp_path, limits.HEAP_BLOCK_BYTES_MAX)
    assert code == 0, out
    found = re.search(r"slots (\d+) adoptions (\d+) ledger (\d+) free \d+ run (\d+)$", out.strip())
    assert found is not None, out
    slots, adoptions, ledger, run = map(int, found.groups())
    assert slots > 3 * limits.CHECKPOINT_SLOTS
    assert adoptions >= 1
    assert ledger > 2 * limits.HEAP_BLOCK_BYTES_MAX  # in one piece it would have had no room
    assert run <= limits.HEAP_BLOCK_BYTES_MAX + 64


@pytest.mark.parametrize("piece_bytes", [700, 1100])
def test_a_smaller_bound_does_not_hold(tmp_path: Path, piece_bytes: int) -> None:
    """The flight allocates the longest blocks, and ends if one is not available."""
    code, out = fly(tmp_path, piece_bytes)
    assert code != 0
    assert "MemoryError: memory allocation failed" in out
