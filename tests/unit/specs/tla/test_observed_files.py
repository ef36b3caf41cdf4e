"""Files of observations: which are bad input, what is reported, and what is checked against a module at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from groundstation.commands import observed
from specs.checking import any_trace as observation_check
from specs.checking.any_trace import Checked
from specs.tla.values.itf import ItfError

MODULE = """---- MODULE Door ----
EXTENDS Naturals
VARIABLE guest
Init == guest = 0
Enter(who) == guest = 0 /\\ who \\in 1..2 /\\ guest' = who
Leave(who) == guest = who /\\ guest' = 0
Next == \\E who \\in 1..2 : Enter(who) \\/ Leave(who)
Spec == Init /\\ [][Next]_guest
One == guest \\in 0..2
Comes == <>(guest = 1)
====
"""
ENTER = '{"event": "Enter", "who": 1}\n'


@pytest.fixture(autouse=True)
def _door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Door.tla").write_text(MODULE)
    Path("Door.cfg").write_text("SPECIFICATION Spec\nINVARIANT One\n")
    Path("Live.cfg").write_text("SPECIFICATION Spec\nPROPERTY Comes\n")


def check(text: str | bytes, config: str = "Door.cfg") -> Checked:
    Path("t").write_bytes(text if isinstance(text, bytes) else text.encode())
    return observation_check.check("t", "Door.tla", config)


# --- nothing held ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"event": "enter", "who": 1}\n{"event": "go"}\n', "none of 2 events is a step of it"),
        ('{"vars": ["guest"], "states": []}', "the trace is empty"),
        ('{"event": "Enter"', "the trace is empty"),
    ],
)
def test_a_verdict_is_incomplete_if_nothing_was_checked(text: str, why: str) -> None:
    verdict = check(text).verdict
    assert (verdict.verdict, verdict.exit_code) == ("incomplete", 5)
    assert verdict.missing[0] == f"nothing was checked against module Door: {why}"
    assert verdict.invariants == {"One": "not checked"}


def test_an_initial_state_alone_is_something() -> None:
    assert check('{"vars": ["guest"], "states": [{"guest": 0}]}').verdict.verdict == "pass"
    assert check('{"vars": ["guest"], "states": [{"guest": 1}]}').verdict.verdict == "violation"


def test_a_configuration_of_which_nothing_is_checked_is_incomplete() -> None:
    verdict = check(ENTER, "Live.cfg").verdict
    assert verdict.verdict == "incomplete"
    assert "Comes: not checked, being about infinite behaviours" in verdict.missing[0]


# --- told -----------------------------------------------------------------------------------------


def test_a_member_that_is_not_a_parameter_is_reported_once() -> None:
    verdict = check(
        '{"event": "Enter", "woh": 1}\n{"event": "Leave", "who": 1}\n{"event": "Enter", "woh": 2}\n'
    ).verdict
    assert verdict.verdict == "pass"
    told = [note for note in verdict.notes if "no parameter" in note]
    assert told == ["line 1: Enter has no parameter 'woh' (its parameters are who): ignored"]


def test_members_of_a_swarms_events_are_not_reported() -> None:
    start = '{"event": "RunStart", "byzantine": []}\n'
    verdict = check(start + '{"event": "Enter", "who": 1, "lamport": 7}\n').verdict
    assert not any("no parameter" in note for note in verdict.notes)


def test_events_after_the_end_are_not_part_of_the_run() -> None:
    start, end = '{"event": "RunStart", "byzantine": []}\n', '{"event": "RunEnd"}\n'
    verdict = check(start + ENTER + end + ENTER).verdict
    assert verdict.verdict == "pass"
    assert verdict.counts["events after RunEnd"] == 1
    assert check(start + ENTER + end + '{"event": "Resume"}\n' + ENTER).verdict.verdict == "violation"


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"event": "Enter", "who": 1, "who": 2}\n', 'line 1: "who" occurs twice in one object'),
        (
            ENTER + '{"event": "Enter", "who": {"#bigint": 1.9}}\n',
            "line 2: who: #bigint: want the digits of an integer",
        ),
        ('{"event": "Enter", "who": {"#bigint": true}}\n', "#bigint: want the digits"),
        ('{"event": "Enter", "who": {"#bigint": " 1_0"}}\n', "#bigint: want the digits"),
        ('{"event": "Enter", "who": {"#bigint": "' + "9" * 5000 + '"}}\n', "an integer of 5000 digits"),
        ('{"event": "Enter", "who": NaN}\n', "NaN is not a JSON number"),
        ('{"event": "Enter", "who": 1e999}\n', "out of range"),
        ('{"event": "Enter", "who": ' + "[" * 100_000 + "]" * 100_000 + "}\n", "nested more than 100 deep"),
        ('{"states": [' + "[" * 100_000 + "]" * 100_000 + "]}", "nested more than 100 deep"),
        (b'{"event": "Enter", "who": "\xff"}\n', "line 1: not UTF-8"),
        (ENTER.encode() + b"\xff\n", "line 2: not UTF-8"),
        ('{"event": "Enter", "who": "' + "x" * (17 * 2**20) + '"}\n', "line 1: longer than 16777216 bytes"),
        ('{"states": [], "states": []}', '"states" occurs twice'),
    ],
)
def test_bad_input_is_named_by_file_and_line(text: str | bytes, complaint: str) -> None:
    with pytest.raises(ItfError, match=r"^t: ") as caught:
        check(text)
    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["pipe", "folder", "none", "x" * 300, "/dev/zero", "/dev/null"])
def test_a_path_that_is_not_a_file_is_bad_input(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe")
    Path("folder").mkdir()
    assert observed.check(Path(name), Path("Door.tla"), Path("Door.cfg"), [], False, False) == 2
    assert capsys.readouterr().err.startswith("amu check: ")


def test_a_value_of_a_wrong_kind_is_bad_input_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t").write_text('{"event": "Enter", "who": "a"}\n')
    assert observed.check(Path("t"), Path("Door.tla"), Path("Door.cfg"), [], False, False) == 2
    error = capsys.readouterr().err
    assert '1 is compared with "a": a number and a string; TLA+ does not say if they are equal' in error
    assert "line 1" in error
    assert "in Enter (Door.tla:5)" in error


def test_a_byte_order_mark_is_passed_over() -> None:
    assert check("\ufeff" + ENTER).verdict.verdict == "pass"
    assert check('\ufeff{"vars": ["guest"], "states": [{"guest": 0}]}').verdict.verdict == "pass"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_text_that_cannot_be_printed_is_escaped(as_json: bool, capfd: pytest.CaptureFixture[str]) -> None:
    text = '"\\ud800\\u001b[2J\\u202e"'
    Path("Door.tla").write_text(
        '---- MODULE Door ----\nVARIABLE guest\nInit == guest = ""\nEnter(who) == guest\' = who\n'
        'Next == \\E who \\in {"a"} : Enter(who)\nSpec == Init /\\ [][Next]_guest\nOne == guest \\in STRING\n====\n'
    )
    Path("t").write_text(f'{{"event": "Enter", "who": "a", "state": {{"guest": {text}}}}}\n')
    assert observed.check(Path("t"), Path("Door.tla"), Path("Door.cfg"), [], False, as_json) == 3
    out = capfd.readouterr().out
    assert "\\ud800" in out
    assert "\x1b[2J" not in out
    assert not as_json or json.loads(out)["verdict"] == "violation"
