"""A reliable channel to one peer, first in, first out, over a path that loses, doubles and reorders.

Sliding window, go-back-n, with cumulative acknowledgements (Stenning, A Data Transfer Protocol, 1976; Cerf and Kahn
1974): items of a connection are numbered 1, 2, 3, ... The receiver accepts the next number only and acknowledges the
last one that it has. The sender repeats from the first item that was not acknowledged in time. Numbers never wrap, so a
late segment is never mistaken for another.

A connection is a pair of *incarnations*: the boot numbers of both sides. A board that lost its flash starts with any
number, so numbers tell incarnations apart, but not which is the later one. Hence the three-way handshake (Tomlinson
1975; Belsnes 1976): a side that hears an unknown incarnation answers with a challenge, a number that it never used
before, and adopts the incarnation only when that number comes back. Each side keeps asking until it hears that it was
adopted. Rules, each with what it prevents:

- A challenge is new with each adoption. Only an incarnation that has lived since can echo it: a late duplicate of a
  former one can neither be adopted nor flip a channel back.
- Items and acknowledgements count only between two incarnations that name each other: nothing of a former connection
  is delivered or acknowledged in the present one.
- Each side adopts a pair at most once, so its numbers start once: each item is delivered at most once.
- Items that the former incarnation of the peer has not acknowledged go back to the caller. Only the caller knows
  whether to send them again: they may have been delivered.

Assumed: the path forges nothing (`amu.wire.auth`), and no two incarnations of one board have the same boot number. A
lying peer can spoil its own channel only: it costs bounded memory and CHANNEL_SEGMENTS_PER_TICK_MAX segments a tick,
and what it says against the rules is counted in `refused`.
"""

from amu.core import limits
from amu.core.errors import BusyError
from amu.wire.messages import Segment


