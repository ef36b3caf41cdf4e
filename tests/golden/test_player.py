"""Same inputs, same bytes: inputs recorded in a faulty run give the same effects on CPython and on MicroPython."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amu.wire import cbor, codec
from swarm_sim.testing.cluster import Cluster, Links
from tests.golden.player import Player
from tests.support.flight.interpreters import run_micropython

PLAYER = Path(__file__).with_name("player.py")


class Recorded:
    """A wrapper around a node that records its inputs."""

    def __init__(self, node: Any, inputs: list[list[Any]]) -> None:
        self._node = node
        self._inputs = inputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    def step(self, source: int, lamport: int, message: Any) -> None:
        self._inputs.append(["step", source, lamport, message.KIND, codec.encode(lamport, message)])
        self._node.step(source, lamport, message)

    def tick(self) -> None:
        self._inputs.append(["tick"])
        self._node.tick()


def record(seed: int, replica_count: int) -> list[list[Any]]:
    """Inputs of node 1 in a run with loss, a partition, a dead leader, a reboot and a loss of memory."""
    draw = random.Random(seed)
    cluster = Cluster(replica_count, seed, Links(0.05, 0.1, 0, 4))
    inputs: list[list[Any]] = []
    how = "flash"

    def wrap(node: Any) -> Recorded:
        nonce = cluster.seats[1].node_nonce
        settings = cluster.seats[1].settings
        inputs.append(["boot", 1, replica_count, settings.view_timeout_ticks, nonce, how])
        return Recorded(node, inputs)

    cluster.seats[1].wrap = wrap
    cluster.start()

    def fly(count: int) -> None:
        operations = [cluster.request(draw.choice(COMMANDS)) for _ in range(count)]
        assert cluster.run(8_000, lambda: all(map(cluster.confirmed, operations)))

    fly(15)
    cluster.kill(0)
    fly(8)
    cluster.start(0)
    cluster.kill(1)
    fly(5)
    cluster.start(1)
    cluster.isolate(2)
    fly(10)
    cluster.heal()
    cluster.kill(1)
    cluster.erase(1)
    how = "blank"
    cluster.start(1)
    fly(60)
    return inputs


COMMANDS: list[list[Any]] = [
    ["noop"],
    ["shard-create", 1, b"a", b"m"],
    ["lease-acquire", "shard/1", 2, 40],
    ["cursor-advance", 1, 1, b"c", b"token"],
    ["lease-acquire", "dock/1", 1, 9],
    ["nonsense", None, True, -1],
]


@pytest.mark.parametrize(("seed", "replica_count"), [(1, 4), (2, 7)])
def test_both_interpreters_want_the_same_done_byte_for_byte(seed: int, replica_count: int, tmp_path: Path) -> None:
    script = tmp_path / "inputs.txt"
    inputs = record(seed, replica_count)
    script.write_text("".join(cbor.encode(item).hex() + "\n" for item in inputs))
    assert len(inputs) > 700
    cpython = subprocess.run([sys.executable, PLAYER, script], capture_output=True, text=True, check=True).stdout
    micropython = run_micropython(PLAYER, str(script), heap="1600k").stdout  # a store that is one byte string
    assert cpython.split()[0] == str(len(inputs))
    assert micropython == cpython


def test_another_input_gives_another_digest() -> None:
    inputs = record(1, 4)
    digests = []
    for script in (inputs, [item for item in inputs if item != ["tick"]]):
        player = Player()
        for item in script:
            player.play(cbor.encode(item).hex())
        digests.append(player.digest.hexdigest())
    assert digests[0] != digests[1]
