"""The services of one board, composed: a channel to each peer, the mutex and the snapshot that ride on it, and the
failure detector that listens to everything.

    receive(source, segment)    a Segment of a peer
    heard(source)               an authentic message of a peer, whatever its kind
    tick()                      a board tick has passed

Rules
- Effects keep the order of the machines: what they send on an input goes into the channels before anything else
  does.
- An item is accepted only if its replies fit in the channel queues. While they do not, items are left for their sender
  to repeat (backpressure), and the board asks for no turn; acknowledgements are always accepted. So a silent peer fills
  its own channel up to a bound, and stops only the mutex, which waits for it anyway.
- The detector's level is shown to operators. No protocol here or elsewhere reads it.
- Off unless the board is configured to take turns or snapshots; the detector is always on.

A failure here never touches the agreed log: services persist nothing and vote on nothing.
"""

from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.services.detector import Detector
from amu.services.items import MARKER, checked
from amu.wire import cbor
from amu.wire.messages import Segment

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable

    from amu.core.types import Array
    from amu.node.effects import Effects
    from amu.services.channel import Channel
    from amu.services.mutex import Mutex
    from amu.services.snapshot import Snapshot

SPARE_ITEMS = 3  # places that every channel keeps for what this board itself starts: a request, a release, a marker


class Services:
    """Of board `me` in a swarm of `count`, in its life number `boot`.

    `applied_slot` is a function of no arguments: the last slot that the board applied, for snapshots.
    """

    def __init__(
        self,
        me: int,
        count: int,
        boot: int,
        turn_ticks: int,
        snapshot_ticks: int,
        effects: "Effects",
        applied_slot: "Callable[[], int]",
    ) -> None:
        self.is_on = turn_ticks > 0 or snapshot_ticks > 0
        self._me = me
        self._count = count
        self._turn_ticks = turn_ticks
        self._snapshot_ticks = snapshot_ticks
        self._effects = effects
        self._applied_slot = applied_slot
        self._ticks = 0
        self._turn_at = turn_ticks
        self._detector = Detector(count)
        self._mutex: Mutex = None  # type: ignore[assignment]
        self._snapshot: Snapshot = None  # type: ignore[assignment]
        self._channels: list[Channel] = [None] * count  # type: ignore[list-item]
        if self.is_on:
            self._switch_on(boot)

    def _switch_on(self, boot: int) -> None:
        # Imported here: a board that takes neither turns nor snapshots keeps 13 KB of heap.
        from amu.services.channel import Channel
        from amu.services.mutex import Mutex
        from amu.services.snapshot import Snapshot

        self._mutex = Mutex(self._me, self._count)
        self._snapshot = Snapshot(self._me, self._count)
        for peer in range(self._count):
            if peer != self._me:
                self._channels[peer] = Channel(peer, boot)

    # --- inputs -----------------------------------------------------------------------------

    def heard(self, source: int) -> None:
        silent_ticks = self._detector.heard(source, self._ticks)
        if silent_ticks:
            self._effects.trace("Heard", source, silent_ticks)

    def is_current(self, source: int) -> bool:
        """Whether the detector can do without one more message of `source`."""
        return self._detector.is_current(source, self._ticks)

    def receive(self, source: int, segment: Segment) -> None:
        if not self.is_on:
            self._effects.refuse(source, segment.KIND, "ops are off")
            return
        channel = self._channels[source]
        if segment.items and self._room() < len(segment.items) + SPARE_ITEMS:
            segment = _without_items(segment)
        delivered = channel.receive(segment)
        restart = channel.take_restart()
        if restart is not None:
            self._meet(source, restart)
        number = channel.delivered - len(delivered)
        for data in delivered:
            number += 1
            self._effects.trace("ChannelDeliver", source, channel.peer_boot, number)
            self._take(source, data)
        self._say()

    def tick(self) -> None:
        """Retransmission, turns, snapshots and the level of suspicion: liveness and information, nothing else."""
        self._ticks += 1
        if self._ticks % limits.DETECTOR_SAMPLE_TICKS == 0:
            self._sample()
        if not self.is_on:
            return
        for peer in range(self._count):
            if peer != self._me:
                self._channels[peer].tick()
        if self._turn_ticks and self._ticks >= self._turn_at:
            self._take_turn()
        # Each board at its own time: snapshots of all at once would be many pictures of one moment.
        if (
            self._snapshot_ticks
            and (self._ticks + self._me * self._snapshot_ticks // self._count) % self._snapshot_ticks == 0
        ):
            self._take_snapshot()
        self._say()

    # --- mutex and snapshot -------------------------------------------------------------------

    def _meet(self, peer: int, restart: tuple[int, list[bytes]]) -> None:
        """The channel to `peer` is new: both machines start over with it."""
        boot, undelivered = restart
        self._effects.trace("ChannelRestart", peer, boot, len(undelivered))
        self._snapshot.peer_restarted(peer)
        self._mutex.peer_restarted(peer)
        self._gather()

    def _take(self, source: int, data: bytes) -> None:
        """One item that the channel from `source` delivered."""
        try:
            item = cbor.decode(data)
            if checked(item) == MARKER:
                _, initiator, number = item
                self._snapshot.receive_marker(source, initiator, number, self._state())
            else:
                time = self._effects.event_time()
                self._snapshot.receive_item(source, item)
                self._mutex.receive(source, time, item)
        except CodecError:
            # A correct board sends no such item. The channel continues.
            self._effects.refuse(source, Segment.KIND, "item")
        self._gather()

    def _take_turn(self) -> None:
        mutex = self._mutex
        if mutex.is_holding:
            mutex.release(self._effects.event_time())
            self._turn_at = self._ticks + self._turn_ticks
        elif mutex.may_request and self._room() >= SPARE_ITEMS:
            try:
                mutex.request(self._effects.event_time())
            except BusyError:
                return  # a peer asked at a later time than ours: we ask when our clock has passed it
        self._gather()

    def _take_snapshot(self) -> None:
        if self._snapshot.is_busy or self._room() < SPARE_ITEMS:
            return  # the one in progress will report its end; this one never began
        state = self._state()
        self._snapshot.start(self._effects.event_time(), state)
        self._gather()

    def _state(self) -> "Array":
        """What a snapshot records of this board: last applied slot, time of its request or 0, whether it holds."""
        mutex = self._mutex
        return [self._applied_slot(), mutex.requested if mutex.wants else 0, mutex.is_holding]

    # --- outputs ------------------------------------------------------------------------------

    def _gather(self) -> None:
        """Move what the machines trace and send, in their order, into the trace and the channels."""
        for event in self._mutex.take_events():
            self._effects.trace(*event)
            if event[0] == "MutexEnter":
                self._turn_at = self._ticks + limits.TURN_HOLD_TICKS
        for event in self._snapshot.take_events():
            self._effects.trace(*event)
        # Markers first: they stand between the items before the recording and those after it.
        for peer, item in self._snapshot.take_markers():
            self._channel_send(peer, item)
        for peer, item in self._mutex.take_items():
            self._channel_send(peer, item)
            self._snapshot.sent(peer)
        self._snapshot.take_results()  # SnapshotDone has reported them

    def _channel_send(self, peer: int, item: "Array") -> None:
        channel = self._channels[peer]
        number = channel.send(cbor.encode(item))
        self._effects.trace("ChannelSend", peer, channel.peer_boot, number)

    def _say(self) -> None:
        """Send the segments that are due to each peer."""
        for peer in range(self._count):
            if peer != self._me:
                for segment in self._channels[peer].take_segments():
                    self._effects.send(peer, segment)

    def _room(self) -> int:
        """How many items every channel can still take; 0 while some peer was never met."""
        room = limits.CHANNEL_QUEUE_ITEMS_MAX
        for peer in range(self._count):
            if peer != self._me:
                channel = self._channels[peer]
                if channel.peer_boot is None:
                    return 0
                room = min(room, limits.CHANNEL_QUEUE_ITEMS_MAX - channel.unacknowledged())
        return room

    def _sample(self) -> None:
        for peer, silent_ticks, level_milli in self._detector.sample(self._ticks):
            self._effects.trace("Suspicion", peer, silent_ticks, level_milli)


def _without_items(segment: Segment) -> Segment:
    return Segment(
        segment.boot, segment.peer_boot, segment.challenge, segment.echo, segment.first, segment.acknowledged, []
    )
