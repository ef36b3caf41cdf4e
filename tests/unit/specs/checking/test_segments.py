"""Items of channels travel in segments: recorded turns and snapshots without the messages that they need (LNK-1)."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from amu.wire.messages import Segment
from specs.verdict import HOLDS, NOT_CHECKED, PASS, VIOLATED
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.records.edits import Line, find, insert, judged, places, remove

KIND = Segment.KIND
Plant = Callable[[list[Line]], None]


@cache
def _flight() -> list[Line]:
    cluster = Cluster(4, 3, Links(drop=0.05, delay_max=4), turn_ticks=15, snapshot_ticks=90)
    cluster.start()
    operation = cluster.request(["noop"])
    cluster.run(150)
    cluster.kill(2)
    cluster.run(50)
    cluster.start(2)
    cluster.run(150)
    assert cluster.confirmed(operation)
    cluster.ground("RunEnd", reason="complete")
    return copy.deepcopy(cluster.lines)


def flown() -> list[Line]:
    return copy.deepcopy(_flight())


def before(lines: list[Line], place: int, **members: object) -> int:
    """The last event before a place with these members, of the board there."""
    node = lines[place]["node"]
    return max(at for at in range(place) if {**members, "node": node}.items() <= lines[at].items())


def without_receipt(event: str) -> Plant:
    """The receipt that an event follows is missing."""

    def plant(lines: list[Line]) -> None:
        place = find(lines, event, 9)
        remove(lines, before(lines, place, event="Receive", kind=KIND))

    return plant


def nothing_received(lines: list[Line]) -> None:
    remove(lines, *places(lines, "Receive", kind=KIND))


def nothing_sent_or_received(lines: list[Line]) -> None:
    remove(lines, *places(lines, "Receive", kind=KIND), *places(lines, "Send", kind=KIND))


def another_message(lines: list[Line]) -> None:
    """What arrived before a delivery was another message."""
    lines[before(lines, find(lines, "ChannelDeliver", 9), event="Receive", kind=KIND)]["kind"] = 0x11


def an_older_segment(lines: list[Line]) -> None:
    """An item is delivered with a segment that had left before the item was given."""
    place = find(lines, "ChannelDeliver", 30)
    line = lines[place]
    receipt = before(lines, place, event="Receive", kind=KIND)
    given = [
        at
        for at in places(lines[:place], "ChannelSend", node=line["peer"], peer=line["node"])
        if lines[at]["sequence"] == line["sequence"]
    ]
    earlier = places(lines[: given[-1]], "Send", node=line["peer"], to=line["node"], kind=KIND)
    lines[receipt]["sent"] = lines[earlier[-1]]["lamport"]


PLANTED: dict[str, Plant] = {
    "no segment is received": nothing_received,
    "no segment is sent or received": nothing_sent_or_received,
    "a delivery without a receipt": without_receipt("ChannelDeliver"),
    "an adoption without a receipt": without_receipt("ChannelRestart"),
    "a delivery on another message": another_message,
    "a segment that left before the item was given": an_older_segment,
}


def test_a_sound_flight_is_held(tmp_path: Path) -> None:
    verdict = judged(flown(), tmp_path)
    assert verdict.verdict == PASS, verdict.first_bad_step
    assert verdict.invariants["LNK-1"] == HOLDS
    assert verdict.steps["ChannelDeliver"] > 100


@pytest.mark.parametrize("name", PLANTED)
def test_each_breach_is_found_by_name(name: str, tmp_path: Path) -> None:
    lines = flown()
    PLANTED[name](lines)
    assert judged(lines, tmp_path).invariants["LNK-1"] == VIOLATED


def refused(lines: list[Line], reason: str) -> None:
    """The segment before a delivery was refused, and acted upon."""
    place = find(lines, "ChannelDeliver", 9)
    receipt = before(lines, place, event="Receive", kind=KIND)
    line = lines[receipt]
    lines[receipt] = {name: line[name] for name in ("run", "node", "boot", "seq", "lamport", "ticks", "received")}
    lines[receipt] |= {"event": "Refuse", "from": line["from"], "kind": KIND, "reason": reason}


def test_a_segment_that_was_refused_for_its_time_may_carry_any_item(tmp_path: Path) -> None:
    lines = flown()
    refused(lines, "lamport")
    assert judged(lines, tmp_path).invariants["LNK-1"] == HOLDS
    lines = flown()
    refused(lines, "mac")
    assert judged(lines, tmp_path).invariants["LNK-1"] == VIOLATED


def flooded(lines: list[Line]) -> int:
    """A board refuses many messages right after it received a segment with an item. The place of the segment."""
    place = find(lines, "ChannelDeliver", 9)
    receipt = before(lines, place, event="Receive", kind=KIND)
    node, lamport = lines[receipt]["node"], lines[receipt]["lamport"]
    for line in lines:
        for name in ("lamport", "sent", "time"):
            if line.get(name, 0) > lamport:
                line[name] += 10
    for _ in range(8):
        insert(lines, receipt, "Refuse", node, **{"from": 3, "kind": KIND, "reason": "mac"})
    for number in range(1, 9):
        lines[receipt + number]["lamport"] = lamport + number
    return receipt


def test_of_a_flood_of_refusals_not_all_are_traced(tmp_path: Path) -> None:
    lines = flown()
    remove(lines, flooded(lines))
    assert judged(lines, tmp_path).invariants["LNK-1"] == HOLDS


def test_a_flood_of_refusals_hides_nothing_of_another_tick(tmp_path: Path) -> None:
    lines = flown()
    receipt = flooded(lines)
    node, ticks = lines[receipt]["node"], lines[receipt]["ticks"]
    later = next(at for at in places(lines, "ChannelDeliver", node=node) if lines[at]["ticks"] > ticks)
    remove(lines, before(lines, later, event="Receive", kind=KIND))
    assert judged(lines, tmp_path).invariants["LNK-1"] == VIOLATED


@pytest.mark.parametrize(("told", "state"), [(False, HOLDS), (None, NOT_CHECKED)])
def test_without_messages_segments_are_not_asked_for(told: bool | None, state: str, tmp_path: Path) -> None:
    lines = flown()
    lines[0]["traces_messages"] = told
    remove(lines, *places(lines, "Receive"), *places(lines, "Send"))
    assert judged(lines, tmp_path).invariants["LNK-1"] == state
