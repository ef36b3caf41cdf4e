"""A node sees at once that it has no effects, and only then."""

from functools import partial

from amu.boards import config
from amu.core import limits
from amu.node.journal import FRESH, Recovered
from amu.node.node import Node
from amu.wire.messages import Fetch, FetchState
from groundstation.boards import provision
from groundstation.boards.provision import Swarm
from swarm_sim.testing.cluster import Cluster

SWARM = Swarm(cluster=b"test", replica_count=4, master=b"m" * 32, trace_messages=False)


def agrees(node: Node) -> bool:
    """Whether the node had effects. It must have seen before whether that is so."""
    seen, next_seq = node._has_nothing(), node.effects._tracer.next_seq
    ready = node.ready()
    assert seen == ready.empty(), (seen, vars(ready))
    assert ready.first_seq == next_seq
    node.advance()
    return not seen


def test_a_node_sees_at_once_whether_it_has_effects() -> None:
    node = Node(config.decode(provision.configuration(SWARM, 1)), Recovered(FRESH, None, []), 1)
    assert agrees(node)
    assert not agrees(node)
    kinds = set()
    for _ in range(3 * limits.PROGRESS_PERIOD_TICKS):
        node.tick()
        kinds.add(agrees(node))
    assert kinds == {True, False}
    node.note_refused(2, 0x11, "mac")
    assert agrees(node)
    node.effects.compact()
    assert agrees(node)
    for number in range(limits.LATER_RECORDS_MAX):
        node.effects.persist_later([number])
        assert agrees(node) == (number == limits.LATER_RECORDS_MAX - 1)
    node.effects._clock.time = node._reserved - limits.LAMPORT_RESERVE // 2 + 1
    assert agrees(node)
    node.effects.records_written = limits.JOURNAL_RECORDS_MAX
    assert agrees(node)


def test_a_node_is_full_after_many_sends_records_or_events() -> None:
    node = Node(config.decode(provision.configuration(SWARM, 1)), Recovered(FRESH, None, []), 1)
    effects = node.effects
    for bound, add in (
        (limits.TURN_SENDS_MAX, lambda: effects.send(0, Fetch(1))),
        (limits.TURN_SENDS_MAX, lambda: effects.persist([1])),
        (limits.TURN_EVENTS_MAX, lambda: effects.trace("Wish", 1, 1)),
    ):
        node.ready()
        node.advance()
        for number in range(1, bound + 1):
            add()
            assert node.is_full() == (number == bound)


def test_what_one_frame_may_ask_for_is_bounded() -> None:
    """Sixteen questions for a whole state: the runtime performs before the answers add up."""
    cluster = Cluster(4)
    cluster.start()
    for number in range(limits.CHECKPOINT_SLOTS + 1):
        operation = cluster.request(
            ["shard-create", number, b"%02d" % number + bytes(28), b"%02dz" % number + bytes(28)]
        )
        assert cluster.run(500, partial(cluster.confirmed, operation))
    node = cluster.seats[1].node
    slot, _, state = node.replica.catch_up.checkpoints.latest()
    assert state
    sends = []
    for _ in range(limits.MESSAGES_PER_FRAME_MAX):
        node.step(0, node.lamport, FetchState(slot, 0))
        if node.is_full():
            sends.append(len(node.ready().sends))
            node.advance()
    assert limits.TURN_SENDS_MAX <= max(sends) < limits.TURN_SENDS_MAX + limits.CHUNKS_PER_REPLY_MAX
