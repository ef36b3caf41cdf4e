"""A swarm of real Mutex and Snapshot machines over channels in order, one event at a time, as a test wants them.

Nothing happens by itself: the test says which channel delivers next, which board notices whose reboot, which one
requests. The machines' trace events are gathered in causal order: every receipt follows its sending.
"""

from typing import Any

from amu.services.items import MARKER
from amu.services.mutex import Mutex
from amu.services.snapshot import Snapshot
from specs.checking.schema import FLIGHT_EVENTS
from specs.checking.trace import Event


class Board:
    """The machines of one life."""

    def __init__(self, me: int, count: int, boot: int, clock: int) -> None:
        self.mutex = Mutex(me, count)
        self.snapshot = Snapshot(me, count)
        self.boot = boot
        self.clock = clock
        self.seq = 0
        self.known: dict[int, int] = {}  # boots of peers that it has a channel to
        self.given = [0] * count  # items of each present channel: given to it, delivered by it, and
        self.delivered = [0] * count
        self.got = [0] * count  # how many of the given ones the peer has got


class OpsSwarm:
    """`wire[source, destination]` holds (boot of the source, its clock at the sending, item), the oldest first."""

    def __init__(self, count: int, liars: tuple[int, ...] = ()) -> None:
        self.count = count
        self.liars = liars
        self.correct = [i for i in range(count) if i not in liars]
        self.events: list[Event] = []
        self.results: dict[int, list[tuple[Any, ...]]] = {i: [] for i in self.correct}
        self.wire: dict[tuple[int, int], list[tuple[int, int, list[int]]]] = {
            (i, j): [] for i in range(count) for j in range(count) if i != j
        }
        self.boards: dict[int, Board] = {}
        for i in self.correct:
            self._boot(i, 0, 0)

    def peers(self, i: int) -> list[int]:
        return [j for j in range(self.count) if j != i]

    # --- inputs -----------------------------------------------------------------------------------

    def connect(self) -> None:
        """Everybody meets everybody and hears the greeting."""
        for i in self.correct:
            for j in self.peers(i):
                self.meet(i, j)
        for i in self.correct:
            for x in self.liars:
                self.lie(i, x, [2, 0])
        self.drain()

    def meet(self, i: int, j: int) -> None:
        """The channel of i to the present life of j comes into being. What former lives of i sent may still arrive."""
        board = self.boards[i]
        boot = self.boards[j].boot if j in self.boards else 0
        undelivered = board.given[j] - board.got[j] if j in board.known else 0
        board.given[j] = 0 if j in board.known else board.given[j]
        board.delivered[j] = board.got[j] = 0
        board.known[j] = boot
        self.wire[j, i] = [entry for entry in self.wire[j, i] if entry[0] == boot]
        self._tell(i, "ChannelRestart", j, boot, undelivered)
        board.snapshot.peer_restarted(j)
        board.mutex.peer_restarted(j)
        self._gather(i)

    def must_meet(self, i: int, j: int) -> bool:
        return j in self.boards and self.boards[i].known.get(j) != self.boards[j].boot

    def restart(self, i: int, keep_clock: bool = True) -> None:
        old = self.boards[i]
        for j in self.peers(i):
            self.wire[j, i].clear()
        self._boot(i, old.boot + 1, old.clock if keep_clock else 0)

    def request(self, i: int) -> None:
        self.boards[i].mutex.request(self._tick(i))
        self._gather(i)

    def release(self, i: int) -> None:
        self.boards[i].mutex.release(self._tick(i))
        self._gather(i)

    def start_snapshot(self, i: int) -> None:
        state = self._state(i)
        self.boards[i].snapshot.start(self._tick(i), state)
        self._gather(i)

    def can_deliver(self, j: int, i: int) -> bool:
        """Whether the channel from j to i has something for i as it is now."""
        entries = self.wire[j, i]
        return bool(entries) and entries[0][0] == self.boards[i].known.get(j)

    def deliver(self, j: int, i: int) -> list[int]:
        _, sent, item = self.wire[j, i].pop(0)
        self.boards[i].clock = max(self.boards[i].clock, sent)
        self._take(i, j, item)
        return item

    def lie(self, i: int, x: int, item: list[int]) -> None:
        """Board i gets `item` from the liar x."""
        assert x in self.liars
        self._take(i, x, item)

    def drain(self) -> None:
        """Deliver until nothing is on its way."""
        while True:
            ready = [pair for pair in sorted(self.wire) if pair[1] in self.boards and self.can_deliver(*pair)]
            if not ready:
                return
            for pair in ready:
                self.deliver(*pair)

    # --- answers ----------------------------------------------------------------------------------

    @property
    def holders(self) -> list[int]:
        return [i for i in self.correct if self.boards[i].mutex.is_holding]

    # --- inside -----------------------------------------------------------------------------------

    def _boot(self, i: int, boot: int, clock: int) -> None:
        self.boards[i] = Board(i, self.count, boot, clock)
        self._tell(i, "Boot", "1", "ok" if boot else "fresh", 0)

    def _tick(self, i: int) -> int:
        self.boards[i].clock += 1
        return self.boards[i].clock

    def _state(self, i: int) -> list[Any]:
        mutex = self.boards[i].mutex
        return [0, mutex.requested if mutex.wants else 0, mutex.is_holding]

    def _take(self, i: int, source: int, item: list[int]) -> None:
        board = self.boards[i]
        board.delivered[source] += 1
        sender = self.boards.get(source)
        if sender is not None and sender.known.get(i) == board.boot and board.known.get(source) == sender.boot:
            sender.got[i] += 1
        self._tell(i, "ChannelDeliver", source, board.known[source], board.delivered[source])
        if item[0] == MARKER:
            board.snapshot.receive_marker(source, item[1], item[2], self._state(i))
        else:
            time = self._tick(i)
            board.snapshot.receive_item(source, item)
            board.mutex.receive(source, time, item)
        self._gather(i)

    def _gather(self, i: int) -> None:
        board = self.boards[i]
        for name, *fields in [*board.mutex.take_events(), *board.snapshot.take_events()]:
            self._tell(i, name, *fields)
        for j, item in board.snapshot.take_markers():
            self._send(i, j, item)
        for j, item in board.mutex.take_items():
            board.snapshot.sent(j)
            self._send(i, j, item)
        self.results[i] += board.snapshot.take_results()

    def _send(self, i: int, j: int, item: list[int]) -> None:
        board = self.boards[i]
        board.given[j] += 1
        self._tell(i, "ChannelSend", j, board.known.get(j), board.given[j])
        if j in self.boards and board.known.get(j) == self.boards[j].boot:
            self.wire[i, j].append((board.boot, self._tick(i), item))

    def _tell(self, i: int, name: str, *fields: Any) -> None:
        board = self.boards[i]
        names = [field for field, _ in FLIGHT_EVENTS[name]]
        values = dict(zip(names, fields, strict=True))
        self.events.append(Event(len(self.events) + 1, i, board.boot, board.seq, self._tick(i), name, values))
        board.seq += 1
