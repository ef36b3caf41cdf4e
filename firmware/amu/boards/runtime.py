"""Joins a node to the world: serial bytes in, effects out, over the seams of `amu.core.seams`.

In: bytes -> framer -> address and direction -> rate limit -> surplus -> MAC -> codec -> `node.step`. Cheap checks come
first, because an attacker chooses what is checked: the rate limit stands before the MAC, which costs a Pico half a
millisecond. So does a look at votes: one that could change nothing even if it is authentic is dropped and counted. Out,
after each step: journal, then trace frames, then messages, then `node.advance()`. The order is the safety argument: no
replica hears of a vote that is not on flash, and no replica sees an act that is not in the trace.

Every refused frame is counted; the first few of each tick are also traced. Tracing them all would let one flooder fill
the link with our own reports.
"""

from array import array

from amu.core import limits
from amu.core.errors import AuthError, CodecError
from amu.wire import cbor, codec, frames, messages
from amu.wire.framer import NEED_BYTES, Framer

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable

    from amu.core.seams import BytePort
    from amu.core.types import TraceEvent
    from amu.node.journal import Journal
    from amu.node.seams import Machine, Settings
    from amu.wire.auth import Keyring

EXIT = "exit"  # leave the flight loop for the REPL
RESET = "reset"  # reboot


