"""A tolerated liar cannot make a verdict incomplete by what it sends to the ground: real boards, one hostile."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from groundstation.boards import liars
from groundstation.boards.liars import NOT_RECORDED, NOTICES_MAX, Liars
from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.record import run_directory
from groundstation.record.ground_log import LINES_MAX, GroundLog
from groundstation.scenario.model import parse
from groundstation.verdict.verdict import judge
from hil.boards.virtual import staging
from specs.checking.check import check_trace
from specs.verdict import INCOMPLETE, PASS
from tests.support import hostile
from tests.support.records.traces import Script

LIAR = 3
# What each mode sends, as the verdict must report it; a mode's flood must fill its room in the record.
TOLD = {
    "flood": (NOT_RECORDED,),
    "junk": ("trace events unreadable", "trace frames unreadable"),
    "claim": ("gaps", "telemetry frames refused"),
    "log": ("log frames", "notices not shown"),
    "text": ("bytes of text",),
    "boots": ("notices not shown",),
    "telemetry": (NOT_RECORDED,),
}


@pytest.mark.parametrize("mode", sorted(TOLD))
def test_each_hostile_behaviour_is_reported_bounded_and_harmless(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stage(directory: Path) -> None:
        shutil.copytree(Path(hostile.__file__).parent, directory / staging.BYZANTINE / "adversary")
        (directory / staging.BYZANTINE / "adversary" / "mode.txt").write_text(mode)

    monkeypatch.setattr(staging, "stage_adversary", stage)
    monkeypatch.setattr(liars, "RECORD_BYTES", 20_000)
    monkeypatch.setattr(liars, "RECORD_FACTOR", 0 if mode in ("flood", "telemetry") else 2)
    monkeypatch.setattr(liars, "NOTICES_MAX", 5)
    document = {
        "name": "hostile",
        "description": "Board 3 is hostile to the ground station.",
        "mission": {"slots": 30, "limit_seconds": 120.0, "no_progress_seconds": 60.0},
        "workload": {"operations": 30, "in_flight": 2},
        "byzantine": [{"node": LIAR, "adversary": "silence"}],
    }
    flight = rehearsal.fly(rehearsal.Plan(parse(document, "test"), "virtual", tmp_path), SilentDisplay())
    judgement = judge(check_trace(flight.directory / run_directory.TRACE), flight.summary, flight.directory)
    assert judgement.verdict == PASS, (judgement.findings, flight.summary)
    assert flight.summary["contradictions"] == 0
    counts = flight.summary["liars"][str(LIAR)]
    assert all(counts.get(name) for name in TOLD[mode]), counts
    line = next(line for line in judgement.lines if line.name == f"from board {LIAR}")
    assert all(name in line.detail for name in TOLD[mode])
    recorded: Counter[int] = Counter()
    for text in (flight.directory / run_directory.TRACE).read_text().splitlines():
        event = json.loads(text)
        recorded[event.get("board", event["node"])] += len(text)
    busiest = max(size for node, size in recorded.items() if node not in (LIAR, 255))
    # One frame may go over the bound, and so may the ground's own events about the board.
    assert recorded[LIAR] < liars.RECORD_BYTES + liars.RECORD_FACTOR * busiest + 20_000


def _run(board: int, liar: int, tmp_path: Path) -> str:
    script = Script(byzantine=(liar,))
    script.good_slot(1)
    script.ground("TraceError", board=board, reason="unknown code 999")
    return check_trace(script.end().write(tmp_path / f"{board}.ndjson")).verdict


def test_an_unreadable_event_leaves_something_open_unless_it_is_a_liar_s(tmp_path: Path) -> None:
    assert _run(2, 3, tmp_path) == INCOMPLETE
    assert _run(3, 3, tmp_path) == PASS


def test_gaps_and_boots_of_a_liar_leave_nothing_open(tmp_path: Path) -> None:
    script = Script(byzantine=(3,))
    script.good_slot(1)
    for boot in (7, 9, 3):
        script.boots[3] = boot
        script.emit(3, "Boot", version="9", journal="ok", applied_slot=40)["seq"] = 10 * boot
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"))
    assert verdict.verdict == PASS, verdict.missing


def test_room_in_the_record_grows_with_what_correct_boards_have() -> None:
    station = Liars([LIAR])
    for recorded, is_room in (
        ({}, True),
        ({LIAR: liars.RECORD_BYTES - 1}, True),
        ({LIAR: liars.RECORD_BYTES}, False),
        ({LIAR: liars.RECORD_BYTES, 0: 1}, True),
        ({LIAR: liars.RECORD_BYTES + 2 * 500, 0: 500, 1: 400}, False),
    ):
        assert station.may_record(LIAR, recorded) is is_room, recorded
        assert station.may_record(0, {0: 1 << 40})


def test_notices_of_a_liar_are_shown_up_to_a_bound_and_then_counted() -> None:
    station = Liars([LIAR])
    shown = [station.may_tell(LIAR) for _ in range(NOTICES_MAX + 3)]
    assert shown == [True] * NOTICES_MAX + [False] * 3
    assert all(station.may_tell(0) for _ in range(2 * NOTICES_MAX))
    assert station.as_dict() == {str(LIAR): {"notices not shown": 3}}


def test_a_board_that_fills_its_part_of_the_log_leaves_the_others_theirs(tmp_path: Path) -> None:
    log = GroundLog(tmp_path / "ground.log")
    for _ in range(LINES_MAX + 7):
        log.say(1.0, LIAR, "A")
    log.say(2.0, 0, "MemoryError")
    log.say(2.0, None, "board 0 died")
    log.close()
    lines = (tmp_path / "ground.log").read_text().splitlines()
    assert len(lines) == LINES_MAX + 3
    assert "MemoryError" in lines[-3]
    assert lines[-1] == f"board {LIAR}: 7 further lines were left out"
