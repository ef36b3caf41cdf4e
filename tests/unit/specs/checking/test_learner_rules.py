"""Traces of learners are checked against those of replicas: each breach planted in a good trace is found."""

import json
from pathlib import Path
from typing import Any

import pytest

from amu.core.limits import CHECKPOINT_SLOTS
from amu.node.node import BLANK_BOOT
from specs.checking.check import check_trace
from specs.checking.consensus.learner_rules import FOLLOWS
from specs.checking.trace import TraceError
from tests.support.records.traces import Script, digest

LEARNER = 4
NEVER = digest("never decided")


def followed(slots: int = 6, byzantine: tuple[int, ...] = ()) -> Script:
    """Four replicas decide; a learner follows, a slot behind the last."""
    script = Script(byzantine=byzantine)
    script.lines[0]["learners"] = 1
    script.boots[LEARNER] = BLANK_BOOT
    script.ground("BoardStart", board=LEARNER)
    script.emit(LEARNER, "Boot", version="1", journal="blank", applied_slot=0)
    for slot in range(1, slots + 1):
        script.good_slot(slot)
        if slot > 1:
            follow(script, slot - 1)
    return script


def follow(script: Script, slot: int, value: str | None = None) -> None:
    script.emit(LEARNER, "Learn", slot=slot, value=value or f"value {slot}")
    script.apply(slot, value or f"value {slot}", LEARNER)


def found(script: Script, tmp_path: Path) -> list[str]:
    """Identifiers of the properties that are violated."""
    invariants = check_trace(script.end().write(tmp_path / "trace.ndjson")).invariants
    return [identifier for identifier, state in invariants.items() if state == "violated"]


def line(script: Script, event: str, slot: int) -> dict[str, Any]:
    return next(x for x in script.lines if x["node"] == LEARNER and x["event"] == event and x["slot"] == slot)


def test_a_learner_that_follows_is_held_and_counted(tmp_path: Path) -> None:
    verdict = check_trace(followed().end().write(tmp_path / "trace.ndjson"))
    assert verdict.verdict == "pass", verdict.first_bad_step
    assert verdict.invariants[FOLLOWS] == "holds"
    assert verdict.counts["steps of learners"] == 1 + 2 * 5


@pytest.mark.parametrize(
    ("event", "field", "value", "other"),
    [
        ("Learn", "value", NEVER, []),
        ("Apply", "value", NEVER, []),
        ("Apply", "digest", NEVER, ["LED-16"]),
        ("Apply", "slot", 4, ["LED-16"]),
        ("Learn", "slot", 9, []),
    ],
)
def test_values_that_no_replica_reported_are_found(
    event: str, field: str, value: Any, other: list[str], tmp_path: Path
) -> None:
    script = followed()
    line(script, event, 3)[field] = value
    assert found(script, tmp_path) == [FOLLOWS, *other]


def test_a_value_of_an_undecided_slot_is_found(tmp_path: Path) -> None:
    script = followed(2)
    follow(script, 2)
    script.emit(LEARNER, "Learn", slot=3, value="early")
    assert found(script, tmp_path) == [FOLLOWS]


def test_a_decision_that_only_a_liar_reports_was_not_decided(tmp_path: Path) -> None:
    script = followed(2, byzantine=(3,))
    follow(script, 2)
    script.emit(3, "Decide", slot=3, view=0, value="a lie")
    follow(script, 3, "a lie")
    assert found(script, tmp_path) == [FOLLOWS]


def test_a_ledger_reported_before_any_replicas_is_compared_later(tmp_path: Path) -> None:
    def script(digest_of_learner: str) -> Script:
        script = followed(2)
        follow(script, 2)
        script.propose(3, 0, "value 3", 0)
        script.rounds(3, "value 3")
        script.decide(3, 0, "value 3")
        script.emit(LEARNER, "Learn", slot=3, value="value 3")
        script.emit(LEARNER, "Apply", slot=3, value="value 3", digest=digest_of_learner)
        script.apply(3, "value 3")
        return script

    assert found(script("ledger 3"), tmp_path) == []
    assert found(script("another"), tmp_path) == [FOLLOWS, "LED-16"]


