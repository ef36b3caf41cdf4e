"""One hostile peer, or one unlucky request, must not harm a correct board."""

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest

from amu.consensus import bodies
from amu.core import limits
from amu.core.limits import GROUND, WINDOW_SLOTS
from amu.wire.messages import Fetch, FetchState, Progress, Proposal, Receipt, Request, StateChunk, Status, Vote
from swarm_sim.adversary import wrap
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.flight.effects import performed
from tests.support.simulator.byzantine_storm import ByzantineStorm


def flying(replica_count: int = 4, **settings: Any) -> Cluster:
    cluster = Cluster(replica_count, **settings)
    cluster.start()
    return cluster


def decide(cluster: Cluster, count: int) -> None:
    for _ in range(count):
        operations = [cluster.request(["noop"])]
        assert cluster.run(2_000, partial(all_confirmed, cluster, operations))


def all_confirmed(cluster: Cluster, operations: list[int]) -> bool:
    return all(map(cluster.confirmed, operations))


def named(cluster: Cluster, name: str) -> list[dict[str, Any]]:
    return [line for line in cluster.lines if line["event"] == name]


# --- taking over a state ---------------------------------------------------------------------------


def laggard(delay_ticks: int, drop: float = 0.0) -> Cluster:
    cluster = flying(view_timeout_ticks=2_000)
    cluster.isolate(3)
    decide(cluster, 2 * limits.CHECKPOINT_SLOTS + 3)
    cluster.heal()
    cluster.links = Links(drop, 0, delay_ticks, delay_ticks)
    return cluster


@pytest.mark.parametrize("delay_ticks", [4, 7, 33, 150])
def test_a_state_is_adopted_over_any_round_trip_time(delay_ticks: int) -> None:
    cluster = laggard(delay_ticks)
    assert cluster.run(40 * delay_ticks + 500, lambda: bool(named(cluster, "Adopt")))


def test_a_state_of_many_chunks_is_adopted_over_a_lossy_link() -> None:
    cluster = flying(view_timeout_ticks=2_000)
    cluster.isolate(3)
    for k in range(limits.SHARDS_MAX):
        cluster.request(["shard-create", k, b"%02d" % k + bytes(28), b"%02dz" % k + bytes(28)])
    decide(cluster, limits.OPERATIONS_PER_CLIENT_MAX)
    cluster.heal()
    cluster.links = Links(0.25, 0, 5, 8)
    state = cluster.seats[0].node.replica.catch_up.checkpoints.latest()[2]
    assert len(state) > 4 * limits.CHUNK_BYTES_MAX
    assert cluster.run(3_000, lambda: bool(named(cluster, "Adopt")))


def test_a_state_is_not_taken_byte_by_byte() -> None:
    cluster = laggard(0)
    asked: list[int] = []
    node = cluster.seats[3].node
    checkpoint = cluster.seats[0].node.replica.catch_up.checkpoints.latest()
    for peer in (0, 1):
        node.step(peer, 9, Progress(checkpoint[0] + 3, checkpoint[0], checkpoint[1], 0))
    for _ in range(3 * limits.CATCH_UP_PERIOD_TICKS):
        node.tick()
        asked += [to for to, _, message in performed(node).sends if isinstance(message, FetchState)]
    for at in range(8):
        node.step(asked[-1], 9, StateChunk(checkpoint[0], at, len(checkpoint[2]), checkpoint[2].pieces[0][at : at + 1]))
    assert len(node.replica.catch_up.checkpoints._transfer.data) == 0


# --- requests --------------------------------------------------------------------------------------


def nested(depth: int) -> list[Any]:
    command: list[Any] = ["noop"]
    for _ in range(depth - 1):
        command = [command]
    return command


@pytest.mark.parametrize("command", [["noop", b"x" * 800], ["noop", b"x" * limits.COMMAND_BYTES_MAX], nested(6)])
def test_a_request_that_no_proposal_can_carry_is_refused_and_stops_nobody(command: list[Any]) -> None:
    cluster = flying()
    for seat in cluster.seats:
        seat.node.step(GROUND, 1, Request(2, 1, command))
        answers = [message for to, _, message in performed(seat.node).sends if to == GROUND]
        assert answers == [Receipt(2, 1, "malformed")]
    decide(cluster, 3)


def test_a_backlog_is_not_censorship() -> None:
    cluster = flying()
    operations = [cluster.request(["noop", b"x" * 150]) for _ in range(limits.PENDING_REQUESTS_MAX)]
    assert cluster.run(1_000, lambda: all(map(cluster.confirmed, operations)))
    assert max(seat.node.applied_slot for seat in cluster.seats) > limits.OVERLOOKED_SLOTS_MAX
    cluster.run(50)
    assert not named(cluster, "EnterView")


