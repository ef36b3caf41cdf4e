"""What people did, from a made-up trace: orders with their stages, go/no-go, holds, alarms, notes, who is the crew."""

import datetime
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundstation.debrief import chapters, write
from groundstation.debrief.moments import Utc
from groundstation.record.run_directory import RunDirectoryError
from tests.unit.groundstation.debrief.made_up import CUT, KILL, LEASE, STEPS, Figures, Trace, section

pytestmark = pytest.mark.usefixtures("no_pictures")


def rehearsal() -> Trace:
    """Alice operates, Bob directs. Board 2 is killed from 10 to 15 s, links are cut from 20 to 24 s."""
    made = Trace()
    told = {"client": 0, "operation": 3}

    def ground(event: str, **fields: Any) -> Callable[[float], object]:
        return lambda at: made.ground(at, event, **fields)

    def step(*words: str, **fields: Any) -> Callable[[float], object]:
        return lambda at: made.step(at, *words, **fields)

    def order(*words: Any, **fields: Any) -> Callable[[float], object]:
        return lambda at: made.order(at, *words, **fields)

    def boot(node: int, number: int) -> Callable[[float], object]:
        return lambda at: made.boot(node, number, at)

    acknowledged = {"kind": "alarm", "action": "acknowledge"}
    events: list[tuple[float, Callable[[float], object]]] = [
        *((0.5, boot(node, 0)) for node in range(4)),
        (1.0, step("look", "loaded", title="Made up", steps=STEPS)),
        (1.0, step("look", "held")),
        (3.5, step("look", "polling", "alice", role="operator")),
        (3.5, ground("Poll", step="look", role="quorum", answer="go", sender="procedure")),
        (4.0, ground("Poll", step="look", role="operator", answer="no-go", sender="alice")),
        (4.0, step("look", "held", reason="operator says no-go")),
        (4.6, order("alice", "operator", {"kind": "note", "text": "Heaps <first>."})),
        (5.0, step("look", "polling", "alice", role="operator")),
        (6.0, step("look", "done")),
        (6.0, step("lease", "ordered")),
        (6.0, order("procedure", "director", LEASE, operation=3, order="step/1/1")),
        (6.0, ground("Telecommand", stage="queued", command=[], encoded="80", **told)),
        (6.25, ground("Telecommand", stage="uplinked", board=0, attempt=1, **told)),
        (6.5, ground("Telecommand", stage="received", board=1, status="queued", **told)),
        (7.0, ground("Telecommand", stage="confirmed", slot=1, result=[], seconds=1.0, **told)),
        (9.0, step("lease", "paused", "alice", role="operator")),
        (10.0, order("bob", "director", KILL, board=2, number=0)),
        (10.1, ground("BoardKill", board=2)),
        (10.8, order("bob", "director", {"kind": "note", "text": "They have not seen it."})),
        (11.0, order("bob", "director", {"kind": "note", "text": "Look at board 2.", "to_crew": True})),
        (12.2, order("bob", "director", {**acknowledged, "alarm": "board off/2"})),
        (13.6, order("alice", "operator", {**acknowledged, "alarm": "board not heard/2"})),
        (13.7, order("alice", "operator", LEASE, outcome="refused", reason="the queue is full")),
        (15.0, boot(2, 1)),
        (16.0, step("lease", "continued", "alice", role="operator")),
        (17.0, step("lease", "skipped", "bob", role="director")),
        (20.0, order("bob", "director", CUT)),
        (20.5, ground("Fault", counts={"cut": 9})),
        (30.0, ground("RunEnd", reason="complete")),
    ]
    # Board 1 calls while board 2 is off, and board 3 after the links are whole again.
    made.fly(events, {1: (8.0, 12.0), 2: (10.0, 15.0), 3: (25.5, 30.0)})
    return made


@pytest.fixture
def trace() -> Trace:
    return rehearsal()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, no_pictures: None) -> str:
    return write.write(rehearsal().save(tmp_path_factory.mktemp("debrief") / "trace.ndjson")).read_text()


def test_faults_by_order_stand_beside_injects(page: str) -> None:
    text = section(page, "Injects, detection and response")
    found = Figures(text)
    kill = found.row("1. kill of board 2")
    # played, took effect, alarm, why, crew, step left, mended
    assert kill[1].startswith("10.000 s")
    assert kill[2:] == ["+0.100 s", "+3.000 s", "-", "+3.600 s", "+7.000 s", "+5.000 s"]
    cut = found.row("2. cut")
    assert cut[2:] == ["+0.500 s", "-", "-", "-", "-", "+4.000 s"]
    assert "the crew gave no order after it" in text
    assert "board 2 votes again" in text


