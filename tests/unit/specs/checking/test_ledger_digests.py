"""The digests that nodes report are of the state that the log makes: LED-16."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from amu.core import limits
from amu.ledger import encoding, operations
from specs.checking.check import check_trace
from specs.checking.ledger.conformance import OF_THE_STATE, check_ledger
from specs.checking.trace import Event
from specs.verdict import Verdict
from tests.support.records import ledger_traces
from tests.support.records.traces import Script

CHECKPOINT = limits.CHECKPOINT_SLOTS


def check(events: list[Event]) -> Verdict:
    verdict = Verdict()
    check_ledger(events, (), 4, verdict)
    return verdict


def lived(seed: int, slots: int, **options: int) -> list[Event]:
    return ledger_traces.events(ledger_traces.life(seed, slots, **options))


@pytest.mark.parametrize(("seed", "slots", "options"), [(1, 150, {}), (2, 150, {}), (45, 700, {"lease_slots": 400})])
def test_the_digests_of_a_life_are_computed_again(seed: int, slots: int, options: dict[str, int]) -> None:
    verdict = check(lived(seed, slots, **options))
    assert verdict.invariants[OF_THE_STATE] == "holds", verdict.violations
    assert not verdict.counts["digests not compared"]


def changed(events: list[Event], slot: int, name: str, **fields: Any) -> list[Event]:
    return [
        dataclasses.replace(event, fields={**event.fields, **fields})  # type: ignore[typeddict-item]
        if event.name == name and event.fields["slot"] == slot
        else event
        for event in events
    ]


@pytest.mark.parametrize("digest", ["00" * 32, "ab" * 32])
def test_a_digest_of_no_state_is_found(digest: str) -> None:
    for slot in (1, 20):
        verdict = check(changed(lived(1, 20), slot, "Apply", digest=digest))
        assert verdict.invariants[OF_THE_STATE] == "violated"


def test_the_digest_of_the_slot_before_is_found() -> None:
    """A board that hashes once and never again."""
    first = next(event.fields["digest"] for event in lived(1, 20) if event.name == "Apply")
    assert check(changed(lived(1, 20), 2, "Apply", digest=first)).invariants[OF_THE_STATE] == "violated"


@pytest.mark.parametrize("result", [["refused", "because"], ["refused", 1.5], ["refused", "\ud800"]])
def test_a_result_with_other_words_is_in_another_state(result: list[Any]) -> None:
    told = ledger_traces.events(ledger_traces.apply([["lease-release", "dock/1", 1, 1], ["noop"]]))
    assert check(told).invariants[OF_THE_STATE] == "holds"
    assert check(changed(told, 1, "Operation", result=result)).invariants[OF_THE_STATE] == "violated"


def kept_digest(self: operations.ClientOperations, operation: int, slot: int, result: list[Any]) -> None:
    """An operation that comes out of order leaves the client's cached digest as it is."""
    hashed, highest = self._digest, self.highest
    remember(self, operation, slot, result)
    if operation < highest:
        self._digest = hashed


remember = operations.ClientOperations.remember


def test_a_cached_digest_that_is_kept_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [[[1, number, ["noop"]]] for number in (1, 3, 2)]
    slots = [(each, [["ok"]]) for each in requests]
    assert check(ledger_traces.events(slots)).invariants[OF_THE_STATE] == "holds"
    monkeypatch.setattr(operations.ClientOperations, "remember", kept_digest)
    assert check(ledger_traces.events(slots)).invariants[OF_THE_STATE] == "violated"


def test_a_state_that_is_hashed_without_its_slot_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = encoding.digest
    with monkeypatch.context() as planted:
        planted.setattr(encoding, "digest", lambda slot, tables: hashed(0, tables))
        told = lived(1, 20)
    assert check(told).invariants[OF_THE_STATE] == "violated"


def whole(digest: str, event: str = "Checkpoint") -> Script:
    script = Script()
    for slot in range(1, CHECKPOINT + 1):
        script.good_slot(slot)
    for line in script.lines:
        if line["event"] == event and line.get("slot") == CHECKPOINT and digest:
            line["digest"] = digest
    return script.end()


@pytest.mark.parametrize("event", ["Checkpoint", "Apply"])
def test_a_digest_on_which_all_agree_wrongly_is_found(event: str, tmp_path: Path) -> None:
    verdict = check_trace(whole("").write(tmp_path / "sound.ndjson"))
    assert verdict.invariants[OF_THE_STATE] == "holds", verdict.violations
    verdict = check_trace(whole("12" * 32, event).write(tmp_path / "wrong.ndjson"))
    assert [key for key, state in verdict.invariants.items() if state == "violated"] == [OF_THE_STATE]


def test_what_follows_a_missing_slot_is_not_compared() -> None:
    told = [event for event in lived(1, 20) if event.fields["slot"] != 5]
    verdict = check(told)
    assert verdict.verdict == "incomplete"
    assert verdict.counts["digests not compared"] == 15
    assert verdict.invariants[OF_THE_STATE] == "not checked"
