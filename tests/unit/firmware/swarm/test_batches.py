"""When a leader proposes the requests that wait: at once if nothing of its own is under way, else many in one body."""

import itertools

import pytest

from amu.boards.host import Settings
from amu.consensus import bodies
from amu.consensus.pending import Pending
from amu.core import limits
from amu.core.limits import GROUND
from amu.node.journal import FRESH, Recovered
from amu.node.node import Node
from amu.wire import cbor
from amu.wire.messages import Proposal, Request, Vote
from swarm_sim.testing.cluster import Cluster
from tests.support.flight.effects import performed

VIEW_TIMEOUT_TICKS = 8 * limits.BATCH_TICKS_MAX
LONG = ["shard-create", 1, bytes(32), bytes([255]) * 32]


def leader(view_timeout_ticks: int = VIEW_TIMEOUT_TICKS) -> Node:
    node = Node(Settings(0, 4, view_timeout_ticks=view_timeout_ticks), Recovered(FRESH, None, []), 1)
    performed(node)
    return node


def proposed(node: Node) -> list[list[int]]:
    """The operations in each body that the node proposes now."""
    sent = [message for _, _, message in performed(node).sends if isinstance(message, Proposal)]
    return [[operation for _, operation, _ in bodies.decode(message.body)[1]] for message in sent]


def ask(node: Node, *operations: int, command: list[object] | None = None) -> list[list[int]]:
    for operation in operations:
        node.step(GROUND, 0, Request(1, operation, command or ["noop"]))
    return proposed(node)


def tick(node: Node, count: int) -> list[list[int]]:
    for _ in range(count):
        node.tick()
    return proposed(node)


def test_a_leader_with_nothing_under_way_proposes_at_once() -> None:
    assert ask(leader(), 1) == [[1]]


def test_requests_that_come_meanwhile_share_a_body_when_the_slot_is_decided() -> None:
    cluster = Cluster(4, view_timeout_ticks=VIEW_TIMEOUT_TICKS)
    cluster.start()
    operations = [cluster.request(["noop"]) for _ in range(10)]
    assert cluster.run(100, lambda: all(map(cluster.confirmed, operations)))
    carried = [line["operation"] for line in cluster.lines if line["event"] == "Operation" and line["node"] == 0]
    slots = [line["slot"] for line in cluster.lines if line["event"] == "Operation" and line["node"] == 0]
    assert carried == operations
    assert slots == [1] + [2] * 9
    assert {line["view"] for line in cluster.lines if line["event"] == "Decide"} == {0}


@pytest.mark.parametrize(
    ("view_timeout_ticks", "wait"),
    [(VIEW_TIMEOUT_TICKS, limits.BATCH_TICKS_MAX), (100 * VIEW_TIMEOUT_TICKS, limits.BATCH_TICKS_MAX), (24, 3)],
)
def test_a_body_is_kept_back_for_some_ticks_only(view_timeout_ticks: int, wait: int) -> None:
    """No slot is decided here, and yet each request is proposed."""
    node = leader(view_timeout_ticks)
    ask(node, 1)
    assert ask(node, 2) == []
    assert tick(node, 1) == []
    assert ask(node, 3) == []
    assert tick(node, wait - 2) == []
    assert tick(node, 1) == [[2, 3]]
    assert ask(node, 4) == []
    assert tick(node, wait - 1) == []
    assert tick(node, 1) == [[4]]


def test_with_a_short_view_timer_nothing_is_kept_back() -> None:
    node = leader(limits.BATCH_PARTS_OF_VIEW_TIMEOUT - 1)
    assert ask(node, 1, 2) == [[1], [2]]


def test_a_full_body_is_not_kept_back() -> None:
    node = leader()
    ask(node, 1)
    most = limits.BATCH_REQUESTS_MAX
    assert ask(node, *range(2, 1 + most)) == []
    assert ask(node, 1 + most) == [list(range(2, 2 + most))]


def test_a_body_without_room_for_the_next_request_is_not_kept_back() -> None:
    node = leader()
    ask(node, 1, command=LONG)
    fit = (limits.BODY_BYTES_MAX - 16) // len(cbor.encode([1, 9, LONG]))
    assert 1 < fit < limits.BATCH_REQUESTS_MAX
    assert ask(node, *range(2, 2 + fit), command=LONG) == []
    assert ask(node, 2 + fit, command=LONG) == [list(range(2, 2 + fit))]


def test_a_request_that_a_leader_keeps_back_outlives_the_leader() -> None:
    cluster = Cluster(4, view_timeout_ticks=VIEW_TIMEOUT_TICKS)
    cluster.start()
    cluster.request(["noop"])
    kept_back = cluster.request(["noop"])
    cluster.lets_pass = lambda source, destination, message: False
    cluster.run(2)
    assert {line["slot"] for line in cluster.lines if line["event"] == "Propose"} == {1}
    cluster.kill(0)
    cluster.lets_pass = lambda source, destination, message: True
    assert cluster.run(10 * VIEW_TIMEOUT_TICKS, lambda: cluster.confirmed(kept_back) is not None)


def test_a_voter_votes_when_the_last_request_of_a_proposal_has_come() -> None:
    """In whatever order they come, and not before."""
    for order in itertools.permutations((1, 2, 3)):
        node = Node(Settings(1, 4), Recovered(FRESH, None, []), 1)
        performed(node)
        node.step(0, 1, Proposal(1, 0, bodies.encode(0, [[1, number, ["noop"]] for number in (1, 2, 3)])))
        votes: list[list[int]] = []
        for number in order:
            node.step(GROUND, 0, Request(1, 9, ["noop"]))
            node.step(GROUND, 0, Request(1, number, ["noop"]))
            votes.append([message.phase for _, _, message in performed(node).sends if isinstance(message, Vote)])
        assert votes == [[], [], [1]]


def test_a_voter_reads_a_proposal_only_when_what_it_lacks_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(Settings(1, 4), Recovered(FRESH, None, []), 1)
    performed(node)
    numbers = range(1, limits.BATCH_REQUESTS_MAX + 1)
    read, reads = Pending.read, []
    monkeypatch.setattr(Pending, "read", lambda self, body: reads.append(body) or read(self, body))
    node.step(0, 1, Proposal(1, 0, bodies.encode(0, [[1, number, ["noop"]] for number in numbers])))
    for number in numbers:
        assert len(reads) == 1
        node.step(GROUND, 0, Request(1, number, ["noop"]))
    assert len(reads) == 2
    assert [message.phase for _, _, message in performed(node).sends if isinstance(message, Vote)] == [1]
