"""Two ways to join a node to the simulated world, both of them the board's own `amu.boards.runtime.Runtime`.

`Encoded`: every frame is built, sealed, stuffed, framed, checked and decoded, byte for byte as on a board.
`amu.boards.host.Decoded`: the same path without the bytes, many times faster. Both take the same steps in the same
order, so the same scenario gives the same trace.

A runtime needs three things of the world, its `Carrier`: it carries frames and messages, and takes trace events.
"""

from typing import Protocol

from amu.boards.host import MemoryPort, no_heap
from amu.boards.runtime import Runtime
from amu.node import seams
from amu.node.journal import Journal
from amu.wire import frames
from amu.wire.auth import Keyring


class Carrier(seams.Carrier, Protocol):
    """Where a runtime's effects go."""

    def carry_frame(self, source: int, destination: int, payload: bytes, frame: bytes) -> None:
        """Wire bytes of one frame to one node, and what is inside."""


class Encoded(Runtime):
    """Bytes travel. `port` is a MemoryPort: `receive` feeds it and lets the runtime read all of it."""

    _port: MemoryPort

    def __init__(
        self,
        node: seams.Machine,
        config: seams.Settings,
        journal: Journal | None,
        carrier: Carrier,
        keyring: Keyring,
        port: MemoryPort,
    ) -> None:
        super().__init__(node, config, keyring, port, journal, no_heap)
        self._carrier = carrier

    def receive(self, frame: bytes) -> None:
        """The bytes of a frame, whole or damaged, have arrived."""
        self._port.feed(frame)
        while self.poll(self._ticks):
            pass

    def tick(self, now_ticks: int) -> None:
        """The board's clock shows `now_ticks`."""
        self.poll(now_ticks)

    def _write_frame(self, destination: int, traffic: int, payload: bytes) -> None:
        tag = self._keyring.seal(traffic, destination, payload)
        if self._spoil_tag is not None:
            tag = self._spoil_tag(destination, tag)
        frame = frames.build(traffic, self._me, destination, tag, payload)
        self._carrier.carry_frame(self._me, destination, payload, frame)
