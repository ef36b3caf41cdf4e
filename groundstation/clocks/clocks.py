"""Estimates, from a trace alone, the mission second at which each board was at each of its ticks.

    clocks = Clocks()
    clocks.feed(event)      every event of the trace, in the file's order
    clocks.at(event)        Estimate(seconds, error) of a board's event, or None
    clocks.lives()          for people: offset, drift and what was odd, of each life of each board

A board's line gives one bound: what shows tick T and arrives at second r left at r or before. The other one comes from
what the board cannot have known earlier: an operation that it applies left the ground at `Telecommand` `queued` or
`uplinked`; a message from the ground that it traces left after the ground event before it in Lamport's order; and all
that follows a receipt on its line left the board after the request had arrived. So a telecommand and its effect are a
round trip, and no message exists for clocks alone. `bounds` has the theory.

Rules
- Nothing depends on an estimate: no verdict, no property, no decision of the ground station. Wall-clock time never
  decides correctness; Lamport time orders events. Estimates are for people who compare boards with other instruments.
- The estimate is not in the trace, which has what was measured. It follows from the trace, the same each time, and the
  estimate of an old record gets better as later ones come.
- A trace line carries the tick that its board performed last. A busy board is late with its ticks. So a line bounds the
  counter from below only after the board has performed two ticks since it took the message: the number of the second
  was read from the counter after that.
- Tick 0 bounds nothing: it is what a board says before its clock has ticked at all.
- A life is a boot of a board: ticks begin again. Within a life a counter that jumps, runs backward or changes its rate
  begins a new *stretch* with bounds of its own, and so does a Resume: mission time stands still while there is no
  ground station.
- The counter on the wire wraps at TICKS_WRAP. A wrap is told from a counter that runs backward by its size.
- What a Byzantine board says of its ticks is as good as the rest of its words.
- Bounded: corners of a stretch, stretches of a life, lives of a board, remembered operations and ground events.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from amu.core.limits import GROUND, TICKS_WRAP
from groundstation.clocks.bounds import Bounds
from specs.checking.schema import RECEIVED_SECONDS_MAX, Fields
from specs.checking.trace import Event

DRIFT_PPM_MAX = 1000.0  # reported beyond that; a crystal is within 100, a board's resonator within 500
STALL_TICKS = 100  # a board that performs no tick for so long while it does other work is reported
FACTOR_MAX = 8.0  # a tick lasts at least an eighth and at most eight times of what it should
ROUNDING_SECONDS = 5e-7  # of `received`
STRETCHES_MAX = 32  # of a life; then its clock is not estimated further
LIVES_MAX = 256  # of a board, the latest ones
OPERATIONS_MAX = 512  # remembered, the latest ones
REQUESTS_MAX = 8 * OPERATIONS_MAX  # remembered, the latest ones: an operation goes to every board
GROUND_EVENTS_MAX = 512  # remembered, the latest ones

FORWARD = "jumped forward, or its rate changed"
BEHIND = "fell behind, or its rate changed"
BACKWARD = "ran backward"


class Estimate(NamedTuple):
    """The mission second is within `error` of `seconds`."""

    seconds: float
    error: float


class Drift(NamedTuple):
    """How much faster than its nominal rate a clock runs, in parts per million; within `error` of that."""

    ppm: float
    error: float


class Break(NamedTuple):
    """The bounds of a life ended at mission second `at`, and others began."""

    at: float
    why: str


@dataclass
class Stretch:
    """Part of a life in which the clock's rate is steady, as far as is known. Ticks are counted on over wraps."""

    first_seq: int
    first_ticks: int
    base: int  # wrapped ticks at its begin
    bounds: Bounds
    last_ticks: int

    def at(self, ticks: int) -> Estimate | None:
        """When the counter reached `ticks`, which count on over wraps. None: not bounded."""
        between = self.bounds.at(ticks)
        return None if between is None else Estimate((between[0] + between[1]) / 2, (between[1] - between[0]) / 2)


