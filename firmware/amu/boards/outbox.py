"""Fewer, fuller frames: all that a board has for one receiver at a time leaves in one frame, or in as few as hold it.

    outbox.add(destination, traffic, part, size)     a message, in the order of sending
    outbox.flush()                                   nothing more comes for now

`write(destinations, traffic, parts)` takes the parts of one frame: as many as fit, MESSAGES_PER_FRAME_MAX at most.
Broadcasts gather once for all peers, who get the same frame; from the first message for one peer alone until the next
`flush` each peer has parts of its own. Each receiver gets its messages in the order in which they were added.
"""

from amu.core import limits
from amu.core.limits import BROADCAST, GROUND
from amu.wire.frames import FLIGHT

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable, Sequence
    from typing import Any

    Write = Callable[[Sequence[int], int, list[Any]], None]


class _Batch:
    """Parts of the next frame."""

    def __init__(self, destinations: "Sequence[int]", traffic: int) -> None:
        self.destinations = destinations
        self.traffic = traffic
        self.parts: "list[Any]" = []  # at most MESSAGES_PER_FRAME_MAX
        self.size = 0  # bytes of payload


class Outbox:
    """Bounded: holds less than one frame for each receiver."""

    def __init__(self, peers: list[int], write: "Write") -> None:
        self._peers = peers
        self._write = write
        self._common = _Batch(peers, FLIGHT)
        self._is_parted = False  # each peer has a batch of its own
        self._batches: list[_Batch] = []  # for single receivers: at most REPLICAS_MAX, and learners

    def add(self, destination: int, traffic: int, part: "Any", size: int) -> None:
        """A message of `size` bytes when it is encoded."""
        if destination != BROADCAST:
            if destination != GROUND and not self._is_parted:
                self._part()
            self._put(self._batch(destination, traffic), part, size)
        elif self._is_parted:
            for peer in self._peers:
                self._put(self._batch(peer, traffic), part, size)
        else:
            self._put(self._common, part, size)

    def flush(self) -> None:
        """Let everything go."""
        self._let_go(self._common)
        if self._batches:
            batches = self._batches
            self._batches = []
            self._is_parted = False
            for batch in batches:
                self._let_go(batch)

    def _put(self, batch: _Batch, part: "Any", size: int) -> None:
        if batch.size + size > limits.PAYLOAD_BYTES_MAX or len(batch.parts) == limits.MESSAGES_PER_FRAME_MAX:
            self._let_go(batch)
        batch.parts.append(part)
        batch.size += size

    def _let_go(self, batch: _Batch) -> None:
        parts = batch.parts
        if parts:
            batch.parts = []
            batch.size = 0
            self._write(batch.destinations, batch.traffic, parts)

    def _part(self) -> None:
        """From now on the peers' batches differ."""
        self._is_parted = True
        common = self._common
        for peer in self._peers:
            batch = self._batch(peer, FLIGHT)
            batch.parts = list(common.parts)
            batch.size = common.size
        common.parts = []
        common.size = 0

    def _batch(self, destination: int, traffic: int) -> _Batch:
        for batch in self._batches:
            if batch.traffic == traffic and batch.destinations[0] == destination:
                return batch
        batch = _Batch((destination,), traffic)
        self._batches.append(batch)
        return batch
