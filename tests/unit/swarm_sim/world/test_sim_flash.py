"""Simulated flash keeps the Store's promises until a fault strikes, and then breaks only the one that it is about."""

import random
from pathlib import Path

import pytest

from amu.boards.host import PowerCut
from amu.core.errors import JournalError
from amu.core.seams import Store
from amu.node.journal import Journal
from swarm_sim.world.flash import ELSEWHERE, Flash
from tests.unit.firmware.test_stores import StoreConformance


def flash(seed: int = 1) -> Flash:
    return Flash(random.Random(seed))


class TestFlash(StoreConformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return flash()


@pytest.mark.parametrize("seed", range(12))
def test_a_power_cut_leaves_a_prefix_of_an_append(seed: int) -> None:
    store = flash(seed)
    store.append("journal-0", [b"old"])
    store.arm("power_cut", 2)
    store.append("journal-0", [b"er"])
    with pytest.raises(PowerCut):
        store.append("journal-0", [b"news"])
    left = store.files["journal-0"]
    assert b"oldernews".startswith(left)
    assert left.startswith(b"older")


def test_a_power_cut_leaves_the_old_file_or_the_new_one() -> None:
    left = set()
    for seed in range(12):
        store = flash(seed)
        store.replace("checkpoint", lambda write: write(b"old"))
        store.arm("power_cut")
        with pytest.raises(PowerCut):
            store.replace("checkpoint", lambda write: write(b"new"))
        left.add(store.files["checkpoint"])
    assert left == {b"old", b"new"}


def test_a_crash_may_leave_garbage_of_the_same_length() -> None:
    store = flash()
    store.append("journal-0", [b"old"])
    store.arm("crash_corruption")
    with pytest.raises(PowerCut):
        store.append("journal-0", [b"news"])
    assert store.files["journal-0"][:3] == b"old"
    assert len(store.files["journal-0"]) == 7
    assert store.files["journal-0"][3:] != b"news"
    assert store.is_damaged


def test_a_write_fault_is_an_error_once() -> None:
    store = flash()
    store.arm("write_fault")
    with pytest.raises(OSError, match="write fault"):
        store.append("journal-0", [b"news"])
    store.append("journal-1", [b"x"])
    assert store.files["journal-1"] == b"x"


def test_a_misdirected_write_goes_unnoticed_and_lands_elsewhere() -> None:
    places = set()
    for seed in range(12):
        store = flash(seed)
        store.append("journal-0", [b"first, second"])
        store.arm("misdirected_write")
        store.append("journal-0", [b"third"])
        places.add(ELSEWHERE in store.files)
        assert len(store.files["journal-0"]) == len(b"first, second")
        assert store.is_damaged
    assert places == {True, False}


def test_the_journal_finds_a_write_that_went_over_its_own_middle() -> None:
    found = 0
    for seed in range(12):
        store = flash(seed)
        journal = Journal(store)
        journal.commission()
        journal.append([[1, 2, 3]])
        store.arm("misdirected_write")
        journal.append([[4, 5, 6]])
        journal.append([[7, 8, 9]])
        with pytest.raises(JournalError):
            Journal(store).recover()
        found += 1
    assert found == 12


def test_a_read_fault_lasts_until_it_is_mended() -> None:
    store = flash()
    store.append("journal-0", [b"x"])
    store.arm("read_fault")
    with pytest.raises(OSError, match="read fault"):
        store.read("journal-0")
    store.mend_reads()
    assert store.read("journal-0") == b"x"


def test_faults_armed_on_a_board_that_is_off_never_strike() -> None:
    store = flash()
    store.arm("power_cut")
    store.disarm()
    store.append("journal-0", [b"x"])
    assert store.files["journal-0"] == b"x"
