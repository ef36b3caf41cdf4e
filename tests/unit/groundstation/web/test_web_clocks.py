"""Clocks of boards for the pages, compared with what the whole trace says."""

import itertools
from pathlib import Path

import pytest

from groundstation.clocks.clocks import Clocks
from groundstation.record import run_directory
from groundstation.web.clocks import BoardClocks
from groundstation.web.model import Model
from groundstation.web.tail import Line, Tail
from specs.checking import trace
from tests.support.host_flight import fly


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = {"board_faults": [{"at": 0.4, "node": 1, "kind": "kill", "restart_after": 0.3}]}
    flight = fly(tmp_path_factory.mktemp("runs"), mission={"slots": 8}, workload={"operations": 8}, **told)
    return flight.directory / run_directory.TRACE


def _lines(path: Path) -> list[Line]:
    tail, found = Tail(path), []
    while lines := tail.read():
        found += lines
    return found


def test_at_the_end_the_rows_are_what_the_trace_says(path: Path) -> None:
    clocks, whole = BoardClocks(), Clocks()
    for line in _lines(path):
        clocks.feed(line)
    for event in trace.Reader(path):
        whole.feed(event)
    latest = {life.node: life for life in whole.lives()}  # the last of each board
    assert set(clocks.rows) == {"0", "1", "2", "3"}
    assert clocks.rows["1"]["boot"] == 1
    for node, life in latest.items():
        row = clocks.rows[str(node)]
        assert (row["boot"], row["ticks"], row["troubles"]) == (life.boot, life.ticks, life.troubles())
        assert life.offset is not None
        assert row["offset"] == list(life.offset)
        assert row["words"]["offset"] == f"{life.offset.seconds:.3f} s ± {life.offset.error * 1000:.1f} ms"


def test_the_estimate_of_now_is_near_the_last_word(path: Path) -> None:
    folded = Model()
    for line in _lines(path):
        folded.feed(line)
    for node, row in folded.tables["clocks"].items():
        seconds, error = row["now"]
        heard = folded.tables["boards"][node]["heard"]
        assert 0 < error < 1
        assert seconds - error <= heard + 1e-5


def test_rows_change_at_most_once_a_period(path: Path) -> None:
    clocks = BoardClocks()
    changes = [line["received"] for line in _lines(path) if clocks.feed(line) and line["event"] != "RunEnd"]
    assert changes
    assert all(later - before >= 1.0 for before, later in itertools.pairwise(changes))
