"""A swarm of cells in one process: in each, replicas that decide a log of their own and learners that follow it.

Theory. Consensus among n boards costs O(n^2) messages a slot, so a swarm of hundreds cannot be one group. A cell is a
group of 4 to 13 replicas with learners around it (specs/decisions/learners.md). Cells share nothing, so that k of them
cost k times what one costs, and a learner adds O(f + 1) messages a slot.

Rules
- As swarm_sim.world.cluster: real nodes, journals and learners; messages travel decoded; the same seed gives the same
  run.
- Time is counted in board ticks. A message takes delay_min to delay_max of them, or is lost, or comes twice.
- Every message between boards is counted: among replicas, from a learner or to one.
"""

import heapq
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amu.boards.host import MemoryStore
from amu.core.limits import BROADCAST, GROUND, LEARNER_LAST, WINDOW_SLOTS, faults_max
from amu.node.journal import Journal
from amu.node.learner import Learner
from amu.node.node import Node
from amu.node.tracer import EVENTS
from amu.wire.messages import Request
from swarm_sim.streams import stream
from swarm_sim.world.cluster import Links, Settings, plain

Wrap = Callable[[Any], Any]

REPLICAS = "replicas"  # a message from replica to replica
QUESTIONS = "questions"  # learner to replica
ANSWERS = "answers"  # replica to learner
LOST = "lost"


