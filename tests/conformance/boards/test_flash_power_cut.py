"""Journal, files or a ring of pages, and flash image together, under MicroPython: death at many operations of a life.

Nothing is simulated here: the process is killed in the middle of an erase or a program, and the next one starts from
what is left on the image. Everything that the board had sent was on flash by then, and must be recovered.
"""

from pathlib import Path

import pytest

from amu.boards import config
from tests.support.flight.interpreters import run_until_power_cut

# Counts upwards on flash, saying each number after it was written; a checkpoint every seventh.
COUNTER = """
import os, sys
from amu.boards import flash_image
from amu.boards.files import FileStore
from amu.node.journal import Journal

device = flash_image.mount(os.getcwd(), "/flash")
store = FileStore("/flash")
if sys.argv[1] == "pages":
    from amu.boards import ring_files
    store = ring_files.open_pages(store, device, "/flash", "", 4)
if store.read("checkpoint") is None:
    Journal(store).commission()
journal = Journal(store)
recovered = journal.recover()
last = recovered.records[-1][0] if recovered.records else (recovered.checkpoint or 0)
print("start", recovered.status, last)
for number in range(last + 1, last + 41):
    if number % 7 == 0:
        journal.checkpoint(number)
    else:
        journal.append([[number, bytes(60)], [number]])
    print("wrote", number)
    journal.rest()
"""


class Life:
    """One run of the counter: whether the power went, the status and number it found, the last number that it said."""

    def __init__(self, folder: Path, kind: str, cut_at_operation: int | None) -> None:
        ended = run_until_power_cut(folder / "counter.py", kind, cut_at=cut_at_operation)
        lines = [line.split() for line in ended.stdout.splitlines()]
        self.was_cut = ended.returncode == -9
        self.status, self.found = "", 0
        self.said = 0
        for words in lines:
            if words[0] == "start":
                self.status, self.found = words[1], int(words[2])
                self.said = self.found
            else:
                assert words[0] == "wrote", ended.stdout
                self.said = int(words[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "counter.py").write_text(COUNTER)
    return tmp_path


@pytest.mark.parametrize("kind", config.JOURNALS)
def test_a_board_cut_off_again_and_again_never_forgets_what_it_said(folder: Path, kind: str) -> None:
    first = Life(folder, kind, None)
    assert (first.was_cut, first.status, first.said) == (False, "fresh", 40)
    said = first.said
    cuts = 0
    for operation in range(1, 60):
        life = Life(folder, kind, operation)
        # The write that the power cut hit may have succeeded; nothing else is new, nothing is lost.
        if life.status:
            assert said <= life.found <= said + 1
            said = life.said
        cuts += life.was_cut
    assert cuts >= 50
    last = Life(folder, kind, None)
    assert said <= last.found <= said + 1
    assert not last.was_cut
