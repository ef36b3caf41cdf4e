"""Boards in this process: the flight software under CPython, stepped in virtual time, on a line with no cable.

Everything but the platform is real - node, journal, framing, authentication - and time passes in `advance` alone, so a
mission on these boards is repeatable to the byte and takes only its computing time. They need no MicroPython and no
extra, so they fly wherever Python does: `amu rehearse --kind host`.
"""

import random
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar, Self

from amu.boards import config as configuration
from amu.boards.host import PowerCut, no_heap, wake
from amu.boards.runtime import RESET, Runtime
from amu.core import limits
from amu.node.journal import Journal
from amu.node.node import Node
from amu.node.seams import Machine
from amu.wire.auth import Keyring
from groundstation.boards.base import Board, BoardError, BoardPlan
from groundstation.links.base import Link
from groundstation.links.memory_link import MemoryLine, MemoryLink
from swarm_sim import adversary
from swarm_sim.world.flash import Flash
from swarm_sim.world.ring import open_store


class _Port:
    def __init__(self, line: MemoryLine) -> None:
        self._line = line

    def read(self) -> bytes:
        return self._line.take(limits.READ_BYTES_MAX)

    def write(self, data: bytes) -> None:
        self._line.give(data)


class HostBoard(Board):
    """One board. `crash_at_tick` plants a bug: the flight software dies of it."""

    kind: ClassVar[str] = "host"
    board_faults: ClassVar[frozenset[str]] = Board.board_faults | {"pause"}
    is_real_time: ClassVar[bool] = False

    def __init__(self, plan: BoardPlan) -> None:
        self.node = plan.node
        self.crash_at_tick: int | None = None
        self._config = configuration.decode(plan.configuration)
        self._flash = Flash(random.Random(plan.node))
        Journal(open_store(self._flash, self._config.journal)).commission()
        self._line = MemoryLine(f"host-{plan.node}")
        self._link = MemoryLink(self._line)
        self._runtime: Runtime | None = None
        self._seconds = 0.0
        self._starts = 0
        self._is_paused = False

    @classmethod
    def create(cls, directory: Path, plans: Sequence[BoardPlan]) -> list[Self]:
        directory.mkdir(parents=True, exist_ok=True)
        return [cls(plan) for plan in plans]

    @classmethod
    def attach(cls, directory: Path, nodes: Collection[int] | None = None) -> list[Self]:
        raise BoardError("boards in memory do not outlive their ground station")

    def start(self) -> None:
        if self.alive():
            raise BoardError(f"board {self.node} is running already")
        config = self._config
        self._starts += 1
        self._seconds = 0.0
        self._is_paused = False
        self._line.to_board.clear()
        # The nonce only has to differ from start to start; a real board draws it.
        store = open_store(self._flash, config.journal)
        node, journal = wake(config, store, self._starts * limits.REPLICAS_MAX + self.node + 1, self._wrap)
        keyring = Keyring(config.cluster, config.epoch, config.replica, config.keys_out, config.keys_in)
        self._runtime = Runtime(node, config, keyring, _Port(self._line), journal, no_heap)
        self._runtime.start()

    def _wrap(self, node: Node) -> Machine:
        liar = self._config.adversary
        return node if liar is None else adversary.wrap(node, *liar)

    def kill(self) -> None:
        self._runtime = None
        self._flash.disarm()

    def power_cut(self, after_operations: int) -> None:
        if not self.alive():
            raise BoardError(f"board {self.node} is off; start it before cutting its power")
        if after_operations < 1:
            raise BoardError(f"power cut after {after_operations} flash operations; want 1 or more")
        self._flash.arm("power_cut", after_operations)

    def pause(self) -> None:
        self._is_paused = True

    def resume(self) -> None:
        self._is_paused = False

    def erase(self) -> None:
        if self.alive():
            raise BoardError(f"board {self.node} is running; kill it before its flash is erased")
        self._flash.erase()

    def alive(self) -> bool:
        return self._runtime is not None

    def link(self) -> Link:
        return self._link

    def advance(self, seconds: float) -> None:
        if self._runtime is None:
            return
        self._seconds += seconds
        if self._is_paused:
            return
        tick = int(self._seconds * 1000 / self._config.tick_ms)
        if self.crash_at_tick is not None and tick >= self.crash_at_tick:
            self.crash_at_tick = None
            self._line.give(b"\x00Traceback: a planted bug\n\x00")
            self._runtime = None
            return
        try:
            while self._runtime.poll(tick):
                pass
        except PowerCut:
            self.kill()
            return
        reason = self._runtime.stopped
        if reason is not None:
            self.kill()
            if reason == RESET:
                self.start()

    def close(self) -> None:
        self.kill()
        self._link.close()
