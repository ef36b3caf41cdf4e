"""What a message may say, of a slot that its sender has left: true words, but not of a slot in its window (KNW-2)."""

from pathlib import Path

import pytest

from amu.wire import messages as m
from specs.verdict import VIOLATED
from tests.support.records.edits import Line, find, flown, insert, judged, places

OF_WINDOW = [kind.KIND for kind in (m.Proposal, m.Vote, m.Proof, m.ViewChange, m.Status, m.Suggest)]
REPLICAS = 4


def told_again(lines: list[Line], kind: int) -> Line:
    """The first such message, sent by its replica once more when it has applied its last slot of that life."""
    for place in places(lines, "Send", kind=kind):
        node, boot = lines[place]["node"], lines[place]["boot"]
        later = [
            at for at in places(lines, "Apply", node=node, boot=boot) if lines[at]["slot"] > lines[place]["slot"] + 8
        ]
        if node < REPLICAS and later:
            said = {name: lines[place][name] for name in ("to", "kind", "slot", "view")}
            insert(lines, later[-1], "Send", node, **said)
            return lines[later[-1] + 1]
    pytest.fail("nobody has sent such a message long before its end")


@pytest.mark.parametrize("kind", OF_WINDOW, ids=[m.BY_KIND[kind].__name__ for kind in OF_WINDOW])
def test_words_about_a_slot_that_is_gone_are_found(kind: int, tmp_path: Path) -> None:
    lines = flown()
    said = told_again(lines, kind)
    verdict = judged(lines, tmp_path)
    assert verdict.invariants["KNW-2"] == VIOLATED
    found = [text for text in verdict.violations if f"at Lamport time {said['lamport']}: Send" in text]
    assert any(text.startswith("KNW-2: ") and "applied[p] - Window < s is false" in text for text in found)


def test_words_of_a_reply_are_about_a_slot_that_is_reached(tmp_path: Path) -> None:
    lines = flown()
    place = find(lines, "Apply", 9, node=2)
    insert(lines, place, "Send", 2, to=255, kind=m.Reply.KIND, slot=lines[place]["slot"] + 2, view=0)
    assert judged(lines, tmp_path).invariants["KNW-2"] == VIOLATED
