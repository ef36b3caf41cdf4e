"""Two ways to join a node to the simulated world, both of them the board's own `amu.boards.runtime.Runtime`.

Encoded: every frame is built, sealed, stuffed, framed, checked and decoded, byte for byte as on a board. Decoded: the
same path without the bytes, many times faster: messages travel as they are, and what the bytes would decide is known
beforehand (a tag is sound unless its sender spoils it; a damaged frame never gets past its CRC). Both take the same
steps in the same order, so the same scenario gives the same trace.

The world is asked for three things, `Outlet`: it carries frames and messages, and takes in trace events.
"""

from typing import Protocol

from amu.boards.host import MemoryPort
from amu.boards.runtime import Runtime
from amu.core.limits import BROADCAST, GROUND, TAG_BYTES
from amu.core.types import AnyMessage, TraceEvent
from amu.node.journal import Journal
from amu.node.seams import Machine, Settings
from amu.wire import frames, messages
from amu.wire.auth import Keyring

SOUND_TAG = bytes(TAG_BYTES)


class Outlet(Protocol):
    """Where a runtime's effects go."""

    def trace(self, node: int, boot: int, first_seq: int, ticks: int, events: list[TraceEvent]) -> None:
        """Trace events of a board, before anything that is sent after them."""

    def carry(self, source: int, destination: int, lamport: int, message: AnyMessage, is_sound: bool) -> None:
        """A decoded message to one node. `is_sound`: its tag has not been spoilt."""

    def carry_frame(self, source: int, destination: int, kind: int, frame: bytes) -> None:
        """Wire bytes of one frame to one node."""


class Decoded(Runtime):
    """Messages travel decoded. `receive` stands for the arrival of a whole frame."""

    def __init__(self, node: Machine, config: Settings, journal: Journal | None, outlet: Outlet) -> None:
        super().__init__(node, config, None, None, journal, lambda: (0, 0))  # type: ignore[arg-type]
        self._outlet = outlet
        self._peers = [peer for peer in range(config.replica_count) if peer != config.replica]

    def receive(self, source: int, lamport: int, message: AnyMessage, is_sound: bool) -> None:
        """A frame of `source` has arrived: addressed rightly, and whole unless `message` is None."""
        if message is None:
            return  # the framer's CRC finds it, and counts it
        self.frames_in += 1
        if not self._admit(source, message.KIND):
            return
        if is_sound:
            self._hand_over(source, lamport, message)
        else:
            self._refuse(source, message.KIND, "mac")

    def tick(self, now_ticks: int) -> None:
        """The board's clock shows `now_ticks`."""
        if now_ticks > self._ticks:
            self._ticks = now_ticks
            self._tick()

    def _send_events(self, first_seq: int, events: list[TraceEvent]) -> None:
        self._outlet.trace(self._me, self._node.boot, first_seq, self._ticks, events)

    def _send(self, destination: int, lamport: int, message: AnyMessage) -> None:
        if self._journal is None and destination != GROUND:
            return
        for peer in self._peers if destination == BROADCAST else (destination,):
            is_sound = self._spoil_tag is None or self._spoil_tag(peer, self._tag(message)) == self._tag(message)
            self._outlet.carry(self._me, peer, lamport, message, is_sound)

    def _tag(self, message: AnyMessage) -> bytes:
        return SOUND_TAG if messages.is_authenticated(message.KIND) else b""


class Encoded(Runtime):
    """Bytes travel. `port` is a MemoryPort: `receive` feeds it and lets the runtime take all of it in."""

    _port: MemoryPort

    def __init__(
        self,
        node: Machine,
        config: Settings,
        journal: Journal | None,
        outlet: Outlet,
        keyring: Keyring,
        port: MemoryPort,
    ) -> None:
        super().__init__(node, config, keyring, port, journal, lambda: (0, 0))
        self._outlet = outlet

    def receive(self, frame: bytes) -> None:
        """The bytes of a frame, whole or damaged, have arrived."""
        self._port.feed(frame)
        while self.poll(self._ticks):
            pass

    def tick(self, now_ticks: int) -> None:
        """The board's clock shows `now_ticks`."""
        self.poll(now_ticks)

    def _write(self, kind: int, destination: int, payload: bytes) -> None:
        tag = self._keyring.seal(kind, destination, payload)
        if self._spoil_tag is not None:
            tag = self._spoil_tag(destination, tag)
        frame = frames.build(kind, self._me, destination, tag, payload)
        self._outlet.carry_frame(self._me, destination, kind, frame)
