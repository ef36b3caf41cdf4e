"""A whole swarm in one process and one thread: real nodes and journals, a virtual network, one seed.

    cluster = Cluster(4, seed=1, links=Links(drop=0.1))
    cluster.start()
    operation = cluster.request(["noop"])
    assert cluster.run(500, lambda: cluster.confirmed(operation) is not None)
    verdict = check_trace(cluster.finish(path))

The same seed gives the same run to the byte. Time is counted in board ticks. Every frame may be lost, doubled or
delayed; boards may be killed, restarted with or without their flash, or lose power at any byte of a write. Nothing of
the flight code is replaced, except that messages travel decoded (`amu.boards.host`). A test may look into a node and
step it by hand: the cluster performs the effects with its next tick.

Learners (`amu.node.learner`) are numbered from the replicas up. A cluster with learners is a *cell*. Consensus among n
boards costs O(n^2) messages per slot, so a swarm of hundreds is not one group but many cells (`Cells`), which share
nothing: k cells cost k times as much as one, and a learner adds O(f + 1) messages per slot
(specs/decisions/learners.md).

`swarm_sim.simulation` flies a scenario in seconds, with faults, oracles and a verdict; here a test moves everything.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from amu.boards.host import Decoded, MemoryStore, PowerCut, Settings, wake
from amu.core.errors import JournalError
from amu.core.limits import GROUND, LEARNER_LAST, WINDOW_SLOTS, blocking_size, faults_max
from amu.core.types import AnyMessage, Array, TraceEvent
from amu.node.journal import Journal
from amu.node.learner import Learner
from amu.node.node import Node
from amu.node.seams import Machine
from amu.wire.messages import Reply, Request
from specs.checking import trace_line
from specs.checking.schema import Fields
from swarm_sim.streams import stream

REPEAT_TICKS = 50  # how often an operation is sent again until it is confirmed

# Messages between boards, as `Cluster.sent` counts them.
REPLICAS = "replicas"  # replica to replica
QUESTIONS = "questions"  # learner to replica
ANSWERS = "answers"  # replica to learner
LOST = "lost"

Wrap = Callable[[Node], Machine]


@dataclass
class Links:
    """What the network does to each frame. Times in ticks."""

    drop: float = 0.0
    duplicate: float = 0.0
    delay_min: int = 0
    delay_max: int = 0


class Seat:
    """A place for one board: its flash outlives the nodes that sit on it."""

    def __init__(self, settings: Settings, is_learner: bool) -> None:
        self.settings = settings
        self.is_learner = is_learner
        self.store = MemoryStore()
        self.journal: Journal | None = Journal(self.store)  # of the present life; a learner's stays empty
        self.node: Any = None  # or what is wrapped around it, or a learner; None while the board is off
        self.node_nonce = 0
        self.wrap: Wrap | None = None  # a wrapper around the node: an adversary, an observer
        self.runtime: Decoded | None = None
        self.ticks = 0  # that its nodes have taken
        if not is_learner:
            Journal(self.store).commission()


class Cluster:
    """n replicas, learners behind them, and a ground station that hears everything.

    `lines` is the trace so far, as dictionaries (flight events only if `is_traced`). `sent` counts messages between
    boards, each receiver of a broadcast. `settings` are those of `amu.boards.host.Settings`.
    """

    def __init__(
        self,
        replica_count: int,
        seed: int = 0,
        links: Links | None = None,
        learners: int = 0,
        is_traced: bool = True,
        **settings: Any,
    ) -> None:
        assert replica_count + learners - 1 <= LEARNER_LAST, "more learners than numbers"
        self.links = links or Links()
        self.now = 0
        self.lines: list[dict[str, object]] = []
        self.sent: Counter[str] = Counter()
        self.replica_count = replica_count
        self.learners = range(replica_count, replica_count + learners)
        self.seats = [
            Seat(Settings(i, replica_count, **settings), i in self.learners) for i in range(replica_count + learners)
        ]
        self.replies: dict[int, dict[int, tuple[int, Array]]] = {}  # operation -> node -> (slot, result)
        self.byzantine: set[int] = set()
        self.lets_pass: Callable[[int, int, AnyMessage], bool] = lambda source, destination, message: True
        self._is_traced = is_traced
        self._blocked: set[tuple[int, int]] = set()
        self._random = random.Random(seed)
        self._queue: list[tuple[int, int, int, int, list[tuple[int, AnyMessage]]]] = []
        self._count = 0
        self._operations = 0
        self._ground_time = 0
        self._ground_seq = 0
        self._open_requests: dict[int, Request] = {}
        about: Fields = {"scenario": "cluster", "seed": seed, "versions": {}, "replica_count": replica_count}
        about |= {"byzantine": [], "window_slots": WINDOW_SLOTS}
        about["traces_messages"] = settings.get("trace_messages", True)
        if learners:
            about["learners"] = learners
        self.ground("RunStart", **about)

    # --- boards -----------------------------------------------------------------------------

    def make_byzantine(self, node: int, wrap: Wrap) -> None:
        """Before `start`: put an adversary around a node. Its events are flagged in the trace."""
        self.seats[node].wrap = wrap
        self.byzantine.add(node)
        self.lines[0]["byzantine"] = sorted(self.byzantine)

    def start(self, *nodes: int) -> None:
        """Boot boards (all, if none is named): replicas from their flash, which has power again, learners empty."""
        for i in nodes or range(len(self.seats)):
            seat = self.seats[i]
            self.ground("BoardStart", board=i)
            seat.node_nonce = self._random.randrange(1, 1 << 20)
            seat.store.mend()
            if seat.is_learner:
                seat.node = Learner(seat.settings, seat.node_nonce)
            else:
                seat.node, seat.journal = wake(seat.settings, seat.store, seat.node_nonce, seat.wrap)
            seat.runtime = Decoded(seat.node, seat.settings, seat.journal, self)
            self.perform(i)

    def kill(self, node: int) -> None:
        """Sudden death: effects not yet performed are lost, flash stays."""
        self.seats[node].node = None
        self.ground("BoardKill", board=node)

    def power_cut(self, node: int, after_bytes: int) -> None:
        """Cut the board's power after `after_bytes` more written bytes, in the middle of a write."""
        self.seats[node].store.cut_after(after_bytes)

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
        """Restore every link."""
        self._blocked.clear()

    # --- the ground -------------------------------------------------------------------------

    def request(self, command: Array) -> int:
        """Submit an operation to every replica; repeated until f+1 replies are equal. Returns its number."""
        self._operations += 1
        self._open_requests[self._operations] = Request(1, self._operations, command)
        self.replies[self._operations] = {}
        self._uplink(self._operations)
        return self._operations

    def confirmed(self, operation: int) -> tuple[int, Array] | None:
        """(slot, result) that f+1 replicas agree on, or None."""
        replies = list(self.replies[operation].values())
        for reply in replies:
            if replies.count(reply) >= blocking_size(self.replica_count):
                return reply
        return None

    def _uplink(self, operation: int) -> None:
        self._ground_time += 1
        for i in range(self.replica_count):
            self._post(self.now, GROUND, i, [(self._ground_time, self._open_requests[operation])])

    def ground(self, event: str, **fields: Unpack[Fields]) -> None:
        """Write an event of the ground station into the trace."""
        self._ground_time += 1
        self._write(GROUND, 0, self._ground_seq, self._ground_time, event, fields)
        self._ground_seq += 1

    def _write(self, node: int, boot: int, seq: int, lamport: object, event: str, fields: Mapping[str, object]) -> None:
        ticks = self.seats[node].ticks if node < len(self.seats) else self.now
        self.lines.append(trace_line.line("cluster", node, boot, seq, lamport, ticks, self.now, event, fields))

    # --- results ----------------------------------------------------------------------------

    @property
    def decided_slot(self) -> int:
        """The last slot that f+1 honest replicas have applied."""
        honest = [self.seats[i].node for i in range(self.replica_count) if i not in self.byzantine]
        applied = sorted((node.applied_slot for node in honest if node is not None), reverse=True)
        return int(applied[faults_max(self.replica_count)])

    def has_caught_up(self) -> bool:
        """Whether every running learner has applied all decided slots."""
        end = self.decided_slot
        nodes = [self.seats[i].node for i in self.learners]
        return all(node is None or node.applied_slot >= end for node in nodes)

    @property
    def messages(self) -> int:
        """Messages sent between boards."""
        return self.sent[REPLICAS] + self.sent[QUESTIONS] + self.sent[ANSWERS]

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
                    seat.ticks += 1
                    seat.node.tick()
                    self.perform(i)
            if self.now % REPEAT_TICKS == 0:
                for operation in list(self._open_requests):
                    if self.confirmed(operation):
                        del self._open_requests[operation]
                    else:
                        self._uplink(operation)
            if until is not None and until():
                return True
        return until is None

    def perform(self, node: int) -> None:
        """Perform a node's effects. A board whose power fails meanwhile is dead."""
        seat = self.seats[node]
        assert seat.runtime is not None, "a board that was never on"
        try:
            seat.runtime.perform()
        except (PowerCut, JournalError):
            seat.node = None
            self.ground("PowerCut", board=node)

    def finish(self, path: Path, reason: str = "complete") -> Path:
        """End the run and write its trace."""
        self.ground("RunEnd", reason=reason)
        path.write_text("".join(trace_line.encode(line) + "\n" for line in self.lines))
        return path

    def _post(self, when: int, source: int, destination: int, found: list[tuple[int, AnyMessage]]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, source, destination, found))

    def _deliver(self, source: int, destination: int, found: list[tuple[int, AnyMessage]]) -> None:
        seat = self.seats[destination]
        if seat.node is None or (source, destination) in self._blocked:
            return
        for lamport, message in found:
            if source == GROUND or self.lets_pass(source, destination, message):
                seat.node.step(source, lamport, message)
        self.perform(destination)

    # --- what leaves a board ----------------------------------------------------------------

    def trace(self, node: int, boot: int, first_seq: int, ticks: int, events: list[TraceEvent]) -> None:
        """Trace events of a board."""
        if not self._is_traced:
            return
        for k, event in enumerate(events):
            name, lamport, fields = trace_line.decode_event(list(event))
            self._write(node, boot, first_seq + k, lamport, name, fields)

    def carry(self, source: int, destination: int, found: list[tuple[int, AnyMessage]], is_sound: bool) -> None:
        """A frame to one node, or to the ground. If a liar has spoilt its tag, it is refused."""
        if destination == GROUND:
            for lamport, message in found:
                self._ground_time = max(self._ground_time, lamport) + 1
                if isinstance(message, Reply):
                    self.replies[message.operation].setdefault(source, (message.slot, message.result))
            return
        kind = ANSWERS if destination in self.learners else QUESTIONS if source in self.learners else REPLICAS
        self.sent[kind] += len(found)
        draw = self._random
        if draw.random() < self.links.drop or not is_sound:
            self.sent[LOST] += len(found)
            return
        copies = 2 if draw.random() < self.links.duplicate else 1
        for _ in range(copies):
            delay = draw.randint(self.links.delay_min, self.links.delay_max)
            self._post(self.now + delay, source, destination, found)


