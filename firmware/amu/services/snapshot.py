"""A consistent picture of the whole swarm while it works (K. M. Chandy and L. Lamport, "Distributed Snapshots:
Determining Global States of Distributed Systems", ACM TOCS 3(1), 1985, section 3.1), over reliable channels in
order.

Theory. A board records its state and at once sends a marker on every channel, before any further item. A board that
gets a marker of a snapshot in which it has not recorded yet does the same, and takes the channel that brought it as
empty. The state of a channel is what came on it between the board's own recording and the channel's marker. As the
marker stands between the items sent before and after the recording, no item is in the picture as received but not as
sent, and each one that was sent and not received is in its channel. The picture may never have existed, but it lies
on a possible way from the beginning to the end of the snapshot, so what is true of it and stays true once true (a
lost token, a deadlock) is true at the end.

Rules of the machine
- One snapshot for each initiator may be in progress: (initiator, number) names it, and numbers of an initiator only
  grow, across its reboots too (the Lamport time of the start serves). A newer one of the same initiator ends the
  older one here.
- What is recorded is the caller's: a small CBOR item, the same that `start` or `receive_marker` was given.
- Recorded items are bounded by SNAPSHOT_ITEMS_MAX for each snapshot. One more abandons it, and says so.
- The paper has no reboots. A peer that reboots ends every recording in progress here, whether its marker came or not:
  its new life has not recorded, and may do so again with a marker that reaches it late. That says nothing about the
  peer but that it rebooted.
- So a part that is done lies between two lives of each pair of boards, and parts of one snapshot fit. What a new life
  records again is never done: the initiator sent its marker to the former life. Its next snapshot ends that.
- A snapshot of the whole swarm is complete when every board has reported it done. Nobody reports failure for another.
- Call `sent` for each item given to a channel (not for markers) and `receive_item` for each one that a channel
  delivers, so that the trace can show where each cut goes through each channel.
- After each input, take the markers and send them before anything else on those channels.

Liars. The cut through a channel between two correct boards depends on what those two do alone, so it stays
consistent. But a liar tells the state it likes, can withhold its marker, and can use up numbers of others: then
snapshots end without a result. What must be known despite liars goes through the ledger.

Specification: specs/snapshot/snapshot.tla, whose actions are Record, ReceiveMarker, Done, Abandon (and Send, Receive,
Meet, Restart of what it takes a picture of).
"""

from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.services.items import MARKER

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Array, Item

OVERTAKEN = "a newer snapshot of the same initiator"
RESTARTED = "a peer rebooted"
OVERFLOW = "more items on the way than fit"


class _Recording:
    """This board's part of one snapshot."""

    def __init__(self, number: int, state: "Item", count: int) -> None:
        self.number = number
        self.state = state
        self.is_open = [True] * count  # channels whose marker is still to come
        self.channels: list[list[Array]] = [[] for _ in range(count)]  # items recorded on each
        self.items_count = 0


