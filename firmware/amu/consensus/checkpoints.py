"""Checkpoints: they let replicas cut the log, and let a replica far behind adopt a state.

Every CHECKPOINT_SLOTS slots each replica digests its state: proposers of the last slots and the application's state.
n-f equal digests make a checkpoint stable: the log before its predecessor can go. f+1 equal digests make it
trustworthy: one comes from a correct replica, so a laggard may adopt that state, from any peer that sends the right
bytes. (Castro and Liskov, OSDI 1999, sections 4.3 and 5.3.)

The last two checkpoints of each replica count: f+1 correct replicas are at most a window apart, so their last ones may
differ, and then only those before are equal (specs/replicated_log/checkpoints.tla, `Recoverable`).

A transfer knows neither the round-trip time nor who lies. It stays with a peer that delivers, asks it again for lost
chunks, and turns to the next one when no chunk came or the peer has moved on to newer states. After it has waited for
all holders in vain it doubles its wait, up to a bound; progress resets the wait. Only a whole state or an applied slot
is progress: a liar can send chunks.
"""

import hashlib

from amu.consensus.quorum import kth_largest
from amu.core import limits
from amu.core.chunks import SIZE, Chunks, Stream, split
from amu.core.errors import CodecError
from amu.wire import cbor, reading
from amu.wire.messages import FetchState, Progress, StateChunk

if "":  # for the type checker; see amu.core.types
    from amu.consensus.quorum import Group
    from amu.consensus.seams import Effects
    from amu.core.types import Source


class _Transfer:
    """A state on its way to us, from one peer: bytes of two peers are never mixed, since one of them may lie."""

    def __init__(self, slot: int, digest: bytes, peer: int) -> None:
        self.slot = slot
        self.digest = digest
        self.peer = peer
        self.data = Chunks()
        self.idle_periods = 0  # since the last chunk
        self.has_delivered = False  # since we last asked


