"""Joins a node to the world: serial bytes in, effects out, over the seams of `amu.core.seams`.

In: bytes -> framer -> address and direction -> rate limit -> surplus -> MAC -> codec -> `node.step` for each message.
Cheap checks come first, because an attacker chooses what is checked: the rate limit stands before the MAC, which costs
a Pico 0.3 milliseconds. So does a look at votes: a frame with nothing but votes that could change nothing even if
they are authentic is dropped and counted. A frame is taken whole or not at all: all its messages are decoded before the
first is stepped.

Out, after each turn: journal, then trace frames, then messages, then `node.advance()`. The order is the
safety argument: no replica hears of a vote that is not on flash, and no replica sees an act that is not in the
trace. A turn is the frames that have arrived already, TURN_FRAMES_MAX at most, or a tick: so one write to flash serves
them all (group commit: DeWitt et al., SIGMOD 1984), and their answers share frames. A turn ends early when
its effects are many: memory stays bounded whatever the frames ask for.

Every refused frame is counted; the first few of each tick are also traced. Tracing them all would let one flooder fill
the link with our own reports.
"""

from array import array

from amu.boards.outbox import Outbox
from amu.core import limits
from amu.core.errors import AuthError, CodecError
from amu.wire import cbor, codec, frames, messages
from amu.wire.framer import NEED_BYTES, Framer

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable, Sequence
    from typing import Any

    from amu.core.seams import BytePort
    from amu.core.types import AnyMessage, TraceEvent
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
        self._peeked = array("I", [0] * 4)  # the vote that is looked at: see codec.peek_vote
        self._ticks = 0
        self._arrivals = [0] * (config.replica_count + 1)  # frames in this tick, by node, the ground last
        self._refusals_traced = 0  # in this tick
        self._peers = [peer for peer in range(config.replica_count) if peer != config.replica]
        self._outbox = Outbox(self._peers, self._write)

    def start(self) -> None:
        """Perform the node's first effects: trace its boot and the votes that it restored."""
        self._perform()

    def poll(self, now_ticks: int) -> bool:
        """Take a turn of what has arrived, then tick if a tick is due. True if more may have arrived.

        Ticks that were missed while the board was busy or stopped are skipped: time-outs measure silence, not our own
        slowness. Raises JournalError when flash fails; then no effect after the failed write has been performed.
        """
        has_more = self._take_turn()
        if now_ticks > self._ticks and self.stopped is None:
            self._ticks = now_ticks
            self._tick()
        return has_more

    def _take_turn(self) -> bool:
        """Take frames until the line is empty or the turn is over. False if it is empty."""
        read, framer = self._port.read, self._framer
        taken = reads = 0
        data = read()
        while data:
            frame = framer.only(data)
            if frame is None:
                framer.push(data)
                taken = self._take_frames(taken)
            else:
                self._take(frame)
                taken += 1
            reads += 1
            if self.stopped is not None or reads == limits.TURN_FRAMES_MAX:
                break
            data = read()
        if taken:
            self._perform()
        return bool(data)

    def _take_frames(self, taken: int) -> int:
        """Take what the framer holds. Returns how many frames this turn has taken."""
        while self.stopped is None:
            frame = self._framer.next()
            if frame is NEED_BYTES:
                break
            if isinstance(frame, frames.Frame):
                self._take(frame)
                taken += 1
                if taken >= limits.TURN_FRAMES_MAX:
                    self._perform()
                    taken = 0
        return taken

    def _take(self, frame: frames.Frame) -> None:
        """Check one sound frame, and step the node with its messages."""
        self.litter += 1
        traffic, source, payload = frame.traffic, frame.source, frame.payload
        is_peer = source == limits.GROUND or (source < self._replica_count and source != self._me)
        if frame.destination != self._me or not is_peer:
            self._refuse(source, codec.first_kind(payload), "address")
            return
        self.frames_in += 1
        reason = self._bar(source, traffic)
        if reason is None:
            if traffic == frames.FLIGHT and self._is_surplus(source, payload):
                self.frames_surplus += 1
                return
            try:
                self._keyring.check(traffic, source, frame.tag, payload)
                self._hand_over(source, codec.decode(traffic, payload))
                return
            except AuthError:
                reason = "mac"
            except CodecError:
                reason = "codec"
        self._refuse(source, codec.first_kind(payload), reason)

    def _bar(self, source: int, traffic: int) -> str | None:
        """The checks before the MAC: why `source` may not send this class, or not now. None: it may.

        Flight frames come from replicas, telecommands from the ground, and nothing else is for a board.
        """
        peer, wanted = source, frames.FLIGHT
        if source == limits.GROUND:
            peer, wanted = self._replica_count, frames.TELECOMMAND
        if traffic != wanted:
            return "direction"
        arrivals = self._arrivals
        arrivals[peer] += 1
        return "rate" if arrivals[peer] > limits.PEER_FRAMES_PER_TICK_MAX else None

    def _is_surplus(self, source: int, payload: bytes) -> bool:
        """Whether these look like votes that could change nothing. They may be anybody's: nothing is kept of them."""
        vote = self._peeked
        end = 0
        while end < len(payload):
            if not codec.peek_vote(payload, end, len(payload), vote) or not self._node.is_surplus(
                source, vote, payload
            ):
                return False
            end = vote[0] + limits.DIGEST_BYTES
        return end > 0

    def _hand_over(self, source: int, found: "list[tuple[int, AnyMessage]]") -> None:
        """Pass the messages of an authentic frame to the node, or to the board itself."""
        for lamport, message in found:
            if message.KIND == messages.Control.KIND:
                self._control(message)
                if self.stopped is not None:
                    return
            else:
                self._node.step(source, lamport, message)
                if self._node.is_full():
                    self._perform()

    def _control(self, message: messages.Control) -> None:
        if message.action in (EXIT, RESET):
            self.stopped = message.action
        else:
            self._refuse(limits.GROUND, message.KIND, "action")

    def _refuse(self, source: int, kind: int, reason: str) -> None:
        """`kind`: what the first message of the frame says, codec.NO_KIND if it cannot be read."""
        self.frames_refused += 1
        if self._refusals_traced < limits.REFUSALS_TRACED_PER_TICK_MAX:
            self._refusals_traced += 1
            self._node.note_refused(source, kind, reason)

    def _tick(self) -> None:
        for peer in range(len(self._arrivals)):
            self._arrivals[peer] = 0
        self._refusals_traced = 0
        self._node.tick()
        if self._ticks % limits.HEALTH_PERIOD_TICKS == 0:
            self._send_health()
        self._perform()

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
            if self._journal is not None or destination == limits.GROUND:
                self._send(destination, lamport, message)
        self._outbox.flush()
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
        payload = codec.encode_trace(self._node.boot, first_seq, self._ticks % limits.TICKS_WRAP, encoded_events)
        self._write((limits.GROUND,), frames.REPORT, [payload])

    def _send(self, destination: int, lamport: int, message: "AnyMessage") -> None:
        data = codec.encode(lamport, message)
        self._outbox.add(destination, frames.traffic_of(message.KIND), data, len(data))

    def _send_health(self) -> None:
        free, run = self._heap()
        health = messages.Health(
            self._ticks % limits.TICKS_WRAP,
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

    def _write(self, destinations: "Sequence[int]", traffic: int, parts: "list[Any]") -> None:
        """The same payload to each destination, under a tag for it."""
        payload = parts[0] if len(parts) == 1 else b"".join(parts)
        seal, build, write, spoil = self._keyring.seal, frames.build, self._port.write, self._spoil_tag
        for destination in destinations:
            tag = seal(traffic, destination, payload)
            if spoil is not None:
                tag = spoil(destination, tag)
            write(build(traffic, self._me, destination, tag, payload))
        self.litter += len(destinations)