def adopting(slot: int, state: str) -> Script:
    script = followed(CHECKPOINT_SLOTS)
    script.emit(LEARNER, "Adopt", slot=slot, digest=state)
    return script


def test_a_state_that_replicas_hold_may_be_adopted(tmp_path: Path) -> None:
    assert found(adopting(16, "checkpoint 16"), tmp_path) == []


@pytest.mark.parametrize(("slot", "state"), [(16, "another"), (32, "checkpoint 16"), (15, "checkpoint 16")])
def test_a_state_that_replicas_do_not_hold_is_found(slot: int, state: str, tmp_path: Path) -> None:
    assert FOLLOWS in found(adopting(slot, state), tmp_path)


def test_after_missing_events_a_learner_may_stand_anywhere(tmp_path: Path) -> None:
    script = followed()
    for event in ("Learn", "Apply"):
        script.lines.remove(line(script, event, 2))
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"))
    assert verdict.verdict == "incomplete"
    assert verdict.invariants[FOLLOWS] == "holds"
    assert verdict.counts["slots decided"] == 6  # a gap of a learner leaves nothing open about the replicas


def test_an_operation_with_another_result_is_found(tmp_path: Path) -> None:
    script = Script()
    script.lines[0]["learners"] = 1
    script.boots[LEARNER] = BLANK_BOOT
    script.emit(LEARNER, "Boot", version="1", journal="blank", applied_slot=0)
    fields = {"slot": 1, "client": 1, "operation": 1, "command": ["noop"]}
    script.requests[1] = [[1, 1, ["noop"]]]
    script.propose(1, 0, "a", 0)
    script.rounds(1, "a")
    script.decide(1, 0, "a")
    for node in script.honest:
        script.emit(node, "Operation", **fields, result=["ok"])
        script.apply(1, "a", node)
    script.emit(LEARNER, "Operation", **fields, result=["refused", "no"])
    script.apply(1, "a", LEARNER)
    assert found(script, tmp_path) == ["LED-12"]


def test_a_node_beyond_the_learners_is_an_error(tmp_path: Path) -> None:
    script = followed(2)
    del script.lines[0]["learners"]
    with pytest.raises(TraceError, match="there is no node 4 among 4"):
        check_trace(script.end().write(tmp_path / "trace.ndjson"))


@pytest.mark.parametrize("learners", [-1, 251, "2", None])
def test_a_count_of_learners_that_cannot_be(learners: Any, tmp_path: Path) -> None:
    script = followed(2)
    script.lines[0]["learners"] = learners
    path = tmp_path / "trace.ndjson"
    path.write_text("".join(json.dumps(x) + "\n" for x in script.lines))
    with pytest.raises(TraceError, match=r"RunStart\.learners: want an integer from 0 to 250"):
        check_trace(path)


def a_slot_left_out(script: Script) -> None:
    script.good_slot(4)
    script.apply(4, "value 4", LEARNER)  # it stands at slot 2


def a_slot_beyond_its_window(script: Script) -> None:
    for slot in range(4, 8):
        script.good_slot(slot)
    script.emit(LEARNER, "Learn", slot=7, value="value 7")


def a_state_of_where_it_stands(script: Script) -> None:
    script.emit(0, "Checkpoint", slot=2, digest="state 2")
    script.emit(LEARNER, "Adopt", slot=2, digest="state 2")


def a_state_that_too_few_have_reached(script: Script) -> None:
    script.emit(0, "Checkpoint", slot=9, digest="state 9")
    script.emit(LEARNER, "Adopt", slot=9, digest="state 9")


@pytest.mark.parametrize(
    ("plant", "guard"),
    [
        (a_slot_left_out, "IsNextThere"),
        (a_slot_beyond_its_window, "IsInReach"),
        (a_state_of_where_it_stands, "IsAheadThere"),
        (a_state_that_too_few_have_reached, "IsReached"),
    ],
)
def test_each_guard_alone_finds_its_breach(plant: Any, guard: str, tmp_path: Path) -> None:
    script = followed(3)
    plant(script)
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"))
    (breach,) = [what for what in verdict.violations if what.startswith(f"{FOLLOWS}: ")]
    assert guard in breach
