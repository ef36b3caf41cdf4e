"""The replicated log: leaders, window, catch-up, checkpoints, bounds. On a deterministic cluster of real nodes."""

import pytest

from amu.boards.host import Settings
from amu.consensus import bodies
from amu.core import limits
from amu.core.limits import GROUND, WINDOW_SLOTS
from amu.node.journal import FRESH, Recovered
from amu.node.node import Node
from amu.wire.messages import Progress, Proposal, Request, Status, ViewChange, Vote
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.flight.effects import performed
from tests.support.simulator.storm import disagreement


def decide(cluster: Cluster, count: int) -> None:
    for _ in range(count):
        operation = cluster.request(["noop"])
        assert cluster.run(2_000, lambda operation=operation: cluster.confirmed(operation) is not None)
    assert disagreement(cluster) is None


def applied(cluster: Cluster) -> list[int]:
    return [seat.node.applied_slot for seat in cluster.seats if seat.node is not None]


@pytest.mark.parametrize(("replica_count", "frames"), [(4, 51), (7, 174), (10, 369), (13, 636)])
def test_frames_per_slot_are_those_of_the_paper(replica_count: int, frames: int) -> None:
    """n - 1 proposals and four rounds of n (n - 1) votes (TetraBFT, PODC 2024, table 1)."""
    cluster = Cluster(replica_count)
    cluster.start()
    decide(cluster, 10)
    kinds = [line["kind"] for line in cluster.lines if line["event"] == "Send" and line["to"] == 254]
    proposals, votes = kinds.count(Proposal.KIND), kinds.count(Vote.KIND)
    assert (proposals + votes) * (replica_count - 1) == 10 * frames


def test_a_dead_leader_costs_one_view_timer_not_one_a_slot() -> None:
    cluster = Cluster(4, view_timeout_ticks=40)
    cluster.start()
    cluster.kill(0)
    decide(cluster, 3 * WINDOW_SLOTS)
    assert cluster.now < 2 * 40 + 6 * 3 * WINDOW_SLOTS
    views = {line["slot"]: line["view"] for line in cluster.lines if line["event"] == "Decide"}
    assert {views[slot] for slot in range(WINDOW_SLOTS + 1, 3 * WINDOW_SLOTS + 1)} == {0}


def test_a_state_is_sent_again_after_pauses_that_grow_until_the_next_own_step() -> None:
    node = Node(Settings(0, 4, view_timeout_ticks=100_000), Recovered(FRESH, None, []), 1)
    performed(node)
    node.step(GROUND, 0, Request(1, 1, ["noop"]))
    _, _, vote = next(send for send in performed(node).sends if isinstance(send[2], Vote))

    def pauses(count: int) -> list[int]:
        found: list[int] = []
        last = 0
        for tick in range(1, 1_000):
            node.tick()
            if any(isinstance(message, Status) for _, _, message in performed(node).sends):
                found.append(tick - last)
                last = tick
        return found[:count]

    first = limits.STATUS_PERIOD_TICKS
    growing = [first << doublings for doublings in range(limits.STATUS_DOUBLINGS_MAX + 1)]
    assert pauses(6) == [*growing, growing[-1], growing[-1]]
    for peer in (1, 2):
        node.step(peer, 1, Vote(1, 0, 1, vote.value))
    performed(node)
    assert pauses(2) == growing[:2]