class Channel:
    """Our side of the channel to `peer`. `boot` is our incarnation, `peer_boot` the adopted one of the peer or None.

    Trace events. ChannelSend(peer, peer_boot, sequence): `send` returns the sequence. ChannelRestart(peer, peer_boot,
    undelivered): what `take_restart` gives after a `receive`. ChannelDeliver(peer, peer_boot, sequence): one for each
    item that `receive` returned, numbered delivered - len(items) + 1 .. delivered, after the restart.

    Counters: `restarts` (adoptions that replaced another incarnation), `undelivered` (items handed back), `strangers`
    (segments of incarnations that are not adopted), `duplicates` and `gaps` (segments that held no new item, or not the
    next one), `refused` (segments that break the protocol), `retransmissions`.
    """

    def __init__(self, peer: int, boot: int) -> None:
        self.peer = peer
        self.boot = boot
        self.peer_boot: int | None = None
        self.delivered = 0  # number of the last item received
        self.restarts = 0
        self.undelivered = 0
        self.strangers = 0
        self.duplicates = 0
        self.gaps = 0
        self.refused = 0
        self.retransmissions = 0
        # at most CHANNEL_QUEUE_ITEMS_MAX, not acknowledged; the first is number _acknowledged + 1
        self._queue: list[bytes] = []
        self._acknowledged = 0
        self._sent = 0  # number of the last item sent since we last went back
        self._highest = 0  # number of the last item ever sent
        self._is_known = False  # the peer has adopted us, too
        self._challenge = 1  # a new one with every incarnation of the peer that is adopted
        self._echo = 0  # the latest challenge of the adopted incarnation: each segment answers it
        # (boot, challenge) of an unknown incarnation that is owed an answer
        self._stranger: tuple[int, int] | None = None
        self._owed = True  # a segment is due although there may be no fresh item
        self._restart: tuple[int, list[bytes]] | None = None
        self._budget = limits.CHANNEL_SEGMENTS_PER_TICK_MAX
        self._waited_ticks = 0
        self._doublings = 0

    def send(self, item: bytes) -> int:
        """Queue `item`, bytes of up to CHANNEL_ITEM_BYTES_MAX. Returns its number in the connection.

        Raises BusyError, taking nothing, when CHANNEL_QUEUE_ITEMS_MAX are not acknowledged or the numbers are used up.
        """
        assert len(item) <= limits.CHANNEL_ITEM_BYTES_MAX, "channel item"
        if len(self._queue) >= limits.CHANNEL_QUEUE_ITEMS_MAX:
            raise BusyError("peer %d has not acknowledged %d items: try again later" % (self.peer, len(self._queue)))
        number = self._acknowledged + len(self._queue) + 1
        if number > limits.CHANNEL_SEQUENCE_MAX:
            raise BusyError("numbers of the channel to peer %d are used up: reboot either side" % self.peer)
        self._queue.append(item)
        return number

    def unacknowledged(self) -> int:
        """How many items `send` has taken that are not acknowledged."""
        return len(self._queue)

    def receive(self, segment: Segment) -> list[bytes]:
        """Take a Segment of the peer. Returns the new items in their order. Call `take_restart` after it."""
        if segment.boot != self.peer_boot and not self._meet(segment):
            return []
        if segment.challenge:
            self._echo = segment.challenge
            self._owed = True
        if segment.peer_boot != self.boot:
            # The peer knows no incarnation of ours, or a former one: its items are not for us, but it must hear of us.
            self._owed = True
            return []
        if segment.first and not self._is_known:
            self._is_known = True
            self._start_waiting()
        self._take_acknowledgement(segment.acknowledged)
        return self._take_items(segment.first, segment.items)

    def take_restart(self) -> tuple[int, list[bytes]] | None:
        """None, or (boot, items) if the last `receive` adopted the peer's incarnation `boot`: our items handed back."""
        restart, self._restart = self._restart, None
        return restart

    def tick(self) -> None:
        """A board tick has passed. Sends again from the first unacknowledged item when that is due."""
        self._budget = limits.CHANNEL_SEGMENTS_PER_TICK_MAX
        if self._is_known and self._highest == self._acknowledged:
            return  # nothing to wait for
        self._waited_ticks += 1
        if self._waited_ticks < limits.CHANNEL_RETRANSMIT_TICKS << self._doublings:
            return
        self._waited_ticks = 0
        if self._doublings < limits.CHANNEL_RETRANSMIT_DOUBLINGS_MAX:
            self._doublings += 1
        self._sent = self._acknowledged
        self._owed = True
        self.retransmissions += 1

    def take_segments(self) -> list[Segment]:
        """Segments to be sent to the peer now: two at most, and CHANNEL_SEGMENTS_PER_TICK_MAX between two ticks."""
        segments = []
        if self._stranger is not None and self._budget:
            boot, echo = self._stranger
            self._stranger = None
            segments.append(self._handshake(boot, echo))
            if self.peer_boot is None:
                self._owed = False  # that segment says all
        if self._budget and (self._owed or self._has_fresh()):
            self._owed = False
            if self.peer_boot is None:
                segments.append(self._handshake(None, 0))
            else:
                segments.append(self._connected())
        return segments

    # --- incarnations -------------------------------------------------------------------------

    def _meet(self, segment: Segment) -> bool:
        """A segment of an incarnation that is not adopted. Returns True if it proves that this is the latest one."""
        if segment.echo == self._challenge and segment.peer_boot == self.boot:
            self._adopt(segment.boot)
            return True
        self.strangers += 1
        if self._challenge == limits.CHANNEL_SEQUENCE_MAX:
            return False  # only a liar restarts that often: its channel stays as it is
        self._stranger = (segment.boot, segment.challenge)
        return False

    def _adopt(self, boot: int) -> None:
        assert self._restart is None, "take_restart after each receive"
        undelivered = []
        if self.peer_boot is not None:
            self.restarts += 1
            undelivered = self._queue
            self.undelivered += len(undelivered)
            self._queue = []
        self._restart = (boot, undelivered)
        self.peer_boot = boot
        self.delivered = 0
        self._acknowledged = 0
        self._sent = 0
        self._highest = 0
        self._echo = 0
        self._stranger = None
        self._owed = True  # the peer waits to hear that it is adopted
        self._is_known = False
        self._challenge += 1
        self._start_waiting()

    def _handshake(self, peer_boot: int | None, echo: int) -> Segment:
        """A segment of no connection: `first` is 0."""
        self._budget -= 1
        return Segment(self.boot, peer_boot, self._challenge, echo, 0, 0, [])

    def _connected(self) -> Segment:
        """A segment of the connection with what is fresh. It asks for an answer until the peer has adopted us."""
        self._budget -= 1
        items = self._take_fresh()
        first = self._sent + 1 - len(items)
        challenge = 0 if self._is_known else self._challenge
        return Segment(self.boot, self.peer_boot, challenge, self._echo, first, self.delivered, items)

    # --- sliding window -----------------------------------------------------------------------

    def _window_end(self) -> int:
        """Number of the last item that may be sent."""
        return self._acknowledged + min(len(self._queue), limits.CHANNEL_WINDOW_ITEMS)

    def _has_fresh(self) -> bool:
        return self.peer_boot is not None and self._sent < self._window_end()

    def _take_fresh(self) -> list[bytes]:
        end = self._window_end()
        items = self._queue[self._sent - self._acknowledged : end - self._acknowledged]
        if self._highest == self._acknowledged:
            self._start_waiting()
        self._sent = end
        if end > self._highest:
            self._highest = end
        return items

    def _take_acknowledgement(self, number: int) -> None:
        if number > self._highest:
            self.refused += 1
        elif number > self._acknowledged:
            self._queue = self._queue[number - self._acknowledged :]
            self._acknowledged = number
            if self._sent < number:
                self._sent = number
            self._start_waiting()

    def _take_items(self, first: int, items: list[bytes]) -> list[bytes]:
        if not items:
            return []
        self._owed = True  # acknowledge, if only once more: the last acknowledgement may be lost
        last = first + len(items) - 1
        if first == 0 or last > limits.CHANNEL_SEQUENCE_MAX:
            self.refused += 1
            return []
        if first > self.delivered + 1:
            self.gaps += 1
            return []
        if last <= self.delivered:
            self.duplicates += 1
            return []
        fresh = items[self.delivered + 1 - first :]
        self.delivered = last
        return fresh

    def _start_waiting(self) -> None:
        self._waited_ticks = 0
        self._doublings = 0
