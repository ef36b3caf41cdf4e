"""What boards of simulated runs knew of bodies, states, slots and decisions of lives before.

A run is accepted as it is, and each rule finds what was taken out, under its own identifier.
"""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from amu.core.limits import BROADCAST, WINDOW_SLOTS
from amu.wire import messages as m
from specs.verdict import PASS
from tests.mutants.traces.runs import Line, fly
from tests.support.records.edits import find, insert, judged, places, remove

Plant = Callable[[list[Line]], None]
BODIES, LAGGARDS, REBOOTS = 6, 14, 44  # seeds: boards ask for bodies; they adopt states; they restart


@cache
def _flown(seed: int) -> list[Line]:
    return fly(seed, 4)


def flown(seed: int) -> list[Line]:
    """The run, to be changed at will."""
    return copy.deepcopy(_flown(seed))


def violations(seed: int, plant: Plant, tmp_path: Path) -> list[str]:
    lines = flown(seed)
    plant(lines)
    return judged(lines, tmp_path).violations


def without(*kinds: int, events: tuple[str, ...] = ("Receive", "Send")) -> Plant:
    """These messages were neither sent nor received."""

    def plant(lines: list[Line]) -> None:
        gone = [place for event in events for kind in kinds for place in places(lines, event, kind=kind)]
        assert gone
        remove(lines, *gone)

    return plant


def of_later_lives(lines: list[Line]) -> list[int]:
    """Decisions in a later life of a board, in slots that flash may hold: two windows above what it had applied."""
    boots = {(lines[at]["node"], lines[at]["boot"]): lines[at]["applied_slot"] for at in places(lines, "Boot")}
    first = {node: next(boot for other, boot in boots if other == node) for node, _ in boots}
    return [
        at
        for event in ("Decide", "Learn")
        for at in places(lines, event)
        for node, boot in [(lines[at]["node"], lines[at]["boot"])]
        if boot != first[node] and lines[at]["slot"] <= boots[node, boot] + 2 * WINDOW_SLOTS
    ]


def decides_no_more(has_sent_its_state: bool) -> Plant:
    """In one slot of a later life, in which the board repeats its state before it decides, or does not."""

    def plant(lines: list[Line]) -> None:
        for place in of_later_lives(lines):
            life = {name: lines[place][name] for name in ("node", "boot", "slot")}
            told = places(lines[:place], "Send", kind=m.Status.KIND, **life)
            if bool(told) == has_sent_its_state and places(lines, "Apply", **life):
                remove(lines, place)
                return
        raise AssertionError("no such decision")

    return plant


def first_of(lines: list[Line], event: str) -> tuple[int, int]:
    """Where the first event of that name stands, and its node."""
    place = find(lines, event)
    return place, lines[place]["node"]


def asked_nobody_for_the_state(lines: list[Line]) -> None:
    place, node = first_of(lines, "Adopt")
    boot = lines[place]["boot"]
    asked = places(lines[:place], "Send", node=node, boot=boot, kind=m.FetchState.KIND)
    sent = {lines[at]["lamport"] for at in asked}
    heard = [at for at in places(lines, "Receive", kind=m.FetchState.KIND) if lines[at]["sent"] in sent]
    remove(lines, *asked, *heard)


def a_state_of_another_slot(lines: list[Line]) -> None:
    """The last piece before the adoption is of another state."""
    place, _ = first_of(lines, "Adopt")
    piece = lines[place - 1]
    sent = next(
        at
        for at in places(lines, "Send", node=piece["from"], kind=m.StateChunk.KIND)
        if lines[at]["lamport"] == piece["sent"]
    )
    lines[sent]["slot"] -= 16


def deaf_to_reports(lines: list[Line]) -> None:
    """A board asks for slots of which nobody told it."""
    place = find(lines, "Send", kind=m.Fetch.KIND)
    remove(lines, *places(lines[:place], "Receive", node=lines[place]["node"], kind=m.Progress.KIND))


def a_state_of_a_decided_slot(lines: list[Line]) -> None:
    """A board that has decided repeats its state of the slot."""
    place, node = first_of(lines, "Decide")
    slot, view = lines[place]["slot"], lines[place]["view"]
    insert(lines, place, "Send", node, to=BROADCAST, kind=m.Status.KIND, slot=slot, view=view)
    lines[place + 1]["lamport"] = lines[place]["lamport"]


CASES: dict[str, tuple[int, Plant, str]] = {
    "bodies never arrived": (BODIES, without(m.Body.KIND, m.FetchBody.KIND), "KNW-1"),
    "no piece of a state arrived": (LAGGARDS, without(m.StateChunk.KIND, events=("Receive",)), "KNW-3"),
    "no piece of a state was sent": (LAGGARDS, without(m.StateChunk.KIND), "KNW-3"),
    "nobody was asked for the state": (LAGGARDS, asked_nobody_for_the_state, "KNW-3"),
    "a piece of another state": (LAGGARDS, a_state_of_another_slot, "KNW-3"),
    "slots that nobody reported": (LAGGARDS, deaf_to_reports, "KNW-3"),
    "a decision that no life before can have made": (REBOOTS, decides_no_more(False), "CON-3"),
    "a decision that the board did not know of": (REBOOTS, decides_no_more(True), "CON-3"),
    "a decision of a laggard that no life before can have made": (LAGGARDS, decides_no_more(False), "CON-3"),
    "a state of a decided slot": (REBOOTS, a_state_of_a_decided_slot, "KNW-2"),
}


@pytest.mark.parametrize("seed", [BODIES, LAGGARDS, REBOOTS])
def test_a_sound_run_is_accepted(seed: int, tmp_path: Path) -> None:
    assert judged(flown(seed), tmp_path).verdict == PASS


@pytest.mark.parametrize("name", CASES)
def test_each_breach_is_found_by_name(name: str, tmp_path: Path) -> None:
    seed, plant, identifier = CASES[name]
    found = violations(seed, plant, tmp_path)
    assert [text for text in found if text.startswith(f"{identifier}:")], found
