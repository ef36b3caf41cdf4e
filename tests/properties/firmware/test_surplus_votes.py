"""A replica that drops surplus votes takes the same steps and sends the same messages as one that takes every vote.

Each board flies twice, on the same inputs: `takes` takes all, `drops` drops what its node calls surplus. The network
loses, repeats and reorders what `takes` sends; boards die and come back; up to f boards also send votes of their own
invention. Lamport times differ, for a dropped vote is not received. Two other differences are allowed: a leader repeats
its proposal to a peer whose first vote it has dropped; and since a board writes its clock to flash from time to time,
and with it what may be written later, a board dies here only while both copies have the same on flash.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from amu.boards.host import Decoded, MemoryStore, Settings, wake
from amu.consensus import records
from amu.core.limits import GROUND
from amu.core.types import AnyMessage, TraceEvent
from amu.node.journal import Journal
from amu.node.node import Node
from amu.wire import messages as m
from specs.checking.trace_line import decode_event

NOT_COMPARED = ("Suspicion", "Heard")  # silences are measured between messages that were received
STEPS = 2_500


class Flight:
    """One copy of a board, and what it does."""

    node: Node
    runtime: Decoded

    def __init__(self, settings: Settings, drops: bool) -> None:
        self.settings = settings
        self.drops = drops
        self.dropped = 0
        self.steps: list[tuple[str, Any]] = []
        self.sent: list[tuple[int, int, AnyMessage]] = []
        self._store = MemoryStore()
        Journal(self._store).commission()
        self.boot()

    def boot(self) -> None:
        self.node, journal = wake(self.settings, self._store, 7)
        if not self.drops:
            self.node.is_surplus = lambda *vote: False  # type: ignore[method-assign]
        self.runtime = Decoded(self.node, self.settings, journal, self)
        self.runtime.start()

    def flash(self) -> list[Any]:
        """What a boot would find, but for the clock."""
        found = Journal(MemoryStore(dict(self._store.files))).recover()
        state = None if found.checkpoint is None else found.checkpoint[2:]
        return [state, [record for record in found.records if record[0] != records.BOOT]]

    def receive(self, source: int, lamport: int, message: AnyMessage) -> None:
        before = self.runtime.frames_surplus
        self.runtime.receive(source, [(lamport, message)], True)
        self.dropped += self.runtime.frames_surplus - before

    def trace(self, node: int, boot: int, first_seq: int, ticks: int, events: list[TraceEvent]) -> None:
        for event in events:
            name, _, fields = decode_event(event)
            if name not in NOT_COMPARED:
                self.steps.append((name, fields))

    def carry(self, source: int, destination: int, found: list[tuple[int, AnyMessage]], is_sound: bool) -> None:
        """Messages travel on their own: what shares a frame may differ by a repeated proposal."""
        self.sent += [(destination, *said) for said in found if not isinstance(said[1], m.Health)]

    def take(self) -> tuple[list[tuple[str, Any]], list[tuple[int, int, AnyMessage]]]:
        """Steps and messages since the last call."""
        steps, self.steps = self.steps, []
        sent, self.sent = self.sent, []
        return steps, sent


class Pair:
    """Both copies of a board."""

    def __init__(self, settings: Settings) -> None:
        self.takes, self.drops = Flight(settings, drops=False), Flight(settings, drops=True)

    def do(self, name: str, *arguments: Any) -> list[tuple[int, int, AnyMessage]]:
        """Let both do the same. Returns what they send."""
        for flight in (self.takes, self.drops):
            getattr(flight if hasattr(flight, name) else flight.runtime, name)(*arguments)
        (steps, sent), (other_steps, other_sent) = self.takes.take(), self.drops.take()
        assert steps == other_steps
        extra = [(peer, message) for peer, _, message in other_sent]
        for peer, _, message in sent:
            assert (peer, message) in extra
            extra.remove((peer, message))
        assert all(isinstance(message, m.Proposal) for _, message in extra), extra
        return sent

    def can_die(self) -> bool:
        return self.takes.flash() == self.drops.flash()


class World:
    def __init__(self, size: int, seed: int, loss: float) -> None:
        self.random = random.Random(seed)
        self.loss = loss
        self.size = size
        self.now = 0
        self.lamport = 0
        self.flying: list[tuple[int, int, int, AnyMessage]] = []
        self.values = [bytes(32)]
        self.pairs = [Pair(Settings(i, size, view_timeout_ticks=12, trace_messages=False)) for i in range(size)]
        self.reboots = 0
        self.liars = range(size - (size - 1) // 3, size)

    def run(self, steps: int) -> None:
        for step in range(steps):
            draw = self.random.random()
            if step % (8 * self.size) == 0:
                self.request()
            if draw < 0.01:
                self.reboot(self.random.randrange(self.size))
            elif draw < 0.08:
                self.lie()
            elif draw < 0.1 or not self.flying:
                self.tick()
            else:
                self.deliver()

    def post(self, node: int, name: str, *arguments: Any) -> None:
        for peer, lamport, message in self.pairs[node].do(name, *arguments):
            if isinstance(message, m.Vote) and message.value not in self.values:
                self.values.append(message.value)
            if peer != GROUND and self.random.random() >= self.loss:
                self.flying += [(node, peer, lamport, message)] * (2 if self.random.random() < 0.1 else 1)

    def reboot(self, node: int) -> None:
        if self.pairs[node].can_die():
            self.reboots += 1
            self.post(node, "boot")

    def request(self) -> None:
        self.lamport += 1
        for node in range(self.size):
            self.post(node, "receive", GROUND, self.lamport, m.Request(1, self.lamport, ["noop"]))

    def tick(self) -> None:
        self.now += 1
        for node in range(self.size):
            self.post(node, "tick", self.now)

    def deliver(self) -> None:
        place = min(int(self.random.expovariate(0.2)), len(self.flying) - 1)
        source, destination, lamport, message = self.flying.pop(place)
        self.post(destination, "receive", source, lamport, message)

    def lie(self) -> None:
        draw = self.random
        liar, node = draw.choice(self.liars), draw.randrange(self.size)
        if node != liar:
            replica = self.pairs[node].takes.node.replica
            slot = max(1, replica.applied + draw.randrange(-4, 5))
            vote = m.Vote(slot, draw.randrange(3), draw.randrange(1, 5), draw.choice(self.values[-4:]))
            self.post(node, "receive", liar, self.pairs[node].takes.node.lamport, vote)

    @property
    def applied(self) -> int:
        return max(pair.takes.node.applied_slot for pair in self.pairs)

    @property
    def dropped(self) -> int:
        assert not any(pair.takes.dropped for pair in self.pairs)
        return sum(pair.drops.dropped for pair in self.pairs)


@pytest.mark.parametrize(("size", "seed", "loss"), [(4, 1, 0.0), (4, 2, 0.05), (4, 3, 0.3), (7, 4, 0.05), (7, 5, 0.15)])
def test_steps_and_messages_are_the_same_without_surplus_votes(size: int, seed: int, loss: float) -> None:
    world = World(size, seed, loss)
    world.run(STEPS * size // 4)
    assert world.dropped > 20 * size
    assert (world.applied >= 2, world.reboots > 3) == (True, True)
    for pair in world.pairs:
        assert pair.takes.node.replica.export() == pair.drops.node.replica.export()
