"""A liar's Lamport times: they must neither stop the swarm, nor cut a correct board off, nor use the clock up."""

from amu.core import limits
from amu.core.lamport import IN_ORDER, LOST, OUT_OF_ORDER, LamportClock, Witnesses
from amu.wire.messages import ViewChange
from swarm_sim.testing.cluster import Cluster
from tests.support.flight.effects import performed

LIE = ViewChange(1, 0)


def push(cluster: Cluster, node: int, times: int) -> None:
    """Replica 3 pushes the clock of `node` as hard as one message may, again and again."""
    board = cluster.seats[node].node
    for _ in range(times):
        board.step(3, min(board.lamport + limits.LAMPORT_JUMP_MAX, limits.LAMPORT_MAX - 1), LIE)
        performed(board)


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


def swarm_at(time: int) -> tuple[LamportClock, Witnesses]:
    clock, witnesses = LamportClock(time), Witnesses(4, 2)
    assert witnesses.judge(clock, 1, time) == IN_ORDER
    assert witnesses.judge(clock, 2, time) == IN_ORDER
    return clock, witnesses


def test_a_new_board_joins_a_swarm_that_is_old() -> None:
    clock, witnesses = LamportClock(), Witnesses(4, 2)
    old = 5 * limits.LAMPORT_JUMP_MAX
    assert witnesses.judge(clock, 1, old) == LOST, "one peer alone is not believed"
    assert witnesses.judge(clock, 2, old + 9) == IN_ORDER
    assert clock.witness(old + 9) == old + 10


def test_a_correct_board_that_was_pushed_ahead_is_followed() -> None:
    clock, witnesses = swarm_at(100)
    ahead = 100 + limits.LAMPORT_LEAD_MAX + 50
    assert witnesses.judge(clock, 1, ahead) == LOST
    assert clock.time == 100 + limits.LAMPORT_LEAD_MAX
    assert witnesses.judge(clock, 2, clock.time) == IN_ORDER, "the other has followed it too"
    assert witnesses.judge(clock, 1, ahead + 1) == IN_ORDER


def test_an_absurd_time_moves_no_clock_and_silences_nobody() -> None:
    clock, witnesses = swarm_at(100)
    verdicts = [witnesses.judge(clock, 1, limits.LAMPORT_MAX) for _ in range(limits.LAMPORT_LOST_MAX + 2)]
    assert verdicts == [LOST] * limits.LAMPORT_LOST_MAX + [OUT_OF_ORDER] * 2
    assert clock.time == 100
    assert witnesses.judge(clock, 1, 100) == IN_ORDER


def test_a_board_that_is_pushed_at_every_turn_is_heard_in_the_end() -> None:
    """A node is always one step beyond the bound: outside the order, but heard."""
    clock, witnesses = swarm_at(100)
    heard = 0
    for _ in range(100):
        ahead = witnesses.believable(clock, 2, 0) + 2 * limits.LAMPORT_LEAD_MAX
        heard += witnesses.judge(clock, 1, ahead) != LOST
    assert heard > 80
