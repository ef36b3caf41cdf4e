"""What boards heard from the ground station, and what they answered: TCM-3, TCM-5 and MSG-5."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from amu.core.limits import GROUND
from amu.wire import messages as m
from specs.verdict import HOLDS, NOT_CHECKED, PASS
from tests.mutants.traces.runs import fly
from tests.support.records.edits import Line, find, found, insert, judged, places, remove
from tests.support.records.traces import Script

Plant = Callable[[list[Line]], None]
SEED, BOARDS = 10, 4
TO_GROUND = {"to": GROUND}
FROM_GROUND = {"from": GROUND, "kind": m.Request.KIND}


@cache
def _flight() -> list[Line]:
    return fly(SEED, BOARDS)


def flown() -> list[Line]:
    return copy.deepcopy(_flight())


def honest(lines: list[Line]) -> list[int]:
    return [node for node in range(BOARDS) if node not in lines[0]["byzantine"]]


def without(event: str, **members: object) -> Plant:
    return lambda lines: remove(lines, *[at for at in places(lines, event, **members) if lines[at]["node"] < BOARDS])


def unanswered(kind: int) -> Plant:
    """One answer of that kind of an honest board is missing; the board takes other messages after it."""

    def goes_on(lines: list[Line], at: int) -> bool:
        node, boot = lines[at]["node"], lines[at]["boot"]
        return any(line["event"] == "Receive" and (line["node"], line["boot"]) == (node, boot) for line in lines[at:])

    def plant(lines: list[Line]) -> None:
        sent = [at for at in places(lines, "Send", kind=kind) if lines[at]["node"] in honest(lines)]
        sent = [at for at in sent if goes_on(lines, at)]
        remove(lines, sent[len(sent) // 2])

    return plant


def unasked(kind: int) -> Plant:
    """An honest board gives an answer of that kind, right after it has applied a slot."""

    def plant(lines: list[Line]) -> None:
        node = honest(lines)[0]
        insert(lines, find(lines, "Apply", 1, node=node), "Send", node, to=GROUND, kind=kind, slot=0, view=0)

    return plant


def asked_later(lines: list[Line]) -> None:
    """All requests that arrive left before the station was asked for anything."""
    for at in places(lines, "Receive", **FROM_GROUND):
        lines[at]["sent"] = 0


def another_answer(lines: list[Line]) -> None:
    """A request is answered as a hello would be."""
    sent = [at for at in places(lines, "Send", kind=m.Receipt.KIND) if lines[at]["node"] in honest(lines)]
    lines[sent[0]]["kind"] = m.Identity.KIND


PLANTED: dict[str, tuple[Plant, str]] = {
    "no request reaches a board": (without("Receive", **FROM_GROUND), "TCM-5"),
    "requests that left before they were made": (asked_later, "TCM-5"),
    "no operation is answered": (without("Send", kind=m.Reply.KIND), "MSG-5"),
    "an operation is not answered": (unanswered(m.Reply.KIND), "MSG-5"),
    "a request is not answered": (unanswered(m.Receipt.KIND), "MSG-5"),
    "a reply unasked": (unasked(m.Reply.KIND), "MSG-5"),
    "a receipt unasked": (unasked(m.Receipt.KIND), "MSG-4"),
    "an identity unasked": (unasked(m.Identity.KIND), "MSG-4"),
    "another answer": (another_answer, "MSG-5"),
}


def test_a_sound_flight_is_held(tmp_path: Path) -> None:
    verdict = judged(flown(), tmp_path)
    assert verdict.verdict == PASS, verdict.first_bad_step
    assert {verdict.invariants[key] for key in ("TCM-3", "TCM-5", "MSG-5")} == {HOLDS}


@pytest.mark.parametrize("name", PLANTED)
def test_each_breach_is_found_by_name(name: str, tmp_path: Path) -> None:
    plant, identifier = PLANTED[name]
    lines = flown()
    plant(lines)
    assert identifier in found(lines, tmp_path)


def test_a_hello_is_answered(tmp_path: Path) -> None:
    lines = flown()
    node = honest(lines)[0]
    place = find(lines, "Apply", 1, node=node)
    lamport = lines[place]["lamport"]
    for line in lines[place + 1 :]:
        for name in ("lamport", "sent", "time"):
            if name in line and line[name] > lamport:
                line[name] += 10
    insert(lines, place, "Receive", node, sent=0, kind=m.Hello.KIND, **{"from": GROUND})
    assert "MSG-5" in found(copy.deepcopy(lines), tmp_path)
    insert(lines, place + 1, "Send", node, to=GROUND, kind=m.Identity.KIND, slot=0, view=0)
    assert "MSG-5" not in found(lines, tmp_path)


def test_events_that_are_missing_may_have_asked(tmp_path: Path) -> None:
    lines = flown()
    node = honest(lines)[0]
    del lines[find(lines, "Receive", 2, node=node, **FROM_GROUND)]
    verdict = judged(lines, tmp_path)
    assert verdict.missing
    assert {verdict.invariants["MSG-5"], verdict.invariants["TCM-5"]} <= {HOLDS, "not checked"}


# --- by hand -------------------------------------------------------------------------------------------------


def decide_and_apply(made: Script) -> None:
    """Slot 1 with the request that each board holds."""
    made.propose(1, 0, "a", 0)
    made.rounds(1, "a")
    made.decide(1, 0, "a")
    for node in made.honest:
        made.emit(node, "Operation", slot=1, client=1, operation=1, command=["noop"], result=["ok"])
        made.apply(1, "a", node)


def script(lives: int, told: bool | None = True) -> Script:
    """One slot with an operation. Board 0 receives the request and, in its last life, proposes it."""
    made = Script()
    if told is not None:
        made.lines[0]["traces_messages"] = told
    made.requests = {1: [[1, 1, ["noop"]]]}
    made.ground("Telecommand", client=1, operation=1, stage="queued", command=["noop"])
    sent = made.ground("Fault")["lamport"]
    made.emit(0, "Receive", **{"from": GROUND, "sent": sent, "kind": m.Request.KIND})
    made.emit(0, "Send", to=GROUND, kind=m.Receipt.KIND, slot=0, view=0)
    for _ in range(lives - 1):
        made.reboot(0)
    decide_and_apply(made)
    made.ground("Telecommand", client=1, operation=1, stage="applied", board=3, slot=1, result=["ok"])
    return made.end()


@pytest.mark.parametrize(("lives", "is_found"), [(1, False), (2, True)])
def test_a_board_forgets_its_requests_when_it_restarts(lives: int, is_found: bool, tmp_path: Path) -> None:
    assert ("TCM-5" in found(script(lives).lines, tmp_path)) == is_found


@pytest.mark.parametrize(("told", "is_found"), [(True, True), (False, False)])
def test_an_answer_of_a_board_was_sent(told: bool, is_found: bool, tmp_path: Path) -> None:
    lines = script(1, told).lines
    remove(lines, find(lines, "Operation", node=3))
    assert ("TCM-3" in found(lines, tmp_path)) == is_found


@pytest.mark.parametrize(("client", "state"), [(1, HOLDS), (2, NOT_CHECKED)])
def test_when_another_station_was_asked_is_unknown(client: int, state: str, tmp_path: Path) -> None:
    lines = script(1).lines
    for at in places(lines, "Telecommand", stage="queued"):
        lines[at]["client"] = client
    remove(lines, find(lines, "Telecommand", stage="applied"))
    verdict = judged(lines, tmp_path)
    assert "TCM-5: " not in "".join(verdict.violations)
    assert verdict.invariants["TCM-5"] == state
    assert verdict.reasons.get("TCM-5") == (None if state == HOLDS else "client 1 has another station")


def test_a_vote_that_only_a_restore_tells_may_have_been_the_first(tmp_path: Path) -> None:
    made = Script()
    made.lines[0]["traces_messages"] = True
    made.requests = {1: [[1, 1, ["noop"]]]}
    made.reboot(1)
    made.restore(1, 1, hi1=(0, "a"))
    decide_and_apply(made)
    assert "TCM-5" not in found(made.end().lines, tmp_path)


@pytest.mark.parametrize(("told", "state"), [(True, "violated"), (False, NOT_CHECKED)])
def test_what_is_lost_right_before_an_answer_may_have_led_to_it(told: bool, state: str, tmp_path: Path) -> None:
    """A hole shows at the next event only, when the answer is on record already."""
    made = Script()
    made.lines[0]["traces_messages"] = True
    made.requests = {1: [[1, 1, ["noop"]]]}
    made.ground("Telecommand", client=1, operation=1, stage="queued", command=["noop"])
    decide_and_apply(made)
    own = places(made.lines, "Operation", node=3) + places(made.lines, "Apply", node=3)
    own += [at for at in places(made.lines, "Send", node=3, **TO_GROUND) if at > min(own)]
    made.ground("Telecommand", client=1, operation=1, stage="applied", board=3, slot=1, result=["ok"])
    made.emit(3, "Receive", **{"from": GROUND, "sent": 0, "kind": m.Hello.KIND})
    lines = made.end().lines
    if told:
        remove(lines, *own)
    else:
        for at in sorted(own, reverse=True):
            del lines[at]
    assert judged(lines, tmp_path).invariants["TCM-3"] == state
