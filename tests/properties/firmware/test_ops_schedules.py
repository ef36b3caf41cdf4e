"""Any schedule of deliveries, requests, reboots and lies: correct boards exclude each other, pictures are consistent,
and every step is one of the modules."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from amu.core import limits
from amu.core.errors import BusyError
from amu.services.items import RELEASE, REPLY, REQUEST
from specs.checking.services.conformance import check_ops
from specs.verdict import Verdict
from tests.support.flight.ops_swarm import OpsSwarm

COUNT = 3
ACTS = ("deliver", "deliver", "deliver", "deliver", "request", "release", "snapshot", "restart", "amnesia", "meet")
LATE = limits.LAMPORT_MAX
LIES = [[kind, time] for kind in (REQUEST, REPLY, RELEASE) for time in (0, 5, LATE)]

board = st.integers(0, COUNT - 1)
# Board 2 reboots when board 1 has its marker and still waits for that of board 0.
REBOOT_AFTER_MARKER = [
    ("snapshot", 0, 0),
    ("deliver", 2, 0),
    ("deliver", 1, 2),
    ("restart", 2, 2),
    ("meet", 1, 2),
    ("meet", 2, 1),
]
schedules = st.lists(st.tuples(st.sampled_from(ACTS), board, board), max_size=90)


def act(swarm: OpsSwarm, name: str, i: int, j: int) -> None:
    """One step of the schedule, if it is possible now."""
    mutex = swarm.boards[i].mutex
    if name == "deliver" and i != j and swarm.can_deliver(j, i):
        swarm.deliver(j, i)
    elif name == "request":
        try:
            swarm.request(i)
        except BusyError:
            assert mutex.wants or not mutex.may_request or max(mutex._requests) >= swarm.boards[i].clock
    elif name == "release" and mutex.is_holding:
        swarm.release(i)
    elif name == "snapshot" and not swarm.boards[i].snapshot.is_busy:
        swarm.start_snapshot(i)
    elif name in ("restart", "amnesia") and swarm.boards[i].boot < 2:
        swarm.restart(i, keep_clock=name == "restart")
    elif name == "meet" and i != j and swarm.must_meet(i, j):
        swarm.meet(i, j)


def judge(swarm: OpsSwarm) -> None:
    verdict = Verdict()
    check_ops(swarm.events, (), COUNT, swarm.liars, verdict)
    assert verdict.verdict == "pass", verdict.violations


@settings(max_examples=30, deadline=None)
@given(schedules)
@example(REBOOT_AFTER_MARKER)
def test_correct_boards_exclude_each_other_and_all_get_their_turn(schedule: list[tuple[str, int, int]]) -> None:
    swarm = OpsSwarm(COUNT)
    swarm.connect()
    for name, i, j in schedule:
        act(swarm, name, i, j)
        assert len(swarm.holders) <= 1
    for i in swarm.correct:
        for j in swarm.peers(i):
            if swarm.must_meet(i, j):
                swarm.meet(i, j)
    swarm.drain()
    waiting = [i for i in swarm.correct if swarm.boards[i].mutex.wants]
    for _ in waiting:
        [holder] = swarm.holders
        swarm.release(holder)
        swarm.drain()
    assert not any(swarm.boards[i].mutex.wants for i in swarm.correct), "a request was never granted"
    judge(swarm)


@settings(max_examples=20, deadline=None)
@given(schedules, st.lists(st.tuples(st.integers(0, 89), st.sampled_from(LIES)), max_size=30))
def test_a_liar_can_stop_turns_but_not_let_two_correct_boards_hold(
    schedule: list[tuple[str, int, int]], lies: list[tuple[int, list[int]]]
) -> None:
    swarm = OpsSwarm(COUNT, liars=(2,))
    swarm.connect()
    for at, (name, i, j) in enumerate(schedule):
        if i != 2:
            for when, lie in lies:
                if when == at:
                    swarm.lie(i, 2, lie)
            if j != 2 or name not in ("deliver", "meet"):
                act(swarm, name, i, j)
        assert len(swarm.holders) <= 1
    judge(swarm)


@settings(max_examples=30, deadline=None)
@given(schedules)
def test_pictures_are_consistent(schedule: list[tuple[str, int, int]]) -> None:
    """The channels of a complete snapshot hold just the items that its boards had sent and not received."""
    swarm = OpsSwarm(COUNT)
    swarm.connect()
    for name, i, j in schedule:
        if name not in ("restart", "amnesia"):
            act(swarm, name, i, j)
    swarm.drain()
    records = {
        (event.fields["initiator"], event.fields["number"], event.node): event.fields
        for event in swarm.events
        if event.name == "SnapshotRecord"
    }
    assert sum(map(len, swarm.results.values())) == len(records), "a snapshot that began has not ended"
    for i in swarm.correct:
        for initiator, number, state, channels in swarm.results[i]:
            mine = records[initiator, number, i]
            assert state == mine["state"]
            for j in swarm.peers(i):
                theirs = records[initiator, number, j]
                assert len(channels[j]) == theirs["sent_counts"][i] - mine["received_counts"][j]
    for initiator, number in {key[:2] for key in records}:
        states = [records[initiator, number, i]["state"] for i in swarm.correct]
        assert sum(state[2] for state in states) <= 1, "two holders in one picture"
