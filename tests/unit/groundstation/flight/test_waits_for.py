"""A mission without progress reports what it waits for."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundstation.boards import bench
from groundstation.flight import rehearsal
from groundstation.flight.pace import Pace
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Flight, Plan
from groundstation.flight.watch import DECIDED, SLOTS_WATCHED, Watch
from groundstation.record import run_directory
from groundstation.record.operation import OnBoard, Operation
from groundstation.scenario import mission_end
from groundstation.scenario.mission_end import not_begun
from groundstation.scenario.model import parse
from groundstation.scenario.waits_for import machine_texts, operation_texts, queue_texts
from groundstation.verdict.verdict import judge
from specs.checking.check import check_trace
from specs.verdict import NO_PROGRESS
from swarm_sim.oracles.slots import Member, slot_texts
from swarm_sim.simulation import simulate
from swarm_sim.testing.host_board import HostBoard

KILLS = [{"at": 0.5, "node": node, "kind": "kill"} for node in (1, 2)]


def _document(**sections: Any) -> dict[str, Any]:
    return {
        "name": "stuck",
        "description": "It does not go on.",
        "mission": {"slots": 5000, "limit_seconds": 60.0, "no_progress_seconds": 3.0},
        "workload": {"operations": 12, "in_flight": 2, "pause_seconds": 0.05},
    } | sections


@pytest.fixture
def fly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Flight]:
    monkeypatch.setattr(bench, "board_kind", lambda name: HostBoard)

    def flown(**sections: Any) -> Flight:
        return rehearsal.fly(Plan(parse(_document(**sections), "test"), "host", tmp_path), SilentDisplay())

    return flown


def _texts(flight: Flight) -> str:
    return "\n".join(flight.summary["waits_for"])


# --- whole missions --------------------------------------------------------------------------------


def test_boards_that_are_off_leave_no_quorum_and_the_error_says_so(fly: Callable[..., Flight]) -> None:
    flight = fly(board_faults=KILLS)
    assert flight.outcome == mission_end.NO_PROGRESS
    told = _texts(flight)
    assert "impossible under the present faults: slot " in told
    assert "boards 1 and 2 unheard exceed f = 1" in told
    assert "(mission.no_progress_seconds = 3)" in told
    assert "lacks phase-" in told
    assert "wants 2 equal answers since" in told
    last = json.loads((flight.directory / run_directory.TRACE).read_text().splitlines()[-1])
    assert (last["event"], last["reason"]) == ("RunEnd", "no progress")
    assert last["waits_for"] == flight.summary["waits_for"]
    judgement = judge(check_trace(flight.directory / run_directory.TRACE), flight.summary, flight.directory)
    assert judgement.verdict == NO_PROGRESS
    assert [line.detail for line in judgement.lines if line.detail in last["waits_for"]] == last["waits_for"]


def test_a_partition_is_recognised_by_the_links_that_carry_nothing(fly: Callable[..., Flight]) -> None:
    flight = fly(faults=[{"fault": "partition", "groups": [[0, 1], [2, 3]], "start": 0.5}])
    told = _texts(flight)
    assert "nothing of boards 0 and 1 reaches boards 2 and 3: frames are lost" in told
    assert "unheard exceed" not in told  # all can vote; they only do not hear each other


def test_a_liar_that_is_needed_is_named(fly: Callable[..., Flight]) -> None:
    flight = fly(board_faults=KILLS[:1], byzantine=[{"node": 3, "adversary": "silence"}])
    assert "board 1 unheard and 1 liar exceed f = 1" in _texts(flight)
    assert "board 3 is a liar: it says that it sends to boards 0, 1 and 2, and sends nothing" in _texts(flight)
    assert "silence" not in _texts(flight)  # as the scenario calls it


def test_a_limit_reached_while_slots_are_decided_is_not_reported_as_a_stuck_slot(fly: Callable[..., Flight]) -> None:
    flight = fly(mission={"slots": 5000, "limit_seconds": 2.0, "no_progress_seconds": 3.0})
    told = _texts(flight)
    assert "the limit of 2 s was reached (mission.limit_seconds)" in told
    assert "slots were decided until the end" in told
    assert "quorum" not in told


def test_nothing_is_waited_for_when_all_is_done(fly: Callable[..., Flight]) -> None:
    flight = fly(mission={"slots": 5, "limit_seconds": 60.0})
    assert flight.summary["waits_for"] == []
    assert "waits_for" not in json.loads((flight.directory / run_directory.TRACE).read_text().splitlines()[-1])


def test_the_simulator_says_it_from_the_memory_of_its_boards() -> None:
    outcome = simulate(parse(_document(board_faults=KILLS), "test"))
    assert outcome.verdict == NO_PROGRESS
    assert "a quorum of 3 is impossible: 2 of 4 boards can vote; others: board 1 (off), board 2 (off)" in outcome.detail


# --- the texts -------------------------------------------------------------------------------------


def test_votes_by_board() -> None:
    members = [
        Member(0, vote=(2, 3)),
        Member(1, vote=(2, 0)),
        Member(2, vote=(2, 5), has_decided=True),
        Member(3),
    ]
    assert slot_texts(9, members) == [
        "slot 9 (a quorum is 3): board 0 voted up to phase 3 of 4 in view 2; "
        "board 1 did not vote in view 2; board 2 decided and did not apply it; "
        "board 3 without a word of it"
    ]


@pytest.mark.parametrize(
    ("others", "word"),
    [
        ([Member(2, mode="silent"), Member(3)], None),
        ([Member(2, mode="silent"), Member(3, mode="rejoining")], "is impossible"),
        ([Member(2, mode="silent"), Member(3, liar="lie")], "needs Byzantine boards"),
        ([Member(2, why_off="line lost"), Member(3, liar="lie", why_off="off")], "is impossible"),
    ],
)
def test_whether_a_quorum_is_possible(others: list[Member], word: str | None) -> None:
    told = [text for text in slot_texts(1, [Member(0), Member(1), *others]) if text.startswith("a quorum of 3")]
    assert [str(word) in text for text in told] == ([] if word is None else [True])


def test_full_queues_are_reported_since_the_last_slot() -> None:
    counts = Counter({("accepted", 0, 1): 9, ("delivered", 0, 1): 9, ("link busy", 0, 1): 4})
    assert queue_texts({}, counts) == ["4 frames lost to a full queue: link busy"]
    assert queue_texts(counts, counts + Counter({("link busy", 1, 0): 2})) == [
        "2 frames lost to a full queue: link busy"
    ]
    assert queue_texts(counts, counts) == []


def test_operations_by_board() -> None:
    boards = {node: OnBoard(0.0, uplinked=1.0) for node in range(4)}
    boards[0].answer = (3, ["ok"])
    boards[1].receipt = "busy"
    boards[2].uplinked = None
    operation = Operation(17, ["noop"], 2.0, boards)
    assert operation_texts([operation] * 4, 4, 5.0)[1:] == [
        "operation 17 (noop) wants 2 equal answers since 3.0 s: answered by board 0 only, "
        "busy at board 1, not sent to board 2, no receipt at board 3",
        "2 further operations likewise",
    ]


def test_fault_rules_that_had_not_begun() -> None:
    rules = [{"fault": "drop", "probability": 0.1, "start": 4.0}, {"fault": "drop", "probability": 0.1}]
    scenario = parse(_document(faults=rules), "test")
    assert not_begun(scenario, 3.0) == ["drop (from 4 s)"]
    assert not_begun(scenario, 4.0) == []


# --- the machine -----------------------------------------------------------------------------------


class Clock:
    """Wall time, in seconds, under the test's control."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _turn(pace: Pace, clock: Clock, waits: float, works: float) -> None:
    pace.turn_begins()
    clock.now += waits
    pace.turn_works()
    clock.now += works
    pace.turn_begins()


