"""Mutual exclusion without a coordinator (L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed
System", CACM 21(7), 1978, section "Ordering the Events Totally"), as a pure machine over reliable channels in
order.

Theory. Every board keeps a queue of requests, ordered by (time, board). The five rules of the paper:

1. To ask, a board puts its request, with the time of asking, into its own queue and sends it to every other board.
2. A board that receives a request puts it into its queue and answers with a reply that has a later time.
3. To release, a board takes its request out of its queue and sends a release to every other board.
4. A board that receives a release takes the sender's request out of its queue.
5. A board has its turn when its request is the first in its own queue, and every other board has sent it something
   later than the request. Channels are in order and times of one board grow, so no earlier request can still be on
   its way.

A board has one request at a time, so the queue is one place for each board.

Crashes. Lamport assumes none; a board that is down never replies, so others wait: "no answer" is never taken for
"gave its turn back". When it runs again its channels have a new incarnation (`channel`), and these rules join the two
lives:

6. A reboot ends a turn: the board that wakes up holds nothing and asks for nothing.
7. A board that meets a peer on a new channel forgets the peer's request and what it heard from it, and first of all
   sends its own outstanding request (waiting or holding) with its old time, or else a bare reply.
8. A board asks only after it has heard from every peer on the present channel, and at a time later than every request
   that it knows.

By 7 the channel's order still says everything: whatever comes later than my request comes after it. By 8 the request
of a board that forgot its clock together with its flash is later than the turns that it cannot remember.

"A reboot ends a turn" is true of this queue only. If the turn moves an arm or drives a furnace, the board's crash
does not stop them, and the next holder may meet them still moving: take a lease from the ledger for such a thing,
whose fencing token the thing itself can compare (specs/decisions/leases_and_fencing.md).

Liars. Whether I enter depends, for each peer, on what that peer alone told me. So two correct boards exclude each
other whatever the others say. A liar that never replies or never releases stops everybody, and one that enters
without a turn meets the holder: among liars use the ledger.

Rules of the machine. `time` is the board's Lamport time of that very event, later than any time given before. After
each input, take the items and send them in order, before anything else on those channels. Specification:
specs/lamport_mutex/lamport_mutex.tla, whose actions are Request, Receive, Enter, Release, Meet, Restart.
"""

from amu.core.errors import BusyError, CodecError
from amu.services.items import RELEASE, REPLY, REQUEST, checked

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Array

NONE = -1  # no request


class Mutex:
    """Board `me` of `count`. A new object is a board that has just booted.

    Call `peer_restarted` for each channel that comes into being, the first ones included.
    """

    def __init__(self, me: int, count: int) -> None:
        assert 0 <= me < count, "board number"
        self.is_holding = False
        self.requested = NONE  # time of my request, while waiting and while holding
        self._me = me
        self._count = count
        self._time = 0  # of my latest event
        self._requests = [NONE] * count  # the queue: time of each peer's request
        self._is_heard = [False] * count  # anything, on the present channel
        self._is_later = [False] * count  # something later than my request
        # Taken after each input.
        self._items: list[tuple[int, Array]] = []  # at most one for each of REPLICAS_MAX boards
        self._events: list[Array] = []  # at most 2

    @property
    def wants(self) -> bool:
        """Whether a request of mine is outstanding: waiting or holding."""
        return self.requested != NONE

    @property
    def may_request(self) -> bool:
        """Whether `request` would be taken at a time later than everything in the queue."""
        return not self.wants and self._first_unheard() is None

    def request(self, time: int) -> None:
        """Rule 1. Raises BusyError, changing nothing, while a request is outstanding or rule 8 forbids one."""
        self._check_time(time)
        if self.wants:
            raise BusyError("a request is outstanding since time %d" % self.requested)
        unheard = self._first_unheard()
        if unheard is not None:
            raise BusyError("board %d has not been heard from on its present channel" % unheard)
        for peer in range(self._count):
            if self._requests[peer] >= time:
                raise BusyError("board %d asked at %d, which is not before %d" % (peer, self._requests[peer], time))
        self._time = time
        self.requested = time
        for peer in range(self._count):
            self._is_later[peer] = False
        self._send_to_all([REQUEST, time])
        self._events.append(["MutexRequest", time])
        self._enter_if_first()

    def release(self, time: int) -> None:
        """Rule 3. Raises BusyError, changing nothing, unless this board holds."""
        self._check_time(time)
        if not self.is_holding:
            raise BusyError("nothing to release")
        self._time = time
        self.is_holding = False
        self.requested = NONE
        self._send_to_all([RELEASE, time])
        self._events.append(["MutexRelease", time])

    def receive(self, sender: int, time: int, item: "Array") -> None:
        """Rules 2, 4 and 5: `item`, which the channel from `sender` delivered at my `time`.

        Raises CodecError, changing nothing, if it is not an item of this protocol.
        """
        self._check_time(time)
        kind = checked(item)
        if kind not in (REQUEST, REPLY, RELEASE):
            raise CodecError("item of kind %d is not for the mutex" % kind)
        self._check_peer(sender)
        self._time = time
        self._is_heard[sender] = True
        sent = item[1]
        if kind == REQUEST:
            # Never refused for its time, even if it lies ahead of ours: a request that is not known excludes nobody.
            self._requests[sender] = sent
            self._items.append((sender, [REPLY, time]))
        elif kind == RELEASE:
            self._requests[sender] = NONE
        if self.wants and sent > self.requested:
            self._is_later[sender] = True
        self._events.append(["MutexReceive", sender, kind, sent, time])
        self._enter_if_first()

    def peer_restarted(self, peer: int) -> None:
        """Rule 7: the channel to `peer` is new. Items taken for the old one and not sent yet must not be sent."""
        self._check_peer(peer)
        self._requests[peer] = NONE
        self._is_heard[peer] = False
        self._is_later[peer] = False
        self._items = [entry for entry in self._items if entry[0] != peer]
        # The old time: with a later one a board that asked in between could pass the holder.
        self._items.append((peer, [REQUEST, self.requested] if self.wants else [REPLY, self._time]))

    def take_items(self) -> "list[tuple[int, Array]]":
        """[(destination, item), ...] to send, in order. At most one per peer for each input."""
        items = self._items
        self._items = []
        return items

    def take_events(self) -> "list[Array]":
        """[[name, field, ...], ...]: trace events, in order, as in amu.node.events.EVENTS."""
        events = self._events
        self._events = []
        return events

    def _check_time(self, time: int) -> None:
        assert time > self._time, "time does not grow"

    def _check_peer(self, peer: int) -> None:
        assert 0 <= peer < self._count, "board number"
        assert peer != self._me, "a board has no channel to itself"

    def _first_unheard(self) -> int | None:
        for peer in range(self._count):
            if peer != self._me and not self._is_heard[peer]:
                return peer
        return None

    def _send_to_all(self, item: "Array") -> None:
        for peer in range(self._count):
            if peer != self._me:
                self._items.append((peer, item))

    def _enter_if_first(self) -> None:
        """Rule 5."""
        if self.is_holding or not self.wants:
            return
        for peer in range(self._count):
            if peer != self._me and (not self._is_later[peer] or self._is_before_mine(peer)):
                return
        self.is_holding = True
        self._events.append(["MutexEnter", self.requested])

    def _is_before_mine(self, peer: int) -> bool:
        """Whether `peer` has a request that is ordered before mine."""
        time = self._requests[peer]
        return time != NONE and (time < self.requested or (time == self.requested and peer < self._me))
