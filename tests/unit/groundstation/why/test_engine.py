"""The engine names the reason of a stall, from the trace alone."""

from pathlib import Path

import pytest

from groundstation.procedures.sight import seen_by_crew
from groundstation.why import answer as a
from groundstation.why.conditions import Conditions
from groundstation.why.engine import Engine
from groundstation.why.read import line_of
from groundstation.why.seen import Seen
from specs.checking.trace import Reader
from tests.unit.groundstation.why.stalls import answer, cut, kills


def test_a_swarm_that_decides_is_moving(tmp_path: Path) -> None:
    found = answer(tmp_path, {})
    assert (found.state, found.cause) == (a.MOVING, a.NONE)


def test_two_dead_boards_of_four_leave_no_quorum(tmp_path: Path) -> None:
    found = answer(tmp_path, {"board_faults": kills(1, 3)})
    assert (found.state, found.cause) == (a.IMPOSSIBLE, a.CRASH)
    assert [board.node for board in found.boards if board.kind == a.CRASH] == [1, 3]
    assert "boards 1 and 3 unheard exceed f = 1" in found.sentence


def test_a_partition_in_halves_is_named_with_its_links(tmp_path: Path) -> None:
    found = answer(tmp_path, {"faults": [cut([0, 1], [2, 3])]})
    assert (found.state, found.cause) == (a.IMPOSSIBLE, a.CUT)
    pairs = {(link.source, link.destination) for link in found.links}
    assert pairs == {(i, j) for i in (0, 1) for j in (2, 3)} | {(j, i) for i in (0, 1) for j in (2, 3)}
    assert "nothing of boards 2 and 3 reaches boards 0 and 1" in found.sentence


def test_a_board_whose_clock_stands_still_takes_no_part_and_its_links_are_not_judged(tmp_path: Path) -> None:
    stops = [{"at": 2.0, "node": node, "kind": "clock_stop", "seconds": 30.0} for node in (0, 2)]
    found = answer(tmp_path, {"mission": {"limit_seconds": 4.5}, "board_faults": stops}, 4.5)
    assert (found.state, found.causes) == (a.IMPOSSIBLE, (a.CLOCK,)), found.sentence
    assert [board.takes_part for board in found.boards] == [False, True, False, True]
    assert found.links == ()


def test_a_crew_is_not_told_that_a_board_is_on_or_off(tmp_path: Path) -> None:
    """Before the debrief it does not see that boards are switched on, or killed."""
    whole = answer(tmp_path, {"board_faults": kills(1, 3)})
    engine = Engine()
    for event in Reader(tmp_path / "trace.ndjson"):
        line = seen_by_crew({"run": "", **line_of(event)}, frozenset())
        if line is not None and event.received is not None and event.received <= whole.at:
            engine.feed(line)
    found = engine.explain(at=whole.at)
    assert (found.state, found.causes) == (a.IMPOSSIBLE, (a.STOPPED,)), found.sentence
    for node in (1, 3):
        assert f"board {node} is not heard by the ground: it is off, or" in found.sentence
    assert "is on" not in found.sentence
    assert "killed" not in found.sentence


def test_one_dead_board_of_four_stops_nobody(tmp_path: Path) -> None:
    assert answer(tmp_path, {"board_faults": kills(2)}).state in (a.MOVING, a.TIMER)


def test_a_slot_that_everybody_has_voted_for_lacks_nobody(tmp_path: Path) -> None:
    """The last votes of a slot are cast and nobody has decided yet: no vote is missing."""
    answer(tmp_path, {"mission": {"slots": 1}})
    engine, votes = Engine(), 0
    for event in Reader(tmp_path / "trace.ndjson"):
        if event.name not in ("Decide", "Learn", "Apply", "Adopt") and votes < 4:
            engine.feed(line_of(event))
            votes += event.name == "Vote4" and event.fields["slot"] == 1
    found = engine.explain(1, at=100.0)
    assert found.state != a.MOVING
    assert not [board.node for board in found.boards if board.is_missing]
    assert found.sentence.startswith("slot 1: ")


def test_slots_asked_about_at_one_moment_share_the_conditions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Counted(Conditions):
        def __init__(self, seen: Seen, at: float) -> None:
            made.append(at)
            super().__init__(seen, at)

    monkeypatch.setattr("groundstation.why.engine.Conditions", Counted)
    answer(tmp_path, {"mission": {"limit_seconds": 4.5}, "board_faults": kills(1, 3)}, 4.0)
    made.clear()
    lines = [line_of(event) for event in Reader(tmp_path / "trace.ndjson")]
    engine, other = Engine(), Engine()
    for line in lines[:-1]:
        engine.feed(line)
        other.feed(line)
    first = engine.seen.frontier + 1
    found = [engine.explain(slot) for slot in range(first, first + 4)]
    assert made == [engine.seen.now]
    assert found[2] == other.explain(first + 2)
    later = engine.seen.now + 1
    engine.explain(first, later)
    engine.feed(lines[-1])
    engine.explain(first, later)
    assert made[-2:] == [later, later]  # an event has come between, at the same moment
