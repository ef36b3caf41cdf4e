"""The ether: carries flight frames from board to board, and applies the fault plan to them.

It has no link, thread or clock: frames and mission time go in, frames that are due come out.

Rules
- Every frame has a counted fate. At any time: accepted + copies made = delivered + lost + in flight.
- Frames come out in the order (mission time, source, destination, index on the link, copy), so equal inputs give equal
  outputs.
- A frame must come from the board that its header names: a board can lie in a header, but not about its cable.
- A rule for certain messages sees those inside a frame, although only the receiver can tell whether they are authentic.
  A frame whose messages cannot be read holds none.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from amu.core.errors import CodecError
from amu.wire import codec
from amu.wire.frames import FLIGHT
from groundstation.faults.link_counts import LinkCounts
from groundstation.faults.plan import FaultPlan, LinkState
from groundstation.faults.rule import kinds_of

ETHER_FRAMES_MAX = 65_536  # in flight at once; at 100 bytes a frame under 10 MB
TIMELINE_SECONDS_MAX = 100_000  # mission seconds with separate counts; later frames count in the last one

ACCEPTED = "accepted"
DELIVERED = "delivered"
ETHER_FULL = "ether full"
SOURCE_FORGED = "source forged"
DESTINATION_UNKNOWN = "destination unknown"


class Header(Protocol):
    """The fields of a frame that the ether reads."""

    @property
    def traffic(self) -> int: ...
    @property
    def source(self) -> int: ...
    @property
    def destination(self) -> int: ...
    @property
    def payload(self) -> bytes: ...


class Delivery(NamedTuple):
    """One copy of a frame for the board `destination`, due at mission second `at`. Sorts in the order of delivery."""

    at: float
    source: int
    destination: int
    frame_index: int
    copy: int
    frame: bytes


class Ether:
    """Frames in flight between `nodes` (replica numbers) under `plan`.

    first_index: index of the first frame of each link. A resumed run starts above all earlier ones, so that its draws
    are new.
    """

    def __init__(
        self, plan: FaultPlan, nodes: Iterable[int], frames_max: int = ETHER_FRAMES_MAX, first_index: int = 0
    ) -> None:
        self.plan = plan
        self.counts: Counter[tuple[str, int, int]] = Counter()  # (fate, source, destination) -> frames
        self.timeline: dict[int, Counter[str]] = {}  # mission second -> fate -> frames
        self._nodes = frozenset(nodes)
        self.links = LinkCounts(max(self._nodes, default=0) + 1)
        self._first_index = first_index
        self._frames_max = frames_max
        self._heap: list[Delivery] = []
        self._next_index: dict[tuple[int, int], int] = {}
        self._states: dict[tuple[int, int], LinkState] = {}

    def accept(self, now: float, source_node: int, frame: bytes, header: Header) -> int:
        """Take a flight frame (wire bytes with both delimiters) from the cable of `source_node`.

        Returns the number of copies in flight; 0 means lost or refused, and counted. Raises ValueError if it is not a
        flight frame: other frames are never routed, so passing one is the caller's mistake.
        """
        if header.traffic != FLIGHT:
            raise ValueError(f"a frame of class {header.traffic}; the ether carries class {FLIGHT}, flight")
        if header.source != source_node:
            self.count(now, SOURCE_FORGED, source_node, header.destination)
            return 0
        if header.destination not in self._nodes or header.destination == source_node:
            self.count(now, DESTINATION_UNKNOWN, source_node, header.destination)
            return 0
        return self._schedule(now, frame, header)

    def _schedule(self, now: float, frame: bytes, header: Header) -> int:
        link = (header.source, header.destination)
        index = self._next_index.get(link, self._first_index)
        self._next_index[link] = index + 1
        self.count(now, ACCEPTED, *link)
        self.links.accepted[self._number(*link)] += 1
        kinds = _kinds_in(header) if self.plan.names_kinds else ()
        fates = self.plan.fates(now, *link, index, frame, kinds, self._states.get(link, {}))
        self._states[link] = fates.state
        for effect in fates.effects:
            self.count(now, effect.name, *link, max(1, abs(effect.copies)))
        scheduled = 0
        for copy, (at, copied_frame) in enumerate(fates.deliveries):
            if len(self._heap) >= self._frames_max:
                self.count(now, ETHER_FULL, *link)
                continue
            heapq.heappush(self._heap, Delivery(at, *link, index, copy, copied_frame))
            scheduled += 1
        self.links.on_the_way[self._number(*link)] += scheduled
        return scheduled

    def _number(self, source: int, destination: int) -> int:
        return source * self.links.node_count + destination

    def due(self, now: float) -> list[Delivery]:
        """Take out every frame whose time has come, in the order of delivery."""
        deliveries = []
        while self._heap and self._heap[0].at <= now:
            delivery = heapq.heappop(self._heap)
            self.count(delivery.at, DELIVERED, delivery.source, delivery.destination)
            number = self._number(delivery.source, delivery.destination)
            self.links.delivered[number] += 1
            self.links.on_the_way[number] -= 1
            deliveries.append(delivery)
        return deliveries

    @property
    def next_due(self) -> float | None:
        """Mission second of the next delivery. None if nothing is in flight."""
        return self._heap[0].at if self._heap else None

    @property
    def in_flight(self) -> int:
        """Frames on their way."""
        return len(self._heap)

    def count(self, now: float, fate: str, source: int, destination: int, frames: int = 1) -> None:
        """Count a fate. Public, because the writer to the links counts what happens to frames there ("link busy")."""
        self.counts[fate, source, destination] += frames
        second = min(int(now), TIMELINE_SECONDS_MAX - 1)
        if second not in self.timeline:
            self.timeline[second] = Counter()
        self.timeline[second][fate] += frames

    def totals(self) -> dict[str, int]:
        """Frames by fate over all links, sorted by name."""
        totals: Counter[str] = Counter()
        for (fate, _, _), frames in self.counts.items():
            totals[fate] += frames
        return dict(sorted(totals.items()))


def _kinds_in(header: Header) -> tuple[int, ...]:
    """The kinds of the messages in a frame, () if they cannot be read."""
    try:
        return kinds_of(codec.decode(header.traffic, header.payload))
    except CodecError:
        return ()