def test_injects_that_are_left_out_are_counted(
    trace: Trace, tmp_path: Path, no_pictures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chapters, "ROWS_MAX", 1)
    text = section(write.write(trace.save(tmp_path / "trace.ndjson")).read_text(), "Injects, detection and response")
    assert "1 further rows are omitted" in text
    assert "2. cut" not in text


def test_what_the_director_saw_and_did_is_not_the_crew(page: str) -> None:
    """The crew sees that the board is silent, not that it was killed; words between directors are not its response."""
    text = section(page, "Injects, detection and response")
    assert "board not heard, board 2 raised, warning: 3.5 s" in text
    assert "board off" not in text
    assert "acknowledge of alarm board not heard/2" in text
    assert "They have not seen it" not in text


def test_where_nobody_is_operator_all_are_the_crew_and_see_everything(trace: Trace, tmp_path: Path) -> None:
    for line in trace.lines:
        if line.get("sender") == "alice":
            line["role"] = "director"
    page = write.write(trace.save(tmp_path / "trace.ndjson")).read_text()
    kill = Figures(section(page, "Injects, detection and response")).row("1. kill of board 2")
    assert kill[3] == "+0.500 s"
    assert kill[5] == "+0.800 s"
    rows = [row[1:] for row in Figures(section(page, "Alarms")).rows[1:] if row[1] == "board off, board 2"]
    assert rows == [
        ["board off, board 2", "raised, critical", "-", ""],
        ["board off, board 2", "acknowledged", "+1.700 s", "bob"],
        ["board off, board 2", "back to normal", "+4.500 s", ""],
    ]


def test_an_inject_that_was_refused_or_ends_a_fault_says_so(tmp_path: Path) -> None:
    made = Trace()
    told = {"inject": "too late", "status": "begun", "sender": "bob", "told": KILL, "text": "Never mind."}
    made.ground(1.0, "Inject", **told)
    refused = {"order": "inject/too late", "outcome": "refused", "reason": "board 2 is off"}
    made.order(1.0, "procedure", "director", KILL, **refused)
    made.order(2.0, "bob", "director", CUT)
    ends = {"kind": "end-fault", "name": "cut"}
    made.ground(3.0, "Inject", inject="heal", status="begun", sender="bob", told=ends)
    made.order(3.0, "procedure", "director", ends, order="inject/heal")
    page = write.write(made.save(tmp_path / "trace.ndjson")).read_text()
    found = Figures(section(page, "Injects, detection and response"))
    assert found.row("1. too late")[2:] == ["-"] * 6
    assert ["played", "kill of board 2; refused: board 2 is off"] in [[row[0], row[3]] for row in found.rows if row]
    assert found.row("2. cut")[7] == "+1.000 s"  # not the four seconds that it was to last
    assert found.row("3. heal")[2] == "+0.000 s"


def test_another_fault_by_order_is_nobodys_answer(tmp_path: Path) -> None:
    made = Trace()
    made.order(1.0, "bob", "director", KILL)
    made.order(2.0, "bob", "director", CUT)
    made.order(3.5, "bob", "director", {"kind": "note", "text": "Both."})
    page = write.write(made.save(tmp_path / "trace.ndjson")).read_text()
    found = Figures(section(page, "Injects, detection and response"))
    assert found.row("1. kill of board 2")[5] == "+2.500 s"
    assert found.row("2. cut")[5] == "+1.500 s"


def test_a_board_without_memory_is_mended_when_it_votes_again(tmp_path: Path) -> None:
    made = Trace()
    made.order(1.0, "bob", "director", KILL)
    made.ground(1.0, "BoardKill", board=2)
    made.boot(2, 1, 3.0, journal="blank")
    made.add(2, 1, 5.0, "Rejoin", floor=0)
    page = write.write(made.save(tmp_path / "trace.ndjson")).read_text()
    assert Figures(section(page, "Injects, detection and response")).row("1. kill of board 2")[7] == "+4.000 s"


