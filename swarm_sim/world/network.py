"""What carries frames in the simulated world: the fault plan of the ground station's ether, on messages in flight.

The same rules, draws and counts as in `groundstation.faults.ether`, except that a frame may travel decoded. A rule that
needs bytes (a length, bits to flip) gets a `LazyFrame`, which encodes itself on demand. A copy that comes back as plain
bytes was damaged, and its receiver's framer drops it.

Rules
- Every frame has a counted fate: accepted + copies made = delivered + lost + in flight.
- At most FRAMES_MAX frames are in flight at once; more are lost and counted.
- Every link takes LINK_TICKS of a tick, so that nothing arrives at the moment at which it was sent.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from amu.boards.host import SOUND_TAG
from amu.core.types import AnyMessage
from amu.wire import codec, frames
from groundstation.faults.ether import ACCEPTED, DELIVERED, ETHER_FRAMES_MAX, ETHER_FULL
from groundstation.faults.link_counts import LinkCounts
from groundstation.faults.plan import FaultPlan, LinkState

LINK_TICKS = 0.1
DAMAGED = "damaged copies"

Arrival = tuple[object, ...]  # as the receiving board's `receive` takes it


class LazyFrame:
    """Messages that stand for their frame. Length, bytes and slices are those of the frame under a tag of zeros."""

    __slots__ = ("_found", "_frame", "_link")

    def __init__(self, source: int, destination: int, found: list[tuple[int, AnyMessage]]) -> None:
        self._link = (source, destination)
        self._found = found
        self._frame: bytes | None = None

    def __bytes__(self) -> bytes:
        if self._frame is None:
            payload = b"".join([codec.encode(lamport, message) for lamport, message in self._found])
            self._frame = frames.build(frames.FLIGHT, *self._link, SOUND_TAG, payload)
        return self._frame

    def __len__(self) -> int:
        return len(bytes(self))

    def __getitem__(self, place: slice) -> bytes:
        return bytes(self)[place]


class Network:
    """Fates of flight frames under `plan`. `counts` by fate; The scheduler of arrivals keeps `in_flight`."""

    def __init__(self, plan: FaultPlan, node_count: int, tick_seconds: float) -> None:
        self.counts: Counter[str] = Counter()
        self.in_flight = 0
        self.has_rules = bool(plan.rules)
        self.names_kinds = plan.names_kinds
        self.link_seconds = LINK_TICKS * tick_seconds
        self.clean: set[tuple[int, int]] = set()  # links that no rule applies to any more
        self._plan = plan
        self._node_count = node_count
        self._indexes = [0] * (node_count * node_count)
        self._states: list[LinkState] = [{} for _ in range(node_count * node_count)]
        self._links = LinkCounts(node_count)

    def fates(
        self, now: float, source: int, destination: int, kinds: tuple[int, ...], frame: Any
    ) -> Sequence[tuple[float, Any]]:
        """(moment, frame) of each copy of a frame with messages of `kinds` that will arrive."""
        link = source * self._node_count + destination
        index = self._indexes[link]
        self._indexes[link] = index + 1
        counts = self.counts
        counts[ACCEPTED] += 1
        self._links.accepted[link] += 1
        if (source, destination) in self.clean:
            self._links.on_the_way[link] += 1
            return [(now, frame)]
        found = self._plan.fates(now, source, destination, index, frame, kinds, self._states[link])
        self._states[link] = found.state
        for effect in found.effects:
            counts[effect.name] += max(1, abs(effect.copies))
        for _, copy in found.deliveries:
            if copy is not frame:
                counts[DAMAGED] += 1
        room = ETHER_FRAMES_MAX - self.in_flight
        if len(found.deliveries) > room:
            counts[ETHER_FULL] += len(found.deliveries) - room
        scheduled = found.deliveries[:room]
        self._links.on_the_way[link] += len(scheduled)
        return scheduled

    def undisturbed(self, source: int, destination: int) -> None:
        """A frame enters a network without rules: one copy will arrive."""
        self.counts[ACCEPTED] += 1
        self.in_flight += 1
        link = source * self._node_count + destination
        self._links.accepted[link] += 1
        self._links.on_the_way[link] += 1

    def delivered(self, source: int, destination: int) -> None:
        self.in_flight -= 1
        self.counts[DELIVERED] += 1
        link = source * self._node_count + destination
        self._links.delivered[link] += 1
        self._links.on_the_way[link] -= 1

    def links_told(self) -> list[list[int]]:
        """As `LinkCounts.told`."""
        return self._links.told()
