"""Turns and snapshots against their modules: real ones are accepted, and every planted bug is rejected by name."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amu.core import limits
from amu.services.items import MARKER, RELEASE, REPLY, REQUEST
from amu.services.snapshot import RESTARTED
from specs.checking.check import check_trace
from specs.checking.continuity import Hole
from specs.checking.services.conformance import MUTEX, SNAPSHOT, check_ops
from specs.checking.trace import Event
from specs.verdict import Verdict
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.flight.ops_swarm import OpsSwarm

Fields = dict[str, Any]


def check(events: list[Event], count: int = 3, liars: tuple[int, ...] = (), holes: tuple[Hole, ...] = ()) -> Verdict:
    verdict = Verdict()
    check_ops(events, holes, count, liars, verdict)
    return verdict


def life() -> OpsSwarm:
    """Two boards want a turn at once, snapshots are under way meanwhile, one board reboots."""
    swarm = OpsSwarm(3)
    swarm.connect()
    swarm.request(0)
    swarm.request(1)
    swarm.start_snapshot(2)
    swarm.deliver(0, 1)
    swarm.deliver(2, 1)
    swarm.start_snapshot(0)
    swarm.drain()
    assert swarm.holders == [0]
    swarm.release(0)
    swarm.drain()
    assert swarm.holders == [1]
    swarm.start_snapshot(2)
    swarm.restart(1)
    swarm.meet(0, 1)
    swarm.meet(2, 1)
    swarm.meet(1, 0)
    swarm.meet(1, 2)
    swarm.drain()
    swarm.request(2)
    swarm.drain()
    assert swarm.holders == [2]
    return swarm


def test_a_life_with_turns_snapshots_and_a_reboot_is_accepted() -> None:
    verdict = check(life().events)
    assert verdict.verdict == "pass", verdict.violations
    assert {verdict.invariants[name] for name in (*MUTEX.identifiers, *SNAPSHOT.identifiers)} == {"holds"}
    for name in (MUTEX.own_events | SNAPSHOT.own_events) - {"SnapshotIgnored"}:
        assert verdict.steps[name] > 0, name


def recorded_again() -> OpsSwarm:
    """Board 2 reboots when board 1 has its marker and waits for that of 0. Board 3, which meets the new life before it
    records, makes it record again: its second marker goes to board 1."""
    swarm = OpsSwarm(4)
    swarm.connect()
    swarm.start_snapshot(0)
    swarm.deliver(0, 2)
    swarm.deliver(2, 1)
    swarm.restart(2)
    for i, j in ((1, 2), (3, 2), (2, 0), (2, 1), (2, 3)):
        swarm.meet(i, j)
    swarm.drain()
    return swarm


def test_a_board_that_reboots_after_its_marker_spoils_the_snapshot_and_no_invariant() -> None:
    swarm = recorded_again()
    lives = [event.boot for event in swarm.events if event.name == "SnapshotRecord" and event.node == 2]
    assert lives == [0, 1], "the new life has recorded once more"
    assert [event.fields["reason"] for event in swarm.events if event.name == "SnapshotAbandoned"] == [RESTARTED]
    assert [(event.node, event.fields["from"]) for event in swarm.events if event.name == "SnapshotIgnored"] == [
        (1, 0),
        (1, 3),
        (1, 2),
    ]
    verdict = check(swarm.events, count=4)
    assert verdict.verdict == "pass", verdict.violations


def test_a_recording_that_outlives_a_peers_reboot_is_rejected() -> None:
    """A former bug of the flight code: only snapshots that waited for the rebooted peer's marker were abandoned."""
    verdict = check(without(recorded_again().events, "SnapshotAbandoned", 0), count=4)
    assert verdict.invariants["SNP-1"] == "violated", verdict.violations


