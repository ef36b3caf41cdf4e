"""The trace reader: which files it accepts, its errors for others, and the gaps that it finds."""

import json
from pathlib import Path

import pytest

from amu.boards import runtime
from amu.core.limits import GROUND
from amu.node.events import EVENTS
from specs.checking.check import check_trace
from specs.checking.continuity import Continuity
from specs.checking.schema import CONTROLS, FIELDS, FLIGHT_EVENTS, GROUND_EVENTS
from specs.checking.trace import LINE_BYTES_MAX, WANTED, Reader, TraceError, parse
from tests.support.records.edits import judged
from tests.support.records.traces import Script


def line_of(script: Script, name: str) -> dict[str, object]:
    return next(line for line in script.lines if line["event"] == name)


def vote() -> dict[str, object]:
    script = Script()
    script.vote(1, 0, 1, "a", 0)
    return line_of(script, "Vote1")


def test_every_field_of_every_flight_event_has_a_meaning() -> None:
    assert {field for _, fields in EVENTS.values() for field in fields} <= set(FIELDS)
    assert set(FLIGHT_EVENTS) == {name for name, _ in EVENTS.values()}
    assert not set(FLIGHT_EVENTS) & set(GROUND_EVENTS)


def test_registers_become_pairs() -> None:
    script = Script()
    script.restore(1, 3, view=2, hi1=(1, "a"))
    event = parse(json.dumps(line_of(script, "Restore")), 9)
    assert event.line == 9
    assert event.fields["hi1"][0] == 1
    assert event.fields["hi4"] is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"value": "ab"}, "Vote1.value: want 32 bytes in lower-case hexadecimal, have 'ab'"),
        ({"value": "A" * 64}, "Vote1.value: want 32 bytes"),
        ({"view": -1}, "Vote1.view: want an integer from 0"),
        ({"view": True}, "Vote1.view: want an integer from 0"),
        ({"slot": "1"}, "Vote1.slot: want an integer"),
        ({"event": "Vote5"}, "node 0 has no event 'Vote5'"),
        ({"event": "RunEnd"}, "node 0 has no event 'RunEnd'"),
        ({"node": 255}, "node 255 has no event 'Vote1'"),
        ({"lamport": None}, "line 7: lamport: want an integer"),
        ({"event": 7}, "line 7: event: want a text"),
        ({"ticks": None}, "line 7: ticks: want an integer"),
        ({"ticks": True}, "line 7: ticks: want an integer"),
        ({"ticks": 1.9}, "line 7: ticks: want an integer"),
        ({"ticks": -1}, "line 7: ticks: want an integer"),
        ({"extra": float("nan")}, "NaN is not a JSON number"),
        ({"extra": [float("inf")]}, "Infinity is not a JSON number"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(TraceError, match="line 7: ") as caught:
        parse(json.dumps({**vote(), **change}), 7)
    assert complaint in str(caught.value)


def test_a_number_out_of_range_is_not_a_number() -> None:
    text = json.dumps({**vote(), "extra": [17]}).replace("17", "1e400")
    with pytest.raises(TraceError, match=r"line 7: the number 1e400 is out of range"):
        parse(text, 7)


@pytest.mark.parametrize("missing", ["node", "boot", "seq", "lamport", "event", "slot", "view", "value"])
def test_a_missing_field_is_named(missing: str) -> None:
    line = vote()
    del line[missing]
    with pytest.raises(TraceError, match=f"needs a field '{missing}'"):
        parse(json.dumps(line), 1)


def test_ground_events_may_say_more() -> None:
    script = Script()
    line = script.ground("Attach", board=1, checked_from=12)
    assert parse(json.dumps(line), 1).fields == {"board": 1, "checked_from": 12}


@pytest.mark.parametrize("board", [[], {}, None, "1", 1.5, True])
def test_a_further_field_of_a_ground_event_may_be_anything(board: object, tmp_path: Path) -> None:
    script = Script(byzantine=(1,))
    script.good_slot(1)
    script.ground("Telecommand", client=1, operation=1, stage="queued", command=["noop"], board=board)
    script.end()
    assert judged(script.lines, tmp_path).counts["events"] > 0


def test_an_event_about_a_board_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    script = Script()
    script.ground("Erase", board=4)
    with pytest.raises(TraceError, match="there is no node 4 among 4"):
        judged(script.end().lines, tmp_path)


def test_a_resumed_run_names_the_run_before_it() -> None:
    script = Script()
    line = script.ground("Resume", resumed="first-light-1-20260101T120000")
    assert parse(json.dumps(line), 1).fields == {"resumed": "first-light-1-20260101T120000"}
    del line["resumed"]
    with pytest.raises(TraceError, match="needs a field 'resumed'"):
        parse(json.dumps(line), 1)


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = Script().end().write(tmp_path / "trace.ndjson")
    whole = path.read_bytes()
    for cut in (1, 5, 40):
        path.write_bytes(whole[:-cut])
        reader = Reader(path)
        events = list(reader)
        assert reader.truncated
        assert events[-1].name == "Boot"
    path.write_bytes(whole)
    reader = Reader(path)
    assert [event.name for event in reader][-1] == "RunEnd"
    assert not reader.truncated


BAD_LINES = {
    b'{"run": \n': "not JSON: Expecting value: column 9",
    b"\n": "an empty line",
    b"\0\0\n": "not JSON: a NUL byte at character 1: the file is damaged",
    b'{"run":"\xe9"}\n': "not UTF-8 (byte 0xe9, number 9 of the line)",
    b"\xff\xfe\n": "in UTF-16",
    b"\x1f\x8b\x08\n": "compressed with gzip: unpack it first",
    b"[1,2]\n": "have [1, 2]",
    b"5" * 5000 + b"\n": "an integer of 5000 digits",
    b"[" * 200 + b"]" * 200 + b"\n": "nested more than 100 deep",
    b'{"a":1,"a":2}\n': '"a" occurs twice in one object',
    b"x" * (LINE_BYTES_MAX + 1) + b"\n": "longer than",
}


@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_bad_line_is_named_with_its_file_its_cause_and_what_is_wanted(bad: bytes, tmp_path: Path) -> None:
    path = Script().write(tmp_path / "trace.ndjson")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], bad, *lines[2:]]))
    with pytest.raises(TraceError) as caught:
        check_trace(path)
    assert str(caught.value).startswith(f"{path}: line 3: {BAD_LINES[bad]}")
    assert str(caught.value).endswith(f"; {WANTED}")


