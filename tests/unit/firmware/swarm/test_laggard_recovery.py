"""A laggard must find its way back although one replica of four has died: its vote is needed for anything more.

The schedules were found with specs/replicated_log/checkpoints.tla (`Recoverable`). Without the tested rules the swarm
stopped forever.
"""

from functools import partial
from typing import Any

import pytest

from amu.consensus import bodies
from amu.core.chunks import split
from amu.core.limits import CHECKPOINT_SLOTS, LOG_SLOTS_MAX
from amu.wire.messages import Decided, Proposal, Vote
from swarm_sim.testing.cluster import Cluster
from tests.support.flight.effects import performed

BOUNDARY = 3 * CHECKPOINT_SLOTS


def _applied(cluster: Cluster) -> list[int]:
    return [seat.node.applied_slot if seat.node is not None else -1 for seat in cluster.seats]


def _is_confirmed(cluster: Cluster, operation: int) -> bool:
    return cluster.confirmed(operation) is not None


def _decide_up_to(cluster: Cluster, slot: int) -> None:
    while max(_applied(cluster)) < slot:
        operation = cluster.request(["noop"])
        assert cluster.run(400, until=partial(_is_confirmed, cluster, operation))
    cluster.run(60)


def _without_the_last_vote(source: int, destination: int) -> Any:
    """Messages of `source` help `destination` to vote, but not to decide."""

    def lets_pass(sender: int, receiver: int, message: Any) -> bool:
        if (sender, receiver) != (source, destination):
            return True
        return isinstance(message, Proposal) or (isinstance(message, Vote) and message.phase < 4)

    return lets_pass


def _goes_on(cluster: Cluster) -> None:
    """All running boards apply the same slots, and new ones."""
    before = max(_applied(cluster))
    for _ in range(8):
        cluster.request(["noop"])

    def all_are_there() -> bool:
        living = [applied for applied in _applied(cluster) if applied >= 0]
        return min(living) == max(living) > before

    assert cluster.run(4000, until=all_are_there), _applied(cluster)


@pytest.mark.parametrize("reboot", [False, True])
def test_the_last_checkpoints_of_the_others_differ(reboot: bool) -> None:
    """0 is past a checkpoint, 1 just before it, both have cut their logs; 3 is at the start, 2 has died."""
    cluster = Cluster(4, seed=1)
    cluster.start()
    cluster.isolate(3)
    _decide_up_to(cluster, BOUNDARY - 4)
    cluster.lets_pass = _without_the_last_vote(2, 1)
    for _ in range(4):
        cluster.request(["noop"])
        cluster.run(8)
    cluster.run(10)
    assert _applied(cluster) == [BOUNDARY, BOUNDARY - 4, BOUNDARY, 0]
    cluster.kill(2)
    if reboot:
        cluster.kill(0)
        cluster.start(0)
    cluster.heal()
    _goes_on(cluster)


def test_the_one_that_could_confirm_a_slot_has_adopted_a_later_state() -> None:
    """0 knows slot 48; 1 took over the state after it and cannot tell the slot; 3 wants it; 2 has died."""
    cluster = Cluster(4, seed=1)
    cluster.start()
    cluster.isolate(1)
    _decide_up_to(cluster, BOUNDARY - 1)
    cluster.lets_pass = _without_the_last_vote(2, 3)
    cluster.request(["noop"])
    cluster.run(10)
    assert _applied(cluster) == [BOUNDARY, 0, BOUNDARY, BOUNDARY - 1]
    cluster.heal()
    assert cluster.run(3000, until=lambda: _applied(cluster)[1] == BOUNDARY)
    cluster.kill(2)
    _goes_on(cluster)


def _teach(cluster: Cluster, replica: int, last_slot: int) -> Any:
    """Boot a replica that hears nothing but what two others say they decided. Returns its catch-up."""
    cluster.start(replica)
    node = cluster.seats[replica].node
    for slot in range(1, last_slot + 1):
        body = bodies.encode(1, [])
        for peer in (1, 2):
            node.step(peer, slot, Decided(slot, bodies.value_of(slot, body), body))
            performed(node)
    assert node.applied_slot == last_slot
    return node.replica.catch_up


def test_the_log_of_a_replica_that_shares_no_checkpoint_is_bounded() -> None:
    slots, bound = 2 * LOG_SLOTS_MAX, LOG_SLOTS_MAX + CHECKPOINT_SLOTS
    catch_up = _teach(Cluster(4), 0, slots)
    assert [entry[0] for entry in catch_up._log] == list(range(slots - bound + 1, slots + 1))


def test_a_replica_that_adopts_a_state_keeps_slots_that_only_it_and_f_others_may_know() -> None:
    cluster = Cluster(4)
    giver, taker = _teach(cluster, 0, BOUNDARY), _teach(cluster, 3, BOUNDARY - 6)
    slot, _, data = giver.checkpoints.latest()
    taker._adopt(slot, split(data.part(0, len(data))))  # a transfer is used up
    taker.applied(BOUNDARY + 1, b"value", b"body")
    known = [*range(BOUNDARY - CHECKPOINT_SLOTS + 1, BOUNDARY - 5), BOUNDARY + 1]
    assert [entry[0] for entry in taker._log] == known
    assert [slot for slot in range(BOUNDARY + 9) if taker._entry(slot)] == known
