"""Messages and lives: a sound flight is accepted, and each planted breach is found under its own identifier."""

from collections.abc import Callable
from pathlib import Path

import pytest

from amu.core.limits import BROADCAST, GROUND, REFUSALS_TRACED_PER_TICK_MAX
from amu.wire import messages as m
from specs.checking.messages.answers import QUESTIONS
from specs.checking.messages.checker import FLIGHT, HAS_SLOT, HAS_VIEW, ROLES, STEPS_TOLD, TO_ALL
from specs.checking.messages.refusals import FLOODED
from specs.checking.trace import TraceError
from specs.verdict import HOLDS, NOT_CHECKED, PASS
from tests.support.records.edits import (
    FORGETFUL,
    LAGGARD,
    LEARNER,
    RESTARTED,
    Line,
    find,
    flown,
    found,
    found_in_flight,
    insert,
    judged,
    places,
    remove,
)

Plant = Callable[[list[Line]], None]


def of(event: str, members: dict[str, object], **change: object) -> Plant:
    """Change the members of an event in the middle of the flight."""

    def plant(lines: list[Line]) -> None:
        all_of_them = places(lines, event, **members)
        lines[all_of_them[len(all_of_them) // 2]].update(change)

    return plant


def a_vote_that_nobody_cast(lines: list[Line]) -> None:
    place = find(lines, "Apply", 5, node=1)
    insert(lines, place, "Send", 1, to=BROADCAST, kind=m.Vote.KIND, slot=lines[place]["slot"], view=0)


def a_vote_told_twice(lines: list[Line]) -> None:
    place = find(lines, "Send", 9, node=0, kind=m.Vote.KIND, to=BROADCAST)
    insert(lines, place, "Send", 0, to=BROADCAST, kind=m.Vote.KIND, slot=lines[place]["slot"], view=0)


def a_vote_that_is_not_told(lines: list[Line]) -> None:
    remove(lines, find(lines, "Send", 9, node=0, kind=m.Vote.KIND, to=BROADCAST))


def words_after_silence(lines: list[Line]) -> None:
    insert(lines, find(lines, "Apply", 9, node=2), "Silent", 2, reason="a test")


def a_life_without_a_boot(lines: list[Line]) -> None:
    remove(lines, find(lines, "Boot", node=0))


def a_second_boot(lines: list[Line]) -> None:
    insert(lines, find(lines, "Apply", 9, node=2), "Boot", 2, version="1", journal="ok", applied_slot=2)


def a_life_that_comes_back(lines: list[Line]) -> None:
    last = places(lines, "Apply", node=RESTARTED, boot=0)[-1]
    place = find(lines, "Boot", node=RESTARTED, boot=1)
    insert(lines, last, "Silent", RESTARTED, reason="a test")
    lines.insert(place + 20, lines.pop(last + 1) | {"seq": 1 + lines[find(lines, "BoardKill", board=2) - 1]["seq"]})


def a_killed_board_that_lives_on(lines: list[Line]) -> None:
    place = find(lines, "BoardKill", board=RESTARTED)
    for line in lines[place + 2 :]:
        if line["node"] == RESTARTED:
            line.update(boot=0, seq=line["seq"] + 10_000)


def a_life_whose_number_flash_knows(lines: list[Line]) -> None:
    for line in lines:
        if line["node"] == RESTARTED and line["boot"] == 0:
            line["boot"] = 1
        elif line["node"] == RESTARTED:
            line["boot"] = 0


def a_forgetful_board_that_counts(lines: list[Line]) -> None:
    for line in lines:
        if line["node"] == FORGETFUL and line["boot"] > 0:
            line["boot"] = 1


def deaf_to(*kinds: int) -> Plant:
    """Nobody receives these questions, and the answers are given all the same."""

    def plant(lines: list[Line]) -> None:
        asked = [place for kind in kinds for place in places(lines, "Receive", kind=kind)]
        assert asked
        remove(lines, *asked)

    return plant


def never_asked(lines: list[Line]) -> None:
    remove(lines, *places(lines, "Receive", kind=m.Fetch.KIND), *places(lines, "Send", kind=m.Fetch.KIND))


def answered_again(kind: int) -> Plant:
    """An answer more than its question can have: the last of the answers to it is given again, nine times."""

    def plant(lines: list[Line]) -> None:
        place = next(at for at in places(lines, "Send", kind=kind) if lines[at]["to"] not in (BROADCAST, GROUND))
        line = lines[place]
        fields = {name: line[name] for name in ("to", "kind", "slot", "view")}
        for again in range(9):
            insert(lines, place + again, "Send", line["node"], **fields)
            lines[place + again + 1]["lamport"] = line["lamport"]

    return plant


def an_answer_to_another(lines: list[Line]) -> None:
    """A board answers the one that did not ask."""
    place = find(lines, "Send", kind=m.Decided.KIND, to=LAGGARD)
    other = next(node for node in range(4) if node not in (LAGGARD, lines[place]["node"]))
    lines[place]["to"] = other


def an_unrequested_body(lines: list[Line]) -> None:
    insert(lines, find(lines, "Apply", 5, node=1), "Send", 1, to=2, kind=m.Body.KIND, slot=7, view=0)


PLANTED: dict[str, tuple[Plant, str]] = {
    "unrequested decisions": (never_asked, "MSG-4"),
    "decisions whose question did not arrive": (deaf_to(m.Fetch.KIND), "MSG-4"),
    "an unrequested state": (deaf_to(m.FetchState.KIND), "MSG-4"),
    "an unrequested report": (deaf_to(m.Probe.KIND), "MSG-4"),
    "an unrequested body": (an_unrequested_body, "MSG-4"),
    "a receipt of no request": (deaf_to(m.Request.KIND), "MSG-4"),
    "an answer to another node": (an_answer_to_another, "MSG-4"),
    "a decision told ten times": (answered_again(m.Decided.KIND), "MSG-4"),
    "a state told ten times": (answered_again(m.StateChunk.KIND), "MSG-4"),
    "a kind that does not exist": (of("Send", {"kind": m.Decided.KIND}, kind=0x0F), "MSG-1"),
    "a kind of the ground's": (of("Send", {"kind": m.Decided.KIND}, kind=m.Hello.KIND), "MSG-1"),
    "a board that sends nothing": (lambda lines: remove(lines, *places(lines, "Send", node=2)), "MSG-3"),
    "a fetch to all": (of("Send", {"kind": m.Fetch.KIND, "node": 3}, to=BROADCAST), "MSG-1"),
    "a status to one": (of("Send", {"kind": m.Status.KIND}, to=GROUND), "MSG-1"),
    "a message to itself": (of("Send", {"kind": m.Decided.KIND, "node": 2}, to=2), "MSG-1"),
    "a message to nobody": (of("Send", {"kind": m.Decided.KIND}, to=77), "MSG-1"),
    "a progress that names a slot": (of("Send", {"kind": m.Progress.KIND}, slot=3), "MSG-1"),
    "a vote that names none": (of("Send", {"kind": m.Vote.KIND}, slot=0), "MSG-1"),
    "a decision with a view": (of("Send", {"kind": m.Decided.KIND}, view=1), "MSG-1"),
    "a learner that answers": (of("Send", {"node": LEARNER}, kind=m.Decided.KIND), "MSG-1"),
    "a receipt from a stranger": (of("Receive", {"kind": m.Vote.KIND}, **{"from": 200}), "MSG-2"),
    "a receipt from itself": (of("Receive", {"kind": m.Vote.KIND, "node": 1}, **{"from": 1}), "MSG-2"),
    "a vote from the ground": (of("Receive", {"kind": m.Vote.KIND}, **{"from": GROUND}), "MSG-2"),
    "a vote from a learner": (of("Receive", {"kind": m.Vote.KIND}, **{"from": LEARNER}), "MSG-2"),
    "a learner that receives votes": (of("Receive", {"node": LEARNER}, kind=m.Vote.KIND), "MSG-2"),
    "a reply that is received": (of("Receive", {"from": GROUND}, kind=m.Reply.KIND), "MSG-2"),
    "a vote that nobody cast": (a_vote_that_nobody_cast, "MSG-3"),
    "a vote told twice": (a_vote_told_twice, "MSG-3"),
    "a vote that is not told": (a_vote_that_is_not_told, "MSG-3"),
    "a vote told in another slot": (of("Send", {"kind": m.Vote.KIND, "to": BROADCAST}, slot=10**6), "MSG-3"),
    "a wish told in another view": (of("Send", {"kind": m.ViewChange.KIND, "to": BROADCAST}, view=9), "MSG-3"),
    "a wish that is not told": (of("Send", {"kind": m.ViewChange.KIND, "to": BROADCAST}, kind=m.Vote.KIND), "MSG-3"),
    "words after silence": (words_after_silence, "MSG-3"),
    "a life without a Boot": (a_life_without_a_boot, "LOG-12"),
    "a life that comes back": (a_life_that_comes_back, "LOG-12"),
    "a killed board that lives on": (a_killed_board_that_lives_on, "LOG-12"),
    "a life whose number flash knows": (a_life_whose_number_flash_knows, "LOG-12"),
    "a forgetful board that counts": (a_forgetful_board_that_counts, "LOG-12"),
    "a second Boot": (a_second_boot, "LOG-12"),
}


def test_a_sound_flight_is_accepted(tmp_path: Path) -> None:
    verdict = judged(flown(), tmp_path)
    assert verdict.verdict == PASS, verdict.first_bad_step
    assert {verdict.invariants[key] for key in ("MSG-1", "MSG-2", "MSG-3", "MSG-4", "LOG-12")} == {HOLDS}


def without_messages(told: bool | None) -> list[Line]:
    """The flight as if it had been flown without them, and what its RunStart says of that."""
    lines = flown()
    remove(lines, *places(lines, "Send"), *places(lines, "Receive"))
    lines[0].pop("traces_messages")
    if told is not None:
        lines[0]["traces_messages"] = told
    return lines


def test_messages_that_are_traced_cannot_be_missing(tmp_path: Path) -> None:
    assert "MSG-3" in found(without_messages(True), tmp_path)


@pytest.mark.parametrize("told", [False, None])
def test_a_flight_may_have_no_messages(told: bool | None, tmp_path: Path) -> None:
    verdict = judged(without_messages(told), tmp_path)
    assert verdict.verdict == PASS, verdict.first_bad_step
    assert {verdict.invariants[key] for key in ("MSG-1", "MSG-2", "MSG-3", "KNW-1", "KNW-2")} == {NOT_CHECKED}


@pytest.mark.parametrize(("event", "other"), [("Send", "Receive"), ("Receive", "Send")])
def test_a_flight_without_messages_has_none(event: str, other: str, tmp_path: Path) -> None:
    lines = flown()
    lines[0]["traces_messages"] = False
    remove(lines, *places(lines, other))
    assert {"Send": "MSG-1", "Receive": "MSG-2"}[event] in found(lines, tmp_path)


def test_receipts_of_which_all_sendings_are_missing_are_found(tmp_path: Path) -> None:
    lines = flown()
    remove(lines, *places(lines, "Send", node=2))
    assert {"ORD-3", "MSG-3"} <= {*found(lines, tmp_path)}


def test_a_run_says_whether_messages_are_traced_in_one_of_two_words(tmp_path: Path) -> None:
    lines = flown()
    lines[0]["traces_messages"] = 1
    with pytest.raises(TraceError, match=r"line 1: RunStart\.traces_messages: want true or false, have 1"):
        judged(lines, tmp_path)


@pytest.mark.parametrize("name", PLANTED)
def test_each_breach_is_found_by_name(name: str, tmp_path: Path) -> None:
    plant, identifier = PLANTED[name]
    assert identifier in found_in_flight(plant, tmp_path)


def test_kinds_and_roles_are_those_of_the_wire() -> None:
    assert {kind for kinds in ROLES.values() for kind in kinds} == set(m.BY_KIND) - {m.Health.KIND, m.Trace.KIND}
    assert set(STEPS_TOLD) < TO_ALL < FLIGHT
    assert set(STEPS_TOLD) < HAS_VIEW < HAS_SLOT


def test_each_answer_has_its_questions() -> None:
    answered = {kind for kinds in ROLES.values() for kind in kinds}
    for kind, questions in QUESTIONS.items():
        assert {kind, *questions} <= answered
        assert not questions.keys() & QUESTIONS.keys()


def test_after_a_flood_of_refusals_an_answer_without_a_question_is_in_doubt(tmp_path: Path) -> None:
    """A message out of the order is taken without a receipt, and of many refusals only some are traced."""
    lines = flown()
    place = find(lines, "Send", kind=m.Decided.KIND, to=LAGGARD)
    node, boot = lines[place]["node"], lines[place]["boot"]
    asked = [at for at in places(lines[:place], "Receive", node=node, boot=boot) if at][-1]
    ticks = lines[asked]["ticks"]
    remove(lines, asked)
    assert found(lines, tmp_path) == ["MSG-4"]
    for _ in range(REFUSALS_TRACED_PER_TICK_MAX):
        before = [at for at in range(asked) if lines[at]["node"] == node][-1]
        insert(lines, before, "Refuse", node, **{"from": LAGGARD, "kind": m.Fetch.KIND, "reason": "rate"})
        lines[before + 1] |= {"lamport": lines[before]["lamport"] + 1, "ticks": ticks}
        asked += 1
    verdict = judged(lines, tmp_path)
    assert not [text for text in verdict.violations if "MSG-4" in text]
    assert (verdict.invariants["MSG-4"], verdict.reasons["MSG-4"]) == (NOT_CHECKED, FLOODED)