@pytest.mark.parametrize(
    ("left", "complaint"),
    [(0, "no whole line is in it"), (20, "no whole line is in it"), (-1, "line 1 is BoardStart")],
)
def test_a_file_without_a_beginning_is_named(left: int, complaint: str, tmp_path: Path) -> None:
    path = Script().write(tmp_path / "trace.ndjson")
    content = path.read_bytes()
    path.write_bytes(content[:left] if left >= 0 else content.partition(b"\n")[2])
    with pytest.raises(TraceError) as caught:
        check_trace(path)
    assert str(caught.value).startswith(f"{path}: no RunStart event: {complaint}; want the whole record of a run")


def test_a_missing_file_is_not_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "none"
    with pytest.raises(TraceError) as caught:
        check_trace(path)
    assert str(caught.value) == f"{path}: cannot be read: No such file or directory"


def feed(script: Script, leave_out: tuple[int, ...] = ()) -> Continuity:
    continuity = Continuity()
    for number, line in enumerate(script.lines, 1):
        if number not in leave_out:
            continuity.feed(parse(json.dumps(line), number))
    return continuity


def test_a_hole_is_found_and_named() -> None:
    script = Script()
    script.vote(1, 0, 1, "a", 2, 2, 2, 2)
    number = len(script.lines)
    continuity = feed(script, leave_out=(number - 2, number - 1))
    assert [str(hole) for hole in continuity.holes] == ["events 2 to 3 of node 2, boot 0 are missing"]
    assert continuity.holes[0].line == number
    assert not continuity.is_whole(2)
    assert continuity.is_whole(1)


def test_events_from_the_first_on_must_be_there() -> None:
    script = Script()
    boot = next(number for number, line in enumerate(script.lines, 1) if line["node"] == 3)
    script.vote(1, 0, 1, "a", 3)
    assert [(hole.node, hole.first_seq, hole.last_seq) for hole in feed(script, (boot,)).holes] == [(3, 0, 0)]


def test_the_tail_of_a_killed_boot_may_be_missing() -> None:
    script = Script()
    script.vote(1, 0, 1, "a", 2)
    last = len(script.lines)
    script.reboot(2)
    continuity = feed(script, leave_out=(last,))
    assert not continuity.holes
    assert not continuity.unexplained


def test_a_boot_that_ends_without_a_recorded_reason_is_reported() -> None:
    script = Script()
    script.reboot(2)
    kill = next(number for number, line in enumerate(script.lines, 1) if line["event"] == "BoardKill")
    script.lines[kill - 1] = {**script.lines[kill - 1], "event": "BoardMode"}
    assert feed(script).unexplained == ["boot 0 of node 2 ended for no recorded reason"]


def test_a_boot_whose_end_the_next_one_explains_is_reported_and_misses_nothing() -> None:
    script = Script()
    script.reboot(2)
    kill = next(number for number, line in enumerate(script.lines, 1) if line["event"] == "BoardKill")
    script.lines[kill - 1] = {**script.lines[kill - 1], "event": "BoardMode"}
    script.emit(2, "Restart", reason="MemoryError: 9 bytes", heap_free=500, heap_run=8)
    continuity = feed(script)
    assert continuity.unexplained == []
    assert continuity.restarts == [
        "the life of node 2 before boot 1 ended by itself: MemoryError: 9 bytes; heap 500 free, longest run 8"
    ]


def test_an_event_reported_twice_is_an_error() -> None:
    script = Script()
    script.lines.append(script.vote(1, 0, 1, "a", 1) or script.lines[-1])
    assert len(feed(script).errors) == 1


def test_a_board_that_was_running_may_begin_anywhere() -> None:
    script = Script()
    script.vote(1, 0, 1, "a", 1, 1)
    boot = next(number for number, line in enumerate(script.lines, 1) if line["node"] == 1)
    attach = {**script.lines[0], "seq": 99, "event": "Attach", "board": 1}
    continuity = Continuity()
    continuity.feed(parse(json.dumps({**attach, "seq": 0}), 1))
    for number, line in enumerate(script.lines, 1):
        if line["node"] == 1 and number != boot:
            continuity.feed(parse(json.dumps(line), number))
    assert not continuity.holes
    assert continuity.joined == {1}
    assert not continuity.is_whole(1)


def test_a_control_is_a_word_that_ends_a_life() -> None:
    """Else any word would explain why a life ended."""
    line = {"node": GROUND, "boot": 0, "seq": 1, "lamport": 1, "event": "Control", "board": 2}
    assert parse(json.dumps(line | {"action": "reset"}), 5).fields["action"] == "reset"
    with pytest.raises(TraceError, match=r"line 5: Control\.action: want one of exit, reset, have 'dance'"):
        parse(json.dumps(line | {"action": "dance"}), 5)


def test_controls_are_those_that_a_board_obeys() -> None:
    assert CONTROLS == (runtime.EXIT, runtime.RESET)
