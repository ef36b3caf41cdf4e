"""A storm with liars in it: up to f boards lie or lose their memory, all others may lose power at any time.

A board that returns with its flash is not faulty, only slow, so more than f correct boards may be killed. Boards that
lie, and erased ones that do not vote yet, are at most f.
"""

import random
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from amu.node.node import VOTING
from swarm_sim.adversary import behaviour_of, wrap
from swarm_sim.adversary.base import Adversary, Behaviour, Draws
from swarm_sim.testing.cluster import Cluster, Links

FICKLE = "fickle"  # draws for each message and receiver whether to be honest, be silent, equivocate or lie
ADVERSARIES = ("equivocate", "lie", "silence", "replay", "flood", "mixed", FICKLE)  # no bad_mac: there are no tags here
CALM_TICKS_MAX = 20_000
LEVEL_TICKS_MAX = 5_000


class Fickle(Behaviour):
    """The widest choice that a liar has which keeps to the form of the protocol: another one for each receiver."""

    def __init__(self, me: int, replica_count: int, draws: Draws) -> None:
        super().__init__(me, replica_count, draws, {})
        kinds = [behaviour_of(name) for name in ("equivocate", "lie", "silence")]
        self._ways = [kind(me, replica_count, draws, {}) for kind in kinds] + 2 * [
            Behaviour(me, replica_count, draws, {})
        ]

    def overhear(self, source: int, message: Any) -> None:
        for way in self._ways:
            way.overhear(source, message)

    def to_peer(self, peer: int, time: int, message: Any) -> Any:
        return self.draws.pick(self._ways).to_peer(peer, time, message)


def make_liar(node: Any, name: str, parameters: dict[str, int]) -> Any:
    """`node` with the adversary `name` around it."""
    if name == FICKLE:
        return Adversary(node, [Fickle(node.me, node.group.size, Draws(parameters["seed"]))], 1)
    return wrap(node, name, parameters)


@dataclass
class ByzantineStorm:
    """One seed, one storm. `adversaries`: what the liars draw from."""

    replica_count: int
    seed: int
    adversaries: tuple[str, ...] = ADVERSARIES
    steps: int = 30
    operations: list[int] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)  # without memory, and not voting again yet
    cut: set[int] = field(default_factory=set)  # their flash is going to fail
    confirmed: bool = False  # every operation, on f+1 equal replies
    level: bool = False  # all correct boards have applied the same number of slots
    kinds: dict[int, str] = field(default_factory=dict)  # liar -> what it does

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        draw, faults_max = self.draw, (self.replica_count - 1) // 3
        links = Links(draw.choice([0, 0.05, 0.2]), draw.choice([0, 0.1]), 0, draw.choice([0, 3, 10]))
        self.cluster = Cluster(self.replica_count, self.seed, links)
        for liar in draw.sample(range(self.replica_count), draw.randint(1, faults_max)):
            self.kinds[liar] = draw.choice(self.adversaries)
            parameters = {"seed": draw.randrange(1 << 20)}
            self.cluster.make_byzantine(liar, partial(make_liar, name=self.kinds[liar], parameters=parameters))

    def run(self) -> "ByzantineStorm":
        cluster, draw = self.cluster, self.draw
        cluster.start()
        for _ in range(self.steps):
            self.operations += [cluster.request(["noop"]) for _ in range(draw.randint(0, 3))]
            act = draw.random()
            if act < 0.2:
                self._strike()
            elif act < 0.45:
                self._mend()
            elif act < 0.55:
                cluster.isolate(*draw.sample(range(self.replica_count), draw.randint(1, self.replica_count // 2)))
            elif act < 0.75:
                cluster.heal()
            cluster.run(draw.randint(1, 60))
        self._calm()
        self.confirmed = cluster.run(CALM_TICKS_MAX, lambda: all(map(cluster.confirmed, self.operations)))
        self.level = cluster.run(LEVEL_TICKS_MAX, lambda: len(set(self.applied())) == 1)
        return self

    def applied(self) -> list[int]:
        """Applied slots of the correct boards."""
        return [seat.node.applied_slot for i, seat in enumerate(self.cluster.seats) if i not in self.kinds]

    def _strike(self) -> None:
        cluster, draw = self.cluster, self.draw
        node = draw.choice([i for i in range(self.replica_count) if i not in self.kinds])
        if cluster.seats[node].node is None:
            return
        self._settle_erased()
        if draw.random() < 0.3:
            cluster.power_cut(node, draw.randint(0, 400))
            self.cut.add(node)
            return
        cluster.kill(node)
        is_within = len(self.erased | {node}) + len(self.kinds) <= (self.replica_count - 1) // 3
        if is_within and draw.random() < 0.5:
            cluster.erase(node)
            self.erased.add(node)

    def _settle_erased(self) -> None:
        """A board that votes again above its floor is a correct one again."""
        for node in sorted(self.erased):
            board = self.cluster.seats[node].node
            if board is not None and board.mode == VOTING and board.applied_slot > board.replica.floor:
                self.erased.discard(node)

    def _mend(self) -> None:
        dead = [i for i, seat in enumerate(self.cluster.seats) if seat.node is None]
        if dead:
            self._start(self.draw.choice(dead))

    def _start(self, node: int) -> None:
        self.cut.discard(node)
        self.cluster.start(node)

    def _calm(self) -> None:
        cluster = self.cluster
        cluster.heal()
        cluster.links = Links(drop=0.02, delay_max=2)
        for node, seat in enumerate(cluster.seats):
            if seat.node is not None and node in self.cut:
                cluster.kill(node)  # before its flash fails on its own
            if seat.node is None:
                self._start(node)