def test_orders_have_their_stages_and_refusals_their_reason(page: str) -> None:
    rows = Figures(section(page, "Orders")).rows[1:]
    stages = ["+0.250 s", "+0.500 s", "-", "+1.000 s"]
    assert rows[0][1:] == ["telecommand lease-acquire", "taken", *stages, "the procedure"]
    assert rows[2][1:3] == ["telecommand lease-acquire", "refused: the queue is full"]
    assert len(rows) == 4  # notes, answers and alarms have chapters of their own


def test_holds_pauses_and_skips_have_who_and_how_long(page: str) -> None:
    rows = Figures(section(page, "Procedure")).rows
    words = [row[1:] for row in rows if len(row) == 5]
    assert ["look", "let it begin", "2.500 s held", "alice, operator"] in words
    assert ["look", "let it begin", "1.000 s held", "alice, operator"] in words
    assert ["lease", "continued", "7.000 s paused", "alice, operator"] in words
    assert ["lease", "skipped", "-", "bob, director"] in words
    assert [row[1] for row in rows if row[0] == "3. rest"] == ["not reached"]
    assert any("operator says no-go" in row for row in rows)


def test_a_retry_is_told_from_a_hold_that_was_let_go(tmp_path: Path) -> None:
    made = Trace()
    made.step(1.0, "look", "loaded", title="Made up", steps=STEPS)
    made.step(1.0, "lease", "failed", reason="too late")
    made.step(4.0, "lease", "ordered", "alice", role="operator")
    page = write.write(made.save(tmp_path / "trace.ndjson")).read_text()
    rows = [row[1:] for row in Figures(section(page, "Procedure")).rows]
    assert ["lease", "tried it again", "3.000 s failed", "alice, operator"] in rows


def test_answers_name_who_said_what_and_the_swarm_then(page: str) -> None:
    rows = Figures(section(page, "Go / no-go")).rows[1:]
    assert [row[2:4] + row[6:] for row in rows] == [
        ["quorum", "GO", "the procedure"],
        ["operator", "NO-GO", "alice"],
    ]
    assert [row[4] for row in rows] == ["4 of 4 heard and voting; quorum 3"] * 2


def test_alarms_have_their_life(page: str) -> None:
    rows = [row[1:] for row in Figures(section(page, "Alarms")).rows[1:]]
    assert [row for row in rows if row[0] == "board not heard, board 2"] == [
        ["board not heard, board 2", "raised, warning: 3.5 s", "-", ""],
        ["board not heard, board 2", "acknowledged", "+0.600 s", "alice"],
        ["board not heard, board 2", "back to normal", "+2.000 s", ""],
    ]
    assert [row[:2] for row in rows if row[0] != "board not heard, board 2"] == [
        ["board not heard, board 1", "raised, warning: 3.5 s"],
        ["board not heard, board 1", "returned to normal, acknowledged by nobody"],
        ["board not heard, board 3", "raised, warning: 3.5 s"],
    ]


def test_notes_are_text_and_have_who_and_when(page: str) -> None:
    rows = Figures(section(page, "Notes")).rows[1:]
    assert [row[1:] for row in rows] == [
        ["Heaps <first>.", "at once", "alice, operator"],
        ["They have not seen it.", "in the debrief", "bob, director"],
        ["Look at board 2.", "at once", "bob, director"],
    ]
    assert "Heaps &lt;first&gt;." in page


def test_a_run_of_nobody_says_what_is_not_there(tmp_path: Path) -> None:
    path = Trace().save(tmp_path / "trace.ndjson")
    assert "Injects" not in write.write(path).read_text()
    page = write.write(path, always=True).read_text()
    for words in (
        "Nothing was injected",
        "The run has no procedure",
        "Nobody was asked",
        "Nobody ordered anything",
        "No alarm was raised",
        "Nobody wrote a note",
        "UTC is not known",
    ):
        assert words in page


def test_a_last_line_that_was_cut_off_is_left_out(trace: Trace, tmp_path: Path) -> None:
    path = trace.save(tmp_path / "trace.ndjson")
    path.write_bytes(path.read_bytes()[:-9])
    assert "2. cut" in write.write(path).read_text()


def test_what_no_flight_records_is_named_with_its_line(trace: Trace, tmp_path: Path) -> None:
    number = next(number for number, line in enumerate(trace.lines, 1) if line["event"] == "Fault")
    trace.lines[number - 1]["counts"] = "many"
    with pytest.raises(RunDirectoryError, match=rf"trace\.ndjson: line {number}: Fault is not as"):
        write.write(trace.save(tmp_path / "trace.ndjson"))