class Runtime:
    """One board's life between boot and restart. `stopped` is None, or what a Control telecommand asked for."""

    def __init__(
        self,
        node: "Machine",
        config: "Settings",
        keyring: "Keyring",
        port: "BytePort",
        journal: "Journal | None",
        heap: "Callable[[], tuple[int, int]]",
        framer: Framer | None = None,
    ) -> None:
        """`heap` is a function of no arguments: free heap in bytes and its longest run; 0 if unknown.

        `journal` is None on a board whose vote state is unreadable. Such a board cannot persist before it sends, so it
        sends nothing to other replicas, even if the node asks for it; the ground still hears from it.
        """
        self.stopped: str | None = None
        self.frames_in = 0  # sound frames addressed to this board
        self.frames_refused = 0  # sound frames refused, including those addressed to others
        self.frames_surplus = 0  # sound frames with a vote that could change nothing, dropped unchecked
        self.litter = 0  # frames received and sent since the garbage was last collected; the flight loop resets it
        self._node = node
        self._spoil_tag = getattr(node, "spoil_tag", None)  # a Byzantine node's hook; a correct one has none
        self._me = config.replica
        self._replica_count = config.replica_count
        self._keyring = keyring
        self._port = port
        self._journal = journal
        self._heap = heap
        self._framer = framer or Framer()
        self._peeked = array("I", [0] * 4)  # numbers of the vote that is looked at
        self._ticks = 0
        self._arrivals = [0] * (config.replica_count + 1)  # frames in this tick, by node, the ground last
        self._refusals_traced = 0  # in this tick

    def start(self) -> None:
        """Perform the node's first effects: trace its boot and the votes that it restored."""
        self._perform()

    def poll(self, now_ticks: int) -> bool:
        """Read what has arrived, then tick if a tick is due. True if any byte had arrived.

        Ticks that were missed while the board was busy or stopped are skipped: time-outs measure silence, not our own
        slowness. Raises JournalError when flash fails; then no effect after the failed write has been performed.
        """
        data = self._port.read()
        if data:
            self._framer.push(data)
            self._take_frames()
        if now_ticks > self._ticks and self.stopped is None:
            self._ticks = now_ticks
            self._tick()
        return bool(data)

    def _take_frames(self) -> None:
        while self.stopped is None:
            frame = self._framer.next()
            if frame is NEED_BYTES:
                return
            if isinstance(frame, frames.Frame):
                self._take(frame)

    def _take(self, frame: frames.Frame) -> None:
        """Check one sound frame, and step the node with its message."""
        self.litter += 1
        source = frame.source
        if frame.destination != self._me or not self._is_peer(source):
            self._refuse(source, frame.kind, "address")
            return
        self.frames_in += 1
        if not self._admit(source, frame.kind):
            return
        if frame.kind == messages.Vote.KIND and self._is_surplus(source, frame.payload):
            self.frames_surplus += 1
            return
        try:
            self._keyring.check(frame.kind, source, frame.tag, frame.payload)
            lamport, message = codec.decode(frame.kind, frame.payload)
        except AuthError:
            self._refuse(source, frame.kind, "mac")
            return
        except CodecError:
            self._refuse(source, frame.kind, "codec")
            return
        self._hand_over(source, lamport, message)

    def _admit(self, source: int, kind: int) -> bool:
        """The checks before the MAC: may `source` send this kind, and is it within its rate?"""
        if not _may_send(source, kind):
            self._refuse(source, kind, "direction")
            return False
        peer = self._replica_count if source == limits.GROUND else source
        self._arrivals[peer] += 1
        if self._arrivals[peer] > limits.PEER_FRAMES_PER_TICK_MAX:
            self._refuse(source, kind, "rate")
            return False
        return True

    def _is_surplus(self, source: int, payload: bytes) -> bool:
        """Whether this looks like a vote that could change nothing. It may be anybody's: nothing is kept of it."""
        numbers = self._peeked
        at = codec.peek_vote(payload, 0, numbers)
        if at == 0 or len(payload) != at + limits.DIGEST_BYTES:
            return False
        return self._node.is_surplus(source, numbers[1], numbers[2], numbers[3], payload[at:])

    def _hand_over(self, source: int, lamport: int, message: messages.Message) -> None:
        """Pass an authentic message to the node, or to the board itself."""
        if isinstance(message, messages.Control):
            self._control(message)
        else:
            self._node.step(source, lamport, message)
            self._perform()

    def _is_peer(self, source: int) -> bool:
        return source == limits.GROUND or (source < self._replica_count and source != self._me)

    def _control(self, message: messages.Control) -> None:
        if message.action in (EXIT, RESET):
            self.stopped = message.action
        else:
            self._refuse(limits.GROUND, message.KIND, "action")

    def _refuse(self, source: int, kind: int, reason: str) -> None:
        self.frames_refused += 1
        if self._refusals_traced < limits.REFUSALS_TRACED_PER_TICK_MAX:
            self._refusals_traced += 1
            self._node.note_refused(source, kind, reason)
            self._perform()

    def _tick(self) -> None:
        for peer in range(len(self._arrivals)):
            self._arrivals[peer] = 0
        self._refusals_traced = 0
        self._node.tick()
        self._perform()
        if self._ticks % limits.HEALTH_PERIOD_TICKS == 0:
            self._send_health()

    def _perform(self) -> None:
        """Persist, then trace, then send."""
        ready = self._node.ready()
        if self._journal is not None:
            if ready.checkpoint is not None:
                self._journal.checkpoint(ready.checkpoint)
            if ready.records:
                self._journal.append(ready.records)
                if self._journal.is_tight():
                    self._node.compact()
        if ready.events:
            self._send_events(ready.first_seq, ready.events)
        for destination, lamport, message in ready.sends:
            self._send(destination, lamport, message)
        self._node.advance()

    def _send_events(self, first_seq: int, events: "list[TraceEvent]") -> None:
        """Pack `events` into frames, each as full as two bounds allow: a dozen events, and a payload."""
        some: list[bytes] = []
        size = 0
        for event in events:
            data = cbor.encode(event)
            is_full = len(some) == limits.TRACE_EVENTS_PER_FRAME_MAX or size + len(data) > limits.TRACE_BYTES_MAX
            if some and is_full:
                self._send_trace(first_seq, some)
                first_seq += len(some)
                some, size = [], 0
            some.append(data)
            size += len(data)
        self._send_trace(first_seq, some)

    def _send_trace(self, first_seq: int, encoded_events: list[bytes]) -> None:
        payload = codec.encode_trace(self._node.boot, first_seq, self._ticks, encoded_events)
        self._write(messages.Trace.KIND, limits.GROUND, payload)

    def _send(self, destination: int, lamport: int, message: messages.Message) -> None:
        if self._journal is None and destination != limits.GROUND:
            return
        payload = codec.encode(lamport, message)
        if destination != limits.BROADCAST:
            self._write(message.KIND, destination, payload)
            return
        for peer in range(self._replica_count):
            if peer != self._me:
                self._write(message.KIND, peer, payload)

    def _send_health(self) -> None:
        free, run = self._heap()
        health = messages.Health(
            self._ticks,
            free,
            run,
            self._node.applied_slot,
            self.frames_in,
            self._frames_bad(),
            self.frames_refused + self._node.messages_refused,
            self.frames_surplus,
            0 if self._journal is None else self._journal.appends,
        )
        self._send(limits.GROUND, 0, health)  # outside Lamport's order: it says nothing about the protocol

    def _frames_bad(self) -> int:
        count = 0
        for reason in frames.REASONS:
            count += self._framer.errors[reason]
        return count

    def _write(self, kind: int, destination: int, payload: bytes) -> None:
        self.litter += 1
        tag = self._keyring.seal(kind, destination, payload)
        if self._spoil_tag is not None:
            tag = self._spoil_tag(destination, tag)
        self._port.write(frames.build(kind, self._me, destination, tag, payload))


def _may_send(source: int, kind: int) -> bool:
    """Flight frames come from replicas, telecommands from the ground, and nothing else is for a board."""
    if messages.is_flight(kind):
        return source != limits.GROUND
    return source == limits.GROUND and 0x20 <= kind < 0x30
