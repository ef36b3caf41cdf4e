"""What the ground has seen of a swarm: a fold over the events of a trace, bounded in memory.

Rules
- Only what was observed counts: what boards trace, lives that begin and end, frames that the ether took, delivered and
  has on their way. Which faults a scenario plays (BoardFault, the names in Fault.counts) and which boards it makes lie
  (RunStart.byzantine) is never looked at.
- Times are mission seconds of receipt. They explain, and judge nothing.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from amu.core.limits import BROADCAST, GROUND, PROGRESS_PERIOD_TICKS, WINDOW_SLOTS, quorum_size
from amu.wire.messages import Suggest
from groundstation.why.link import NEVER, Link

SLOTS_MAX = 16  # remembered, of the swarm
VIEWS_MAX = 16  # of a slot
SENDS_MAX = 512  # of a board, by Lamport time
OPERATIONS_MAX = 4096  # open at once
QUIET_TICKS = 3 * PROGRESS_PERIOD_TICKS  # boards say how far they are each period: a longer silence has a reason
RATE_TICKS = 50  # over which a clock's rate is measured
WINDOW_TICKS = 100  # of the counts of a link
OVER = ("confirmed", "malformed", "stale")  # stages that end an operation

Fields = Mapping[str, Any]


class Seat:
    """A board in a slot. voted: view of its latest vote in each phase 1 to 4, -1 for none."""

    __slots__ = ("decided", "view", "voted")

    def __init__(self) -> None:
        self.view = 0
        self.voted = [-1] * 5
        self.decided = False

    @property
    def phase(self) -> int:
        """The last phase in which it voted in its present view."""
        return max((phase for phase in range(1, 5) if self.voted[phase] == self.view), default=0)


class Slot:
    """What is known of a slot. leads: (leader - view) modulo the number of boards, None while it is not known."""

    def __init__(self) -> None:
        self.seats: dict[int, Seat] = {}
        self.leads: int | None = None
        self.values: dict[int, dict[str, int]] = {}  # view -> value -> first board that voted for it in phase 1
        self.stepped_at = NEVER  # when the last vote that nobody had cast before came
        self.quorum_at = NEVER  # when a phase last got its quorum
        self.wished_at = NEVER


class Board:
    """A board as the ground saw it last."""

    def __init__(self, node: int) -> None:
        self.node = node
        self.is_on: bool | None = None
        self.power_is_traced = False  # a crew sees that a board sends, and not whether it is on
        self.since = 0.0  # when it was last switched on or off
        self.ended = ""  # the event that ended its life
        self.mode = ""
        self.reason = ""  # of its silence
        self.mode_at = 0.0
        self.heard_at = NEVER  # by the ground
        self.applied = 0
        self.ticks = -1
        self.ticked_at = NEVER  # when its counter was last seen to move
        self.words_since = 0  # moments at which it was heard since then
        self._rate = 1.0  # of its clock, over the last RATE_TICKS
        self._anchor = (0, 0.0)
        self.sends: dict[int, float] = {}  # Lamport time -> when
        self.lie = ""  # what it was seen to do that no correct board does

    def tick(self, ticks: int, now: float, tick_seconds: float) -> None:
        """Its counter was read."""
        if ticks == self.ticks:
            return
        if self.ticks < 0 or ticks < self.ticks:
            self._anchor = (ticks, now)
        elif now > self._anchor[1] and now - self._anchor[1] >= RATE_TICKS * tick_seconds:
            self._rate = (ticks - self._anchor[0]) * tick_seconds / (now - self._anchor[1])
            self._anchor = (ticks, now)
        self.ticks, self.ticked_at, self.words_since = ticks, now, 0

    def rate(self, tick_seconds: float) -> float:
        """Of its clock: ticks of its counter in a tick of mission time, lately."""
        seconds = self.heard_at - self._anchor[1]
        if seconds <= 0 or seconds < RATE_TICKS * tick_seconds:
            return self._rate
        return (self.ticks - self._anchor[0]) * tick_seconds / seconds


class Seen:
    """Everything that the ground has seen. Call `feed` with each event, in the order of the trace."""

    def __init__(self) -> None:
        self.now = 0.0
        self.count = 0  # replicas; 0 while it is not known
        self.tick_seconds = 0.0
        self.traces_messages = True
        self.counts_links = False  # the ether's counts of each link are in the trace
        self.reports = [NEVER, NEVER]  # when the last two came
        self._window = 0.0  # begin of the present counts
        self.boards: list[Board] = []
        self.links: list[list[Link]] = []  # by sender, receiver
        self.slots: dict[int, Slot] = {}
        self.frontier = 0  # last slot that f + 1 boards have applied
        self.moved_at = 0.0
        self.open: dict[tuple[int, int], float] = {}  # operations without an end, and when they were queued
        self.operations = 0
        self.ended = ""
        self._on_ground: dict[str, Callable[[Fields, float], None]] = {
            "RunStart": self._start,
            "Resume": self._resume,
            "RunEnd": self._end,
            "BoardStart": self._switched_on,
            "Attach": self._switched_on,
            "BoardKill": partial(self._switched_off, "killed"),
            "PowerCut": partial(self._switched_off, "its power failed"),
            "BoardCrash": partial(self._switched_off, "crashed"),
            "Erase": self._erased,
            "Health": self._health,
            "Fault": self._fates,
            "Telecommand": self._telecommand,
        }
        self._on_board: dict[str, Callable[[Board, Fields, float], None]] = {
            "Boot": self._boot,
            "Silent": self._silent,
            "Rejoin": self._rejoin,
            "EnterView": self._enter,
            "Restore": self._enter,
            "Wish": self._wish,
            "Propose": self._propose,
            "Vote1": partial(self._vote, 1),
            "Vote2": partial(self._vote, 2),
            "Vote3": partial(self._vote, 3),
            "Vote4": partial(self._vote, 4),
            "Decide": self._decide,
            "Learn": self._decide,
            "Apply": self._apply,
            "Adopt": self._apply,
            "Refuse": self._refuse,
        }

    def feed(self, line: Fields) -> None:
        """Take in one line of a trace."""
        now = self.now = max(self.now, line["received"])
        node, name = line["node"], line["event"]
        if node == GROUND:
            handle = self._on_ground.get(name)
            if handle is not None:
                handle(line, now)
            return
        if node >= self.count:
            return
        board = self.boards[node]
        board.words_since += board.heard_at != now
        board.heard_at = now
        if line["ticks"] != board.ticks:
            board.tick(line["ticks"], now, self.tick_seconds)
        if name == "Receive":
            self._receive(board, line, now)
        elif name == "Send":
            self._send(board, line, now)
        else:
            handle_of_board = self._on_board.get(name)
            if handle_of_board is not None:
                handle_of_board(board, line, now)

    def slot(self, number: int) -> Slot:
        """What is known of a slot; made if it is new."""
        found = self.slots.get(number)
        if found is None:
            found = self.slots[number] = Slot()
            if len(self.slots) > SLOTS_MAX:
                del self.slots[min(self.slots)]
        return found

    @property
    def last_slot(self) -> int:
        """The last slot that a board can have begun."""
        applied = max((board.applied for board in self.boards), default=0)
        return max([applied + WINDOW_SLOTS, *self.slots])

    def leader(self, number: int, view: int) -> int | None:
        """Of a view of a slot, if a proposal or a report to a leader has shown it."""
        slot = self.slots.get(number)
        return None if slot is None or slot.leads is None else (slot.leads + view) % self.count

    # --- the ground's own -----------------------------------------------------------------------

    def _start(self, fields: Fields, now: float) -> None:
        self.count = fields["replica_count"]
        self.tick_seconds = float(fields.get("tick_seconds") or 0.0)
        self.traces_messages = bool(fields.get("traces_messages", True))
        self.boards = [Board(node) for node in range(self.count)]
        self.links = [[Link() for _ in range(self.count)] for _ in range(self.count)]
        self.moved_at = now

    def _resume(self, fields: Fields, now: float) -> None:
        self.ended = ""

    def _end(self, fields: Fields, now: float) -> None:
        self.ended = fields["reason"]

    def _of(self, fields: Fields) -> Board | None:
        node = fields["board"]
        return self.boards[node] if node < self.count else None

    def _switched_on(self, fields: Fields, now: float) -> None:
        board = self._of(fields)
        if board is not None:
            self._forget_links(board, now)
            board.is_on, board.since, board.ended = True, now, ""
            board.power_is_traced = True

    def _switched_off(self, how: str, fields: Fields, now: float) -> None:
        board = self._of(fields)
        if board is not None:
            board.is_on, board.since, board.ended = False, now, how
            board.power_is_traced = True

    def _forget_links(self, board: Board, now: float) -> None:
        """A new life begins. A link that was silent for long before the end of the last one counts as silent still."""
        end = now if board.is_on else board.since
        for peer in range(self.count):
            for link in (self.links[board.node][peer], self.links[peer][board.node]):
                silent = end - max(link.heard_at, link.since)
                if board.is_on is None or silent <= QUIET_TICKS * self.tick_seconds or not link.moments_unheard:
                    link.forget(now)

    def _erased(self, fields: Fields, now: float) -> None:
        board = self._of(fields)
        if board is not None and board.is_on is not None:
            self._switched_off("its flash was erased", fields, now)

    def _health(self, fields: Fields, now: float) -> None:
        board = self._of(fields)
        if board is not None:
            board.heard_at = now
            board.tick(fields["board_ticks"], now, self.tick_seconds)

    def _fates(self, fields: Fields, now: float) -> None:
        """links: [source, destination, accepted, delivered, on the way] of each link that had any frame; the first two
        since the last such event."""
        links = fields.get("links")
        if not isinstance(links, list):
            return
        self.counts_links = True
        self.reports = [self.reports[1], now]
        if now - self._window >= WINDOW_TICKS * self.tick_seconds:
            self._window = now
            for row in self.links:
                for each in row:
                    each.next_window()
        for source, destination, accepted, delivered, on_the_way in links:
            if source >= self.count or destination >= self.count:
                continue
            self.links[source][destination].reported(accepted, delivered, on_the_way, self.reports[0], now)

    def _telecommand(self, fields: Fields, now: float) -> None:
        key, stage = (fields["client"], fields["operation"]), fields["stage"]
        if stage == "queued" and len(self.open) < OPERATIONS_MAX:
            self.operations += 1
            self.open[key] = now
        elif stage in OVER:
            self.open.pop(key, None)

    # --- messages -------------------------------------------------------------------------------

    def _send(self, board: Board, fields: Fields, now: float) -> None:
        to, kind = fields["to"], fields["kind"]
        board.sends[fields["lamport"]] = now
        if len(board.sends) > SENDS_MAX:
            del board.sends[next(iter(board.sends))]
        if to == GROUND:
            return
        links = self.links[board.node]
        for peer, link in enumerate(links) if to == BROADCAST else ((to, links[to]),) if to < self.count else ():
            if peer != board.node:
                link.sends(kind, now)
        if kind == Suggest.KIND and to < self.count:
            self.slot(fields["slot"]).leads = (to - fields["view"]) % self.count

    def _receive(self, board: Board, fields: Fields, now: float) -> None:
        source = fields["from"]
        if source >= self.count:
            return
        sent = self.boards[source].sends.get(fields["sent"])
        delay = NEVER if sent is None else max(0.0, now - sent)
        self.links[source][board.node].hears(fields["kind"], now, delay)

    def _refuse(self, board: Board, fields: Fields, now: float) -> None:
        if fields["from"] < self.count and fields["reason"] == "mac":
            self.links[fields["from"]][board.node].refused += 1

    # --- boards ---------------------------------------------------------------------------------

    def _boot(self, board: Board, fields: Fields, now: float) -> None:
        board.is_on, board.reason, board.mode_at = True, "", now
        board.mode = "rejoining" if fields["journal"] == "blank" else "voting"
        board.applied = fields["applied_slot"]
        for slot in self.slots.values():
            slot.seats.pop(board.node, None)  # a Restore says what it still knows

    def _silent(self, board: Board, fields: Fields, now: float) -> None:
        board.mode, board.reason, board.mode_at = "silent", fields["reason"], now

    def _rejoin(self, board: Board, fields: Fields, now: float) -> None:
        board.mode, board.mode_at = "voting", now

    def _seat(self, board: Board, number: int) -> Seat:
        seats = self.slot(number).seats
        found = seats.get(board.node)
        if found is None:
            found = seats[board.node] = Seat()
        return found

    def _enter(self, board: Board, fields: Fields, now: float) -> None:
        self._seat(board, fields["slot"]).view = fields["view"]
        if fields["event"] == "Restore":
            seat = self._seat(board, fields["slot"])
            for phase in range(1, 5):
                register = fields[f"hi{phase}"]
                seat.voted[phase] = -1 if register is None else register[0]

    def _wish(self, board: Board, fields: Fields, now: float) -> None:
        self._seat(board, fields["slot"])  # it has begun the slot
        self.slot(fields["slot"]).wished_at = now

    def _propose(self, board: Board, fields: Fields, now: float) -> None:
        slot = self.slot(fields["slot"])
        slot.leads = (board.node - fields["view"]) % self.count
        slot.stepped_at = now

    def _vote(self, phase: int, board: Board, fields: Fields, now: float) -> None:
        number, view = fields["slot"], fields["view"]
        slot, seat = self.slot(number), self._seat(board, number)
        seat.view, seat.voted[phase] = max(view, seat.view), view
        slot.stepped_at = now
        if sum(other.voted[phase] == view for other in slot.seats.values()) == quorum_size(self.count):
            slot.quorum_at = now
        if phase == 1:
            self._look_for_two_values(slot, number, view, fields["value"], board.node)

    def _look_for_two_values(self, slot: Slot, number: int, view: int, value: str, voter: int) -> None:
        values = slot.values.setdefault(view, {})
        if len(slot.values) > VIEWS_MAX:
            del slot.values[min(slot.values)]
        if len(values) < 2:
            values.setdefault(value, voter)
        if len(values) > 1 and slot.leads is not None:
            leader = self.boards[(slot.leads + view) % self.count]
            first, second = sorted(values.values())
            leader.lie = f"it proposed two values in view {view} of slot {number}, to boards {first} and {second}"

    def _decide(self, board: Board, fields: Fields, now: float) -> None:
        self._seat(board, fields["slot"]).decided = True
        self.slot(fields["slot"]).stepped_at = now

    def _apply(self, board: Board, fields: Fields, now: float) -> None:
        board.applied = max(board.applied, fields["slot"])
        if board.applied > self.frontier:
            ranked = sorted((each.applied for each in self.boards), reverse=True)
            frontier = ranked[self.count - quorum_size(self.count)]
            if frontier > self.frontier:
                self.frontier, self.moved_at = frontier, now