# --- a run's folder -----------------------------------------------------------------------------

SCENARIO = """
name = "made-up"
description = "Made up."
[mission]
speed = 2.0
[[faults]]
fault = "light_time"
seconds = 1.5
"""
ABOUT = {"run": "made-up-7", "scenario": "made-up", "seed": 7, "started": "2026-03-01T23:59:50+00:00"}


def _run(trace: Trace, folder: Path, kind: str) -> Path:
    trace.save(folder / "trace.ndjson")
    (folder / "run.json").write_text(json.dumps({**ABOUT, "kind": kind}))
    (folder / "scenario.toml").write_text(SCENARIO)
    return folder


def test_utc_is_told_where_boards_live_in_real_time(trace: Trace, tmp_path: Path) -> None:
    page = write.write(_run(trace, tmp_path, "virtual")).read_text()
    kill = Figures(section(page, "Injects, detection and response")).row("1. kill of board 2")
    assert kill[1].startswith("10.000 s 23:59:55 UTC")  # two mission seconds in a second
    cut = Figures(section(page, "Injects, detection and response")).row("2. cut")
    assert "00:00:00 UTC" in cut[1]


def test_utc_of_boards_in_virtual_time_is_not_known(trace: Trace, tmp_path: Path) -> None:
    page = write.write(_run(trace, tmp_path, "host")).read_text()
    assert "UTC is not known" in page
    assert ":59:55 UTC" not in page


def test_utc_after_a_resume_counts_from_the_next_ground_station() -> None:
    first = datetime.datetime(2026, 3, 1, 12, 0, 0, tzinfo=datetime.UTC)
    utc = Utc([(0.0, first), (10.0, first + datetime.timedelta(hours=1)), (20.0, None)], 1.0)
    assert [utc.text(at)[11:19] for at in (9.0, 10.0, 12.5)] == ["12:00:09", "13:00:00", "13:00:02"]
    assert utc.text(21.0) == ""


def test_a_crew_far_away_sees_an_alarm_one_light_time_later(trace: Trace, tmp_path: Path) -> None:
    folder = _run(trace, tmp_path, "virtual")
    (folder / "scenario.toml").write_text(SCENARIO.replace("speed = 2.0", "speed = 1.0"))
    page = write.write(folder).read_text()
    found = section(page, "Alarms")
    [raised, returned] = [row for row in Figures(found).rows if row[1:2] == ["board not heard, board 2"]]
    # Its last word, of 9.5 s, arrives at 11 s, and the bound is 3 s.
    assert raised[0].startswith("14.500 s ")
    # Its next word, of 15 s, arrives at 16.5 s.
    assert returned[0].startswith("16.500 s ")
    assert returned[0].endswith(", 1.5 s later")
    later = [attributes for attributes, text in Figures(found).figures if text == "16.500 s"]
    assert [float(attributes["data-later"]) for attributes in later] == [1.5]
    assert trace.lines[int(later[0]["data-line"]) - 1]["received"] == 15.0


def test_the_quorum_of_an_answer_is_what_had_time_to_arrive(trace: Trace, tmp_path: Path) -> None:
    folder = _run(trace, tmp_path, "virtual")
    (folder / "scenario.toml").write_text(SCENARIO.replace("seconds = 1.5", "seconds = 3.25"))
    rows = Figures(section(write.write(folder).read_text(), "Go / no-go")).rows[1:]
    # The boots of 0.5 s arrive at 3.75 s, but for that of board 0, beside the crew.
    assert [row[4][:6] for row in rows] == ["1 of 4", "4 of 4"]


@pytest.mark.parametrize(("field", "value"), [("text", {}), ("text", None), ("role", ["<b>"]), ("operation", "9")])
def test_an_optional_field_of_another_kind_is_named(tmp_path: Path, field: str, value: object) -> None:
    made = Trace()
    made.ground(1.0, "Inject", **{"inject": "a", "status": "begun", "sender": "bob", "told": KILL, field: value})
    with pytest.raises(RunDirectoryError, match=rf"line \d+: Inject\.{field}: want a "):
        write.write(made.save(tmp_path / "trace.ndjson"))


def test_a_pipe_or_a_device_is_no_trace(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (Path("/dev/full"), "a device")):
        with pytest.raises(RunDirectoryError, match=rf"it is {kind}; want a regular file"):
            write.write(path, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
