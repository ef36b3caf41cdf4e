"""A board wakes from a store, writes a checkpoint and wakes again: micropython restart_full.py FOLDER.

Imports and objects as in main.py. The last line of output: the slot it woke at, free heap and its longest run.
"""

import gc

gc.threshold(8192)  # as main.py

import sys

from amu.boards import config as configuration
from amu.boards import heap
from amu.boards.files import FileStore
from amu.boards.runtime import Runtime
from amu.node.journal import Journal
from amu.node.node import Node
from amu.wire.auth import Keyring, key_rows
from amu.wire.framer import Framer

BOARDS, ME = 4, 1
MASTER, CLUSTER = b"m" * 32, b"full"


def life(folder, boot):
    keys_out, keys_in = key_rows(MASTER, CLUSTER, 0, ME, BOARDS)
    fields = {
        "cluster": CLUSTER, "epoch": 0, "replica": ME, "replica_count": BOARDS, "keys_out": keys_out,
        "keys_in": keys_in, "tick_ms": 20, "view_timeout_ticks": 60, "turn_ticks": 0, "snapshot_ticks": 0,
        "trace_messages": False, "journal": "files", "adversary": None,
    }  # fmt: skip
    config = configuration.Config(fields)
    gc.collect()
    gc.threshold(16384)
    journal = Journal(FileStore(folder))
    recovered = journal.recover()
    framer = Framer()
    keyring = Keyring(CLUSTER, 0, ME, keys_out, keys_in)
    node = Node(config, recovered, 1 + boot)
    recovered.clear()
    runtime = Runtime(node, config, keyring, Port(), journal, heap.measure, framer)
    node.compact()  # a checkpoint, with all that is kept
    runtime.start()
    free, run = heap.measure()
    print("slot", node.applied_slot, "free", free, "run", run)


class Port:
    def write(self, data):
        pass


for boot in range(2):
    life(sys.argv[1], boot)