class Cells:
    """Cells side by side, each with its own log. `shape`: (replicas, learners) of each. No trace is kept."""

    def __init__(self, shape: list[tuple[int, int]], seed: int = 0, links: Links | None = None) -> None:
        self.cells = [
            Cluster(replicas, stream(seed, f"cell {i}").getrandbits(31), links, learners, False, trace_messages=False)
            for i, (replicas, learners) in enumerate(shape)
        ]
        for cell in self.cells:
            cell.start()

    @property
    def size(self) -> int:
        """AMUs: boards of all cells."""
        return sum(len(cell.seats) for cell in self.cells)

    @property
    def messages(self) -> int:
        """Messages sent between boards, in all cells."""
        return sum(cell.messages for cell in self.cells)

    @property
    def decided_slots(self) -> int:
        """Slots of all cells together."""
        return sum(cell.decided_slot for cell in self.cells)

    def request(self, command: Array) -> None:
        """Submit an operation to every cell."""
        for cell in self.cells:
            cell.request(command)

    def run(self, ticks: int) -> None:
        """Let time pass in each cell. Cells share nothing, so one runs after the other."""
        for cell in self.cells:
            cell.run(ticks)

    def has_caught_up(self) -> bool:
        """Whether every learner of every cell has."""
        return all(cell.has_caught_up() for cell in self.cells)
