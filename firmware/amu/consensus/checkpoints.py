"""Checkpoints: what lets the log be cut, and a replica far behind take over the state.

Every CHECKPOINT_SLOTS slots each replica digests its state (proposers of the last slots and the application's snapshot).
n-f equal digests make a checkpoint stable: the log before the one before it can go. f+1 equal digests make it
trustworthy: one comes from a correct replica, so a laggard may adopt the state behind it, from whomever it gets the
bytes. (Castro and Liskov, OSDI 1999, sections 4.3 and 5.3.)
"""

import hashlib

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import cbor
from amu.wire.messages import FetchState, StateChunk


class Checkpoints:
    def __init__(self, me, group, effects):
        self._me = me
        self._group = group
        self._effects = effects
        self._own = []  # the last two: (slot, digest, data)
        self._reported = [(0, b"")] * group.size  # (slot, digest) that each replica said last
        self.stable_slot = 0
        self._transfer = None  # (slot, digest, peer, bytearray)
        self._turn = 0

    def latest(self):
        """(slot, digest, data) of our own last checkpoint; slot 0 before the first."""
        return self._own[-1] if self._own else (0, bytes(limits.DIGEST_BYTES), b"")

    def make(self, slot, proposers, snapshot):
        """Digest the state after `slot`."""
        data = cbor.encode([slot, proposers, snapshot])
        assert len(data) <= limits.STATE_BYTES_MAX, "state"
        self.keep(slot, data)
        self._effects.trace("Checkpoint", slot, self.latest()[1])

    def keep(self, slot, data):
        self._own.append((slot, hashlib.sha256(data).digest(), data))
        if len(self._own) > 2:
            self._own.pop(0)
        self.report(self._me, slot, self._own[-1][1])

    def report(self, peer, slot, digest):
        """What a replica's last checkpoint is."""
        if slot < self._reported[peer][0]:
            return
        self._reported[peer] = (slot, digest)
        for own in self._own:
            if own[0] > self.stable_slot and self._reporters(own[0], own[1]) >= self._group.quorum:
                self.stable_slot = own[0]

    def _reporters(self, slot, digest):
        count = 0
        for reported in self._reported:
            if reported[0] == slot and reported[1] == digest:
                count += 1
        return count

    def trusted(self):
        """The newest (slot, digest) that f+1 replicas report alike, or None."""
        best = None
        for slot, digest in self._reported:
            if slot > 0 and (best is None or slot > best[0]) and self._reporters(slot, digest) >= self._group.blocking:
                best = (slot, digest)
        return best

    # --- serving ----------------------------------------------------------------------------

    def serve(self, peer, slot, offset):
        """A burst of chunks. A checkpoint that we no longer have is answered by our Progress (the caller's part)."""
        for own_slot, _, data in self._own:
            if own_slot == slot:
                for _ in range(limits.CHUNKS_PER_REPLY_MAX):
                    if offset >= len(data):
                        break
                    chunk = data[offset : offset + limits.CHUNK_BYTES_MAX]
                    self._effects.send(peer, StateChunk(slot, offset, len(data), chunk))
                    offset += len(chunk)
                return True
        return False

    # --- taking over ------------------------------------------------------------------------

    def pursue(self):
        """Ask for the newest trusted checkpoint, or for the rest of it. Each call without an answer asks another peer."""
        target = self.trusted()
        if target is None or self._reported[self._me][0] >= target[0]:
            self._transfer = None
            return
        holders = []
        for peer in range(self._group.size):
            if peer != self._me and self._reported[peer] == target:
                holders.append(peer)
        self._turn += 1
        peer = holders[self._turn % len(holders)]
        self._transfer = (target[0], target[1], peer, bytearray())
        self._effects.send(peer, FetchState(target[0], 0))

    def on_chunk(self, peer, message):
        """(slot, data) once a whole checkpoint with the right digest is there, else None."""
        transfer = self._transfer
        if transfer is None or peer != transfer[2] or message.slot != transfer[0] or message.offset != len(transfer[3]):
            return None
        data = transfer[3]
        data.extend(message.data)
        if message.total > limits.STATE_BYTES_MAX or len(data) > message.total:
            self._transfer = None
            return None
        if len(data) < message.total:
            if (len(data) // limits.CHUNK_BYTES_MAX) % limits.CHUNKS_PER_REPLY_MAX == 0:
                self._effects.send(peer, FetchState(message.slot, len(data)))
            return None
        self._transfer = None
        whole = bytes(data)
        if hashlib.sha256(whole).digest() != transfer[1]:
            self._effects.refuse(peer, StateChunk.KIND, "wrong digest")
            return None
        return transfer[0], whole

    def is_waiting(self):
        return self._transfer is not None


def decode(data):
    """(slot, proposers, snapshot) of checkpoint bytes. CodecError if they are none."""
    item = cbor.decode(data)
    if type(item) is not list or len(item) != 3 or type(item[1]) is not list or type(item[2]) is not bytes:
        raise CodecError("checkpoint: want [slot, proposers, snapshot]")
    return item[0], item[1], item[2]
