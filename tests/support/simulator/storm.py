"""A storm: a cluster under everything at once, then calm. Safety must hold throughout, progress come with the calm.

At most f boards are faulty at any time. A board that lost its flash counts as faulty until it votes again.
"""

import random
from dataclasses import dataclass

from amu.node.node import VOTING
from swarm_sim.testing.cluster import Cluster, Links

CALM_TICKS_MAX = 20_000


@dataclass
class Outcome:
    cluster: Cluster
    confirmed: bool  # every operation, on f+1 equal replies
    level: bool  # all boards applied the same number of slots


def disagreement(cluster: Cluster) -> str | None:
    """The first slot in which correct boards decided, learned or applied different things, in words."""
    seen: dict[tuple[str, int], str] = {}
    for line in cluster.lines:
        if line["node"] in cluster.byzantine:
            continue
        if line["event"] in ("Decide", "Learn", "Apply"):
            said = [("value", line["value"])] + [("digest", line[k]) for k in ("digest",) if k in line]
            for what, is_said in said:
                before = seen.setdefault((what, line["slot"]), is_said)
                if before != is_said:
                    return f"slot {line['slot']}: {what} {before[:8]} and {is_said[:8]} (node {line['node']})"
    return None


def storm(replica_count: int, seed: int, steps: int = 60) -> Outcome:
    """One seed, one storm. The same seed gives the same storm."""
    draw = random.Random(seed)
    faults_max = (replica_count - 1) // 3
    links = Links(draw.choice([0, 0.05, 0.2]), draw.choice([0, 0.1]), 0, draw.choice([0, 3, 10]))
    cluster = Cluster(replica_count, seed, links)
    cluster.start()
    operations: list[int] = []
    faulty: dict[int, str] = {}
    for _ in range(steps):
        operations += [cluster.request(["noop"]) for _ in range(draw.randint(0, 3))]
        act = draw.random()
        if act < 0.15 and len(faulty) < faults_max:
            _strike(cluster, draw, faulty)
        elif act < 0.3 and faulty:
            _mend(cluster, draw.choice(list(faulty)), faulty)
        elif act < 0.4:
            cluster.isolate(*draw.sample(range(replica_count), draw.randint(1, replica_count // 2)))
        elif act < 0.6:
            cluster.heal()
        cluster.run(draw.randint(1, 60))
    _calm(cluster, faulty)
    confirmed = cluster.run(CALM_TICKS_MAX, lambda: all(map(cluster.confirmed, operations)))
    level = cluster.run(3_000, lambda: len({seat.node.applied_slot for seat in cluster.seats}) == 1)
    return Outcome(cluster, confirmed, level)


def _strike(cluster: Cluster, draw: random.Random, faulty: dict[int, str]) -> None:
    node = draw.choice([i for i in range(len(cluster.seats)) if i not in faulty])
    kind = draw.choice(["kill", "cut", "erase"])
    faulty[node] = kind
    if kind == "cut":
        cluster.power_cut(node, draw.randint(0, 400))
        return
    cluster.kill(node)
    if kind == "erase":
        cluster.erase(node)


def _mend(cluster: Cluster, node: int, faulty: dict[int, str]) -> None:
    board = cluster.seats[node].node
    if board is None:
        cluster.start(node)
        if faulty[node] == "erase":
            faulty[node] = "rejoining"
        else:
            del faulty[node]
    elif faulty[node] == "rejoining" and board.mode == VOTING and board.applied_slot > board.replica.floor:
        del faulty[node]


def _calm(cluster: Cluster, faulty: dict[int, str]) -> None:
    cluster.heal()
    cluster.links = Links(drop=0.02, delay_max=2)
    for node, seat in enumerate(cluster.seats):
        if faulty.get(node) == "cut" and seat.node is not None:
            cluster.kill(node)  # before its flash fails on its own
        if seat.node is None:
            cluster.start(node)
