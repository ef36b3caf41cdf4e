"""The simulated ring of raw flash keeps its promises until a fault strikes, and boards fly on it through faults."""

import random

import pytest

from amu.boards.config import PAGES
from amu.boards.host import PowerCut
from amu.core.errors import JournalError
from amu.node.journal import Journal
from swarm_sim.draw.draw import PAGES_SHARE, draw
from swarm_sim.simulation import Simulation
from swarm_sim.world.flash import Flash
from swarm_sim.world.ring import BLOCK_BYTES, BLOCK_PAGES, PAGE_BYTES, FlashRing, open_store
from tests.support.simulator.simulations import scenario

ERASED = b"\xff" * PAGE_BYTES
DATA = bytes(range(256))


def ring(seed: int = 1) -> tuple[FlashRing, Flash]:
    flash = Flash(random.Random(seed))
    return FlashRing(flash), flash


def page(of: FlashRing, number: int) -> bytes:
    buffer = bytearray(PAGE_BYTES)
    of.read(number, buffer)
    return bytes(buffer)


def test_a_program_clears_bits_and_an_erase_sets_those_of_a_block() -> None:
    made, flash = ring()
    assert page(made, 17) == ERASED
    made.program(17, DATA)
    assert page(made, 17) == DATA
    made.program(17, b"\x0f" * PAGE_BYTES)
    assert page(made, 17) == bytes(byte & 0x0F for byte in DATA)
    assert page(FlashRing(flash), 17) == page(made, 17)
    made.program(0, DATA)
    made.erase(1)
    assert (page(made, 17), page(made, 0)) == (ERASED, DATA)


@pytest.mark.parametrize("fault", ["power_cut", "write_fault"])
def test_a_program_is_torn_at_any_byte(fault: str) -> None:
    lengths = set()
    for seed in range(40):
        made, flash = ring(seed)
        flash.arm(fault)
        with pytest.raises((PowerCut, OSError)):
            made.program(3, b"\x00" * PAGE_BYTES)
        left = page(made, 3)
        count = left.count(0)
        assert left == bytes(count) + ERASED[count:]
        lengths.add(count)
    assert len(lengths) > 20


def test_an_erase_that_is_cut_leaves_any_mixture() -> None:
    kinds = set()
    for seed in range(40):
        made, flash = ring(seed)
        for number in range(BLOCK_PAGES):
            made.program(number, b"\x55" * PAGE_BYTES)
        flash.arm("power_cut")
        with pytest.raises(PowerCut):
            made.erase(0)
        left = bytes(flash.blocks[0])
        assert left != b"\xff" * BLOCK_BYTES
        kinds.add(frozenset(set(left)) if len(set(left)) < 4 else "noise")
    assert {frozenset({0x55, 0xFF}), frozenset({0x55, 0x00}), "noise"} <= kinds


def test_a_misdirected_program_is_found_when_it_is_read_back() -> None:
    flash = Flash(random.Random(1))
    live = Journal(open_store(flash, PAGES))
    live.commission()
    live.recover()
    live.append([[1]])
    flash.arm("misdirected_write")
    with pytest.raises(JournalError, match="does not hold what was written"):
        live.append([[2]])
    assert flash.is_damaged


def test_a_page_that_died_in_garbage_is_damage() -> None:
    for seed in range(12):
        flash = Flash(random.Random(seed))
        live = Journal(open_store(flash, PAGES))
        live.commission()
        live.recover()
        live.append([[1]])
        flash.arm("crash_corruption")
        with pytest.raises(PowerCut):
            live.append([[2]])
        with pytest.raises(JournalError, match="damaged page"):
            Journal(open_store(flash, PAGES)).recover()


def test_a_read_fault_and_an_erased_flash() -> None:
    made, flash = ring()
    made.program(0, DATA)
    flash.arm("read_fault")
    with pytest.raises(OSError, match="read fault"):
        page(made, 0)
    flash.mend_reads()
    flash.erase()
    assert page(FlashRing(flash), 0) == ERASED


@pytest.mark.parametrize("after", range(1, 9))
def test_a_swarm_on_pages_survives_a_power_cut_at_any_operation(after: int) -> None:
    """In its second life the board goes on from its ring; oracles compare flash with memory throughout."""
    flown = scenario(
        mission={"slots": 24, "journal": PAGES},
        workload={"operations": 24, "in_flight": 2},
        board_faults=[
            {"at": 0.2, "node": 3, "kind": "power_cut", "after_operations": after, "restart_after": 0.2},
            {"at": 0.9, "node": 3, "kind": "power_cut", "after_operations": after, "restart_after": 0.2},
        ],
    )
    run = Simulation(flown, None, False, True)
    assert run.fly().verdict == "pass"
    assert all(board.flash.blocks for board in run.world.boards)


def test_a_share_of_the_seeds_flies_on_pages() -> None:
    drawn = [draw(seed).mission.journal for seed in range(200)]
    assert 0.5 * PAGES_SHARE < drawn.count(PAGES) / len(drawn) < 1.2 * PAGES_SHARE