def test_a_replica_that_has_decided_repeats_its_wish_to_one_that_has_not() -> None:
    """It wishes view 2 and has no other reason to speak; the undecided ones may lack just this wish to get there."""
    cluster = Cluster(4, view_timeout_ticks=10)
    cluster.start()
    cluster.kill(1)  # the leader of view 1
    cluster.lets_pass = lambda source, destination, message: (
        not (
            isinstance(message, Status)
            or (isinstance(message, Vote) and message.phase == 4)
            or (isinstance(message, ViewChange) and message.view > 1)
        )
    )
    cluster.request(["noop"])
    cluster.run(100, lambda: [line for line in cluster.lines if line["event"] == "Wish" and line["view"] == 2] != [])
    cluster.run(5)
    decided = cluster.seats[0].node
    value = bytes.fromhex(next(line["value"] for line in cluster.lines if line["event"] == "Vote4"))
    for peer in (2, 3):
        decided.step(peer, 1, Vote(1, 0, 4, value))
    assert decided.applied_slot == 1
    cluster.perform(0)
    decided.step(2, 1, Status(1, 1, 2, None, None, None, None, None, None, None, None, None, None))
    assert ViewChange(1, 2) in [message for destination, _, message in decided.ready().sends if destination == 2]


def test_a_request_that_only_one_replica_got_does_not_change_the_view() -> None:
    cluster = Cluster(4)
    cluster.start()
    cluster.seats[2].node.step(limits.GROUND, 1, Request(1, 7, ["noop"]))
    cluster.run(500)
    assert not [line for line in cluster.lines if line["event"] == "EnterView"]


def test_a_replica_cut_off_for_a_while_fetches_what_it_missed() -> None:
    cluster = Cluster(4)
    cluster.start()
    cluster.isolate(3)
    decide(cluster, limits.CHECKPOINT_SLOTS - 2)
    cluster.heal()
    assert cluster.run(500, lambda: len(set(applied(cluster))) == 1)
    assert [line for line in cluster.lines if line["node"] == 3 and line["event"] == "Learn"]
    assert not [line for line in cluster.lines if line["event"] == "Adopt"]


def test_a_replica_far_behind_adopts_a_checkpoint() -> None:
    cluster = Cluster(4)
    cluster.start()
    cluster.isolate(3)
    decide(cluster, 3 * limits.CHECKPOINT_SLOTS + 2)
    cluster.heal()
    assert cluster.run(1_000, lambda: len(set(applied(cluster))) == 1)
    assert [line["slot"] for line in cluster.lines if line["event"] == "Adopt"] == [3 * limits.CHECKPOINT_SLOTS]
    decide(cluster, 2)
    assert cluster.run(200, lambda: len(set(applied(cluster))) == 1)


def test_a_checkpoint_from_a_liar_is_not_adopted() -> None:
    cluster = Cluster(4)
    cluster.start()
    decide(cluster, 2)
    lie = Progress(900, 896, b"l" * 32, 0)
    cluster.seats[3].node.step(2, 10_000, lie)
    cluster.run(200)
    assert not [line for line in cluster.lines if line["event"] == "Adopt"]
    assert not [line for line in cluster.lines if line["event"] == "Send" and line["kind"] in (0x17, 0x19)]


def test_memory_is_bounded_however_long_the_run() -> None:
    cluster = Cluster(4)
    cluster.start()
    decide(cluster, 12 * limits.CHECKPOINT_SLOTS)
    for seat in cluster.seats:
        replica = seat.node.replica
        assert len(replica.instances) == limits.INSTANCES_MAX
        assert len(replica.catch_up._log) <= 2 * limits.CHECKPOINT_SLOTS
        assert len(replica.catch_up.checkpoints._own) <= 2
        assert seat.node.effects.records_written < limits.JOURNAL_RECORDS_MAX


def test_view_changes_without_end_do_not_fill_the_flash() -> None:
    cluster = Cluster(4, view_timeout_ticks=2)
    cluster.start()
    cluster.lets_pass = lambda source, destination, message: not isinstance(message, Proposal)
    cluster.request(["noop"])
    cluster.run(60_000, lambda: cluster.seats[0].journal._generation >= 2)
    for seat in cluster.seats:
        assert seat.journal._generation >= 1, "the journal was never cut"
        assert seat.node.effects.records_written < 2 * limits.JOURNAL_RECORDS_MAX


