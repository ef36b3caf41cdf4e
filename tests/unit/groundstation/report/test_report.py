"""The verdict: what outranks what."""

import json

from specs.verdict import NOTES_MAX, Verdict


def test_precedence() -> None:
    verdict = Verdict()
    assert (verdict.verdict, verdict.exit_code) == ("pass", 0)
    verdict.stalled = True
    assert (verdict.verdict, verdict.exit_code) == ("no_progress", 4)
    verdict.miss("a line")
    assert (verdict.verdict, verdict.exit_code) == ("incomplete", 5)
    verdict.violate("CON-4", "two decisions")
    assert (verdict.verdict, verdict.exit_code) == ("violation", 3)


def test_the_first_violation_is_kept() -> None:
    verdict = Verdict()
    verdict.expect("A", "B", "C")
    verdict.doubt("C", "no time")
    verdict.violate("B", "first")
    verdict.violate("B", "second")
    verdict.expect("B")
    assert verdict.first_bad_step == "first"
    assert verdict.invariants == {"A": "holds", "B": "violated", "C": "not checked"}


def test_json_is_bounded_and_counts_what_it_leaves_out() -> None:
    verdict = Verdict()
    for number in range(NOTES_MAX + 3):
        verdict.note(f"note {number}")
        verdict.violate("A", f"breach {number}")
    told = json.loads(verdict.to_json())
    assert told["verdict"] == "violation"
    assert len(told["notes"]) == len(told["violations"]) == NOTES_MAX
    assert told["left_out"] == {"violations": 3, "missing": 0, "notes": 3}
