"""A runtime around a scripted node, and honest frames for it."""

from collections.abc import Sequence
from typing import Any

from amu.boards import config
from amu.boards.host import MemoryPort, MemoryStore
from amu.boards.runtime import Runtime
from amu.core import limits
from amu.node.effects import Ready
from amu.node.journal import Journal
from amu.wire import auth, codec, frames
from amu.wire import messages as m
from amu.wire.framer import NEED_BYTES, Framer
from groundstation.boards import provision
from groundstation.boards.provision import Swarm

SWARM = Swarm(cluster=b"test", replica_count=4, master=b"m" * 32, trace_messages=False)
ME = 1
VALUE = b"v" * limits.DIGEST_BYTES
VOTE = m.Vote(1, 0, 1, VALUE)


def keyring_of(node: int) -> auth.Keyring:
    return auth.keyring(SWARM.master, SWARM.cluster, SWARM.epoch, node, SWARM.replica_count)


def sealed(source: int, message: m.Message, lamport: int = 1, destination: int = ME) -> bytes:
    """Wire bytes of an honest frame."""
    payload = codec.encode(lamport, message)
    traffic = frames.traffic_of(message.KIND)
    tag = keyring_of(source).seal(traffic, destination, payload)
    return frames.build(traffic, source, destination, tag, payload)


def frames_in(data: bytes) -> list[frames.Frame]:
    framer = Framer()
    framer.push(data)
    found = []
    while (item := framer.next()) is not NEED_BYTES:
        assert isinstance(item, frames.Frame)
        found.append(item)
    return found


class ScriptedNode:
    """Records its inputs; hands out the Ready that a test puts into `nexts`, else an empty one."""

    boot = 3
    applied_slot = 17
    messages_refused = 0

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.refusals: list[tuple[int, int, str]] = []
        self.nexts: list[Ready] = []
        self.surplus: set[tuple[int, int, int]] = set()  # slot, view and phase of votes that it has no use for
        self.asked: list[tuple[int, int, int, int, bytes]] = []
        self.full_after: tuple[int, ...] = ()  # so many inputs
        self._is_performing = False

    def step(self, source: int, lamport: int, message: m.Message) -> None:
        assert not self._is_performing
        self.inputs.append((source, lamport, message))

    def is_surplus(self, source: int, vote: Sequence[int], data: bytes) -> bool:
        at, slot, view, phase = vote
        self.asked.append((source, slot, view, phase, data[at : at + limits.DIGEST_BYTES]))
        return (slot, view, phase) in self.surplus

    def tick(self) -> None:
        assert not self._is_performing
        self.inputs.append("tick")

    def note_refused(self, source: int, kind: int, reason: str) -> None:
        self.refusals.append((source, kind, reason))

    def is_full(self) -> bool:
        return len(self.inputs) in self.full_after

    def ready(self) -> Ready:
        assert not self._is_performing
        self._is_performing = True
        return self.nexts.pop(0) if self.nexts else Ready(None, [], 0, [], [])

    def advance(self) -> None:
        self._is_performing = False


class Bench:
    """A runtime around a scripted node, with everything that it does in `done`, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Any]] = []
        self.node = ScriptedNode()
        self.port = MemoryPort()
        self.store = MemoryStore()
        Journal(self.store).commission()
        self.journal = Journal(self.store)
        self.journal.recover()
        self._watch(self.journal, "append")
        self._watch(self.journal, "checkpoint")
        self._watch(self.port, "write")
        self._watch(self.node, "advance")
        fields = config.decode(provision.configuration(SWARM, ME))
        self.runtime = Runtime(self.node, fields, keyring_of(ME), self.port, self.journal, lambda: (12345, 678))

    def _watch(self, owner: Any, name: str) -> None:
        inner = getattr(owner, name)

        def watched(*arguments: Any) -> Any:
            self.done.append((name, arguments[0] if arguments else None))
            return inner(*arguments)

        setattr(owner, name, watched)

    def feed(self, data: bytes, now_ticks: int = 0) -> None:
        """Let `data` arrive and poll until it is taken."""
        for at in range(0, len(data) or 1, limits.RING_BYTES):
            self.port.feed(data[at : at + limits.RING_BYTES])
            while self.runtime.poll(now_ticks):
                pass

    def written(self) -> list[frames.Frame]:
        return frames_in(self.port.take())

    def written_to(self, node: int) -> list[frames.Frame]:
        """Frames to one node; all stay to be read."""
        return [frame for frame in frames_in(bytes(self.port.outgoing)) if frame.destination == node]


def altered(frame: bytes, **changes: Any) -> bytes:
    (parsed,) = frames_in(frame)
    for name in changes:
        setattr(parsed, name, changes[name])
    return frames.build(parsed.traffic, parsed.source, parsed.destination, parsed.tag, parsed.payload)


def packed(source: int, *messages: m.Message, traffic: int = frames.FLIGHT) -> bytes:
    """Wire bytes of an honest frame; message i was sent at i."""
    return packed_bytes(source, b"".join(codec.encode(i, message) for i, message in enumerate(messages)), traffic)


def packed_bytes(source: int, payload: bytes, traffic: int = frames.FLIGHT) -> bytes:
    return frames.build(traffic, source, ME, keyring_of(source).seal(traffic, ME, payload), payload)
