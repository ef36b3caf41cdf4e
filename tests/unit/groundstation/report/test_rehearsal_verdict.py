"""The verdict combines the checker's result on the trace and the mission's own summary, by precedence."""

from typing import Any

import pytest
from rich.console import Console

from groundstation.scenario import mission_end
from groundstation.verdict.table import print_verdict
from groundstation.verdict.verdict import CRASH, judge
from specs.verdict import INCOMPLETE, NO_PROGRESS, PASS, VIOLATION, Verdict


def _summary(**changes: Any) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "outcome": mission_end.COMPLETE,
        "mission_seconds": 12.0,
        "slots": 20,
        "slots_wanted": 20,
        "applied": {"0": 20, "1": 20, "2": 20, "3": 9},
        "byzantine": [3],
        "adversaries": {"3": "silence"},
        "liars": {"3": {}},
        "waits_for": [],
        "faults_not_begun": [],
        "operations_issued": 30,
        "operations_confirmed": 30,
        "results": {"ok": 28, "refused: no live lease": 2},
        "contradictions": 0,
        "crashed": [],
        "board_events": {"BoardKill": 1},
        "fates": {"accepted": 100, "delivered": 97, "drop": 3},
    }
    return summary | changes


def _checked(*, violated: bool = False, missing: bool = False, stalled: bool = False) -> Verdict:
    verdict = Verdict()
    verdict.expect("CON-1", "CON-4", "LOG-1", "LED-1", "MSG-1", "KNW-1", "ORD-1")
    verdict.steps["Vote1"] = 7
    if violated:
        verdict.violate("CON-4", "two decisions in slot 3")
    if missing:
        verdict.miss("events 3 to 4 of node 1, boot 0 are missing")
    verdict.stalled = stalled
    return verdict


@pytest.mark.parametrize(
    ("checked", "summary", "verdict", "exit_code"),
    [
        ({}, {}, PASS, 0),
        ({"violated": True, "missing": True}, {"outcome": mission_end.NO_PROGRESS, "crashed": [1]}, VIOLATION, 3),
        ({}, {"contradictions": 1}, VIOLATION, 3),
        ({"missing": True}, {"crashed": [1]}, CRASH, 1),
        ({"missing": True, "stalled": True}, {"outcome": mission_end.NO_PROGRESS}, INCOMPLETE, 5),
        ({}, {"outcome": mission_end.INTERRUPTED}, INCOMPLETE, 5),
        ({"stalled": True}, {"outcome": mission_end.NO_PROGRESS}, NO_PROGRESS, 4),
    ],
)
def test_precedence(checked: dict[str, bool], summary: dict[str, Any], verdict: str, exit_code: int) -> None:
    judgement = judge(_checked(**checked), _summary(**summary), None)
    assert (judgement.verdict, judgement.exit_code) == (verdict, exit_code)
    assert judgement.as_dict()["verdict"] == verdict


def test_trace_alone_is_judged_by_the_checker_alone() -> None:
    assert judge(_checked(), None, None).verdict == PASS
    assert judge(_checked(missing=True), None, None).verdict == INCOMPLETE


def _statuses(verdict: Verdict, summary: dict[str, Any]) -> dict[str, str]:
    return {line.name: line.status for line in judge(verdict, summary, None).lines}


def test_clean_run_is_green_but_for_what_was_not_run() -> None:
    statuses = _statuses(_checked(), _summary())
    assert statuses.pop("TLC") == "open"
    assert statuses.pop("not checked here") == "note"
    assert set(statuses.values()) == {"good"}


def test_violated_property_is_red_on_its_own_line_and_named() -> None:
    judgement = judge(_checked(violated=True), _summary(), None)
    lines = {line.name: line for line in judgement.lines}
    assert lines["agreement"].status == lines["consensus"].status == lines["conformance"].status == "bad"
    assert "CON-4" in lines["agreement"].detail
    assert lines["ledger rules"].status == "good"
    assert any("two decisions in slot 3" in finding for finding in judgement.findings)


