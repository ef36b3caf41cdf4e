"""The log's rules on a sound flight: each single change of it is found under its own identifier."""

from collections.abc import Callable
from pathlib import Path

import pytest

from amu.core.limits import BROADCAST, GROUND, WINDOW_SLOTS
from amu.wire import messages as m
from specs.checking.consensus.log_rules import IDENTIFIERS
from specs.verdict import HOLDS, PASS, VIOLATED
from tests.support.records.edits import (
    FORGETFUL,
    LAGGARD,
    LEARNER,
    RESTARTED,
    Line,
    find,
    flown,
    found_in_flight,
    insert,
    judged,
    places,
    remove,
)

Plant = Callable[[list[Line]], None]


def change(event: str, change: dict[str, object], nth: int = 0, **members: object) -> Plant:
    def plant(lines: list[Line]) -> None:
        lines[find(lines, event, nth, **members)].update(change)

    return plant


def without(event: str, nth: int = 0, **members: object) -> Plant:
    return lambda lines: remove(lines, find(lines, event, nth, **members))


def a_word(kind: int, slot: int, to: int = 1, node: int = 2, after: str = "Apply") -> Plant:
    """A message about the log that is not so."""

    def plant(lines: list[Line]) -> None:
        insert(lines, find(lines, after, 20, node=node), "Send", node, to=to, kind=kind, slot=slot, view=0)

    return plant


def silent_before(event: str) -> Plant:
    """A board falls silent, and acts on."""

    def plant(lines: list[Line]) -> None:
        place = [at for at in places(lines, event) if lines[at]["node"] != LEARNER][-1]
        node = lines[place]["node"]
        before = max(at for at in range(place) if lines[at]["node"] == node)
        insert(lines, before, "Silent", node, reason="a test")

    return plant


def undecided(lines: list[Line]) -> None:
    """A board applies what it decided in no life, long after it restarted."""
    last = lines[places(lines, "Apply", node=RESTARTED, boot=1)[-1]]["slot"]
    assert last > lines[find(lines, "Boot", node=RESTARTED, boot=1)]["applied_slot"] + 2 * WINDOW_SLOTS
    for event in ("Decide", "Learn"):
        remove(lines, *places(lines, event, node=RESTARTED, slot=last))


def restored_late(lines: list[Line]) -> None:
    place = find(lines, "Restore", node=RESTARTED)
    restore = lines.pop(place)
    after = find(lines, "Apply", node=RESTARTED, boot=1)
    lines.insert(after + 1, restore | {"lamport": lines[after]["lamport"] + 1})
    remove(lines)


def deaf_to_progress(lines: list[Line], node: int, before: int) -> None:
    remove(lines, *places(lines[:before], "Receive", node=node, kind=m.Progress.KIND))


def adopts_on_no_report(lines: list[Line]) -> None:
    deaf_to_progress(lines, LAGGARD, find(lines, "Adopt", node=LAGGARD))


def asks_on_no_report(lines: list[Line]) -> None:
    deaf_to_progress(lines, LAGGARD, find(lines, "Send", node=LAGGARD, kind=m.Fetch.KIND))


def rejoins_on_no_answer(lines: list[Line]) -> None:
    deaf_to_progress(lines, FORGETFUL, find(lines, "Rejoin"))


def rejoins_on_old_answers(lines: list[Line]) -> None:
    """Its question reached nobody."""
    remove(lines, *places(lines, "Receive", kind=m.Probe.KIND))


def rejoins_where_no_report_is_traced(lines: list[Line]) -> None:
    remove(lines, *places(lines, "Send", kind=m.Progress.KIND), *places(lines, "Receive", kind=m.Progress.KIND))


def wished_before_it_acted(lines: list[Line]) -> None:
    """A board wishes for a view of a slot, acts in the slot, and comes back without its registers."""
    restore = find(lines, "Restore", node=RESTARTED)
    slot = lines[restore]["slot"]
    remove(lines, restore)
    first = next(at for at in range(restore) if lines[at]["node"] == RESTARTED and lines[at].get("slot") == slot)
    before = max(at for at in range(first) if lines[at]["node"] == RESTARTED)
    insert(lines, before, "Wish", RESTARTED, slot=slot, view=1)


def deaf_learner(event: str, *kinds: int) -> Plant:
    def plant(lines: list[Line]) -> None:
        place = places(lines, event, node=LEARNER)[-1]
        receipts = places(lines[:place], "Receive", node=LEARNER)
        remove(lines, *[at for at in receipts if lines[at]["kind"] in kinds])

    return plant


def a_learner_after_silence(lines: list[Line]) -> None:
    insert(lines, find(lines, "Apply", 9, node=LEARNER), "Silent", LEARNER, reason="a test")


