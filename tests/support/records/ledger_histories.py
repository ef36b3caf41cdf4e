"""What clients see of a swarm in a storm: histories for the linearizability checker."""

import random
from typing import Any

from groundstation.scenario.workload import Workload
from swarm_sim.linearizability.ledger import LedgerOperation
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.records.ledger_traces import life

CLIENT = 1  # the one that `Cluster.request` speaks for
UNDER_WAY_MAX = 8
TICKS = 5  # between two looks at the replies


def stormy(replica_count: int, seed: int, count: int) -> list[LedgerOperation]:
    """`count` operations of a drawn workload under loss, delay, duplicates and restarts; the last are left unanswered.

    Some operations are given up on without looking at their reply any more, as by a client that has crashed.
    """
    draw = random.Random(seed)
    cluster = Cluster(replica_count, seed, Links(draw.choice([0.0, 0.05, 0.15]), 0.1, 0, draw.choice([0, 3, 8])))
    workload = Workload(seed, replica_count)
    cluster.start()
    asked: dict[int, tuple[list[Any], int]] = {}
    history: list[LedgerOperation] = []
    down: int | None = None
    while len(history) + len(asked) < count:
        if len(asked) < UNDER_WAY_MAX and draw.random() < 0.7:
            command = workload.draw()
            asked[cluster.request(command)] = command, cluster.now
        cluster.run(TICKS)
        for number in list(asked):
            reply = cluster.confirmed(number)
            if reply is not None:
                command, invoked = asked.pop(number)
                if draw.random() < 0.03:
                    history.append(LedgerOperation(CLIENT, number, command, invoked))
                else:
                    history.append(LedgerOperation(CLIENT, number, command, invoked, cluster.now, *reply))
                workload.learn(command, *reply)
        down = _restart(cluster, draw, down)
    history += [LedgerOperation(CLIENT, number, *asked[number]) for number in asked]
    return history


def _restart(cluster: Cluster, draw: random.Random, down: int | None) -> int | None:
    """Kill a board now and then, and start it again. Returns the board that is down."""
    if draw.random() >= 0.05:
        return down
    if down is not None:
        cluster.start(down)
        return None
    victim = draw.randrange(len(cluster.seats))
    cluster.kill(victim)
    return victim


def scripted(seed: int, slots: int, hidden_share: float = 0.0) -> list[LedgerOperation]:
    """What the clients of a single ledger saw of a scripted life: many refusals, overlaps, bogus commands.

    Requests overlap in time as their slots allow. `hidden_share` of the answers were never seen.
    """
    draw = random.Random(seed)
    history: dict[tuple[int, int], LedgerOperation] = {}
    for slot, (requests, results) in enumerate(life(seed, slots), 1):
        for (client, number, command), result in zip(requests, results):
            invoked, returned = 2 * slot - draw.randrange(6), 2 * slot + 1 + draw.randrange(4)
            is_hidden = draw.random() < hidden_share
            answer = () if is_hidden else (returned, slot, result)
            seen = LedgerOperation(client, number, command, invoked, *answer)
            history.setdefault((client, number), seen)  # one sent again gets its first answer
    return list(history.values())
