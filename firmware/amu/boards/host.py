"""A board in memory, under CPython or MicroPython: for tests, the simulator and golden scripts.

    node, journal = wake(Settings(replica, replica_count), store, nonce)
    runtime = Decoded(node, settings, journal, carrier)
    runtime.start()
    node.step(source, lamport, message); runtime.perform()

Drivers of nodes on a host perform effects with `Runtime._perform`, the code that flies. To crash a board in the middle
of it, give the board a store that fails (`MemoryStore.cut_after`): the call raises PowerCut or JournalError, no effect
after the failed write is performed, and the life is over.

`MemoryStore` keeps the promises of the Store seam and no more. It can cut the power after any number of bytes, which
leaves exactly what the seam allows: a prefix of an append, the old or the new content of a replace.
"""

from amu.boards.runtime import Runtime
from amu.core import limits
from amu.core.errors import BusyError, JournalError
from amu.core.ring import Ring
from amu.node.journal import UNREADABLE, Journal, Recovered
from amu.node.node import Node
from amu.wire import codec, frames, messages

SOUND_TAG = bytes(limits.TAG_BYTES)

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from amu.core.seams import Store
    from amu.core.types import AnyMessage, Item, Sink, TraceEvent
    from amu.node import seams

    Found = list[tuple[int, AnyMessage]]  # what a frame holds: (lamport, message) of each
    Arrival = tuple[int, Found | None, bool]  # as `Decoded.receive` takes it
    Flight = TypeVar("Flight", bound=seams.Machine)


class PowerCut(BaseException):
    """The power fails at this point. Not an Exception: nothing on a board could catch it."""


class MemoryStore:
    """Store on a dict. `files` survives: pass it to the next MemoryStore to restart the board with its flash.

    With `cut_after_bytes` = k the first k bytes written are kept; then this call and every later one raise PowerCut. An
    append counts its length, a replace its length and one for the rename, a remove one.
    """

    is_tight = False  # a journal may grow

    def __init__(self, files: dict[str, bytes] | None = None, cut_after_bytes: int | None = None) -> None:
        self.files = {} if files is None else files
        self.bytes_written = 0
        self._cut_after_bytes = cut_after_bytes

    def cut_after(self, count: int) -> None:
        """Cut the power after `count` more written bytes."""
        self._cut_after_bytes = self.bytes_written + count

    def mend(self) -> None:
        """Restore the power. What was written stays."""
        self._cut_after_bytes = None

    def read(self, name: str, offset: int = 0, count: int = -1) -> bytes | None:
        """Up to `count` bytes from `offset` on, all of them if -1; `None` if the file does not exist."""
        data = self.files.get(name)
        return data if data is None else data[offset:] if count < 0 else data[offset : offset + count]

    def append(self, name: str, pieces: "Sequence[bytes]") -> None:
        """Add the byte strings `pieces` at the end, creating the file."""
        data = b"".join(pieces)
        room = self._room()
        if room is None or room >= len(data):
            self.files[name] = self.files.get(name, b"") + data
            self.bytes_written += len(data)
            return
        if room:
            self.files[name] = self.files.get(name, b"") + data[:room]
        self.bytes_written += room
        raise PowerCut(name)

    def replace(self, name: str, fill: "Callable[[Sink], object]") -> None:
        """Replace the whole file by what `fill(write)` writes, or leave it as it is."""
        data = bytearray()
        fill(data.extend)
        self._spend(name, len(data) + 1)
        self.files[name] = bytes(data)

    def remove(self, name: str) -> None:
        """Delete the file if it exists."""
        if name in self.files:
            self._spend(name, 1)
            del self.files[name]

    def rest(self) -> None:
        """Nothing can be done beforehand."""

    def _room(self) -> int | None:
        return None if self._cut_after_bytes is None else self._cut_after_bytes - self.bytes_written

    def _spend(self, name: str, count: int) -> None:
        room = self._room()
        if room is not None and room < count:
            self.bytes_written = self._cut_after_bytes  # type: ignore[assignment]
            raise PowerCut(name)
        self.bytes_written += count


class MemoryPort:
    """BytePort in memory. What the board will read waits in a ring, bounded like a serial port's own buffer."""

    def __init__(self) -> None:
        self._incoming = Ring()
        self.outgoing = bytearray()

    def feed(self, data: bytes) -> None:
        """Bytes arrive from outside. Raises BusyError, taking none, when the board has not read for too long."""
        if len(data) > self._incoming.free():
            raise BusyError("%d bytes wait to be read" % len(self._incoming))
        self._incoming.push(data)

    def read(self) -> bytes:
        """Bytes that have arrived, at most READ_BYTES_MAX, `b""` if none."""
        return self._incoming.pull(limits.READ_BYTES_MAX)

    def write(self, data: bytes) -> None:
        """Write all of `data`."""
        self.outgoing.extend(data)

    def take(self) -> bytes:
        """Bytes that the board has written since the last call."""
        data = bytes(self.outgoing)
        self.outgoing = bytearray()
        return data


