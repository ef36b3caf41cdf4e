"""After a collection the next objects lie in a long free piece, not in holes."""

from pathlib import Path

import pytest

from tests.support.flight import interpreters

HOLES = 300
BLOCK_BYTES = 32
SCRIPT = f"""
import gc, sys
from amu.boards import heap

KEPT = 3000  # they fill all that was free before the holes
gc.collect()
things = [None] * (KEPT + 2 * {HOLES})
for k in range(len(things)):
    things[k] = object()
for k in range({HOLES}):
    things[KEPT + 2 * k] = None
getattr(heap, sys.argv[1])()
places = sorted([id(each) for each in things if each is not None])
gc.threshold(-1)
below = 0
for _ in range(20):
    below += id(object()) < places[-1]
print(below)
"""


@pytest.mark.parametrize("how", ["collect", "measure"])
def test_the_next_objects_lie_behind_the_holes(how: str, tmp_path: Path) -> None:
    script = tmp_path / "holes.py"
    script.write_text(SCRIPT)
    done = interpreters.run_micropython(script, how)
    assert done.returncode == 0, done.stdout
    assert int(done.stdout) < 10  # of 20: the program itself has left some pieces
