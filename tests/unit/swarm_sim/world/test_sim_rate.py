"""The simulator's bench at tiny sizes: its flights are comparable. Rates decide nothing."""

import sys

import pytest

from tests import ROOT
from tests.bench import sim_rate
from tests.bench.sim_rate import MODES, PARTS, Pattern, bare_heap, by_simpy, fly, part_of, record, seconds_of

SLOTS = 6


def test_all_modes_fly_the_same_flight() -> None:
    flown = [fly(4, SLOTS, *mode) for mode in MODES.values()]
    figures = {(one.steps, one.deliveries, one.slots, one.board_seconds, one.verdict) for one in flown}
    ((steps, deliveries, slots, _, verdict),) = figures
    assert steps > deliveries > slots >= SLOTS
    assert verdict == "pass"


def test_the_loops_get_through_every_event_of_the_flight() -> None:
    pattern = record(4, SLOTS)
    assert pattern.events > fly(4, SLOTS, False, False).deliveries
    assert bare_heap(pattern) == by_simpy(pattern) == pattern.events


def test_a_loop_that_loses_an_event_is_found() -> None:
    pattern = Pattern({-1: [(0.0, 0), (1.0, 1)]}, 2)
    with pytest.raises(AssertionError, match="lost"):
        seconds_of(lambda _: 1, pattern)


def test_a_librarys_time_goes_to_its_caller() -> None:
    def library() -> str:
        return part_of(sys._getframe())

    def ledger() -> str:
        return library()

    assert ledger() == "other"
    ledger.__code__ = ledger.__code__.replace(co_filename="/somewhere/firmware/amu/ledger/state.py")
    assert ledger() == "ledger"


def test_each_part_has_files() -> None:
    places = [place[1:] for _, place in PARTS if place.count("/") > 1]
    assert len(places) > 15
    assert [place for place in places if not [*ROOT.glob(f"{place}*")]] == []


def test_the_bench_prints_a_line_a_mode(capsys: pytest.CaptureFixture[str]) -> None:
    sim_rate.measure(4, SLOTS, 1)
    printed = capsys.readouterr().out
    for label in (*MODES, "bare heap", "SimPy", "bound: "):
        assert label in printed