@dataclass
class Life:
    """The clock of one boot of a board."""

    node: int
    boot: int
    nominal: float | None  # seconds of a tick, None if the trace does not say
    stretches: list[Stretch] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    wraps: int = 0
    stalled_seconds: float = 0.0  # the longest time without a tick that is certain
    _base: int = 0
    _ticks: int = -1  # latest, with wraps; -1: none yet
    _reached: float = 0.0  # when the latest tick was first received
    # The latest second at which something left the ground that the board had taken by now, by the tick before, and by
    # the one before that.
    _taken: tuple[float | None, float | None, float | None] = (None, None, None)

    @property
    def is_lost(self) -> bool:
        """Its clock is too unsteady to be estimated further."""
        return len(self.stretches) > STRETCHES_MAX

    def take(self, seq: int, ticks: int, received: float, cause: float | None) -> None:
        """An event of the board. `cause`: when that left the ground without which it had not happened."""
        if self.is_lost:
            return
        ticks = self._unwrapped(ticks)
        if not self.stretches:
            self._begin(seq, ticks)
        elif ticks < self._ticks:
            self._break(seq, ticks, received, BACKWARD)
        if ticks > self._ticks:
            self._ticks, self._reached = ticks, received
            now, before, _ = self._taken
            self._taken = (now, now, before)
            self._bound(seq, ticks, received)
        elif cause is not None:
            self.stalled_seconds = max(self.stalled_seconds, cause - self._reached)
        if cause is not None:
            self.took(cause)

    def took(self, cause: float) -> None:
        """The board has taken what left the ground at `cause`; what its line brings from now on came after that."""
        if self._taken[0] is None or cause > self._taken[0]:
            self._taken = (cause, *self._taken[1:])

    def _unwrapped(self, ticks: int) -> int:
        found = self._base + ticks
        if found >= self._ticks - TICKS_WRAP // 2:
            return found
        self._base += TICKS_WRAP
        self.wraps += 1
        return found + TICKS_WRAP

    def _bound(self, seq: int, ticks: int, received: float) -> None:
        stretch, taken = self.stretches[-1], self._taken[2]
        stretch.last_ticks = ticks
        if not ticks:
            return
        if not stretch.bounds.not_after(ticks, received + ROUNDING_SECONDS):
            self._break(seq, ticks, received, FORWARD)
        elif taken is not None and not stretch.bounds.not_before(ticks + 1, taken - ROUNDING_SECONDS):
            self._break(seq, ticks, received, BEHIND)

    def _begin(self, seq: int, ticks: int) -> None:
        """A stretch begins with the event `seq`. What the board had taken before does not bound it."""
        nominal = self.nominal
        bounds = Bounds(0.0, 1e9) if nominal is None else Bounds(nominal / FACTOR_MAX, nominal * FACTOR_MAX)
        self._taken = (None, None, None)
        self._ticks = ticks - 1  # this one has still to bound the stretch
        self.stretches.append(Stretch(seq, ticks, self._base, bounds, ticks))

    def _break(self, seq: int, ticks: int, received: float, why: str) -> None:
        """The event `seq` does not fit the bounds: others begin with it."""
        self.breaks.append(Break(received, why))
        self._begin(seq, ticks)
        if why != BACKWARD and not self.is_lost:
            self._ticks = ticks
            self._bound(seq, ticks, received)

    def resume(self, seq: int, ticks: int) -> None:
        """Mission time stood still before the event `seq`."""
        if self.stretches and not self.is_lost:
            self._begin(seq, self._unwrapped(ticks))

    def at(self, seq: int, ticks: int) -> Estimate | None:
        """When its counter reached `ticks`, of the event `seq`."""
        found = bisect_right(self.stretches, seq, key=lambda stretch: stretch.first_seq)
        if not found:
            return None
        stretch = self.stretches[found - 1]
        counted = stretch.base + ticks
        return stretch.at(counted if counted >= stretch.first_ticks else counted + TICKS_WRAP)

    @property
    def ticks(self) -> int:
        """The latest tick, counted on over wraps."""
        return max(0, self._ticks)

    @property
    def now(self) -> Estimate | None:
        """When its counter reached the latest tick."""
        return self.stretches[-1].at(self.ticks) if self.stretches else None

    @property
    def longest(self) -> Stretch | None:
        """The stretch with bounds from both sides that has the most ticks. None: there is none."""
        closed = [stretch for stretch in self.stretches if stretch.bounds.is_closed]
        return max(closed, key=lambda stretch: stretch.last_ticks - stretch.first_ticks, default=None)

    @property
    def drift(self) -> Drift | None:
        """Of the longest stretch. None if nothing bounds the rate from both sides, or the nominal one is unknown."""
        stretch = self.longest
        if stretch is None or self.nominal is None:
            return None
        fast = (self.nominal / stretch.bounds.unit_min - 1) * 1e6
        slow = (self.nominal / stretch.bounds.unit_max - 1) * 1e6
        return Drift((fast + slow) / 2, (fast - slow) / 2)

    @property
    def offset(self) -> Estimate | None:
        """When its counter was 0, by the longest stretch."""
        stretch = self.longest
        return None if stretch is None else stretch.at(0)

    @property
    def error(self) -> float | None:
        """The largest error of an estimate in the longest stretch, in seconds."""
        stretch = self.longest
        if stretch is None:
            return None
        ends = [stretch.at(ticks) for ticks in (stretch.first_ticks, stretch.last_ticks)]
        return max(end.error for end in ends if end is not None)

    def troubles(self) -> list[str]:
        """What a person should know of this clock, in words."""
        found = [f"at {each.at:.3f} s the tick counter {each.why}" for each in self.breaks]
        drift, nominal = self.drift, self.nominal
        if drift is not None and abs(drift.ppm) - drift.error > DRIFT_PPM_MAX:
            word = "fast" if drift.ppm > 0 else "slow"
            least = abs(drift.ppm) - drift.error
            found.append(f"its ticks are too {word}, by {least:.0f} ppm or more; up to {DRIFT_PPM_MAX:.0f} is usual")
        if nominal is not None and self.stalled_seconds > STALL_TICKS * nominal:
            found.append(f"it performed no tick for {self.stalled_seconds:.3f} s or more, while it took messages")
        return found