def twice_named() -> OpsSwarm:
    """A liar starts one snapshot in two lives of boards 0 and 1. Board 1 alone has finished its part of the second, in
    which it has got an item that board 0 had not sent in the first."""
    swarm = OpsSwarm(3, liars=(2,))
    swarm.connect()
    for i in (0, 1):
        swarm.lie(i, 2, [MARKER, 2, 5])
    swarm.drain()
    for i in (0, 1):
        swarm.restart(i)
    swarm.connect()
    swarm.request(0)
    swarm.drain()
    for i in (0, 1):
        swarm.lie(i, 2, [MARKER, 2, 5])
    swarm.deliver(0, 1)
    return swarm


def test_parts_of_different_lives_make_no_picture() -> None:
    events = twice_named().events
    done = [(event.node, event.boot) for event in events if event.name == "SnapshotDone"]
    assert sorted(done) == [(0, 0), (1, 0), (1, 1)]
    verdict = check(events, liars=(2,))
    assert verdict.verdict == "pass", verdict.violations


def test_a_correct_board_that_uses_a_number_again_is_found_out() -> None:
    swarm = OpsSwarm(3)
    for _ in range(2):
        swarm.connect()
        swarm.boards[2].clock = 99
        swarm.start_snapshot(2)
        swarm.drain()
        for i in swarm.correct:
            swarm.restart(i, keep_clock=False)
    assert {event.fields["number"] for event in swarm.events if event.name == "SnapshotDone"} == {100}
    verdict = check(swarm.events)
    assert verdict.invariants["SNP-2"] == "violated"
    assert "PartsFit" in str(verdict.violations)


def test_items_of_a_former_life_arrive_until_the_receiver_meets_the_new_one() -> None:
    swarm = OpsSwarm(3)
    swarm.connect()
    swarm.request(2)
    swarm.start_snapshot(2)
    swarm.restart(2)
    swarm.meet(2, 1)
    delivered = [swarm.deliver(2, 1)[0] for _ in range(2)]
    assert delivered == [REQUEST, MARKER]
    assert not swarm.can_deliver(2, 1), "the greeting of the new life waits until board 1 meets it"
    swarm.meet(1, 2)
    swarm.drain()
    verdict = check(swarm.events)
    assert verdict.verdict == "pass", verdict.violations


def test_a_run_without_turns_and_snapshots_says_so() -> None:
    verdict = check(OpsSwarm(3).events)
    assert set(verdict.invariants.values()) == {"not checked"}
    assert verdict.verdict == "pass"


def changed(events: list[Event], name: str, which: int, **fields: Any) -> list[Event]:
    """The trace, with other fields in the `which`-th event of that name."""
    found = [number for number, event in enumerate(events) if event.name == name][which]
    event = events[found]
    assert event.fields | fields != event.fields
    return [*events[:found], dataclasses.replace(event, fields=event.fields | fields), *events[found + 1 :]]


def retimed(events: list[Event], name: str, which: int, by: int) -> list[Event]:
    """The trace, with another `time` in an event."""
    time = [event for event in events if event.name == name][which].fields["time"]
    return changed(events, name, which, time=time + by)


def applying(events: list[Event], node: int, slot: int, recorded: int) -> list[Event]:
    """The trace, with an application of `slot` before all snapshots of `node`, which record `recorded`."""
    told = []
    for event in events:
        if event.name == "SnapshotRecord" and event.node == node:
            fields: Any = {**event.fields, "state": [recorded, *event.fields["state"][1:]]}
            told.append(dataclasses.replace(event, name="Apply", fields={"slot": slot, "value": "", "digest": ""}))
            event = dataclasses.replace(event, fields=fields)
        told.append(event)
    return told


def test_a_snapshot_records_the_slot_that_was_applied_last() -> None:
    assert not check(applying(life().events, 2, 5, 5)).violations


def without(events: list[Event], name: str, which: int) -> list[Event]:
    found = [number for number, event in enumerate(events) if event.name == name][which]
    return events[:found] + events[found + 1 :]


def earlier(events: list[Event], name: str, which: int, by: int) -> list[Event]:
    """The trace, with an event moved `by` places forward."""
    found = [number for number, event in enumerate(events) if event.name == name][which]
    told = list(events)
    told.insert(found - by, told.pop(found))
    return told