def test_without_a_stable_checkpoint_the_log_stops_at_the_high_watermark() -> None:
    cluster = Cluster(4)
    cluster.start()
    for seat in cluster.seats:
        seat.node.replica.catch_up.checkpoints.report = lambda *_: None
    decide(cluster, limits.LOG_SLOTS_MAX)
    cluster.request(["noop"])
    cluster.run(1_000)
    assert max(applied(cluster)) == limits.LOG_SLOTS_MAX


def test_a_flooder_uses_bounded_memory_and_stops_nobody() -> None:
    cluster = Cluster(4)
    cluster.start()
    node = cluster.seats[1].node
    for k in range(3_000):
        slot = 1 + k % (4 * WINDOW_SLOTS)
        node.step(3, 5, Vote(slot, k, 1 + k % 4, bytes([k % 256]) * 32))
        node.step(3, 5, Proposal(slot, k, bodies.encode(k, [[1, k, ["noop"]]])))
        assert len(performed(node).sends) <= 4
    replica = node.replica
    for instance in replica.instances:
        if instance is not None:
            assert all(len(places) == 4 for places in instance._votes[1:])
            assert len(instance.bodies.kept) <= limits.BODIES_PER_SLOT_MAX
    decide(cluster, 5)


def test_the_pending_queue_says_no_and_loses_nothing() -> None:
    cluster = Cluster(4)
    cluster.start()
    cluster.isolate(0)
    cluster.isolate(1)
    operations = [cluster.request(["noop"]) for _ in range(limits.PENDING_REQUESTS_MAX + 20)]
    cluster.run(5)
    assert len(cluster.seats[2].node.replica.pending) == limits.PENDING_REQUESTS_MAX
    cluster.heal()
    assert cluster.run(5_000, lambda: all(map(cluster.confirmed, operations)))
    assert disagreement(cluster) is None


def test_a_leader_that_passes_a_request_over_is_changed() -> None:
    cluster = Cluster(4)
    cluster.start()
    leader = cluster.seats[0].node.replica
    censored = cluster.request(["noop"])
    real_batch = leader.pending.batch
    leader.pending.batch = lambda slot: [entry for entry in real_batch(slot) if entry.request[1] != censored]
    decide(cluster, limits.OVERLOOKED_SLOTS_MAX + 3)
    assert cluster.run(200, lambda: cluster.confirmed(censored) is not None)
    assert [line for line in cluster.lines if line["event"] == "EnterView"]


def test_an_unauthentic_request_in_a_proposal_is_not_voted_for() -> None:
    cluster = Cluster(4)
    cluster.start()
    cluster.kill(0)
    operation = cluster.request(["noop"])
    cluster.run(1)
    forged = Proposal(1, 0, bodies.encode(0, [[1, operation, ["noop"]], [1, 99, ["lease-acquire", "dock/1", 3, 10]]]))
    for i in (1, 2, 3):
        cluster.seats[i].node.step(0, 5, forged)
    cluster.run(1_000)
    assert not [line for line in cluster.lines if line["event"] == "Vote1" and line["view"] == 0]
    assert {line["operation"] for line in cluster.lines if line["event"] == "Operation"} == {operation}


def test_amnesia_keeps_a_replica_from_voting_where_it_may_have_voted() -> None:
    cluster = Cluster(4, 3, Links(0.05, 0.05, 0, 3))
    cluster.start()
    decide(cluster, 10)
    cluster.kill(2)
    cluster.erase(2)
    cluster.start(2)
    began = len(cluster.lines)
    decide(cluster, 6 * WINDOW_SLOTS)
    later = [line for line in cluster.lines[began:] if line["node"] == 2]
    floor = next(line["floor"] for line in later if line["event"] == "Rejoin")
    assert floor >= 10 - WINDOW_SLOTS + 2 * WINDOW_SLOTS
    voted = [line["slot"] for line in later if line["event"].startswith("Vote")]
    assert voted
    assert min(voted) > floor