class Clocks:
    """The clocks of all boards of a run."""

    def __init__(self) -> None:
        self._lives: dict[int, dict[int, Life]] = {}  # node -> boot -> life
        self._nominal: float | None = None
        self._left: dict[tuple[int, int], tuple[float, bool]] = {}  # operation -> when it left, as far as is known
        self._asked: dict[tuple[int, int, int], float] = {}  # operation and board -> when it left for the board first
        self._latest: dict[int, Life] = {}  # node -> the life of its latest event
        self._ground: deque[tuple[int, float]] = deque(maxlen=GROUND_EVENTS_MAX)  # (Lamport time, second)
        self._resumed: set[tuple[int, int]] = set()  # lives that have had no event since the last Resume

    def feed(self, event: Event) -> None:
        """The next event of the trace."""
        if event.received is None:
            return
        if event.node == GROUND:
            self._on_ground(event, event.received)
        elif event.ticks is not None:
            life = self._life(event.node, event.boot)
            if (event.node, event.boot) in self._resumed:
                self._resumed.remove((event.node, event.boot))
                life.resume(event.seq, event.ticks)
            self._latest[event.node] = life
            life.take(event.seq, event.ticks, event.received, self._cause(event))

    def at(self, event: Event) -> Estimate | None:
        """When the board's counter reached the tick that its event shows. None: not a board's, or not bounded."""
        life = self._lives.get(event.node, {}).get(event.boot)
        return None if life is None or event.ticks is None else life.at(event.seq, event.ticks)

    def lives(self) -> list[Life]:
        """By board, in order of their begins."""
        return [life for _, lives in sorted(self._lives.items()) for life in lives.values()]

    def latest(self) -> list[Life]:
        """Of each board, the life of its latest event."""
        return [life for _, life in sorted(self._latest.items())]

    def _life(self, node: int, boot: int) -> Life:
        lives = self._lives.setdefault(node, {})
        life = lives.get(boot)
        if life is None:
            if len(lives) == LIVES_MAX:
                del lives[next(iter(lives))]
            life = lives[boot] = Life(node, boot, self._nominal)
        return life

    def _on_ground(self, event: Event, received: float) -> None:
        name, fields = event.name, event.fields
        if name == "RunStart":
            seconds = fields.get("tick_seconds")
            is_told = isinstance(seconds, int | float) and 0 < seconds <= RECEIVED_SECONDS_MAX
            self._nominal = seconds if is_told else None
        elif name == "Resume":
            self._left.clear()
            self._asked.clear()
            self._ground.clear()
            self._resumed = {(life.node, life.boot) for life in self.lives()}
        elif name == "Telecommand":
            self._telecommand(fields, received)
        if not self._ground or event.lamport > self._ground[-1][0]:
            self._ground.append((event.lamport, received))

    def _telecommand(self, fields: Fields, received: float) -> None:
        stage, operation, board = fields["stage"], (fields["client"], fields["operation"]), fields.get("board")
        if stage in ("queued", "uplinked"):
            self._leaves(operation, received, stage == "uplinked")
        if type(board) is not int:
            return
        if stage == "uplinked" and (*operation, board) not in self._asked:
            if len(self._asked) == REQUESTS_MAX:
                del self._asked[next(iter(self._asked))]
            self._asked[*operation, board] = received
        elif stage == "received" and board in self._latest:
            left = self._asked.get((*operation, board))
            if left is not None:
                self._latest[board].took(left)

    def _leaves(self, operation: tuple[int, int], at: float, is_certain: bool) -> None:
        """An operation leaves the ground not before `at`. The first uplink is certain."""
        known = self._left.get(operation)
        if known is None and len(self._left) == OPERATIONS_MAX:
            del self._left[next(iter(self._left))]
        if known is None or (is_certain and not known[1]):
            self._left[operation] = (at, is_certain)

    def _cause(self, event: Event) -> float | None:
        """When that left the ground without which the event had not happened; None: nothing is known of that."""
        fields = event.fields
        if event.name == "Operation":
            known = self._left.get((fields["client"], fields["operation"]))
            return None if known is None else known[0]
        if event.name == "Receive" and fields["from"] == GROUND:
            place = bisect_right(self._ground, fields["sent"], key=lambda known: known[0])
            return self._ground[place - 1][1] if place else None
        return None

    def troubles(self) -> list[str]:
        """What a person should know of the clocks, in words."""
        return [f"board {life.node}, boot {life.boot}: {text}" for life in self.lives() for text in life.troubles()]


def of_events(events: Iterable[Event]) -> Clocks:
    """The clocks of a whole trace. `specs.checking.trace.Reader` reads the events of a file."""
    clocks = Clocks()
    for event in events:
        clocks.feed(event)
    return clocks
