"""Turns and snapshots among boards that fly: the ops protocols composed in real nodes."""

from typing import Any

import pytest

from amu.core import limits
from swarm_sim.testing.cluster import Cluster, Links


def flying(replica_count: int = 4, seed: int = 1, links: Links | None = None, **settings: Any) -> Cluster:
    settings = {"turn_ticks": 20, "snapshot_ticks": 150, "trace_messages": False} | settings
    cluster = Cluster(replica_count, seed, links or Links(delay_max=3), **settings)
    cluster.start()
    return cluster


def told(cluster: Cluster, name: str, node: int | None = None) -> list[dict[str, Any]]:
    lines = [line for line in cluster.lines if line["event"] == name and node in (None, line["node"])]
    return sorted(lines, key=lambda line: (line["lamport"], line["node"]))


def holders(cluster: Cluster) -> list[int]:
    """Boards in the order of their turns. Fails if two turns overlap in Lamport's order."""
    holder, order = None, []
    names = ("MutexEnter", "MutexRelease", "Boot")
    for line in sorted(cluster.lines, key=lambda line: (line["lamport"], line["node"])):
        if line["event"] not in names or line["node"] == 255:
            continue
        if line["event"] == "MutexEnter":
            assert holder is None, f"{line['node']} entered while {holder} held"
            holder = line["node"]
            order.append(holder)
        elif line["node"] == holder:
            holder = None
    return order


@pytest.mark.parametrize(("replica_count", "seed"), [(4, 1), (4, 2), (7, 3)])
def test_every_board_has_its_turns_one_at_a_time(replica_count: int, seed: int) -> None:
    cluster = flying(replica_count, seed, Links(drop=0.1, duplicate=0.1, delay_max=6))
    cluster.run(4000)
    order = holders(cluster)
    assert all(order.count(node) >= 3 for node in range(replica_count)), order


def test_snapshots_end_and_cut_each_channel_once() -> None:
    cluster = flying(links=Links(drop=0.05, duplicate=0.05, delay_max=5))
    cluster.run(2000)
    done = told(cluster, "SnapshotDone")
    by_snapshot: dict[tuple[int, int], set[int]] = {}
    for line in done:
        by_snapshot.setdefault((line["initiator"], line["number"]), set()).add(line["node"])
    assert sum(nodes == {0, 1, 2, 3} for nodes in by_snapshot.values()) >= 10
    assert {line["initiator"] for line in done} == {0, 1, 2, 3}


def test_a_dead_board_stops_turns_and_nothing_else_and_its_return_starts_them_again() -> None:
    cluster = flying()
    cluster.run(600)
    cluster.kill(2)
    cluster.run(100)
    before = len(holders(cluster))
    operation = cluster.request(["noop"])
    assert cluster.run(2000, until=lambda: cluster.confirmed(operation) is not None)
    cluster.run(1000)
    assert len(holders(cluster)) <= before + 1, "a turn needs everybody's word"
    assert any(line["level_milli"] >= 3000 for line in told(cluster, "Suspicion") if line["peer"] == 2)
    cluster.start(2)
    cluster.run(1500)
    assert len(holders(cluster)) > before + 8
    assert {line["peer"] for line in told(cluster, "Heard") if line["silent_ticks"] > 1000} == {2}
    assert {line["peer"] for line in told(cluster, "ChannelRestart") if line["undelivered"]} <= {2}


def test_a_board_without_memory_joins_in_again() -> None:
    cluster = flying()
    cluster.run(800)
    cluster.kill(1)
    cluster.erase(1)
    cluster.start(1)
    cluster.run(2500)
    assert 1 in holders(cluster)[-8:]


def test_a_silent_peer_fills_its_channel_to_the_bound_and_no_further() -> None:
    cluster = flying(turn_ticks=3, snapshot_ticks=5)
    cluster.run(300)
    cluster.isolate(3)
    cluster.run(3000)
    for seat in cluster.seats[:3]:
        channel = seat.node.services._channels[3]
        assert channel.unacknowledged() <= limits.CHANNEL_QUEUE_ITEMS_MAX
    cluster.heal()
    before = len(holders(cluster))
    cluster.run(1500)
    assert len(holders(cluster)) > before + 8


def test_ops_are_off_unless_asked_for() -> None:
    cluster = flying(turn_ticks=0, snapshot_ticks=0)
    cluster.run(500)
    assert not any(line["event"].startswith(("Channel", "Mutex", "Snapshot")) for line in cluster.lines)


def test_same_seed_same_bytes() -> None:
    runs = [flying(seed=9, links=Links(drop=0.1, duplicate=0.1, delay_max=5)) for _ in range(2)]
    for cluster in runs:
        cluster.run(700)
    assert runs[0].lines == runs[1].lines
