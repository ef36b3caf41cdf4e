"""Flights in which liars speak of the past to boards that do not know it; each tempts a wrong replica.

    python -m tests.mutants.flights NAME ...

In each flight something happens that the flight is about: `TEMPTED` names the event.
"""

from functools import partial
from typing import Any

from amu.core.limits import CHECKPOINT_SLOTS, PROGRESS_PERIOD_TICKS, WINDOW_SLOTS
from amu.node.node import VOTING
from amu.wire.messages import Probe, Progress
from swarm_sim.adversary import wrap
from swarm_sim.testing.cluster import Cluster


def _decide(cluster: Cluster, count: int) -> None:
    for _ in range(count):
        operation = cluster.request(["noop"])
        cluster.run(2_000, lambda operation=operation: cluster.confirmed(operation) is not None)


def _lie(cluster: Cluster, name: str, *liars: int) -> None:
    for liar in liars:
        cluster.make_byzantine(liar, partial(wrap, name=name, parameters={}))


def _erase(cluster: Cluster, node: int) -> None:
    cluster.kill(node)
    cluster.erase(node)
    cluster.start(node)


def _rejoin(cluster: Cluster, node: int) -> None:
    """Until the board votes again, and some slots more."""
    cluster.run(400, lambda: cluster.seats[node].node.mode == VOTING)
    _decide(cluster, 3 * WINDOW_SLOTS)


def stale_answers() -> Cluster:
    """A board loses its memory twice. After the second time only the answers to its first question reach it."""
    cluster = Cluster(4, trace_messages=False)
    cluster.start()
    _decide(cluster, 2)
    old: dict[int, Any] = {}
    is_cut = False

    def passes(source: int, destination: int, message: Any) -> bool:
        if destination != 3 or not isinstance(message, Progress) or not message.nonce:
            return True
        old.setdefault(source, message)
        return not is_cut

    cluster.lets_pass = passes
    _erase(cluster, 3)
    _rejoin(cluster, 3)
    _decide(cluster, 3 * WINDOW_SLOTS)
    is_cut = True
    _erase(cluster, 3)
    cluster.run(60)
    for source, message in old.items():
        cluster.seats[3].node.step(source, 1, message)
        cluster.perform(3)
    is_cut = False
    _rejoin(cluster, 3)
    return cluster


def low_answers() -> Cluster:
    """A board without memory hears a liar and a laggard, who say that the log is empty, and one other. At n = 7."""
    cluster = Cluster(7, trace_messages=False)
    _lie(cluster, "understate", 6)
    cluster.start()
    cluster.isolate(5)
    _decide(cluster, 4 * WINDOW_SLOTS)
    cluster.heal()
    cluster.block(*[(other, 5) for other in (0, 1, 2, 4, 6)])
    cluster.block(*[(other, 3) for other in (1, 2, 4)])
    _erase(cluster, 3)
    cluster.run(60)
    cluster.heal()
    _rejoin(cluster, 3)
    return cluster


def hasty_answers() -> Cluster:
    """A board without memory hears others that lose theirs one after the other, when each has only just rejoined.

    Never are more than two boards without memory at once. At n = 7."""
    cluster = Cluster(7, trace_messages=False)
    cluster.start()
    _decide(cluster, 4 * WINDOW_SLOTS)
    hasty, heard, is_kept_back = -1, set[int](), False

    def passes(source: int, destination: int, message: Any) -> bool:
        if destination == hasty and is_kept_back:  # it learns no slot
            return message.KIND in (Probe.KIND, Progress.KIND)
        if destination != 3 or message.KIND != Progress.KIND or not message.nonce:
            return True
        is_first = source not in heard and (source == hasty or hasty < 0)
        if is_first:
            heard.add(source)
        return is_first

    cluster.lets_pass = passes
    hasty = 3
    _erase(cluster, 3)
    for hasty in (0, 1, 2, 4):
        is_kept_back = True
        _erase(cluster, hasty)
        cluster.run(400, lambda seat=cluster.seats[hasty]: seat.node.mode == VOTING)
        cluster.run(2 * PROGRESS_PERIOD_TICKS)
        is_kept_back = False
        _decide(cluster, 4 * WINDOW_SLOTS)
    hasty = -1
    _rejoin(cluster, 3)
    return cluster


def forged_state(replica_count: int, *liars: int, trace_messages: bool = False) -> Cluster:
    """f liars report and deliver the same state, which never was, to a board that is far behind."""
    cluster = Cluster(replica_count, trace_messages=trace_messages)
    _lie(cluster, "forge", *liars)
    cluster.start()
    laggard = replica_count - 1
    cluster.isolate(laggard)
    _decide(cluster, 2 * CHECKPOINT_SLOTS + 3)
    cluster.run(PROGRESS_PERIOD_TICKS)  # then a liar's report comes first
    cluster.heal()
    cluster.run(400, lambda: cluster.seats[laggard].node.applied_slot >= 2 * CHECKPOINT_SLOTS)
    _decide(cluster, 2)
    return cluster


def forged_by_one() -> Cluster:
    return forged_state(4, 1)


def forged_by_two() -> Cluster:
    return forged_state(7, 1, 4)


FLIGHTS = (stale_answers, low_answers, hasty_answers, forged_by_one, forged_by_two)
TEMPTED = {
    "stale_answers": "Rejoin",
    "low_answers": "Rejoin",
    "hasty_answers": "Rejoin",
    "forged_by_one": "Adopt",
    "forged_by_two": "Adopt",
}
