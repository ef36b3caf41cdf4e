"""A node sees at once that it has no effects, and only then."""

from amu.boards import config
from amu.core import limits
from amu.node.journal import FRESH, Recovered
from amu.node.node import Node
from groundstation.boards import provision
from groundstation.boards.provision import Swarm

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