class Snapshot:
    """Board `me` of `count`."""

    def __init__(self, me: int, count: int) -> None:
        assert 0 <= me < count, "board number"
        self.starts_refused = 0
        self.markers_ignored = 0  # of snapshots that are over here, or of my own earlier life
        self._me = me
        self._count = count
        self._recordings: list[_Recording | None] = [None] * count  # in progress, by initiator
        self._latest = [-1] * count  # highest number seen, by initiator
        self._sent = [0] * count  # items on each present channel
        self._received = [0] * count
        # Taken after each input.
        self._markers: list[tuple[int, Array]] = []  # at most one for each of REPLICAS_MAX boards
        self._results: list[tuple[int, int, Item, list[list[Array]]]] = []  # at most 1: an input ends one snapshot
        self._events: list[Array] = []  # at most REPLICAS_MAX abandoned snapshots, or four of one marker

    @property
    def is_busy(self) -> bool:
        """Whether `start` would be refused: my own last snapshot is in progress."""
        return self._recordings[self._me] is not None

    def start(self, number: int, state: "Item") -> None:
        """Take a snapshot of the swarm. `number`: higher than any that this board ever used.

        Raises BusyError, which is counted, while the last one is in progress. A silent peer can prolong that without
        limit, for silence is not a verdict.
        """
        assert 0 <= number <= limits.LAMPORT_MAX, "snapshot number"
        if self.is_busy:
            self.starts_refused += 1
            raise BusyError("snapshot %d is in progress" % self._recordings[self._me].number)  # type: ignore[union-attr]
        assert number > self._latest[self._me], "snapshot number was used"
        self._record(self._me, number, state)
        self._finish_if_done(self._me)

    def receive_marker(self, sender: int, initiator: int, number: int, state: "Item") -> None:
        """A marker from `sender`. `state` is recorded if it is the first one of its snapshot here.

        Raises CodecError, changing nothing, if a correct board cannot have sent it: no such initiator, or a second
        marker on one channel. A marker of a snapshot that is over here is counted and ignored.
        """
        self._check_peer(sender)
        if initiator >= self._count or number > limits.LAMPORT_MAX:
            raise CodecError("marker of snapshot %d of board %d: no such snapshot" % (number, initiator))
        recording = self._recordings[initiator]
        if recording is None or recording.number < number:
            if initiator == self._me or number <= self._latest[initiator]:
                self.markers_ignored += 1
                self._events.append(["SnapshotIgnored", sender, initiator, number])
                return
            if recording is not None:
                self._abandon(initiator, OVERTAKEN)
            recording = self._record(initiator, number, state)
        elif recording.number > number:
            self.markers_ignored += 1
            self._events.append(["SnapshotIgnored", sender, initiator, number])
            return
        if not recording.is_open[sender]:
            raise CodecError("second marker of snapshot %d of board %d" % (number, initiator))
        recording.is_open[sender] = False
        self._events.append(["SnapshotMarker", sender, initiator, number, self._received[sender]])
        self._finish_if_done(initiator)

    def receive_item(self, sender: int, item: "Array") -> None:
        """The channel from `sender` delivered an item, not a marker. Call this before acting on the item."""
        self._check_peer(sender)
        self._received[sender] += 1
        for initiator in range(self._count):
            recording = self._recordings[initiator]
            if recording is None or not recording.is_open[sender]:
                continue
            if recording.items_count >= limits.SNAPSHOT_ITEMS_MAX:
                self._abandon(initiator, OVERFLOW)
                continue
            recording.channels[sender].append(item)
            recording.items_count += 1

    def sent(self, destination: int) -> None:
        """An item, not a marker, was given to the channel to `destination`."""
        self._check_peer(destination)
        self._sent[destination] += 1

    def peer_restarted(self, peer: int) -> None:
        """The channel to `peer` is new: no recording in progress can continue without the old one."""
        self._check_peer(peer)
        self._sent[peer] = 0
        self._received[peer] = 0
        self._markers = [entry for entry in self._markers if entry[0] != peer]
        for initiator in range(self._count):
            if self._recordings[initiator] is not None:
                self._abandon(initiator, RESTARTED)

    def take_markers(self) -> "list[tuple[int, Array]]":
        """[(destination, item), ...] to send, in order."""
        markers = self._markers
        self._markers = []
        return markers

    def take_results(self) -> "list[tuple[int, int, Item, list[list[Array]]]]":
        """[(initiator, number, state, channels), ...]: this board's part of snapshots that are done.

        `channels[peer]` is the list of items that were on their way from `peer` to this board.
        """
        results = self._results
        self._results = []
        return results

    def take_events(self) -> "list[Array]":
        """[[name, field, ...], ...]: trace events, in order, as in amu.node.events.EVENTS."""
        events = self._events
        self._events = []
        return events

    def _check_peer(self, peer: int) -> None:
        assert 0 <= peer < self._count, "board number"
        assert peer != self._me, "a board has no channel to itself"

    def _record(self, initiator: int, number: int, state: "Item") -> _Recording:
        recording = _Recording(number, state, self._count)
        recording.is_open[self._me] = False
        self._recordings[initiator] = recording
        self._latest[initiator] = number
        for peer in range(self._count):
            if peer != self._me:
                self._markers.append((peer, [MARKER, initiator, number]))
        self._events.append(["SnapshotRecord", initiator, number, state, list(self._sent), list(self._received)])
        return recording

    def _finish_if_done(self, initiator: int) -> None:
        recording: _Recording = self._recordings[initiator]  # type: ignore[assignment]
        if True in recording.is_open:
            return
        self._recordings[initiator] = None
        self._results.append((initiator, recording.number, recording.state, recording.channels))
        self._events.append(["SnapshotDone", initiator, recording.number, recording.channels])

    def _abandon(self, initiator: int, reason: str) -> None:
        number = self._recordings[initiator].number  # type: ignore[union-attr]
        self._recordings[initiator] = None
        self._events.append(["SnapshotAbandoned", initiator, number, reason])
