"""What replicas knew and said: a sound flight is accepted, and each breach is found under its own identifier."""

from collections.abc import Callable
from pathlib import Path

import pytest

from amu.core.limits import BROADCAST
from amu.wire import messages as m
from specs import FOLDER
from specs.checking.consensus.knowledge import GUESSED, SAYS, UNTOLD
from specs.checking.schema import OUT_OF_ORDER
from specs.verdict import HOLDS, NOT_CHECKED, PASS, VIOLATED
from tests.support.records.edits import Line, find, flown, found, found_in_flight, insert, judged, places, remove
from tests.support.records.traces import Script

Plant = Callable[[list[Line]], None]
TOLD = ("KNW-1", "KNW-2", "CON-17")


def receipts(lines: list[Line], node: int, before: int, slot: int, *kinds: int) -> list[int]:
    """Where `node` receives messages of these kinds about the slot, before a place."""
    sends = {(line["node"], line["lamport"]): line for line in lines if line["event"] == "Send"}
    found = []
    for place in places(lines[:before], "Receive", node=node):
        sent = sends.get((lines[place]["from"], lines[place]["sent"]))
        if sent is not None and sent["kind"] in kinds and sent["slot"] == slot:
            found.append(place)
    return found


def deaf(event: str, *kinds: int, **members: object) -> Plant:
    """The node of an event has received no message of these kinds about its slot."""

    def plant(lines: list[Line]) -> None:
        chosen = [place for place in places(lines, event, **members) if lines[place]["node"] < 4]
        place = chosen[len(chosen) // 2]
        line = lines[place]
        gone = receipts(lines, line["node"], place, line["slot"], *kinds)
        assert gone
        remove(lines, *gone)

    return plant


def all_deaf(lines: list[Line]) -> None:
    remove(lines, *places(lines, "Receive"))


def heard_before_it_was_said(lines: list[Line]) -> None:
    """All receipts of first votes name messages that their senders had sent before they voted."""
    place = find(lines, "Vote2", 40)
    slot = lines[place]["slot"]
    for receipt in receipts(lines, lines[place]["node"], place, slot, m.Vote.KIND, m.Status.KIND):
        line = lines[receipt]
        vote = find(lines, "Vote1", node=line["from"], slot=slot)
        earlier = [
            sent
            for sent in places(lines[:vote], "Send", node=line["from"], kind=line["kind"])
            if lines[sent]["to"] in (line["node"], BROADCAST)
        ]
        line["sent"] = lines[earlier[-1]]["lamport"]


def heard_in_an_earlier_life(lines: list[Line]) -> None:
    """A board restarts between the votes that it hears and the vote that it casts."""
    place = find(lines, "Vote3", 40)
    node, boot = lines[place]["node"], lines[place]["boot"]
    slot = lines[place]["slot"]
    view = lines[place]["view"]
    voted = {k: [view, lines[find(lines, f"Vote{k}", node=node, slot=slot)]["value"]] for k in (1, 2)}
    kill = dict(lines[0]) | {"event": "BoardKill", "board": node, "seq": 10**6, "lamport": 10**6}
    first = lines[place]
    base = {key: first[key] for key in ("run", "ticks", "received")} | {"node": node, "boot": boot + 1}
    boot_line = base | {"seq": 0, "lamport": first["lamport"] - 3, "event": "Boot", "version": "1", "journal": "ok"}
    boot_line["applied_slot"] = slot - 1
    restore = base | {"seq": 1, "lamport": first["lamport"] - 2, "event": "Restore", "slot": slot, "view": view}
    restore |= {"hi1": voted[1], "hi2": voted[2], "hi3": None, "hi4": None, "second1": None, "second2": None}
    for line in lines[place:]:
        if line["node"] == node and line["boot"] == boot:
            line["boot"] = boot + 1
    lines[place:place] = [kill, boot_line, restore]
    remove(lines)


def a_word(kind: int, node: int = 2, to: int = 1, slot: int = 2, view: int = 0, after: str = "Apply") -> Plant:
    """A message that says what its sender has not done."""

    def plant(lines: list[Line]) -> None:
        insert(lines, find(lines, after, node=node), "Send", node, to=to, kind=kind, slot=slot, view=view)

    return plant


def wishes(view: int, ahead: int = 1) -> Plant:
    """In the slot that is so far `ahead` of the one applied last."""

    def plant(lines: list[Line]) -> None:
        place = find(lines, "Apply", 2, node=2)
        slot = lines[place]["slot"] + ahead
        insert(lines, place, "Wish", 2, slot=slot, view=view)
        insert(lines, place + 1, "Send", 2, to=BROADCAST, kind=m.ViewChange.KIND, slot=slot, view=view)

    return plant


def a_wish_again(lines: list[Line]) -> None:
    place = find(lines, "Wish")
    line = lines[place]
    insert(lines, place + 1, "Wish", line["node"], slot=line["slot"], view=line["view"])
    insert(
        lines, place + 2, "Send", line["node"], **{key: lines[place + 1][key] for key in ("to", "kind", "slot", "view")}
    )


def a_view_that_nobody_wished(lines: list[Line]) -> None:
    place = find(lines, "Apply", 2, node=2)
    slot = lines[place]["slot"] + 3
    insert(lines, place, "EnterView", 2, slot=slot, view=1)
    insert(lines, place + 1, "Send", 2, to=BROADCAST, kind=m.Proof.KIND, slot=slot, view=1)


VOTES = (m.Vote.KIND, m.Status.KIND)
PLANTED: dict[str, tuple[Plant, str]] = {
    "nobody receives anything": (all_deaf, "KNW-1"),
    "votes sent before they were cast": (heard_before_it_was_said, "KNW-1"),
    "votes heard in an earlier life": (heard_in_an_earlier_life, "KNW-1"),
    "Vote1 without the proposal": (deaf("Vote1", m.Proposal.KIND, node=2), "KNW-1"),
    "Vote1 without proofs": (deaf("Vote1", m.Proof.KIND, m.Status.KIND, view=1), "KNW-1"),
    "Vote2 without votes": (deaf("Vote2", *VOTES), "KNW-1"),
    "Vote3 without votes": (deaf("Vote3", *VOTES), "KNW-1"),
    "Vote4 without votes": (deaf("Vote4", *VOTES), "KNW-1"),
    "Decide without votes": (deaf("Decide", *VOTES), "KNW-1"),
    "Propose without suggests": (deaf("Propose", m.Suggest.KIND, m.Status.KIND, view=1), "KNW-1"),
    "Learn without decisions": (deaf("Learn", m.Decided.KIND), "KNW-1"),
    "EnterView without wishes": (deaf("EnterView", m.ViewChange.KIND, *VOTES), "KNW-1"),
    "a view that nobody wished": (a_view_that_nobody_wished, "CON-17"),
    "a wish that skips a view": (wishes(2), "CON-17"),
    "a wish without bounds": (wishes(10**5), "CON-17"),
    "a wish in a slot that is applied": (wishes(1, 0), "CON-17"),
    "the same wish again": (a_wish_again, "CON-17"),
    "a vote never cast": (a_word(m.Vote.KIND, slot=3), "KNW-2"),
    "a vote of another view": (a_word(m.Vote.KIND, slot=1, view=7), "KNW-2"),
    "a proposal never made": (a_word(m.Proposal.KIND), "KNW-2"),
    "a proposal of another view": (a_word(m.Proposal.KIND, node=0, slot=1, view=1), "KNW-2"),
    "a proof of a view not entered": (a_word(m.Proof.KIND, view=1), "KNW-2"),
    "a suggest of a view not entered": (a_word(m.Suggest.KIND, view=1), "KNW-2"),
    "a wish never wished": (a_word(m.ViewChange.KIND, view=1), "KNW-2"),
    "a status of another view": (a_word(m.Status.KIND, to=BROADCAST, view=1), "KNW-2"),
    "a question for the body of what is applied": (a_word(m.FetchBody.KIND, to=BROADCAST, slot=1), "KNW-2"),
    "a decision not made": (a_word(m.Decided.KIND, slot=3), "KNW-2"),
}


def test_a_sound_flight_is_held(tmp_path: Path) -> None:
    verdict = judged(flown(), tmp_path)
    assert verdict.verdict == PASS, verdict.first_bad_step
    assert {verdict.invariants[key] for key in TOLD} == {HOLDS}


@pytest.mark.parametrize("name", PLANTED)
def test_each_breach_is_found_by_name(name: str, tmp_path: Path) -> None:
    plant, identifier = PLANTED[name]
    assert identifier in found_in_flight(plant, tmp_path)


def test_without_messages_knowledge_is_not_checked(tmp_path: Path) -> None:
    lines = flown()
    lines[0]["traces_messages"] = False
    remove(lines, *places(lines, "Receive"), *places(lines, "Send"))
    verdict = judged(lines, tmp_path)
    assert verdict.verdict == PASS, verdict.first_bad_step
    for key in ("KNW-1", "KNW-2"):
        assert (verdict.invariants[key], verdict.reasons[key]) == (NOT_CHECKED, UNTOLD)
    assert verdict.invariants["CON-17"] == HOLDS


def test_knowledge_that_only_unknown_messages_could_give_is_not_checked(tmp_path: Path) -> None:
    """Each board refuses one message of each other one for its time, and receives nothing."""
    lines = flown()
    remove(lines, *places(lines, "Receive"))
    for place in reversed(places(lines, "Boot")):
        node = lines[place]["node"]
        for peer in range(4):
            if peer != node < 4:
                insert(lines, place, "Refuse", node, **{"from": peer, "kind": m.Vote.KIND, "reason": OUT_OF_ORDER})
    verdict = judged(lines, tmp_path)
    assert verdict.invariants["KNW-1"] != HOLDS
    if verdict.invariants["KNW-1"] == NOT_CHECKED:
        assert verdict.reasons["KNW-1"] == GUESSED


def test_a_message_of_which_nobody_knows_the_sending_may_be_any(tmp_path: Path) -> None:
    """Its event is missing, so the trace is incomplete, and the receiver may have known all."""
    lines = flown()
    place = find(lines, "Send", 30, kind=m.Vote.KIND, to=BROADCAST)
    del lines[place]
    verdict = judged(lines, tmp_path)
    assert not verdict.violations
    assert verdict.missing


@pytest.mark.parametrize("plant", [deaf("Vote3", *VOTES), a_view_that_nobody_wished])
def test_tlc_rejects_the_same_step(plant: Plant, tmp_path: Path) -> None:
    lines = flown()
    plant(lines)
    verdict = judged(lines, tmp_path, tlc=True)
    assert verdict.tlc == "rejected"
    assert verdict.invariants["TLC-1"] == HOLDS
    assert {verdict.invariants["KNW-1"], verdict.invariants["CON-17"]} == {HOLDS, VIOLATED}


def test_every_kind_has_its_operator() -> None:
    module = (FOLDER / "tetrabft" / "knowledge.tla").read_text()
    for kind, operator in SAYS.items():
        assert operator == f"Says{m.BY_KIND[kind].__name__}"
        assert f"\n{operator}(" in module


def test_a_script_without_messages_still_needs_wishes(tmp_path: Path) -> None:
    script = Script()
    for node in script.honest:
        script.emit(node, "Wish", slot=1, view=1)
    script.enter(1, 1)
    script.enter(1, 2, 3)
    assert found(script.end().lines, tmp_path) == ["CON-17"]