class Settings:
    """What flight code reads of a board's configuration, under the names of `amu.boards.config`, which checks
    it."""

    def __init__(
        self,
        replica: int,
        replica_count: int,
        view_timeout_ticks: int = 40,
        turn_ticks: int = 0,
        snapshot_ticks: int = 0,
        trace_messages: bool = True,
        adversary: "tuple[str, dict[str, Item]] | None" = None,
    ) -> None:
        self.replica = replica
        self.replica_count = replica_count
        self.view_timeout_ticks = view_timeout_ticks
        self.turn_ticks = turn_ticks
        self.snapshot_ticks = snapshot_ticks
        self.trace_messages = trace_messages
        self.adversary = adversary


def wake(
    config: "seams.Settings", store: "Store | None", nonce: int, wrap: "Callable[[Node], Flight] | None" = None
) -> "tuple[Node | Flight, Journal | None]":
    """Begin a life as `main.py` does. Returns the node, inside `wrap(node)` if that is given, and its journal.

    The journal is None, and the node knows it, if the vote state in `store` cannot be read, or if `store` is None
    because it failed in flight. The node's first effects are still to be performed.
    """
    journal = None
    recovered = Recovered(UNREADABLE, None, [])
    if store is not None:
        journal = Journal(store)
        try:
            recovered = journal.recover()
        except JournalError:
            journal = None
    node = Node(config, recovered, nonce)
    return node if wrap is None else wrap(node), journal


class Decoded(Runtime):
    """A board's runtime whose messages travel decoded, many times faster than frames.

    It takes the same steps in the same order. What the bytes would decide is known beforehand: a tag is sound unless
    its sender spoils it, and a damaged frame never passes its CRC. `carrier` takes what leaves the board, in order:

        trace(node, boot, first_seq, ticks, events)      trace events, before anything that is sent after them
        carry(source, destination, found, is_sound)      a frame to one node: [(lamport, message), ...]; a broadcast is
                                                         one for each peer
    """

    def __init__(
        self, node: "seams.Machine", config: "seams.Settings", journal: "Journal | None", carrier: "seams.Carrier"
    ) -> None:
        super().__init__(node, config, None, None, journal, no_heap)  # type: ignore[arg-type]
        self._carrier = carrier

    def receive(self, source: int, found: "Found | None", is_sound: bool) -> None:
        """A frame of `source` for this board has arrived. `found`, its messages, is None if it is damaged."""
        self.receive_turn([(source, found, is_sound)])

    def receive_turn(self, arrivals: "list[Arrival]") -> None:
        """Frames have arrived that are taken in one turn: at most TURN_FRAMES_MAX."""
        assert len(arrivals) <= limits.TURN_FRAMES_MAX, "frames of one turn"
        is_idle = True
        for source, found, is_sound in arrivals:
            if found is not None:  # else the framer's CRC check refuses and counts it
                is_idle = False
                self._take_decoded(source, found, is_sound)
        if not is_idle:
            self._perform()

    def _take_decoded(self, source: int, found: "Found", is_sound: bool) -> None:
        """As `Runtime._take`."""
        self.frames_in += 1
        kind = found[0][1].KIND
        reason = self._bar(source, frames.traffic_of(kind))
        if reason is None and self._are_surplus(source, found):
            self.frames_surplus += 1
            return
        if reason is None and not is_sound:
            reason = "mac"
        if reason is None:
            self._hand_over(source, found)
        else:
            self._refuse(source, kind, reason)

    def _are_surplus(self, source: int, found: "Found") -> bool:
        """As `Runtime._is_surplus` says of the bytes."""
        for _, message in found:
            if message.KIND != messages.Vote.KIND or not self._node.is_surplus(
                source, (0, message.slot, message.view, message.phase), message.value
            ):
                return False
        return True

    def tick(self, now_ticks: int) -> None:
        """The board's clock shows `now_ticks`."""
        if now_ticks > self._ticks:
            self._ticks = now_ticks
            self._tick()

    def perform(self) -> None:
        """Perform the node's effects, for a driver that steps the node itself."""
        self._perform()

    def _send_events(self, first_seq: int, events: "list[TraceEvent]") -> None:
        self._carrier.trace(self._me, self._node.boot, first_seq, self._ticks % limits.TICKS_WRAP, events)

    def _send(self, destination: int, lamport: int, message: "AnyMessage") -> None:
        self._outbox.add(destination, frames.traffic_of(message.KIND), (lamport, message), _size(lamport, message))

    def _write(self, destinations: "Sequence[int]", traffic: int, parts: "Found") -> None:
        tag = SOUND_TAG[: frames.tag_bytes(traffic)]
        for destination in destinations:
            is_sound = self._spoil_tag is None or self._spoil_tag(destination, tag) == tag
            self._carrier.carry(self._me, destination, parts, is_sound)


def _size(lamport: int, message: "AnyMessage") -> int:
    """Bytes of the encoded message. Of a vote, as most are, without encoding it."""
    if message.KIND == messages.Vote.KIND:
        size = codec.VOTE_BYTES_MIN
        for number in (lamport, message.slot, message.view):
            if number >= 24:
                size += 1 if number < 0x100 else 2 if number < 0x10000 else 4 if number < 0x100000000 else 8
        return size
    return len(codec.encode(lamport, message))


def no_heap() -> tuple[int, int]:
    """(free bytes, longest run) of the heap: unknown on a host."""
    return 0, 0
