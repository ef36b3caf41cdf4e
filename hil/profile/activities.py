"""What is profiled: a boot, decisions, a checkpoint, a change of views and a catch-up of emulated Picos.

One swarm does it all, in this order. Its boards boot and decide operations one at a time, until all have written a
checkpoint. Then their leader is switched off: the others change the view and go on. In the end it is switched on again
and catches up. Everything follows from image and firmware.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amu.core.limits import CHECKPOINT_SLOTS
from hil.profile import bytecode, collector, samples
from hil.profile.samples import Names, Profile
from hil.profile.swarm import Setting, Swarm

SAMPLE_NANOS = 24_000  # 3,000 cycles
WARM_UP = 2  # operations before the first that counts: they ask for buffers and registers that stay
DECISIONS = 5  # that count
MISSED = 8  # slots that the board which was off has missed
SETTLE_MS = 100  # between operations: boards finish what is left of the one before, and collect garbage
VIEW_TIMEOUT_MS = 2_000
_OPERATIONS_MAX = 3 * CHECKPOINT_SLOTS

BOOT, DECISION, CHECKPOINT = "boot", "decision", "checkpoint"
VIEW_CHANGE, CATCH_UP = "view change", "catch-up"
MEANINGS = {
    BOOT: "from power-on to the answer to Hello",
    DECISION: "from a request to the last board's reply, one operation at a time",
    CHECKPOINT: "the decision after which boards write a checkpoint",
    VIEW_CHANGE: "from the first wish for another view to the last reply; the leader is off",
    CATCH_UP: f"of a board that was off for {MISSED} slots, from its answer to Hello to the last slot",
}

Tell = Callable[[str], None]


@dataclass
class Activity:
    """`profile` is the sum over `count` times one board doing it; `latencies` in nanoseconds, one each time."""

    name: str
    profile: Profile = field(default_factory=Profile)
    count: int = 0
    latencies: list[int] = field(default_factory=list)


class Profiler:
    """Runs a swarm through all activities."""

    def __init__(self, setting: Setting, image: Path, tell: Tell) -> None:
        self.activities = {name: Activity(name) for name in MEANINGS}
        self._tell = tell
        self._names = Names(bytecode.firmware())
        self._sampling: dict[str, Any] = {"nanos": SAMPLE_NANOS, "collection": collector.addresses(image)}
        self._swarm = Swarm(setting, image, sampling=self._sampling)
        self._setting = setting

    def run(self) -> dict[str, Activity]:
        """Raises BoardError when the boards do not do what is asked of them."""
        with self._swarm as swarm:
            self._tell("boot")
            ready = swarm.boot()
            self._keep(BOOT, ready, ready.values())
            self._decide_until_checkpoint()
            leader = max((when, node) for node in ready for when, _ in swarm.times("Propose", node))[1]
            swarm.kill(leader)
            self._rest(self._nodes())
            self._decide_without_one()
            self._catch_up(leader)
        return self.activities

    def _begin(self, nodes: Iterable[int]) -> None:
        for node in nodes:
            self._swarm.chip(node).sample(**self._sampling)

    def _rest(self, nodes: Iterable[int]) -> None:
        """What follows does not count, and need not be seen."""
        for node in nodes:
            self._swarm.chip(node).sample()

    def _keep(self, name: str, nodes: Iterable[int], latencies: Iterable[int]) -> None:
        """What these boards did since `_begin` was an activity of this name."""
        activity = self.activities[name]
        for node in nodes:
            seen = self._swarm.chip(node).sample(**self._sampling)
            activity.profile.add(samples.told(seen, self._names, SAMPLE_NANOS))
            activity.count += 1
        activity.latencies += latencies

    def _nodes(self) -> list[int]:
        return [pico.node for pico in self._swarm.running()]

    def _operation(self, counts: bool) -> int:
        """One operation, until all have replied. Returns its latency: until one of the boards that reply is correct."""
        swarm, nodes = self._swarm, self._nodes()
        swarm.run(SETTLE_MS)
        (self._begin if counts else self._rest)(nodes)
        began = swarm.now
        operation = swarm.request()
        swarm.run_until(lambda: len(swarm.replies(operation)) == len(nodes), f"replies to operation {operation}")
        return sorted(swarm.replies(operation).values())[(self._setting.nodes - 1) // 3] - began

    def _decide_until_checkpoint(self) -> None:
        swarm, nodes = self._swarm, self._nodes()
        for number in range(_OPERATIONS_MAX):
            self._tell(f"operation {number + 1}")
            since = swarm.now
            decides = WARM_UP <= number < WARM_UP + DECISIONS
            last = max((slot for node in nodes for _, slot in swarm.times("Apply", node)), default=0)
            latency = self._operation(decides or (last + 1) % CHECKPOINT_SLOTS == 0)
            if all(swarm.times("Checkpoint", node, since) for node in nodes):
                self._keep(CHECKPOINT, nodes, [latency])
                return
            if decides:
                self._keep(DECISION, nodes, [latency])

    def _decide_without_one(self) -> None:
        """MISSED operations, and more until the view was changed for one of them."""
        nodes = self._nodes()
        for number in range(_OPERATIONS_MAX):
            if number >= MISSED and self.activities[VIEW_CHANGE].count:
                return
            self._tell(f"operation {number + 1} with one board off")
            self._decide_perhaps_in_another_view(nodes)

    def _decide_perhaps_in_another_view(self, nodes: list[int]) -> None:
        swarm, since = self._swarm, self._swarm.now
        operation = swarm.request()

        def is_wished() -> bool:
            return any(swarm.times("Wish", node, since) for node in nodes)

        def is_done() -> bool:
            return len(swarm.replies(operation)) == len(nodes)

        swarm.run_until(lambda: is_wished() or is_done(), "wish for another view")
        counts = not is_done() and not self.activities[VIEW_CHANGE].count
        if counts:
            self._begin(nodes)
        began = swarm.now
        swarm.run_until(is_done, "replies in another view")
        if counts:
            self._keep(VIEW_CHANGE, nodes, [max(swarm.replies(operation).values()) - began])
            self._rest(nodes)

    def _catch_up(self, node: int) -> None:
        swarm = self._swarm
        self._tell("catch-up")
        last = max(slot for other in self._nodes() for _, slot in swarm.times("Apply", other))
        swarm.boot([node])
        self._begin([node])
        began = swarm.now

        def has_caught_up() -> bool:
            slots = [slot for name in ("Apply", "Adopt") for _, slot in swarm.times(name, node, began)]
            return max(slots, default=0) >= last

        swarm.run_until(has_caught_up, f"slot {last} at the board that was off")
        self._keep(CATCH_UP, [node], [swarm.now - began])