class Cell:
    """n replicas and m learners, numbered from n up. `lines` is the trace so far, if one is kept; `sent` counts."""

    def __init__(
        self, replica_count: int, learner_count: int, seed: int = 0, links: Links | None = None, is_traced: bool = False
    ) -> None:
        assert replica_count + learner_count - 1 <= LEARNER_LAST, "more learners than numbers"
        self.replica_count = replica_count
        self.links = links or Links()
        self.now = 0
        self.sent: Counter[str] = Counter()
        self.lines: list[dict[str, Any]] = []
        self.byzantine: set[int] = set()
        self.nodes: list[Any] = [None] * (replica_count + learner_count)  # None: down
        self._settings = [Settings(i, replica_count, trace_messages=is_traced) for i in range(len(self.nodes))]
        self._stores = [MemoryStore() for _ in range(replica_count)]
        self._journals = [Journal(store) for store in self._stores]
        self._wraps: dict[int, Wrap] = {}
        self._is_traced = is_traced
        self._fates = stream(seed, "cell links")
        self._nonces = stream(seed, "cell nonces")
        self._queue: list[tuple[int, int, int, int, int, Any]] = []
        self._count = 0
        self._ground_time = 0
        self._ground_seq = 0
        self._operations = 0
        for journal in self._journals:
            journal.commission()
        fields = {"replica_count": replica_count, "learners": learner_count, "window_slots": WINDOW_SLOTS}
        self._ground("RunStart", scenario="cells", seed=seed, versions={}, byzantine=[], **fields)

    # --- boards -----------------------------------------------------------------------------

    @property
    def learners(self) -> range:
        return range(self.replica_count, len(self.nodes))

    def make_byzantine(self, replica: int, wrap: Wrap) -> None:
        """Before `start`: put an adversary around a replica. Its events are flagged in the trace."""
        self._wraps[replica] = wrap
        self.byzantine.add(replica)
        if self._is_traced:
            self.lines[0]["byzantine"] = sorted(self.byzantine)

    def start(self, *numbers: int) -> None:
        """Boot boards (all, if none is named): replicas from their flash, learners with nothing."""
        for i in numbers or range(len(self.nodes)):
            self._ground("BoardStart", board=i)
            nonce = self._nonces.randrange(1, 1 << 20)
            if i in self.learners:
                self.nodes[i] = Learner(self._settings[i], nonce)
            else:
                self._journals[i] = Journal(self._stores[i])
                node = Node(self._settings[i], self._journals[i].recover(), nonce)
                self.nodes[i] = self._wraps[i](node) if i in self._wraps else node
            self._perform(i)

    def kill(self, number: int) -> None:
        """Sudden death: what was not performed is gone."""
        self.nodes[number] = None
        self._ground("BoardKill", board=number)

    def request(self, command: list[Any]) -> None:
        """Give an operation to every replica that is up."""
        self._operations += 1
        self._ground_time += 1
        message = Request(1, self._operations, command)
        for i in range(self.replica_count):
            self._post(self.now, GROUND, i, self._ground_time, message)

    # --- what has come of it ----------------------------------------------------------------

    @property
    def decided_slot(self) -> int:
        """The last slot that f+1 honest replicas have applied."""
        honest = [self.nodes[i] for i in range(self.replica_count) if i not in self.byzantine]
        applied = sorted((node.applied_slot for node in honest if node is not None), reverse=True)
        return int(applied[faults_max(self.replica_count)])

    def has_caught_up(self) -> bool:
        """Every learner that is up has applied all that is decided."""
        end = self.decided_slot
        return all(self.nodes[i] is None or self.nodes[i].applied_slot >= end for i in self.learners)

    @property
    def messages(self) -> int:
        """Between boards, each receiver of a broadcast counted."""
        return self.sent[REPLICAS] + self.sent[QUESTIONS] + self.sent[ANSWERS]

    # --- time -------------------------------------------------------------------------------

    def run(self, ticks: int, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass. True as soon as `until` holds; False if it never did."""
        for _ in range(ticks):
            self.now += 1
            while self._queue and self._queue[0][0] <= self.now:
                _, _, source, destination, lamport, message = heapq.heappop(self._queue)
                if self.nodes[destination] is not None:
                    self.nodes[destination].step(source, lamport, message)
                    self._perform(destination)
            for i, node in enumerate(self.nodes):
                if node is not None:
                    node.tick()
                    self._perform(i)
            if until is not None and until():
                return True
        return until is None

    def finish(self, path: Path) -> Path:
        """End the run and write its trace."""
        self._ground("RunEnd", reason="complete")
        path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in self.lines))
        return path

    def _post(self, when: int, source: int, destination: int, lamport: int, message: Any) -> None:
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, source, destination, lamport, message))

    def _perform(self, i: int) -> None:
        node = self.nodes[i]
        ready = node.ready()
        if ready.checkpoint is not None:
            self._journals[i].checkpoint(ready.checkpoint)
        if ready.records:
            self._journals[i].append(ready.records)
        if self._is_traced:
            self._trace(i, node.boot, ready.first_seq, ready.events)
        for destination, lamport, message in ready.sends:
            if destination == GROUND:
                self._ground_time = max(self._ground_time, lamport) + 1
            elif destination == BROADCAST:
                for peer in range(self.replica_count):
                    if peer != i:
                        self._send(i, peer, lamport, message)
            else:
                self._send(i, destination, lamport, message)
        node.advance()

    def _send(self, source: int, destination: int, lamport: int, message: Any) -> None:
        if destination in self.learners:
            self.sent[ANSWERS] += 1
        else:
            self.sent[QUESTIONS if source in self.learners else REPLICAS] += 1
        links, draw = self.links, self._fates
        if links.drop and draw.random() < links.drop:
            self.sent[LOST] += 1
            return
        copies = 2 if links.duplicate and draw.random() < links.duplicate else 1
        for _ in range(copies):
            delay = draw.randint(links.delay_min, links.delay_max)
            self._post(self.now + delay, source, destination, lamport, message)

    # --- the trace --------------------------------------------------------------------------

    def _ground(self, event: str, **fields: Any) -> None:
        if not self._is_traced:
            return
        self._ground_time += 1
        line = {"run": "cells", "node": GROUND, "boot": 0, "seq": self._ground_seq, "lamport": self._ground_time}
        self._ground_seq += 1
        self.lines.append({**line, "ticks": self.now, "received": self.now, "event": event, **fields})

    def _trace(self, node: int, boot: int, first_seq: int, events: list[list[Any]]) -> None:
        for k, event in enumerate(events):
            name, fields = EVENTS[event[0]]
            line = {"run": "cells", "node": node, "boot": boot, "seq": first_seq + k, "lamport": event[1]}
            line.update(ticks=self.now, received=self.now, event=name)
            line.update(zip(fields, (plain(field) for field in event[2:]), strict=True))
            self.lines.append(line)


class Swarm:
    """k cells side by side, each with its own log. `shape`: (replicas, learners) of each cell."""

    def __init__(self, shape: list[tuple[int, int]], seed: int = 0, links: Links | None = None) -> None:
        self.cells = [
            Cell(replicas, learners, stream(seed, f"cell {i}").getrandbits(31), links)
            for i, (replicas, learners) in enumerate(shape)
        ]
        for cell in self.cells:
            cell.start()

    @property
    def size(self) -> int:
        """AMUs: boards of all cells."""
        return sum(len(cell.nodes) for cell in self.cells)

    @property
    def messages(self) -> int:
        return sum(cell.messages for cell in self.cells)

    @property
    def decided_slots(self) -> int:
        """Slots of all cells together."""
        return sum(cell.decided_slot for cell in self.cells)

    def request(self, command: list[Any]) -> None:
        for cell in self.cells:
            cell.request(command)

    def run(self, ticks: int) -> None:
        """Cells share nothing, so each has its time for itself."""
        for cell in self.cells:
            cell.run(ticks)

    def has_caught_up(self) -> bool:
        return all(cell.has_caught_up() for cell in self.cells)
