"""Which properties exist, which checker covers each, and its premises: the tables agree with the checkers."""

import re
from pathlib import Path

import pytest

from groundstation.report import words as report_words
from groundstation.verdict import not_checked
from groundstation.verdict.not_checked import FLOWN
from groundstation.verdict.verdict import judge, spans
from specs import properties
from specs.checking import premises
from specs.checking.check import check_trace
from specs.checking.premises import PREMISES
from specs.checking.protocols import PROTOCOLS
from specs.verdict import HOLDS, NOT_CHECKED, Verdict
from tests.support.records.traces import Script

CHECKED = {identifier for protocol in PROTOCOLS for identifier in protocol.properties}
IN_PART = {
    "LNK-2",
    "LNK-3",
    "LNK-4",
    "CON-14",
    "CON-15",
    "LAM-1",
    "LAM-2",
    "LAM-3",
    "LAM-4",
    "LAM-10",
}  # the tables say through which others


def test_the_table_names_what_the_checkers_hold() -> None:
    assert set(PREMISES) == CHECKED


def test_the_features_tables_say_the_same() -> None:
    flown = {key: entry for key, entry in properties.read().items() if key.startswith(FLOWN)}
    assert PREMISES.keys() <= flown.keys()
    assert {key for key, entry in flown.items() if entry.on_traces} == PREMISES.keys() | IN_PART
    assert [key for key, entry in flown.items() if not entry.on_traces and not entry.by_model] == ["FDT-10"]


@pytest.mark.parametrize(
    ("identifiers", "words"),
    [
        (["LNK-5", "LNK-1", "LNK-3"], "LNK-1, LNK-3, LNK-5"),
        ([f"CON-{number}" for number in range(13, 0, -1)], "CON-1 to CON-13"),
        ([f"CON-{number}" for number in range(1, 14) if number != 12], "CON-1 to CON-11, CON-13"),
        (["CON-10", "CON-2"], "CON-2, CON-10"),
        (["CON-1", "CON-2"], "CON-1, CON-2"),
        (["LOG-2", "CON-1", "LOG-3", "CON-2", "LOG-4", "CON-3"], "CON-1 to CON-3, LOG-2 to LOG-4"),
        ([], ""),
    ],
)
def test_a_span_names_only_what_is_there(identifiers: list[str], words: str) -> None:
    assert spans(identifiers) == words


def _judged(tmp_path: Path, script: Script) -> Verdict:
    return check_trace(script.end().write(tmp_path / "trace.ndjson"))


def test_nothing_is_claimed_about_events_that_did_not_happen(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    verdict = _judged(tmp_path, script)
    assert verdict.invariants["CON-4"] == HOLDS
    for identifier, why in {
        "CON-2": "no board came back to an open slot",
        "LOG-3": "there was no checkpoint",
        "LED-1": "no operation was applied",
        "ORD-3": "no receipt was traced",
        "MUT-2": "nobody had a turn",
        "SNP-2": "no snapshot was finished",
        "LNK-1": "no channel was used",
        "FDT-2": "nobody was suspected",
    }.items():
        assert verdict.invariants[identifier] == NOT_CHECKED, identifier
        assert verdict.as_dict()["not_checked"][identifier] == why
        assert identifier in verdict.not_met
    lines = {line.name: line for line in judge(verdict, None, None).lines}
    assert lines["consensus"].detail == "hold: CON-1, CON-3 to CON-13"
    assert lines["ledger rules"].detail == "hold: LED-15, LED-16"
    assert "CON-2, LOG-5: no board came back to an open slot" in lines["not checked here"].detail
    assert "LNK-2: in part on traces (by LNK-1" in lines["not checked here"].detail
    assert "FDT-10: tests only" in lines["not checked here"].detail
    assert "CON-16" in lines["not checked here"].detail
    assert "model checker only" in lines["not checked here"].detail
    assert not {"channels", "mutual exclusion", "snapshots", "suspicion"} & lines.keys()


def test_verdict_and_report_name_the_same_properties_as_not_checked(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    judgement = judge(_judged(tmp_path, script), None, None)
    listed = not_checked.list_of(judgement.checked)
    (line,) = [line for line in judgement.lines if line.name == "not checked here"]
    assert line.detail == "; ".join(f"{spans(keys)}: {why}" for why, keys in not_checked.by_reason(listed).items())
    page = report_words.property_table(judgement.as_dict())
    held, _, folded = page.partition("<details>")
    told = {part: set(re.findall(r"<th>([A-Z]{3}-\d+)</th>", text)) for part, text in (("held", held), ("not", folded))}
    assert told["not"] == {each.identifier for each in listed}
    assert not told["not"] & told["held"]
    assert told["not"] | told["held"] >= {key for key in properties.read() if key.startswith(FLOWN)}
    assert f"{len(listed)} properties that this run did not test, and why" in folded


def test_a_resumed_run_says_how_many_ground_stations_flew_it(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    assert "ground stations" not in {line.name for line in judge(_judged(tmp_path, script), None, None).lines}
    for _ in range(2):
        script.resume()
    lines = {line.name: line for line in judge(_judged(tmp_path, script), None, None).lines}
    assert lines["ground stations"].detail == "3 flew this run, one after the other; resumed from r, r"


def test_a_reboot_lets_registers_be_held(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.enter(2, 1, 3)
    script.reboot(3, applied=1)
    script.restore(3, 2, view=1)
    verdict = _judged(tmp_path, script)
    assert verdict.invariants["CON-2"] == verdict.invariants["LOG-5"] == HOLDS, verdict.violations


def test_missing_events_are_another_reason_and_not_green(tmp_path: Path) -> None:
    verdict = Verdict()
    verdict.expect("CON-1", "CON-2", "CON-10")
    verdict.doubt("CON-10", "events are missing")
    verdict.doubt("CON-2", "events are missing")
    premises.look(verdict, {"Restore", "Vote1"})
    assert list(verdict.as_dict()["not_checked"]) == ["CON-2", "CON-10"]
    line = next(line for line in judge(verdict, None, None).lines if line.name == "consensus")
    assert (line.status, line.detail) == ("open", "holds: CON-1; not checked: CON-2, CON-10 (events are missing)")


def test_violated_ones_are_in_the_order_of_their_numbers() -> None:
    verdict = Verdict()
    verdict.expect("CON-1", "CON-2", "CON-10")
    verdict.violate("CON-10", "x")
    verdict.violate("CON-2", "y")
    assert list(verdict.as_dict()["invariants"]) == ["CON-1", "CON-2", "CON-10"]
    line = next(line for line in judge(verdict, None, None).lines if line.name == "consensus")
    assert (line.status, line.detail) == ("bad", "VIOLATED: CON-2, CON-10; holds: CON-1")