class Checkpoints:
    def __init__(
        self,
        me: int,
        group: "Group",
        effects: "Effects",
        patience_periods_max: int = limits.TRANSFER_PATIENCE_PERIODS_MAX,
    ) -> None:
        self._me = me
        self._group = group
        self._effects = effects
        self._own: list[tuple[int, bytes, Chunks]] = []  # at most 2, the last ones: (slot, digest, data as Chunks)
        # at most 2 (slot, digest) of each replica, newest last
        self._reported: list[list[tuple[int, bytes]]] = [[] for _ in range(group.size)]
        self.stable_slot = 0
        self._applied_by = [0] * group.size  # as each replica reports
        self._applied_last_time = -1
        self._stalled_periods = 0
        self._transfer: _Transfer | None = None
        self._turn = 0
        self._tried_in_vain = 0  # holders, since the patience last changed
        self._patience_periods = limits.TRANSFER_PATIENCE_PERIODS_MIN  # without a chunk, until we ask again
        self._patience_periods_max = patience_periods_max

    def latest(self) -> tuple[int, bytes, Chunks]:
        """(slot, digest, data) of our own last checkpoint; slot 0 before the first."""
        return self._own[-1] if self._own else (0, bytes(limits.DIGEST_BYTES), split(b""))

    def held(self) -> list[tuple[int, bytes]]:
        """[(slot, digest), ...] of our own checkpoints, newest last; slot 0 before the first."""
        if not self._own:
            return [self.latest()[:2]]
        return [(own[0], own[1]) for own in self._own]

    def export(self) -> list[Chunks]:
        """The bytes of our own checkpoints, newest last: a reboot must not lose the one that others still need."""
        return [own[2] for own in self._own]

    def make(self, slot: int, proposers: list[int], state: Chunks) -> None:
        """Digest the state after `slot`. `state`: the application's, as Chunks."""
        data = composed(slot, proposers, state)
        assert len(data) <= limits.STATE_BYTES_MAX, "state"
        self.keep(slot, data)
        self._effects.trace("Checkpoint", slot, self.latest()[1])

    def keep(self, slot: int, data: bytes | Chunks) -> None:
        """`data`: bytes of a checkpoint, in one piece or as Chunks."""
        data = split(data)
        if self._own:
            data.share_with(self._own[-1][2])  # most of a state is that of the checkpoint before
        self._own.append((slot, digest_of(data), data))
        if len(self._own) > 2:
            self._own.pop(0)
        self.report(self._me, slot, self._own[-1][1])

    def report(self, peer: int, slot: int, digest: bytes) -> None:
        """A checkpoint that a replica holds. Its two newest are kept."""
        kept = [entry for entry in self._reported[peer] if entry[0] != slot]
        index = 0
        while index < len(kept) and kept[index][0] < slot:
            index += 1
        kept.insert(index, (slot, digest))
        self._reported[peer] = kept[-2:]
        for own in self._own:
            if own[0] > self.stable_slot and self._reporters(own[0], own[1]) >= self._group.quorum:
                self.stable_slot = own[0]

    def _reporters(self, slot: int, digest: bytes) -> int:
        count = 0
        for reported in self._reported:
            if (slot, digest) in reported:
                count += 1
        return count

    def trusted(self) -> tuple[int, bytes] | None:
        """The newest (slot, digest) that f+1 replicas report, or None."""
        best = None
        for reported in self._reported:
            for slot, digest in reported:
                is_newer = slot > 0 and (best is None or slot > best[0])
                if is_newer and self._reporters(slot, digest) >= self._group.blocking:
                    best = (slot, digest)
        return best

    # --- serving ----------------------------------------------------------------------------

    def serve(self, peer: int, slot: int, offset: int) -> bool:
        """Send a burst of chunks. False if we no longer have the checkpoint: then the caller sends our Progress."""
        for own_slot, _, data in self._own:
            if own_slot == slot:
                for _ in range(limits.CHUNKS_PER_REPLY_MAX):
                    if offset < len(data):
                        # A correct replica never asks from within a chunk.
                        part = data.part(offset, SIZE - offset % SIZE)
                        self._effects.send(peer, StateChunk(slot, offset, len(data), part))
                        offset += len(part)
                return True
        return False

    # --- behind -----------------------------------------------------------------------------

    def heard(self, peer: int, message: Progress) -> None:
        """Note how far a replica says that it is."""
        if message.applied_slot > self._applied_by[peer]:
            self._applied_by[peer] = message.applied_slot
        self.report(peer, message.checkpoint_slot, message.checkpoint_digest)

    def target(self) -> int:
        """A slot that some correct replica has applied: the (f+1)-th highest report."""
        return kth_largest(self._applied_by, self._group.blocking)

    def come_to(self, applied: int) -> None:
        """The board is at slot `applied`, and not stalled there."""
        self._applied_last_time = applied
        self._stalled_periods = 0
        self.progressed(applied)

    def catch_up(self, applied: int) -> bool:
        """Once per period: ask for a state if slots are unavailable or too many. True: ask for single slots."""
        if applied != self._applied_last_time:
            self.come_to(applied)
            return False
        self._stalled_periods += 1
        is_far = self.target() - applied > limits.CHECKPOINT_SLOTS
        is_fetching_in_vain = self._stalled_periods >= limits.FETCH_PERIODS_MAX
        trusted = self.trusted()
        has_state = trusted is not None and trusted[0] > applied
        # Also when close: peers that adopted a state cannot serve the slots before it.
        if has_state and (is_far or is_fetching_in_vain):
            self.pursue()
        return not has_state or not is_far

    # --- taking over ------------------------------------------------------------------------

    def pursue(self) -> None:
        """Ask for the newest trusted checkpoint, or for the rest of it. Called once a period while we are behind."""
        transfer = self._transfer
        if transfer is not None and (transfer.slot, transfer.digest) in self._reported[transfer.peer]:
            transfer.idle_periods += 1
            if transfer.idle_periods < self._patience_periods:
                return
            if transfer.has_delivered:
                transfer.has_delivered = False
                transfer.idle_periods = 0
                self._effects.send(transfer.peer, FetchState(transfer.slot, len(transfer.data)))
                return
            self._tried_in_vain += 1
        self._transfer = None
        target = self.trusted()
        if target is None or self.latest()[0] >= target[0]:
            return
        holders = []
        for peer in range(self._group.size):
            if peer != self._me and target in self._reported[peer]:
                holders.append(peer)
        if self._tried_in_vain >= len(holders):
            self._tried_in_vain = 0
            self._patience_periods = min(2 * self._patience_periods, self._patience_periods_max)
        self._turn += 1
        peer = holders[self._turn % len(holders)]
        self._transfer = _Transfer(target[0], target[1], peer)
        self._effects.send(peer, FetchState(target[0], 0))

    def progressed(self, applied: int) -> None:
        """The board has reached slot `applied`: former waits in vain say nothing about the next transfer."""
        self._tried_in_vain = 0
        self._patience_periods = limits.TRANSFER_PATIENCE_PERIODS_MIN
        if self._transfer is not None and self._transfer.slot <= applied:
            self._transfer = None  # frees up to STATE_BYTES_MAX

    def on_chunk(self, peer: int, message: StateChunk) -> tuple[int, Chunks] | None:
        """(slot, data) once a whole checkpoint with the right digest has arrived, else None."""
        transfer = self._transfer
        if transfer is None or peer != transfer.peer or message.slot != transfer.slot:
            return None
        data = transfer.data
        left = message.total - len(data)
        # Only whole chunks: a liar must not feed us byte by byte.
        if message.offset != len(data) or left < 1 or len(message.data) != min(left, SIZE):
            return None
        if message.total > limits.STATE_BYTES_MAX:
            self._effects.refuse(peer, StateChunk.KIND, "state too long")
            self._transfer = None
            return None
        data.add(message.data)
        transfer.idle_periods = 0
        transfer.has_delivered = True
        if len(data) < message.total:
            if (len(data) // SIZE) % limits.CHUNKS_PER_REPLY_MAX == 0:
                self._effects.send(peer, FetchState(message.slot, len(data)))
            return None
        self._transfer = None
        data.close()
        if digest_of(data) != transfer.digest:
            self._effects.refuse(peer, StateChunk.KIND, "wrong digest")
            return None
        self.progressed(transfer.slot)
        return transfer.slot, data


def digest_of(data: Chunks) -> bytes:
    """SHA-256 of Chunks."""
    hasher = hashlib.sha256()
    data.feed(hasher.update)
    return hasher.digest()


def composed(slot: int, proposers: list[int], state: Chunks) -> Chunks:
    """The bytes of a checkpoint: CBOR of [slot, proposers, state]. It refers to the pieces of `state`."""
    data = Chunks()
    for head in (cbor.array_head(3), cbor.encode(slot), cbor.encode(proposers), cbor.bytes_head(len(state))):
        data.add(head)
    for piece in state.pieces:
        data.share(piece)
    return data.close()


def decode(length: int, source: "Source") -> tuple[int, list[int], Stream]:
    """(slot, proposers, state) of a checkpoint of that many bytes. CodecError if they are not one.

    The state is what is left in `source`: read it next, or never.
    """
    reader = reading.Reader(source)
    if reader.array() != 3:
        raise CodecError("checkpoint: want [slot, proposers, state]")
    slot, proposers, count = reader.item(), reader.item(), reader.string()
    if type(proposers) is not list or reader.position() + count != length:
        raise CodecError("checkpoint: want [slot, proposers, state]")
    return slot, proposers, Stream(count, reader.rest)
