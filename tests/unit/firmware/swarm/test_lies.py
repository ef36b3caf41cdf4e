"""Byzantine peers, lie by lie: a correct replica must not believe them."""

import hashlib

from amu.consensus import bodies
from amu.core import limits
from amu.wire.messages import Decided, FetchState, Progress, Proof, StateChunk
from swarm_sim.testing.cluster import Cluster
from tests.support.flight.effects import performed


def cluster_with_one_cut_off(slots: int) -> Cluster:
    cluster = Cluster(4)
    cluster.start()
    cluster.isolate(3)
    for _ in range(slots):
        operation = cluster.request(["noop"])
        assert cluster.run(500, lambda operation=operation: cluster.confirmed(operation) is not None)
    return cluster


def events(cluster: Cluster, node: int, name: str) -> list[dict[str, object]]:
    return [line for line in cluster.lines if line["node"] == node and line["event"] == name]


def test_a_decision_that_only_one_replica_reports_is_not_learned() -> None:
    cluster = cluster_with_one_cut_off(3)
    body = bodies.encode(1, [])
    for _ in range(3):
        cluster.seats[3].node.step(2, 9, Decided(1, bodies.value_of(1, body), body))
    cluster.run(5)
    assert not events(cluster, 3, "Learn")


def test_a_decision_that_f_plus_1_tell_of_is_learned() -> None:
    cluster = cluster_with_one_cut_off(3)
    body = bodies.encode(1, [])
    for peer in (1, 2):
        cluster.seats[3].node.step(peer, 9, Decided(1, bodies.value_of(1, body), body))
    cluster.run(5)
    assert len(events(cluster, 3, "Learn")) == 1


def test_state_bytes_that_do_not_match_the_trusted_digest_are_not_adopted() -> None:
    cluster = cluster_with_one_cut_off(2 * limits.CHECKPOINT_SLOTS)
    checkpoint = cluster.seats[0].node.replica.catch_up.checkpoints.latest()
    forged = checkpoint[2].part(0, len(checkpoint[2]))
    forged = forged[:-1] + bytes([forged[-1] ^ 1])
    node = cluster.seats[3].node
    for peer in (0, 1):
        node.step(peer, 9, Progress(checkpoint[0] + 1, checkpoint[0], checkpoint[1], 0))
    asked: set[int] = set()
    for _ in range(3 * limits.CATCH_UP_PERIOD_TICKS):
        node.tick()
        asked.update(to for to, _, message in performed(node).sends if isinstance(message, FetchState))
        if asked:
            break
    assert asked, "the laggard asks for the state"
    for at in range(0, len(forged), limits.CHUNK_BYTES_MAX):
        chunk = forged[at : at + limits.CHUNK_BYTES_MAX]
        node.step(asked.copy().pop(), 9, StateChunk(checkpoint[0], at, len(forged), chunk))
    assert node.applied_slot == 0
    assert hashlib.sha256(forged).digest() != checkpoint[1]


def test_a_register_of_one_liar_does_not_free_a_locked_slot() -> None:
    cluster = Cluster(4)
    cluster.start()
    node = cluster.seats[0].node
    locked = (0, b"a" * 32)
    for peer, hi4 in ((1, locked), (2, locked), (3, None)):
        node.step(peer, 9, Proof(1, 1, locked if peer < 3 else (0, b"b" * 32), None, hi4))
    assert not events(cluster, 0, "Vote1")
