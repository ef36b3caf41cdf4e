"""A swarm of four flies inside one MicroPython process whose heap has been broken into pieces beforehand.

    micropython heap_in_pieces.py FOLDER PIECE_BYTES

Real flight code over real littlefs: decisions with a ledger that fills up, checkpoints, a board that reboots, and one
that was cut off and adopts the state of the others. No piece of free heap is longer than PIECE_BYTES, so a longer
allocation raises MemoryError, with its place in the traceback. The last line of output is the outcome.
"""

import gc

gc.threshold(8192)  # as main.py

import os
import sys

import amu.boards.runtime
from amu.boards import config as configuration
from amu.boards import flash_image, heap
from amu.boards.files import FileStore
from amu.boards.runtime import Runtime
from amu.core import limits
from amu.node.journal import Journal
from amu.node.node import Node
from amu.wire import auth, cobs, codec, frames, messages
from amu.wire.framer import Framer

BOARDS = 4
MASTER = b"m" * 32
CLIENTS = 3
CUT_OFF, REBOOTED = 3, 2


class Port:
    """A board's output goes to the swarm at once; its input waits."""

    def __init__(self, node, swarm):
        self.waiting = []
        self._node = node
        self._swarm = swarm

    def read(self):
        """A port's buffer full, wherever that cuts a frame."""
        data = b""
        while self.waiting and len(data) < limits.READ_BYTES_MAX:
            room = limits.READ_BYTES_MAX - len(data)
            frame = self.waiting.pop(0)
            data += frame[:room]
            if len(frame) > room:
                self.waiting.insert(0, frame[room:])
        return data

    def write(self, data):
        self._swarm.carry(self._node, data)


class Swarm:
    def __init__(self, folder):
        self.now = 0
        self.runtimes = [None] * BOARDS
        self.nodes = [None] * BOARDS
        self.is_cut_off = True
        self.adoptions = 0
        self._folder = folder
        self._keyring = auth.keyring(MASTER, b"pieces", 0, limits.GROUND, BOARDS)
        for node in range(BOARDS):
            os.mkdir(f"{folder}/{node}")
            flash_image.mount(f"{folder}/{node}", f"/flash{node}")
            Journal(FileStore(f"/flash{node}")).commission()
            self.boot(node)

    def boot(self, node):
        keys_out, keys_in = auth.key_rows(MASTER, b"pieces", 0, node, BOARDS)
        fields = {
            "cluster": b"pieces", "epoch": 0, "replica": node, "replica_count": BOARDS, "keys_out": keys_out,
            "keys_in": keys_in, "tick_ms": 10, "view_timeout_ticks": 60, "turn_ticks": 40, "snapshot_ticks": 50,
            "trace_messages": True, "journal": "files", "adversary": None,
        }  # fmt: skip
        config = configuration.Config(fields)
        journal = Journal(FileStore(f"/flash{node}"))
        keyring = auth.Keyring(config.cluster, config.epoch, node, keys_out, keys_in)
        self.nodes[node] = Node(config, journal.recover(), 1 + node)
        port = Port(node, self)
        self.runtimes[node] = Runtime(self.nodes[node], config, keyring, port, journal, lambda: (0, 0))
        self.runtimes[node].port = port
        self.runtimes[node].start()

    def carry(self, source, data):
        frame = frames.parse(cobs.decode(data[1:-1]))
        if frame.traffic == frames.REPORT:
            for _, message in codec.decode(frame.traffic, frame.payload):
                if message.KIND == messages.Trace.KIND:
                    for event in message.events:
                        self.adoptions += event[0] == 23
        to = frame.destination
        if to < BOARDS and not (self.is_cut_off and CUT_OFF in (source, to)) and self.runtimes[to] is not None:
            self.runtimes[to].port.waiting.append(data)

    def request(self, client, operation, command):
        for node in range(BOARDS):
            payload = codec.encode(0, messages.Request(client, operation, command))
            tag = self._keyring.seal(frames.TELECOMMAND, node, payload)
            frame = frames.build(frames.TELECOMMAND, limits.GROUND, node, tag, payload)
            if node != CUT_OFF or not self.is_cut_off:
                self.runtimes[node].port.waiting.append(frame)

    def turn(self):
        self.now += 1
        for _ in range(6):
            for runtime in self.runtimes:
                while runtime.poll(self.now):
                    pass

    def applied(self):
        return [node.applied_slot for node in self.nodes]


def command(number):
    """Commands that fill the tables with long rows."""
    kind, k = number % 3, number // 3
    if kind == 0 and k < limits.SHARDS_MAX:
        return ["shard-create", k, b"%02d" % k + bytes(28), b"%02dz" % k + bytes(28)]
    if kind == 1 and k < limits.LEASES_MAX:
        return ["lease-acquire", f"a-dock-with-a-name/{k}", k % 13, 9000]
    return ["job-open", bytes(32), 9000] if k < limits.JOBS_MAX else ["noop"]


def break_heap(piece_bytes):
    """Leave no free run longer than `piece_bytes`. Returns what must be kept alive for that."""
    gc.collect()
    gc.disable()
    walls = None
    last = run = 0
    while run < 512:  # small gaps first, or the walls below would come to lie in them
        walls = (walls,)
        run = run + 1 if id(walls) - last < 64 else 0
        last = id(walls)
    pieces = None
    try:
        while True:
            pieces = (pieces, bytes(piece_bytes - 128))
            walls = (walls,)
    except MemoryError:
        pass
    pieces = None
    gc.enable()
    gc.collect()
    return walls


def main(folder, piece_bytes):
    swarm = Swarm(folder)
    # A reboot happens before the heap is in pieces. The one below does not; what is made once a life is made here.
    framer = Framer()
    walls = break_heap(piece_bytes)
    amu.boards.runtime.Framer = lambda: framer
    free, run = heap.measure()
    print("heap", free, "free, longest run", run)
    assert run <= piece_bytes, "the heap is not in pieces"
    gc.threshold(free // 2)
    number = 0
    least = free
    goal = 3 * limits.CHECKPOINT_SLOTS + 4
    while min(swarm.applied()) < goal:
        if number < CLIENTS * limits.OPERATIONS_PER_CLIENT_MAX and swarm.now % 2 == 0:
            swarm.request(number % CLIENTS, number // CLIENTS, command(number))
            number += 1
        elif swarm.now % 4 == 0:
            swarm.request(0, limits.OPERATIONS_PER_CLIENT_MAX + swarm.now, ["noop"])
        swarm.turn()
        if swarm.is_cut_off and max(swarm.applied()) > goal:
            swarm.is_cut_off = False
            swarm.boot(REBOOTED)
            assert swarm.nodes[REBOOTED].applied_slot > 0
        if swarm.now % 50 == 0:
            least = min(least, heap.measure()[0])
        assert swarm.now < 4000, swarm.applied()
    assert walls
    size = len(swarm.nodes[0]._application.encoded())
    free, run = heap.measure()
    print("slots", min(swarm.applied()), "adoptions", swarm.adoptions, "ledger", size, "free", free, "run", run)


main(sys.argv[1], int(sys.argv[2]))