def test_a_late_proposal_for_an_applied_slot_claims_no_waiting_request() -> None:
    cluster = flying()
    cluster.isolate(3)
    decide(cluster, 2)
    cluster.heal()
    assert cluster.run(300, lambda: cluster.seats[3].node.applied_slot == 2)
    node = cluster.seats[3].node
    node.step(GROUND, 1, Request(2, 1, ["noop"]))
    node.step(0, 9, Proposal(1, 0, bodies.encode(0, [[2, 1, ["noop"]]])))
    assert node.replica.pending.waiting() == 1


def test_a_leader_uses_up_no_slots_with_what_is_done() -> None:
    cluster = flying()
    decide(cluster, 2)
    stale = bodies.encode(0, [[1, 1, ["noop"]]])
    for i in (1, 2, 3):
        cluster.seats[i].node.step(0, 9, Proposal(3, 0, stale))
    cluster.run(10)
    assert not [line for line in named(cluster, "Vote1") if line["slot"] == 3]


# --- floods ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    [
        FetchState(limits.CHECKPOINT_SLOTS, 0),
        Fetch(3),
        Fetch(20),
        Status(20, 0, 0, None, None, None, None, None, None, None, None, None, None),
        Status(3, 0, 0, None, None, None, None, None, None, None, None, None, None),
    ],
)
def test_questions_cost_a_board_a_bounded_number_of_answers_per_tick(question: Any) -> None:
    cluster = flying()
    decide(cluster, 20)
    node = cluster.seats[1].node
    node.tick()
    performed(node)
    sent, events = 0, 0
    for _ in range(2 * limits.PEER_FRAMES_PER_TICK_MAX):
        node.step(3, 9, question)
        ready = performed(node)
        sent += len([message for to, _, message in ready.sends if to == 3])
        events += len([event for event in ready.events if event[0] == 40])
    assert 0 < sent <= limits.ANSWERS_PER_TICK_MAX
    assert events <= limits.REFUSALS_TRACED_PER_TICK_MAX
    assert node.effects.refusals > 0


def test_a_flood_of_refusals_is_counted_and_traced_in_part() -> None:
    node = flying().seats[1].node
    for _ in range(100):
        node.step(3, 9, Vote(900, 0, 1, bytes(32)))
    events = [event for event in performed(node).events if event[0] == 40]
    assert len(events) == limits.REFUSALS_TRACED_PER_TICK_MAX
    assert node.effects.refusals == 100


# --- without memory --------------------------------------------------------------------------------


def test_one_liar_cannot_keep_a_board_that_lost_its_memory_from_voting_again() -> None:
    cluster = Cluster(7)
    cluster.make_byzantine(1, partial(wrap, name="lie", parameters={}))
    cluster.start()
    decide(cluster, 5)
    cluster.kill(2)
    cluster.erase(2)
    cluster.start(2)
    decide(cluster, 3)
    assert cluster.run(300, lambda: bool(named(cluster, "Rejoin")))
    floor = named(cluster, "Rejoin")[0]["floor"]
    assert 5 + WINDOW_SLOTS <= floor <= 8 + 2 * WINDOW_SLOTS


def test_a_board_without_memory_does_not_fill_its_flash() -> None:
    cluster = flying()
    cluster.kill(2)
    cluster.erase(2)
    cluster.start(2)
    board = cluster.seats[2]
    for k in range(2_000):
        for peer in (0, 1):
            board.node.step(peer, k * limits.LAMPORT_RESERVE, Progress(0, 0, bytes(32), 0))
        cluster.perform(2)
    assert board.journal is not None
    assert board.journal.appends <= limits.BLANK_RECORDS_MAX + 2


# --- the stack -------------------------------------------------------------------------------------

CALLS_MAX = 21  # of the core, within each other: a Pico has room for about 30, and the board's own loop takes five


def calls_within_each_other(run: Callable[[], object]) -> int:
    """The longest chain of flight code's calls."""
    deepest = 0

    def watch(frame: FrameType, event: str, argument: object) -> None:
        nonlocal deepest
        if event == "call" and "/firmware/amu/" in frame.f_code.co_filename:
            count = 0
            caller: FrameType | None = frame
            while caller is not None and "/firmware/amu/" in caller.f_code.co_filename:
                count, caller = count + 1, caller.f_back
            deepest = max(deepest, count)

    sys.setprofile(watch)
    try:
        run()
    finally:
        sys.setprofile(None)
    return deepest


def test_calls_nest_no_deeper_than_a_pico_has_stack_for() -> None:
    deepest = calls_within_each_other(ByzantineStorm(4, 5, steps=6).run)
    assert 12 < deepest <= CALLS_MAX


def test_a_body_that_nests_deeply_costs_no_stack() -> None:
    cluster = flying()
    node = cluster.seats[1].node
    deep = bytes([0x82, 0x00, 0x81, 0x83, 0x01, 0x01, 0x81, 0x81, 0x81, 0x81, 0x81, 0x80])
    assert calls_within_each_other(lambda: node.step(0, 9, Proposal(1, 0, deep))) <= CALLS_MAX
    assert not [event for event in performed(node).events if event[0] == 12]
