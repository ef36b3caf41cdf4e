"""Forges checkpoints: reports states that never were, and sends them, or other bytes than it reported, to who asks.

A state that f + 1 replicas report is taken over whole, so forged ones are the strongest weapon against a board that is
far behind (Castro and Liskov, OSDI 1999, sections 4.3 and 5.3). The forged state of a slot is a function of the slot:
several such boards report the same digest without communicating, and each can deliver the bytes that belong to it.
"""

from amu.consensus.checkpoints import digest_of
from amu.core import limits
from amu.core.chunks import SIZE, Chunks
from amu.ledger.state import Ledger
from amu.wire import cbor
from amu.wire import messages as m

from .base import Behaviour

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage

    from .base import Draws, Parameters

QUEUE_MAX = 16  # chunks that wait for the next tick


class Forge(Behaviour):
    """Of every second checkpoint it forges digest and state, of the others the state alone. Half of its reports are of
    the next checkpoint that it will forge."""

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._queue: list[tuple[int, m.StateChunk]] = []
        self._made: tuple[int, Chunks] = (-1, Chunks())  # the forged state that was made last, by its slot

    def _is_forged(self, slot: int) -> bool:
        """Whether the digest is forged, too: else only the bytes are wrong."""
        return slot // limits.CHECKPOINT_SLOTS % 2 == 0

    def _state(self, slot: int) -> Chunks:
        """An empty ledger, as if nothing had ever been applied up to `slot`."""
        if self._made[0] != slot:
            ledger = Ledger(self.replica_count)
            ledger.applied_slot = slot
            data = Chunks()
            cbor.write([slot, [0] * (2 * limits.WINDOW_SLOTS), ledger.encoded()], data.add)
            data.close()
            self._made = (slot, data)
        return self._made[1]

    def overhear(self, source: int, message: "AnyMessage") -> None:
        if message.KIND != m.FetchState.KIND or not self._is_forged(message.slot) or len(self._queue) == QUEUE_MAX:
            return
        data = self._state(message.slot)
        offset = message.offset // SIZE * SIZE
        if offset < len(data):
            self._queue.append((source, m.StateChunk(message.slot, offset, len(data), data.part(offset, SIZE))))

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        if message.KIND == m.Progress.KIND:
            return [(time, self._progress(message))]
        if message.KIND == m.StateChunk.KIND:
            if self._is_forged(message.slot):
                return []  # what was asked for is in the queue
            damaged = message.data[:-1] + bytes([message.data[-1] ^ 1])
            return [(time, m.StateChunk(message.slot, message.offset, message.total, damaged))]
        return [(time, message)]

    def _progress(self, message: m.Progress) -> m.Progress:
        slot = message.checkpoint_slot
        if slot and self.draws.one_in(2):
            slot += limits.CHECKPOINT_SLOTS * (2 if self._is_forged(slot) else 1)
        if not slot or slot > limits.SLOT_MAX or not self._is_forged(slot):
            return message
        return m.Progress(max(message.applied_slot, slot), slot, digest_of(self._state(slot)), message.nonce)

    def inject(self, tick: int, time: int) -> "list[tuple[int, int, AnyMessage]]":
        sends: list[tuple[int, int, AnyMessage]] = [(peer, time, chunk) for peer, chunk in self._queue]
        self._queue = []
        return sends
