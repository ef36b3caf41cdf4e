"""Planted breaches: each is found under its own identifier, and by TLC in the same slot where the module is asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from amu.core.limits import CHECKPOINT_SLOTS
from amu.wire.messages import Segment
from specs.checking.check import check_trace
from tests.support.records.traces import Script

Plant = Callable[[Script, int], None]


def early_vote2(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.vote(slot, 0, 1, "a", 0, 1)
    script.vote(slot, 0, 2, "a", 0)


def early_vote4(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a", phases=2)
    script.vote(slot, 0, 3, "a", 1, 2)
    script.vote(slot, 0, 4, "a", 1)


def vote_twice(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.vote(slot, 0, 1, "a", 0, 1)
    script.vote(slot, 0, 1, "b", 1)


def vote_again(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.vote(slot, 0, 1, "a", 1, 1)


def vote_without_proposal(script: Script, slot: int) -> None:
    script.vote(slot, 0, 1, "a", 2)


def vote_against_proposal(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.vote(slot, 0, 1, "b", 2)


def vote_in_a_view_not_entered(script: Script, slot: int) -> None:
    script.enter(slot, 1, 0, 1, 2)
    script.propose(slot, 1, "a", 1)
    script.vote(slot, 1, 1, "a", 3)


def vote_below_own_view(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.enter(slot, 1, 2)
    script.vote(slot, 0, 1, "a", 2)


def propose_against_a_lock(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a", phases=3)
    script.enter(slot, 1)
    script.propose(slot, 1, "b", 1)


def propose_before_a_quorum_entered(script: Script, slot: int) -> None:
    script.enter(slot, 1, 0, 1)
    script.propose(slot, 1, "b", 1)


def propose_twice(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.propose(slot, 0, "b", 0)


def enter_backwards(script: Script, slot: int) -> None:
    script.enter(slot, 3, 1)
    script.enter(slot, 2, 1)


def decide_without_quorum(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a", phases=3)
    script.vote(slot, 0, 4, "a", 0, 1)
    script.decide(slot, 0, "a", 0)


def decide_twice_otherwise(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a")
    script.decide(slot, 0, "a", 0)
    script.decide(slot, 0, "b", 0)


def learn_from_one(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a")
    script.decide(slot, 0, "a", 0)
    script.emit(1, "Learn", slot=slot, value="a")


def lost_lock(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a")
    script.reboot(3, applied=slot - 1)
    script.restore(3, slot, hi1=(0, "a"), hi2=(0, "a"), hi3=(0, "a"))


def half_a_vote(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a", phases=1)
    script.reboot(3, applied=slot - 1)
    script.restore(3, slot, hi1=(0, "b"))


def forgotten_view(script: Script, slot: int) -> None:
    script.enter(slot, 1)
    script.reboot(3, applied=slot - 1)
    script.restore(3, slot)


def wrong_second_register(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a", phases=1)
    script.enter(slot, 1)
    script.propose(slot, 1, "b", 1)
    script.rounds(slot, "b", view=1, phases=1)
    script.reboot(3, applied=slot - 1)
    script.restore(3, slot, view=1, hi1=(1, "b"))


def impossible_vote_on_flash(script: Script, slot: int) -> None:
    """The board wrote a phase-2 vote that it must not cast."""
    script.propose(slot, 0, "a", 0)
    script.vote(slot, 0, 1, "a", 3)
    script.reboot(3, applied=slot - 1)
    script.restore(3, slot, hi1=(0, "a"), hi2=(0, "a"))


STEP, RESTORED = "CON-1", "CON-2"
IN_THE_MODULE: list[tuple[Plant, str]] = [
    (early_vote2, STEP),
    (early_vote4, STEP),
    (vote_twice, STEP),
    (vote_again, STEP),
    (vote_without_proposal, STEP),
    (vote_against_proposal, STEP),
    (vote_in_a_view_not_entered, STEP),
    (vote_below_own_view, STEP),
    (propose_against_a_lock, STEP),
    (propose_before_a_quorum_entered, STEP),
    (propose_twice, STEP),
    (enter_backwards, STEP),
    (decide_without_quorum, STEP),
    (decide_twice_otherwise, STEP),
    (learn_from_one, STEP),
    (lost_lock, RESTORED),
    (half_a_vote, RESTORED),
    (forgotten_view, RESTORED),
    (wrong_second_register, RESTORED),
    (impossible_vote_on_flash, RESTORED),
]


def applied_without_decision(script: Script, slot: int) -> None:
    script.apply(slot, "a", 0)


def applied_otherwise(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a")
    script.decide(slot, 0, "a")
    script.apply(slot, "b", 0)


def other_ledger(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a")
    script.decide(slot, 0, "a")
    script.apply(slot, "a", 0, 1)
    script.apply(slot, "a", 2, ledger="another")


def gap_in_the_log(script: Script, slot: int) -> None:
    script.propose(slot + 1, 0, "a", 0)
    script.rounds(slot + 1, "a")
    script.decide(slot + 1, 0, "a")
    script.apply(slot + 1, "a", 0)


def up_to_a_checkpoint(script: Script, slot: int) -> None:
    for number in range(slot, CHECKPOINT_SLOTS):
        script.good_slot(number)
    value = f"value {CHECKPOINT_SLOTS}"
    script.propose(CHECKPOINT_SLOTS, 0, value, 0)
    script.rounds(CHECKPOINT_SLOTS, value)
    script.decide(CHECKPOINT_SLOTS, 0, value)
    script.apply(CHECKPOINT_SLOTS, value, 0, 1, 2)
    script.emit(0, "Checkpoint", slot=CHECKPOINT_SLOTS, digest=f"checkpoint {CHECKPOINT_SLOTS}")


def other_checkpoint(script: Script, slot: int) -> None:
    up_to_a_checkpoint(script, slot)
    script.emit(1, "Checkpoint", slot=CHECKPOINT_SLOTS, digest="y")


def adopted_something_else(script: Script, slot: int) -> None:
    up_to_a_checkpoint(script, slot)
    script.emit(3, "Adopt", slot=CHECKPOINT_SLOTS, digest="y")


def vote_without_memory(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.reboot(3, journal="blank", boot=1 << 20)
    script.vote(slot, 0, 1, "a", 3)


def vote_at_the_floor(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.reboot(3, journal="blank", boot=1 << 20)
    script.emit(3, "Rejoin", floor=slot)
    script.vote(slot, 0, 1, "a", 3)


def vote_without_restoring(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 0)
    script.rounds(slot, "a", phases=1)
    script.reboot(3, applied=slot - 1)
    script.vote(slot, 0, 2, "a", 3)


def not_the_leader(script: Script, slot: int) -> None:
    script.propose(slot, 0, "a", 2)


def clock_stands_still(script: Script, slot: int) -> None:
    first = script.emit(1, "Wish", slot=slot, view=1)
    script.emit(1, "Wish", slot=slot, view=2)["lamport"] = first["lamport"]


def clock_restarts(script: Script, slot: int) -> None:
    script.reboot(1, applied=slot - 1)
    script.lines[-1]["lamport"] = 1


def received_before_it_was_sent(script: Script, slot: int) -> None:
    script.message(0, 1)
    script.lines[-1]["lamport"] = script.lines[-2]["lamport"]


def received_what_nobody_sent(script: Script, slot: int) -> None:
    script.message(0, 1)
    script.lines[-1]["sent"] -= 1


def received_what_another_was_sent(script: Script, slot: int) -> None:
    sent = script.emit(0, "Send", to=2, kind=Segment.KIND, slot=0, view=0)["lamport"]
    script.emit(1, "Receive", **{"from": 0, "sent": sent, "kind": Segment.KIND})


BETWEEN_SLOTS: list[tuple[Plant, str]] = [
    (applied_without_decision, "CON-3"),
    (applied_otherwise, "CON-3"),
    (not_the_leader, "CON-12"),
    (gap_in_the_log, "LOG-1"),
    (other_ledger, "LOG-2"),
    (other_checkpoint, "LOG-3"),
    (adopted_something_else, "LOG-3"),
    (vote_without_memory, "LOG-4"),
    (vote_at_the_floor, "LOG-4"),
    (vote_without_restoring, "LOG-5"),
    (clock_stands_still, "ORD-1"),
    (clock_restarts, "ORD-1"),
    (received_before_it_was_sent, "ORD-2"),
    (received_what_nobody_sent, "ORD-3"),
    (received_what_another_was_sent, "ORD-3"),
]


def _name(item: Plant | str) -> str:
    return item if isinstance(item, str) else item.__name__


@pytest.mark.parametrize(("plant", "identifier"), IN_THE_MODULE + BETWEEN_SLOTS, ids=_name)
def test_breach_is_found(plant: Plant, identifier: str, tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    plant(script, 2)
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"))
    assert verdict.verdict == "violation"
    assert verdict.exit_code == 3
    assert verdict.invariants[identifier] == "violated"
    assert verdict.first_bad_step is not None
    assert f"line {1 + script.lines.index(_culprit(script))}" in verdict.first_bad_step


def _culprit(script: Script) -> dict[str, object]:
    """The last event of a board: each plant ends with its breach."""
    return next(line for line in reversed(script.lines) if line["node"] != 255)


def test_voting_against_a_lock_is_found(tmp_path: Path) -> None:
    """A Byzantine leader proposes b after all honest nodes voted for a in phase 4: no proof allows a vote for b."""
    script = Script(byzantine=(1,))
    script.propose(1, 0, "a", 0)
    script.rounds(1, "a")
    script.enter(1, 1)
    script.vote(1, 1, 1, "a", 0)
    script.vote(1, 1, 1, "b", 2)
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"))
    assert verdict.invariants["CON-1"] == "violated"
    assert verdict.first_bad_step is not None
    assert "Vote1(2, 1, v2)" in verdict.first_bad_step
    assert "node 2 in view 1 voted [1@0 v1, 2@0 v1, 3@0 v1, 4@0 v1]" in verdict.first_bad_step


def test_tlc_rejects_the_same_slots(tmp_path: Path) -> None:
    """One trace, one breach in each slot: TLC and this process agree on all of them, and on the good ones."""
    script = Script()
    for slot, (plant, _) in enumerate(IN_THE_MODULE, 1):
        plant(script, slot)
    good = len(IN_THE_MODULE) + 1
    script.good_slot(good)
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"), tlc=True)
    assert verdict.tlc == "rejected"
    assert verdict.invariants["TLC-1"] == "holds"
    assert verdict.counts["slots rejected by TLC"] == len(IN_THE_MODULE)
    assert verdict.counts["slots accepted by TLC"] == 1


def test_a_disagreement_with_tlc_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLC exposes an evaluator that accepts everything."""
    monkeypatch.setattr("specs.tla.language.language.Module.action", lambda *_: lambda *_: True)
    script = Script()
    early_vote4(script, 1)
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"), tlc=True)
    assert verdict.invariants["TLC-1"] == "violated"
    assert "TLC rejects step 12, Vote4" in verdict.violations[-1]