PLANTED: dict[str, tuple[Plant, str]] = {
    "an application of what nobody decided here": (undecided, "CON-3"),
    "a boot below its own checkpoint": (change("Boot", {"applied_slot": 5}, node=RESTARTED, boot=1), "LOG-11"),
    "a boot far ahead": (change("Boot", {"applied_slot": 10**6}, node=RESTARTED, boot=1), "LOG-11"),
    "a boot without memory that has applied": (change("Boot", {"applied_slot": 3}, node=FORGETFUL, nth=1), "LOG-11"),
    "a first boot that has applied": (change("Boot", {"applied_slot": 3}, node=RESTARTED), "LOG-11"),
    "a blank flash that nobody wiped": (without("Erase"), "LOG-11"),
    "no registers of a slot with a wish": (wished_before_it_acted, "LOG-5"),
    "a floor where no report is traced": (rejoins_where_no_report_is_traced, "KNW-3"),
    "no registers": (without("Restore", node=RESTARTED), "LOG-5"),
    "registers too late": (restored_late, "LOG-5"),
    "a checkpoint of another slot": (change("Checkpoint", {"slot": 1000}, 1), "LOG-3"),
    "a checkpoint that is not made": (without("Checkpoint", 1), "LOG-3"),
    "a checkpoint that is not due": (change("Checkpoint", {"slot": 15}), "LOG-3"),
    "a state of no checkpoint": (change("Adopt", {"slot": 33}, node=LAGGARD), "LOG-3"),
    "a wish outside the window": (change("Wish", {"slot": 10**6}), "LOG-6"),
    "a restored view that nobody wished": (change("Restore", {"view": 40}, node=RESTARTED), "CON-17"),
    "a reply about a slot ahead": (a_word(m.Reply.KIND, 10**6, to=GROUND), "KNW-2"),
    "registers outside the window": (change("Restore", {"slot": 10**6}, node=RESTARTED), "LOG-6"),
    "a decision after silence": (silent_before("Decide"), "LOG-4"),
    "a learned decision after silence": (silent_before("Learn"), "LOG-4"),
    "an application after silence": (silent_before("Apply"), "LOG-4"),
    "a checkpoint after silence": (silent_before("Checkpoint"), "LOG-4"),
    "a state adopted after silence": (silent_before("Adopt"), "LOG-4"),
    "a wish after silence": (silent_before("Wish"), "LOG-4"),
    "a rejoin after silence": (silent_before("Rejoin"), "LOG-4"),
    "a floor below what was told": (change("Rejoin", {"floor": 47}), "KNW-3"),
    "a floor above what was told": (change("Rejoin", {"floor": 10**6}), "KNW-3"),
    "a floor on no answer": (rejoins_on_no_answer, "KNW-3"),
    "a floor on answers to nobody": (rejoins_on_old_answers, "KNW-3"),
    "a state on no report": (adopts_on_no_report, "KNW-3"),
    "a question for a state that nobody has": (a_word(m.FetchState.KIND, 160), "KNW-3"),
    "a question for a state of no checkpoint": (a_word(m.FetchState.KIND, 17), "KNW-2"),
    "a question for a slot that nobody reported": (asks_on_no_report, "KNW-3"),
    "a question for a slot far ahead": (a_word(m.Fetch.KIND, 10**6), "KNW-2"),
    "a question for a slot applied": (a_word(m.Fetch.KIND, 2), "KNW-2"),
    "a state that it does not have": (a_word(m.StateChunk.KIND, 64), "KNW-2"),
    "a question for a body far ahead": (a_word(m.FetchBody.KIND, 10**6, to=BROADCAST), "KNW-2"),
    "a body of a slot long gone": (a_word(m.Body.KIND, 2), "KNW-2"),
    "a decision of a slot far ahead": (a_word(m.Decided.KIND, 10**6), "KNW-2"),
    "a question of one that has its memory": (a_word(m.Probe.KIND, 0, to=BROADCAST), "KNW-2"),
    "a status of a slot far ahead": (a_word(m.Status.KIND, 10**6, to=BROADCAST), "KNW-2"),
    "a learner that no reply reached": (deaf_learner("Learn", m.Decided.KIND), "LOG-10"),
    "a learner that no report reached": (deaf_learner("Adopt", m.Progress.KIND), "LOG-10"),
    "a learner that no piece of a state reached": (deaf_learner("Adopt", m.StateChunk.KIND), "LOG-10"),
    "a learner that fell silent": (a_learner_after_silence, "LOG-10"),
    "a suggest to another than the leader": (change("Send", {"to": 3}, kind=m.Suggest.KIND), "KNW-2"),
}


def test_a_sound_flight_is_held(tmp_path: Path) -> None:
    verdict = judged(flown(), tmp_path)
    assert verdict.verdict == PASS, verdict.first_bad_step
    assert {verdict.invariants[key] for key in IDENTIFIERS} == {HOLDS}


@pytest.mark.parametrize("name", PLANTED)
def test_each_breach_is_found_by_name(name: str, tmp_path: Path) -> None:
    plant, identifier = PLANTED[name]
    assert identifier in found_in_flight(plant, tmp_path)


@pytest.mark.parametrize(
    ("plant", "guard"),
    [(PLANTED["a decision of a slot far ahead"][0], "TellsDecision"), (asks_on_no_report, "KnowsSlot")],
    ids=["a decision", "a question"],
)
def test_of_two_guards_that_see_a_breach_each_tells_it_by_name(plant: Plant, guard: str, tmp_path: Path) -> None:
    lines = flown()
    plant(lines)
    assert any(f"{guard} does not allow the step" in text for text in judged(lines, tmp_path).violations)


@pytest.mark.parametrize("plant", [adopts_on_no_report, deaf_learner("Adopt", m.Progress.KIND)])
def test_with_events_missing_nobody_knows_what_arrived(plant: Plant, tmp_path: Path) -> None:
    """The same as above, but the receipts left a hole."""
    lines = flown()
    numbers = [line["seq"] for line in lines]
    places_of = {id(line): number for line, number in zip(lines, numbers, strict=True)}
    plant(lines)
    for line in lines:
        line["seq"] = places_of[id(line)]
    verdict = judged(lines, tmp_path)
    assert verdict.missing
    assert not {"KNW-3", "LOG-10"} & {key for key, state in verdict.invariants.items() if state == VIOLATED}