def recorded(events: list[Event], which: int) -> Fields:
    return [event for event in events if event.name == "SnapshotRecord"][which].fields


def channels(events: list[Event], spoil: Callable[[list[Any]], list[Any]]) -> list[Event]:
    """The trace, in which `spoil` has changed the first channels that were not empty."""
    done = [event for event in events if event.name == "SnapshotDone"]
    which, event = next((place, event) for place, event in enumerate(done) if any(event.fields["channels"]))
    return changed(events, "SnapshotDone", which, channels=[spoil(list(items)) for items in event.fields["channels"]])


# Name of a bug: the trace of a swarm with that bug, and the property that notices it.
PLANTED: dict[str, tuple[Callable[[list[Event]], list[Event]], str]] = {
    "enters before it has heard from all": (lambda told: earlier(told, "MutexEnter", 0, 2), "MUT-1"),
    "enters while another holds": (
        lambda told: without(without(told, "MutexRelease", 0), "MutexReceive", -1),
        "MUT-1",
    ),
    "asks with a time that it has passed": (lambda told: changed(told, "MutexRequest", 2, time=1), "MUT-1"),
    "a request is lost": (lambda told: without(told, "MutexRequest", 1), "MUT-1"),
    "a time before the event": (lambda told: retimed(told, "MutexReceive", 3, -1), "MUT-1"),
    "a time after the event": (lambda told: retimed(told, "MutexReceive", 3, 1), "MUT-1"),
    "a turn asked for at another time": (lambda told: retimed(told, "MutexRequest", 0, -1), "MUT-1"),
    "a turn that ends at another time": (lambda told: retimed(told, "MutexRelease", 0, -1), "MUT-1"),
    "a snapshot of a slot to come": (lambda told: changed(told, "SnapshotRecord", 1, state=[10**6, 0, False]), "SNP-1"),
    "a snapshot of the slot before": (lambda told: applying(told, 2, 5, 4), "SNP-1"),
    "a state with more than there is": (
        lambda told: changed(told, "SnapshotRecord", 1, state=[0, 0, False, 0]),
        "SNP-1",
    ),
    "a state with null": (lambda told: changed(told, "SnapshotRecord", 1, state=[None, 0, False]), "SNP-1"),
    "a snapshot begun at another time": (lambda told: changed(told, "SnapshotRecord", 0, number=1), "SNP-1"),
    "a snapshot that is done in silence": (lambda told: without(told, "SnapshotDone", 0), "SNP-1"),
    "a snapshot that is given up in silence": (lambda told: without(told, "SnapshotAbandoned", 0), "SNP-1"),
    "a delivery left out": (lambda told: without(told, "ChannelDeliver", 5), "LNK-1"),
    "no delivery at all": (lambda told: [event for event in told if event.name != "ChannelDeliver"], "LNK-1"),
    "no channel at all": (
        lambda told: [event for event in told if event.name not in ("ChannelDeliver", "ChannelSend")],
        "LNK-1",
    ),
    "an item is lost": (lambda told: without(told, "MutexReceive", 8), "MUT-1"),
    "an item changes its time": (lambda told: changed(told, "MutexReceive", 8, sent=77), "MUT-1"),
    "a release that nobody sent": (lambda told: changed(told, "MutexReceive", 7, kind=RELEASE), "MUT-1"),
    "a turn outlives a reboot": (lambda told: without(told, "Boot", 3), "MUT-1"),
    "a peer's reboot goes unnoticed": (lambda told: without(told, "ChannelRestart", 6), "MUT-1"),
    "records another state": (lambda told: changed(told, "SnapshotRecord", 2, state=[0, 0, True]), "SNP-1"),
    "counts an item that was not sent": (
        lambda told: changed(told, "SnapshotRecord", 1, sent_counts=[9, 9, 9]),
        "SNP-1",
    ),
    "a marker overtakes an item": (lambda told: changed(told, "SnapshotMarker", 2, received_count=0), "SNP-1"),
    "a marker comes twice": (
        lambda told: (lambda at: told[: at + 1] + told[at:])([e.name for e in told].index("SnapshotMarker")),
        "SNP-1",
    ),
    "a channel's state lacks an item": (lambda told: channels(told, lambda items: items[1:]), "SNP-1"),
    "a channel's state has an item twice": (lambda told: channels(told, lambda items: items * 2), "SNP-1"),
    "done before the last marker": (lambda told: earlier(told, "SnapshotDone", 0, 2), "SNP-1"),
    "abandoned for no reason": (
        lambda told: [
            dataclasses.replace(
                event,
                name="SnapshotAbandoned",
                fields={
                    "initiator": event.fields["initiator"],
                    "number": event.fields["number"],
                    "reason": "more items on the way than fit",
                },
            )
            if event.name == "SnapshotDone"
            else event
            for event in told
        ],
        "SNP-1",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_bug(name: str) -> None:
    spoil, identifier = PLANTED[name]
    verdict = check(spoil(life().events))
    assert verdict.verdict == "violation", name
    assert verdict.invariants[identifier] == "violated", verdict.violations
    assert verdict.first_bad_step


def test_events_missing_from_the_trace_are_not_judged() -> None:
    told = life().events
    at = [event.name for event in told].index("MutexEnter")
    hole = Hole(told[at].node, 0, 3, 3, told[at].line)
    verdict = check(told[:at] + told[at + 1 :], holes=(hole,))
    assert not verdict.violations
    assert set(verdict.invariants.values()) == {"not checked"}
    assert any("up to this only" in note for note in verdict.notes)


def test_a_board_that_ran_before_is_not_judged() -> None:
    told = [event for event in life().events if event.name != "Boot"]
    verdict = check(told)
    assert not verdict.violations
    assert set(verdict.invariants.values()) == {"not checked"}


def test_events_of_a_liar_are_outside_the_module_but_not_its_effects_on_correct_boards() -> None:
    swarm = OpsSwarm(3, liars=(2,))
    swarm.connect()
    for i in (0, 1):
        swarm.lie(i, 2, [REPLY, limits.LAMPORT_MAX])
        swarm.request(i)
        swarm.lie(i, 2, [REPLY, limits.LAMPORT_MAX])
        swarm.lie(i, 2, [RELEASE, limits.LAMPORT_MAX])
    swarm.start_snapshot(1)
    swarm.drain()
    swarm.lie(0, 2, [REQUEST, 0])
    assert swarm.holders == [0]
    verdict = check(swarm.events, liars=(2,))
    assert verdict.verdict == "pass", verdict.violations
    assert check(swarm.events).verdict == "violation", "the same from a correct board"


def test_boards_that_fly_crash_and_lose_their_memory_are_accepted(tmp_path: Path) -> None:
    links = Links(drop=0.05, duplicate=0.05, delay_max=5)
    cluster = Cluster(4, 5, links, turn_ticks=20, snapshot_ticks=120, trace_messages=False)
    cluster.start()
    cluster.run(300)
    cluster.kill(2)
    cluster.run(80)
    cluster.start(2)
    cluster.run(300)
    cluster.kill(1)
    cluster.erase(1)
    cluster.start(1)
    cluster.run(600)
    cluster.ground("RunEnd", reason="complete")
    path = tmp_path / "trace.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in cluster.lines))
    verdict = check_trace(path)
    assert verdict.violations == []
    assert verdict.missing == ["no slot was seen to be decided: agreement (CON-4) was not checked"]
    assert {verdict.invariants[name] for name in (*MUTEX.identifiers, *SNAPSHOT.identifiers)} == {"holds"}
    assert verdict.steps["MutexEnter"] > 20
    assert verdict.steps["SnapshotDone"] > 20
    assert verdict.steps["SnapshotAbandoned"] > 0
