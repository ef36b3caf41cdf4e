"""A whole swarm in one process and one thread: real nodes and journals, a virtual network, one seed.

The same seed gives the same run to the byte. Time is counted in board ticks. Every message may be lost, doubled or
delayed; boards may be killed, restarted with or without their flash, or lose power at any byte of a write. Nothing of
the flight code is replaced: `amu.node.node.Node` and `amu.node.journal.Journal` run here as they do on a board,
except that messages travel decoded.
"""

import heapq
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amu.boards.host import MemoryStore, PowerCut
from amu.core.errors import JournalError
from amu.core.limits import BROADCAST, GROUND
from amu.node.journal import UNREADABLE, Journal, Recovered
from amu.node.node import Node
from amu.node.tracer import EVENTS
from amu.wire.messages import Reply, Request


@dataclass
class Links:
    """What the network does to each message. Times in ticks."""

    drop: float = 0.0
    duplicate: float = 0.0
    delay_min: int = 0
    delay_max: int = 0


@dataclass
class Settings:
    """The part of a board's configuration that a node reads."""

    replica: int
    replica_count: int
    view_timeout_ticks: int = 40
    turn_ticks: int = 0
    snapshot_ticks: int = 0
    trace_messages: bool = True


class Seat:
    """A place for one board: its flash outlives the nodes that sit on it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = MemoryStore()
        Journal(self.store).commission()
        self.journal: Journal | None = None
        self.node: Any = None
        self.node_nonce = 0
        self.wrap: Callable[[Any], Any] | None = None  # what goes around the node: an adversary, an observer


class Cluster:
    """n boards and a ground station that hears everything. `lines` is the trace so far, as dictionaries."""

    def __init__(self, replica_count: int, seed: int = 0, links: Links | None = None, **settings: Any) -> None:
        self.links = links or Links()
        self.now = 0
        self.lines: list[dict[str, Any]] = []
        self.frames = 0  # messages sent, a broadcast counted once for each receiver
        self.seats = [Seat(Settings(i, replica_count, **settings)) for i in range(replica_count)]
        self.replies: dict[int, dict[int, tuple[int, Any]]] = {}  # operation -> node -> (slot, result)
        self.byzantine: set[int] = set()
        self.lets_pass: Callable[[int, int, Any], bool] = lambda source, destination, message: True
        self._blocked: set[tuple[int, int]] = set()
        self._random = random.Random(seed)
        self._queue: list[tuple[int, int, int, int, int, Any]] = []
        self._count = 0
        self._operations = 0
        self._ground_time = 0
        self._ground_seq = 0
        self._open_requests: dict[int, Request] = {}
        self.ground(
            "RunStart",
            scenario="cluster",
            seed=seed,
            versions={},
            replica_count=replica_count,
            byzantine=[],
            window_slots=4,
        )

    # --- boards -----------------------------------------------------------------------------

    def make_byzantine(self, node: int, wrap: Callable[[Any], Any]) -> None:
        """Before `start`: put an adversary around a node. Its events are flagged in the trace."""
        self.seats[node].wrap = wrap
        self.byzantine.add(node)
        self.lines[0]["byzantine"] = sorted(self.byzantine)

    def start(self, *nodes: int) -> None:
        """Boot boards (all, if none is named) from their flash."""
        for i in nodes or range(len(self.seats)):
            seat = self.seats[i]
            self.ground("BoardStart", board=i)
            seat.journal = Journal(seat.store)
            try:
                recovered = seat.journal.recover()
            except JournalError:
                recovered = Recovered(UNREADABLE, None, [])
            seat.node_nonce = self._random.randrange(1, 1 << 20)
            node: Any = Node(seat.settings, recovered, seat.node_nonce)
            seat.node = seat.wrap(node) if seat.wrap else node
            self._perform(i)

    def kill(self, node: int) -> None:
        """Sudden death: what was not performed is gone, flash stays."""
        self.seats[node].node = None
        self.ground("BoardKill", board=node)

    def power_cut(self, node: int, after_bytes: int) -> None:
        """Let the board's flash die `after_bytes` from now, in the middle of whatever is written then."""
        seat = self.seats[node]
        assert seat.journal is not None
        seat.store = MemoryStore(seat.store.files, cut_after_bytes=after_bytes)
        seat.journal._store = seat.store  # the board keeps its journal; its flash begins to fail

    def erase(self, node: int) -> None:
        """Amnesia: the flash of a dead board becomes blank."""
        assert self.seats[node].node is None
        self.seats[node].store = MemoryStore()
        self.ground("Erase", board=node)

    def block(self, *pairs: tuple[int, int]) -> None:
        """Cut the links (source, destination)."""
        self._blocked.update(pairs)

    def isolate(self, *nodes: int) -> None:
        """A two-way partition between `nodes` and the rest."""
        others = [i for i in range(len(self.seats)) if i not in nodes]
        for a in nodes:
            for b in others:
                self.block((a, b), (b, a))

    def heal(self) -> None:
        self._blocked.clear()

    # --- the ground -------------------------------------------------------------------------

    def request(self, command: list[Any]) -> int:
        """Submit an operation to every board; repeated until f+1 boards have replied alike. Returns its number."""
        self._operations += 1
        self._open_requests[self._operations] = Request(1, self._operations, command)
        self.replies[self._operations] = {}
        self._uplink(self._operations)
        return self._operations

    def confirmed(self, operation: int) -> tuple[int, Any] | None:
        """(slot, result) that f+1 boards agree on, or None."""
        replies = list(self.replies[operation].values())
        for reply in replies:
            if replies.count(reply) >= (len(self.seats) - 1) // 3 + 1:
                return reply
        return None

    def _uplink(self, operation: int) -> None:
        self._ground_time += 1
        for i in range(len(self.seats)):
            self._post(self.now, GROUND, i, self._ground_time, self._open_requests[operation])

    def ground(self, event: str, **fields: Any) -> None:
        """Write an event of the ground station into the trace."""
        self._ground_time += 1
        line = {"run": "cluster", "node": GROUND, "boot": 0, "seq": self._ground_seq, "lamport": self._ground_time}
        self._ground_seq += 1
        self.lines.append({**line, "ticks": self.now, "received": self.now, "event": event, **fields})

    # --- time -------------------------------------------------------------------------------

    def run(self, ticks: int, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass. True as soon as `until` holds; False if it never did."""
        end = self.now + ticks
        while self.now < end:
            self.now += 1
            while self._queue and self._queue[0][0] <= self.now:
                self._deliver(*heapq.heappop(self._queue)[2:])
            for i, seat in enumerate(self.seats):
                if seat.node is not None:
                    seat.node.tick()
                    self._perform(i)
            if self.now % 50 == 0:
                for operation in list(self._open_requests):
                    if self.confirmed(operation):
                        del self._open_requests[operation]
                    else:
                        self._uplink(operation)
            if until is not None and until():
                return True
        return until is None

    def finish(self, path: Path, reason: str = "complete") -> Path:
        """End the run and write its trace."""
        self.ground("RunEnd", reason=reason)
        path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in self.lines))
        return path

    def _post(self, when: int, source: int, destination: int, lamport: int, message: Any) -> None:
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, source, destination, lamport, message))

    def _deliver(self, source: int, destination: int, lamport: int, message: Any) -> None:
        seat = self.seats[destination]
        is_open = source == GROUND or self.lets_pass(source, destination, message)
        if seat.node is not None and is_open and (source, destination) not in self._blocked:
            seat.node.step(source, lamport, message)
            self._perform(destination)

    def _perform(self, i: int) -> None:
        seat = self.seats[i]
        ready = seat.node.ready()
        assert seat.journal is not None
        try:
            if ready.checkpoint is not None:
                seat.journal.checkpoint(ready.checkpoint)
            if ready.records:
                seat.journal.append(ready.records)
        except (PowerCut, JournalError):
            seat.store = MemoryStore(seat.store.files)
            seat.node = None
            self.ground("PowerCut", board=i)
            return
        self._trace(i, seat.node.boot, ready.first_seq, ready.events)
        for destination, lamport, message in ready.sends:
            if destination == GROUND:
                self._ground_time = max(self._ground_time, lamport) + 1
                if isinstance(message, Reply):
                    self.replies[message.operation].setdefault(i, (message.slot, message.result))
            elif destination == BROADCAST:
                for peer in range(len(self.seats)):
                    if peer != i:
                        self._send(i, peer, lamport, message)
            else:
                self._send(i, destination, lamport, message)
        seat.node.advance()

    def _send(self, source: int, destination: int, lamport: int, message: Any) -> None:
        self.frames += 1
        draw = self._random
        if draw.random() < self.links.drop:
            return
        copies = 2 if draw.random() < self.links.duplicate else 1
        for _ in range(copies):
            delay = draw.randint(self.links.delay_min, self.links.delay_max)
            self._post(self.now + delay, source, destination, lamport, message)

    def _trace(self, node: int, boot: int, first_seq: int, events: list[list[Any]]) -> None:
        for k, event in enumerate(events):
            name, fields = EVENTS[event[0]]
            line = {"run": "cluster", "node": node, "boot": boot, "seq": first_seq + k, "lamport": event[1]}
            line.update(ticks=self.now, received=self.now, event=name)
            line.update(zip(fields, (plain(field) for field in event[2:]), strict=True))
            self.lines.append(line)


def plain(field: Any) -> Any:
    """A trace field as JSON has it: bytes in hexadecimal, registers as lists."""
    if isinstance(field, bytes):
        return field.hex()
    if isinstance(field, list | tuple):
        return [plain(item) for item in field]
    return field
