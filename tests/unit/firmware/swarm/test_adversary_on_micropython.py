"""Adversaries on MicroPython: the same bytes as on CPython, and a board's heap that withstands a flood."""

from pathlib import Path

import pytest

import swarm_sim
from swarm_sim.adversary import NAMES
from tests.support.flight import interpreters

FOLDER = Path(swarm_sim.__file__).resolve().parent  # the package is called `adversary` on a board

PARTS = """
import gc
import hashlib
import sys
if hasattr(gc, "threshold"):
    gc.threshold(8192)  # as main.py does while it imports
sys.path.append(sys.argv[2])
from adversary import wrap
from amu.boards.host import Decoded, MemoryStore, Settings, wake
from amu.core.limits import GROUND
from amu.node.journal import Journal
from amu.wire import codec
from amu.wire import messages as m
from amu.wire.frames import FLIGHT

def settings(i):
    return Settings(i, 4, view_timeout_ticks=12, trace_messages=False)

def make_node(i, wrapper=None):
    store = MemoryStore()
    Journal(store).commission()
    return wake(settings(i), store, 7, wrapper)
"""

SWARM = """
class Posts:
    def trace(self, *told):
        pass

    def carry(self, source, peer, found, is_sound):
        if peer != GROUND:
            posts.append((source, peer, b"".join([codec.encode(lamport, message) for lamport, message in found])))

nodes = []
boards = []
for i in range(4):
    node, journal = make_node(i, None if i else lambda node: wrap(node, sys.argv[1], {"seed": 9}))
    nodes.append(node)
    boards.append(Decoded(node, settings(i), journal, Posts()))

said = hashlib.sha256()
count = 0
for tick in range(60):
    posts = []
    for i in range(4):
        if tick % 20 == 5:
            nodes[i].step(GROUND, tick, m.Request(1, tick, ["noop"]))
        nodes[i].tick()
        boards[i].perform()
    for source, peer, payload in posts:
        count += 1
        said.update(bytes([source, peer]) + payload)
        # Every ninth frame is lost, so that views change and state is sent again.
        if count % 9:
            for lamport, message in codec.decode(FLIGHT, payload):
                nodes[peer].step(source, lamport, message)
print(count, [node.applied_slot for node in nodes], said.digest().hex())
"""


FLOODED = """
flooder = wrap(make_node(0)[0], "flood", {"seed": 9, "per_tick": 20})
node = make_node(1)[0]
free = []
for tick in range(1, 1201):
    flooder.tick()
    for destination, lamport, message in flooder.ready().sends:
        if destination == 1:
            payload = codec.encode(lamport, message)
            [(lamport, message)] = codec.decode(FLIGHT, payload)
            node.step(0, lamport, message)
            node.ready()
            node.advance()
    flooder.advance()
    node.tick()
    node.ready()
    node.advance()
    if tick % 400 == 0:
        gc.collect()
        free.append(gc.mem_free())
print(*free)
"""


@pytest.mark.parametrize("name", NAMES)
def test_same_bytes_on_both(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "HEAP", "1600k")  # four boards in one
    script = tmp_path / "script.py"
    script.write_text(PARTS + SWARM)
    there = interpreters.run_micropython(script, name, str(FOLDER))
    here = interpreters.run_cpython(script, name, str(FOLDER))
    assert here.returncode == 0, here.stdout
    assert there.stdout == here.stdout
    assert int(here.stdout.split()[0]) > 50


def test_a_flood_does_not_grow_a_boards_heap(tmp_path: Path) -> None:
    """24,000 authentic messages of nonsense, in the heap that stands for a Pico's."""
    script = tmp_path / "script.py"
    script.write_text(PARTS + FLOODED)
    ran = interpreters.run_micropython(script, "flood", str(FOLDER))
    assert ran.returncode == 0, ran.stdout
    free = [int(word) for word in ran.stdout.split()]
    assert len(free) == 3
    assert min(free) > 40_000
    assert free[0] - free[2] < 10_000
