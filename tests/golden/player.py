"""Plays a recorded input script into one node and digests all its effects. Runs on both interpreters.

    player.py SCRIPT

Each line of the script is the hexadecimal CBOR of one input: ["boot", replica, n, timeout, nonce, how], ["step",
source, lamport, kind, payload] or ["tick"]. A `boot` after the first is a reboot: how is "flash" (what was written is
there) or "blank" (amnesia). Prints the number of inputs and the SHA-256 of all effects, in order, as CBOR: flash
records, checkpoints, trace events, and each message as the codec writes it.
"""

import hashlib
import sys

from amu.boards.host import Decoded, MemoryStore, Settings, wake
from amu.node.journal import Journal
from amu.wire import cbor, codec


class Player:
    """Plays inputs, and stands between the node and its journal, its trace and its peers."""

    def __init__(self):
        self.inputs = 0
        self.digest = hashlib.sha256()
        self._store = None
        self._journal = None
        self._node = None
        self._runtime = None

    def play(self, line):
        item = cbor.decode(bytes.fromhex(line.strip()))
        self.inputs += 1
        if item[0] == "boot":
            self._boot(item)
        elif item[0] == "step":
            [(lamport, message)] = codec.decode(item[3] >> 4, item[4])
            assert lamport == item[2]
            self._node.step(item[1], lamport, message)
        else:
            self._node.tick()
        self._runtime.perform()

    def _boot(self, item):
        is_first = self._store is None
        if is_first or item[5] == "blank":
            self._store = MemoryStore()
        if is_first:
            Journal(self._store).commission()
        settings = Settings(item[1], item[2], item[3])
        self._node, self._journal = wake(settings, self._store, item[4])
        self._runtime = _Board(self._node, settings, self, self)

    def tell(self, *effect):
        """Digest an effect."""
        self.digest.update(cbor.encode(list(effect)))

    def checkpoint(self, data):
        self.tell("checkpoint", data)
        self._journal.checkpoint(data)

    def append(self, records):
        self.tell("append", records)
        self._journal.append(records)

    def is_tight(self):
        return self._journal.is_tight()


class _Board(Decoded):
    """A broadcast counts once."""

    def _send_events(self, first_seq, events):
        self._carrier.tell("trace", first_seq, events)

    def _send(self, destination, lamport, message):
        self._carrier.tell("send", destination, message.KIND, codec.encode(lamport, message))


if __name__ == "__main__":
    player = Player()
    with open(sys.argv[1]) as file:
        for line in file:
            player.play(line)
    print(player.inputs, "".join(["%02x" % b for b in player.digest.digest()]))
