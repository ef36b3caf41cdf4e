"""A liar's Lamport times: they must neither stop the swarm, nor cut a correct board off, nor use the clock up."""

from amu.core import limits
from amu.core.lamport import LamportClock, Witnesses
from amu.wire.messages import ViewChange
from swarm_sim.cluster import Cluster

LIE = ViewChange(1, 0)


def push(cluster: Cluster, node: int, times: int) -> None:
    """Replica 3 pushes the clock of `node` as hard as one message may, again and again."""
    board = cluster.seats[node].node
    for _ in range(times):
        board.step(3, min(board.lamport + limits.LAMPORT_JUMP_MAX, limits.LAMPORT_MAX - 1), LIE)
        board.ready()
        board.advance()


def test_a_board_whose_clock_a_liar_pushed_is_still_heard() -> None:
    cluster = Cluster(4)
    cluster.start()
    cluster.kill(3)
    push(cluster, 1, 3)
    operations = [cluster.request(["noop"]) for _ in range(5)]
    assert cluster.run(2_000, lambda: all(map(cluster.confirmed, operations)))


def test_a_liar_pushes_no_clock_far_beyond_those_of_correct_boards() -> None:
    cluster = Cluster(4)
    cluster.start()
    operation = cluster.request(["noop"])
    assert cluster.run(100, lambda: cluster.confirmed(operation) is not None)
    push(cluster, 1, 10_000)
    assert cluster.seats[1].node.lamport <= cluster.seats[0].node.lamport + 2 * limits.LAMPORT_LEAD_MAX


def test_a_new_board_joins_a_swarm_that_is_old() -> None:
    clock, witnesses = LamportClock(), Witnesses(4, 2)
    old = 5 * limits.LAMPORT_JUMP_MAX
    assert witnesses.believable(clock, 1, old) < old, "one peer alone is not believed"
    assert witnesses.believable(clock, 2, old + 9) >= old + 9
    assert clock.witness(old + 9) == old + 10


def test_a_correct_board_that_was_pushed_ahead_is_followed() -> None:
    clock, witnesses = LamportClock(), Witnesses(4, 2)
    witnesses.believable(clock, 1, 100)
    witnesses.believable(clock, 2, 100)
    ahead = 100 + limits.LAMPORT_LEAD_MAX + 50
    believable = witnesses.believable(clock, 1, ahead)
    assert believable == 100 + limits.LAMPORT_LEAD_MAX
    clock.witness(believable)
    assert witnesses.believable(clock, 2, believable) >= ahead, "as soon as another has followed it too"
