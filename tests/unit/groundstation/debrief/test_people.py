"""What people did, from a made-up trace: orders with their stages, go/no-go, holds, alarms, notes, who is the crew."""

from pathlib import Path

import pytest

from groundstation.debrief import write
from groundstation.record.run_directory import RunDirectoryError
from tests.unit.groundstation.debrief.made_up import CUT, KILL, LEASE, STEPS, Figures, Trace, section


@pytest.fixture
def trace() -> Trace:
    """Alice operates, Bob directs. Board 2 is killed from 10 to 14 s, links are cut from 20 to 24 s."""
    made = Trace()
    for node in range(4):
        made.boot(node, 0, 0.5)
    made.step(1.0, "look", "loaded", title="Made up", steps=STEPS)
    made.step(1.0, "look", "held")
    made.step(3.5, "look", "polling", "alice", role="operator")
    made.ground(3.5, "Poll", step="look", role="quorum", answer="go", sender="procedure")
    made.ground(4.0, "Poll", step="look", role="operator", answer="no-go", sender="alice")
    made.step(4.0, "look", "held", reason="operator says no-go")
    made.order(4.5, "alice", "operator", {"kind": "note", "text": "Heaps <first>."})
    made.step(5.0, "look", "polling", "alice", role="operator")
    made.step(6.0, "look", "done")
    made.step(6.0, "lease", "ordered")
    made.order(6.0, "procedure", "director", LEASE, operation=3, order="step/1/1")
    about = {"client": 0, "operation": 3}
    made.ground(6.0, "Telecommand", stage="queued", command=[], encoded="80", **about)
    made.ground(6.25, "Telecommand", stage="uplinked", board=0, attempt=1, **about)
    made.ground(6.5, "Telecommand", stage="received", board=1, status="queued", **about)
    made.ground(7.0, "Telecommand", stage="confirmed", slot=1, result=[], seconds=1.0, **about)
    made.step(9.0, "lease", "paused", "alice", role="operator")
    made.order(10.0, "bob", "director", KILL, board=2, number=0)
    made.ground(10.1, "BoardKill", board=2)
    made.ground(10.5, "Fault", counts={})
    made.order(11.0, "bob", "director", {"kind": "note", "text": "They have not seen it."})
    made.order(12.5, "alice", "operator", {"kind": "alarm", "alarm": "board off/2", "action": "acknowledge"})
    made.order(12.6, "alice", "operator", LEASE, outcome="refused", reason="the queue is full")
    made.boot(2, 1, 14.0)
    made.ground(14.5, "Fault", counts={})
    made.step(15.0, "lease", "continued", "alice", role="operator")
    made.step(16.0, "lease", "skipped", "bob", role="director")
    made.order(20.0, "bob", "director", CUT)
    made.ground(20.5, "Fault", counts={"cut": 9})
    made.ground(30.0, "RunEnd", reason="complete")
    return made


@pytest.fixture
def page(trace: Trace, tmp_path: Path) -> str:
    return write.write(trace.save(tmp_path / "trace.ndjson")).read_text()


def test_faults_by_order_stand_beside_injects(page: str) -> None:
    text = section(page, "Injects, detection and response")
    found = Figures(text)
    kill = found.row("1. kill of board 2")
    # played, took effect, alarm, why, crew, step left, mended
    assert kill[1].startswith("10.000 s")
    assert kill[2:] == ["+0.100 s", "+0.500 s", "-", "+2.500 s", "+6.000 s", "+4.000 s"]
    cut = found.row("2. cut")
    assert cut[2:] == ["+0.500 s", "-", "-", "-", "-", "+4.000 s"]
    assert "the crew gave no order after it" in text
    assert "board 2 votes again" in text
    # What the crew did is the operator's, though the director wrote before.
    assert "acknowledge of alarm board off/2" in text
    assert "They have not seen it" not in text


def test_where_nobody_is_operator_all_are_the_crew(trace: Trace, tmp_path: Path) -> None:
    for line in trace.lines:
        if line.get("sender") == "alice":
            line["role"] = "director"
    page = write.write(trace.save(tmp_path / "trace.ndjson")).read_text()
    kill = Figures(section(page, "Injects, detection and response")).row("1. kill of board 2")
    assert kill[5] == "+1.000 s"


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
    assert ["lease", "continued", "6.000 s paused", "alice, operator"] in words
    assert ["lease", "skipped", "-", "bob, director"] in words
    assert [row[1] for row in rows if row[0] == "3. rest"] == ["not reached"]
    assert any("operator says no-go" in row for row in rows)


def test_answers_name_who_said_what_and_the_swarm_then(page: str) -> None:
    rows = Figures(section(page, "Go / no-go")).rows[1:]
    assert [row[2:4] + row[6:] for row in rows] == [
        ["quorum", "GO", "the procedure"],
        ["operator", "NO-GO", "alice"],
    ]
    # At 3.5 s the boards had said nothing for 3 s, the bound; at 4 s for longer.
    assert [row[4] for row in rows] == ["4 of 4 heard and voting; quorum 3", "0 of 4 heard and voting; quorum 3"]


def test_alarms_have_their_life(page: str) -> None:
    rows = [row[1:] for row in Figures(section(page, "Alarms")).rows[1:] if row[1] == "board off, board 2"]
    assert rows == [
        ["board off, board 2", "raised, critical", "-", ""],
        ["board off, board 2", "acknowledged", "+2.000 s", "alice"],
        ["board off, board 2", "back to normal", "+3.500 s", ""],
    ]


def test_notes_are_text_and_have_who_and_when(page: str) -> None:
    rows = Figures(section(page, "Notes")).rows[1:]
    assert [row[1:] for row in rows] == [
        ["Heaps <first>.", "alice, operator"],
        ["They have not seen it.", "bob, director"],
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
    trace.lines[-2]["counts"] = "many"
    with pytest.raises(RunDirectoryError, match=rf"trace\.ndjson:{len(trace.lines) - 1}: "):
        write.write(trace.save(tmp_path / "trace.ndjson"))