def test_property_that_was_not_checked_is_not_green() -> None:
    verdict = _checked()
    verdict.doubt("LED-1", "the run was joined late")
    assert _statuses(verdict, _summary())["ledger rules"] == "open"


def test_family_without_any_property_is_not_green() -> None:
    verdict = Verdict()
    verdict.expect("CON-4")
    assert _statuses(verdict, _summary())["Lamport order"] == "open"


def test_board_that_is_behind_or_an_open_telecommand_is_not_green() -> None:
    late = _summary(applied={"0": 20, "1": 20, "2": 11, "3": 20}, operations_confirmed=29)
    statuses = _statuses(_checked(), late)
    assert (statuses["applied"], statuses["telecommands"]) == ("open", "open")


def test_more_byzantine_boards_than_tolerated_are_not_green() -> None:
    summary = _summary(adversaries={"2": "silence", "3": "silence"})
    assert _statuses(_checked(), summary)["Byzantine boards"] == "open"


def test_table_shows_every_line_and_the_verdict() -> None:
    console = Console(width=100)
    judgement = judge(_checked(violated=True), _summary(), None, "amu rehearse --replay runs/x")
    with console.capture() as captured:
        print_verdict(judgement, console)
    text = captured.get()
    for line in judgement.lines:
        assert line.name in text
    assert "VIOLATION" in text
    assert "amu rehearse --replay runs/x" in text


def _table(judgement: Any, width: int) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        print_verdict(judgement, console)
    return captured.get()


def test_notes_of_the_checker_are_shown() -> None:
    checked = _checked()
    for number in range(7):
        checked.note(f"slot {number} was not checked")
    text = _table(judge(checked, _summary(), None), 100)
    assert "note: slot 0 was not checked" in text
    assert "slot 6" not in text
    assert "and 2 more, in verdict.json" in text


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["20 slots (20 wanted) in 12.0 s"]),
        ({"crashed": [2, 1, 2]}, ["boards 1, 2 crashed; see ground.log"]),
        (
            {"outcome": mission_end.NO_PROGRESS, "waits_for": ["no new slot since 3.0 s", "board 2 is off"]},
            ["mission ended: no progress", "waits for", "no new slot since 3.0 s", "board 2 is off"],
        ),
        (
            {"adversaries": {"2": "lie", "3": "lie"}},
            ["2 of at most 1 tolerated (safety is not promised): board 2 (lie), board 3 (lie)"],
        ),
        ({"liars": {"3": {"gaps": 4}}}, ["from board 3", "not checked, the board is Byzantine: gaps 4"]),
        ({"faults_not_begun": ["drop (from 30 s)"]}, ["not begun: drop (from 30 s)"]),
        (
            {"fates_by_kind": {"lost": {"drop": 3, "board off": 2}, "damaged": {}, "delayed": {"jitter": 100}}},
            ["on 100 frames: lost 5 (drop 3, board off 2); delayed 100 times (jitter 100)"],
        ),
        ({"board_events": {"BoardKill": 2, "SwitchedOff": 1}}, ["killed 2, switched off outside the mission 1"]),
        ({}, ["steps checked against the modules: vote 1: 7", "Byzantine boards left out"]),
    ],
)
def test_the_table_in_each_state_on_narrow_and_wide_terminals(
    changes: dict[str, Any], words: list[str], width: int
) -> None:
    text = _table(judge(_checked(), _summary(**changes), None), width)
    assert max(map(len, text.splitlines())) <= width
    flat = " ".join(text.split())
    assert all(word in flat for word in words), text


def test_a_summary_of_an_earlier_version_is_judged_too() -> None:
    """verdict.json of a run that flew before these fields existed."""
    summary = _summary()
    for key in ("waits_for", "liars", "faults_not_begun"):
        del summary[key]
    assert judge(_checked(), summary, None).verdict == PASS
