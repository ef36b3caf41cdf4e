"""Plays a recorded input script into one node and digests everything that it wants done. On either interpreter.

    replay.py SCRIPT

Each line of the script is the hexadecimal CBOR of one input: ["boot", replica, n, timeout, nonce, how], ["step",
source, lamport, kind, payload] or ["tick"]. A `boot` after the first is a reboot: how is "flash" (what was written is
there) or "blank" (amnesia). Prints the number of inputs and the SHA-256 of all effects, in order, as CBOR: flash
records, checkpoints, trace events, and each message as the codec writes it.
"""

import gc
import hashlib
import sys

from amu.boards.host import MemoryStore
from amu.node.journal import Journal
from amu.node.node import Node
from amu.wire import cbor, codec


class _Settings:
    def __init__(self, replica, replica_count, view_timeout_ticks):
        self.replica = replica
        self.replica_count = replica_count
        self.view_timeout_ticks = view_timeout_ticks
        self.turn_ticks = 0
        self.snapshot_ticks = 0
        self.trace_messages = True


def effects_of(ready):
    """One Ready as bytes."""
    sends = []
    for destination, lamport, message in ready.sends:
        sends.append([destination, message.KIND, codec.encode(lamport, message)])
    return cbor.encode([ready.checkpoint, ready.records, ready.first_seq, ready.events, sends])


class Player:
    def __init__(self):
        self.inputs = 0
        self.digest = hashlib.sha256()
        self._store = None
        self._journal = None
        self._node = None

    def play(self, line):
        item = cbor.decode(bytes.fromhex(line.strip()))
        self.inputs += 1
        if item[0] == "boot":
            self._boot(item)
        elif item[0] == "step":
            lamport, message = codec.decode(item[3], item[4])
            assert lamport == item[2]
            self._node.step(item[1], lamport, message)
        else:
            self._node.tick()
        ready = self._node.ready()
        if ready.checkpoint is not None:
            self._journal.checkpoint(ready.checkpoint)
        if ready.records:
            self._journal.append(ready.records)
        self._node.advance()
        self.digest.update(effects_of(ready))

    def _boot(self, item):
        is_first = self._store is None
        if is_first or item[5] == "blank":
            self._store = MemoryStore()
        self._journal = Journal(self._store)
        if is_first:
            self._journal.commission()
        self._node = Node(_Settings(item[1], item[2], item[3]), self._journal.recover(), item[4])


if __name__ == "__main__":
    player = Player()
    with open(sys.argv[1]) as file:
        for line in file:
            player.play(line)
            if player.inputs % 16 == 0:
                gc.collect()  # as a board does: a heap in pieces has no room for a long record
    print(player.inputs, "".join(["%02x" % b for b in player.digest.digest()]))
