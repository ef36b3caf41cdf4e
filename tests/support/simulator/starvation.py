"""A campaign against progress: proposals are lost at random for a while, and f boards starve the others; then calm.

Nothing here follows a schedule. A seed draws which boards lie, their seeds, how late messages may be, and which
proposals are lost. In the calm the network loses and delays nothing, and only the liars continue.
"""

import random
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from amu.wire.messages import Proposal
from swarm_sim.adversary import wrap
from swarm_sim.testing.cluster import Cluster, Links

VIEW_TIMEOUT_TICKS = 10
LONGEST_VIEW_TIMEOUTS = 64  # limits.VIEW_TIMEOUT_DOUBLINGS_MAX as a factor


@dataclass
class Starvation:
    """One seed. Times in view timeouts of view 0. `parameters`: of the liars, besides their seeds."""

    seed: int
    replica_count: int = 4
    proposals_lost: float = 0.8
    storm_timeouts: int = 30
    calm_timeouts: int = 6 * LONGEST_VIEW_TIMEOUTS  # so that views with each board as leader come and go
    parameters: dict[str, int] = field(default_factory=dict)
    is_confirmed: bool = False
    calm_views: int = 0  # views of slot 1 that correct boards went through in the calm

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        links = Links(delay_max=self.draw.choice([0, 0, 1, 3]))
        self.cluster = Cluster(
            self.replica_count, self.seed, links, view_timeout_ticks=VIEW_TIMEOUT_TICKS, trace_messages=False
        )
        for liar in self.draw.sample(range(self.replica_count), (self.replica_count - 1) // 3):
            parameters = {"seed": self.draw.randrange(1 << 20), **self.parameters}
            self.cluster.make_byzantine(liar, partial(wrap, name="starve", parameters=parameters))

    def run(self) -> "Starvation":
        cluster = self.cluster
        cluster.lets_pass = self._lets_pass
        cluster.start()
        operation = cluster.request(["noop"])
        self.is_confirmed = self._run(self.storm_timeouts, operation)
        if not self.is_confirmed:
            cluster.lets_pass = lambda source, destination, message: True
            cluster.links = Links()
            first_view = self._view()
            self.is_confirmed = self._run(self.calm_timeouts, operation)
            self.calm_views = self._view() - first_view
        return self

    def _run(self, timeouts: int, operation: int) -> bool:
        return self.cluster.run(
            timeouts * VIEW_TIMEOUT_TICKS, until=lambda: self.cluster.confirmed(operation) is not None
        )

    def _lets_pass(self, source: int, destination: int, message: Any) -> bool:
        return not isinstance(message, Proposal) or self.draw.random() >= self.proposals_lost

    def _view(self) -> int:
        """The highest view of slot 1 that a correct board has entered."""
        return max(
            (
                line["view"]
                for line in self.cluster.lines
                if line["event"] == "EnterView" and line["slot"] == 1 and line["node"] not in self.cluster.byzantine
            ),
            default=0,
        )
