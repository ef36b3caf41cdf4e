"""The ring of a virtual board's littlefs: made whole or not at all, found again, and refused when somebody broke it."""

from pathlib import Path

import pytest

from tests.support.flight.interpreters import run_until_power_cut

# Opens the ring of 5 blocks, after `change`, and says where its blocks lie, or what is wrong.
OPENING = """
import os, sys
from amu.boards import flash_image, ring_files
from amu.boards.files import FileStore
from amu.core.errors import JournalError

device = flash_image.mount(os.getcwd(), "/flash")
{change}
try:
    store = ring_files.open_pages(FileStore("/flash"), device, "/flash", "", 5)
except JournalError as error:
    print("refused:", error)
    sys.exit(0)
ring = store._ring
page = bytearray(256)
ring.read(79, page)
print(len(ring._places), len(set(ring._places)), ring._places, page == bytes([255]) * 256)
ring.program(79, bytes(range(256)))
with open("/flash/ring/4", "rb") as file:
    file.seek(15 * 256)
    print(file.read() == bytes(range(256)))
"""


def opened(folder: Path, change: str = "", cut: int | None = None) -> list[str]:
    """What one life says, line by line; nothing if its power was cut."""
    (folder / "opening.py").write_text(OPENING.format(change=change))
    return run_until_power_cut(folder / "opening.py", cut_at=cut).stdout.splitlines()


def test_a_new_ring_is_erased_and_lies_where_littlefs_reads_it(tmp_path: Path) -> None:
    first = opened(tmp_path)
    assert first[0].startswith("5 5 ")
    assert first[0].endswith("True")
    assert first[1] == "True"
    assert opened(tmp_path)[0] == first[0].replace("True", "False")


def test_a_ring_stays_where_it_is_while_files_come_and_go(tmp_path: Path) -> None:
    churn = "for i in range(60):\n    with open('/flash/other%d' % (i % 3), 'wb') as f: f.write(bytes(9000))"
    first = opened(tmp_path)
    assert opened(tmp_path, churn)[0] == first[0].replace("True", "False")


@pytest.mark.parametrize("cut", [3, 20, 50, 90, 97, 99, 101, 103, 105])
def test_a_power_cut_while_a_ring_is_made_leaves_none_or_all_of_it(tmp_path: Path, cut: int) -> None:
    opened(tmp_path, "import sys; sys.exit(0)")  # formats
    opened(tmp_path, cut=cut)
    again = opened(tmp_path)
    assert again[0].startswith("5 5 ")
    assert again[1] == "True"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("os.remove('/flash/ring/2')", "file 2 of 4 is missing or not one block long"),
        ("open('/flash/ring/3', 'wb').close()", "file 3 of 5 is missing or not one block long"),
        ("with open('/flash/ring/1', 'ab') as f: f.write(b'x')", "file 1 of 5 is missing or not one block long"),
        ("for i in range(5): os.remove('/flash/ring/%d' % i)", "file 0 of 0 is missing"),
    ],
)
def test_a_broken_ring_is_refused_with_what_is_wrong(tmp_path: Path, change: str, says: str) -> None:
    opened(tmp_path)
    said = opened(tmp_path, change)
    assert said[0].startswith("refused: the ring of flash blocks cannot be used")
    assert says in said[0]
