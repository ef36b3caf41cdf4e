"""Two ways to join a node to the simulated world, both of them the board's own `amu.boards.runtime.Runtime`.

`Encoded`: every frame is built, sealed, stuffed, framed, checked and decoded, byte for byte as on a board.
`amu.boards.host.Decoded`: the same path without the bytes, many times faster. Both take the same steps in the same
order, so the same scenario gives the same trace.

A runtime needs three things of the world, its `Carrier`: it carries frames and messages, and takes trace events.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from amu.boards.host import no_heap
from amu.boards.runtime import Runtime
from amu.node import seams
from amu.node.journal import Journal
from amu.wire import frames
from amu.wire.auth import Keyring


class Carrier(seams.Carrier, Protocol):
    """Where a runtime's effects go."""

    def carry_frame(self, source: int, destination: int, payload: bytes, frame: bytes) -> None:
        """Wire bytes of one frame to one node, and what is inside."""


class FramePort:
    """BytePort of a board that is given whole frames."""

    def __init__(self) -> None:
        self.waiting: deque[bytes] = deque()

    def read(self) -> bytes:
        """One frame, `b""` if there is none."""
        return self.waiting.popleft() if self.waiting else b""

    def write(self, data: bytes) -> None:
        raise AssertionError("frames leave by the carrier")


class Encoded(Runtime):
    """Bytes travel. A turn is the frames that `receive_turn` is given: the port yields one at each read."""

    _port: FramePort

    def __init__(
        self,
        node: seams.Machine,
        config: seams.Settings,
        journal: Journal | None,
        carrier: Carrier,
        keyring: Keyring,
    ) -> None:
        super().__init__(node, config, keyring, FramePort(), journal, no_heap)
        self._carrier = carrier

    def receive_turn(self, arrivals: list[tuple[bytes]]) -> None:
        """The bytes of frames, whole or damaged, have arrived: at most TURN_FRAMES_MAX."""
        self._port.waiting.extend(frame for (frame,) in arrivals)
        while self.poll(self._ticks):
            pass

    def tick(self, now_ticks: int) -> None:
        """The board's clock shows `now_ticks`."""
        self.poll(now_ticks)

    def _write(self, destinations: Sequence[int], traffic: int, parts: list[bytes]) -> None:
        payload = b"".join(parts)
        for destination in destinations:
            tag = self._keyring.seal(traffic, destination, payload)
            if self._spoil_tag is not None:
                tag = self._spoil_tag(destination, tag)
            frame = frames.build(traffic, self._me, destination, tag, payload)
            self._carrier.carry_frame(self._me, destination, payload, frame)


def exchange(runtime: object, machine: seams.Machine) -> None:
    """Let `machine` fly on in the place of the machine that `runtime` drives: a node, or an adversary around it."""
    assert isinstance(runtime, Runtime)
    runtime._node = machine
    runtime._spoil_tag = getattr(machine, "spoil_tag", None)