def test_the_share_of_time_with_work_since_the_last_slot() -> None:
    clock = Clock()
    pace = Pace(100.0, clock)
    _turn(pace, clock, 6.0, 2.0)
    assert pace.busy_share == pytest.approx(0.25)
    pace.progress()
    _turn(pace, clock, 0.0, 1.0)
    assert pace.busy_share == pytest.approx(3 / 9)  # a second tells nothing: of the whole flight
    _turn(pace, clock, 0.0, 2.0)
    assert pace.busy_share == 1.0


def test_how_late_boards_are_heard_against_their_best() -> None:
    pace = Pace(100.0, Clock())
    pace.heard(0, boot=0, ticks=100, now=1.5)  # 50 ticks after the board's clock began
    pace.heard(0, boot=0, ticks=200, now=2.9)  # 40 more
    pace.heard(1, boot=4, ticks=7, now=2.9)
    assert pace.late_ticks == {0: pytest.approx(20.0), 1: 0.0}
    pace.heard(0, boot=1, ticks=0, now=9.0)  # a new life has a clock of its own
    assert pace.late_ticks[0] == pytest.approx(40 / 3)


@pytest.mark.parametrize(
    ("busy", "late", "words"),
    [
        (0.5, {0: 10.0}, []),
        (0.95, {}, ["busy 95% of the time", "does not keep up with speed 20"]),
        (0.1, {0: 3.0, 2: 80.0}, ["board 2 was heard 80 ticks late", "does not keep up with speed 20"]),
    ],
)
def test_a_machine_that_is_too_slow_is_named(busy: float, late: dict[int, float], words: list[str]) -> None:
    told = " ".join(machine_texts(20.0, busy, late, timer_ticks=50))
    assert bool(told) is bool(words)
    assert all(word in told for word in words)


# --- what the ground watches -----------------------------------------------------------------------


def test_votes_of_a_board_are_kept_of_few_slots() -> None:
    watch = Watch(4)
    for name, view in (("EnterView", 2), ("Vote2", 2), ("Vote1", 2)):
        watch.event(1, 0, name, {"slot": 3, "view": view})
    assert watch.boards[1].votes == {3: (2, 2)}
    for name, view in (("Decide", 1), ("Vote4", 9)):
        watch.event(1, 0, name, {"slot": 3, "view": view})
    assert watch.boards[1].votes == {3: (1, DECIDED)}
    for slot in range(4, 500):
        watch.event(1, 0, "Vote1", {"slot": slot, "view": 0})
    assert len(watch.boards[1].votes) == SLOTS_WATCHED
    assert watch.boards[1].votes[499] == (0, 1)


def test_a_new_boot_of_a_board_replaces_the_former_one() -> None:
    watch = Watch(4)
    watch.event(1, 0, "Apply", {"slot": 7})
    watch.event(1, 1, "Boot", {"applied_slot": 5, "journal": "ok"})
    watched = watch.boards[1]
    assert (watched.boot, watched.applied, watched.decided, watched.mode) == (1, 5, 0, "voting")
