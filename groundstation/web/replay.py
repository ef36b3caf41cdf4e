"""A recorded run shown again from its trace: as it was known at a moment that people choose.

The console's picture is a fold over the trace, so the picture at a moment is the fold of what was received until then.
Forwards the fold goes on; backwards it begins again at the nearest checkpoint. At the end of the trace there is no
replay: the pages see the run as it is.

Rules
- All pages of a hub see the same moment. What comes after it is neither sent nor found by a search.
- A turn of reading is bounded (`groundstation.web.tail`), so a leap is made in many. The pages keep the picture of the
  moment before until the new one is whole. While a replay cannot keep up, its time stands still: nothing is left out.
- Nothing here raises an alarm: pages call for people in a flight only, and there is no replay of a flight.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from groundstation.web import history
from groundstation.web.checkpoints import Checkpoint, Checkpoints
from groundstation.web.hub import EVENTS_KEPT, EVENTS_SENT_MAX, Hub
from groundstation.web.model import Model
from groundstation.web.tail import Line, Tail

BEFORE_BYTES = 1 << 17  # of the trace, in which the events before a moment are looked for
SPEEDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0)
ASKED = (
    "play, pause, next, previous, violation, end; seek, slot or line with a number `to`; speed with one of `speeds`; "
    "sight with crew or truth"
)


class ReplayError(Exception):
    """A page asks for a replay, or for a moment, that there is none of. Says what is wanted."""


@dataclass(frozen=True)
class Moment:
    """What is shown: the lines up to mission second `second`, or those that begin before byte `offset`."""

    second: float
    offset: int | None = None

    def has(self, line: Line) -> bool:
        """Whether this line is shown."""
        is_shown = line["received"] <= self.second if self.offset is None else line["offset"] < self.offset
        return bool(is_shown)

    def is_after(self, checkpoint: Checkpoint) -> bool:
        """Whether all lines before the checkpoint are shown."""
        return checkpoint.now <= self.second if self.offset is None else checkpoint.offset <= self.offset


class Replay:
    """The run in `trace`, shown to the pages of `hub`. epoch: another one if events that were shown are no more.

    prepare: called with each picture before it is shown.
    """

    def __init__(self, hub: Hub, trace: Path, checkpoints: Checkpoints, prepare: Callable[[Model], None]) -> None:
        self.is_active = False
        self.is_playing = False
        self.is_shown = False  # whether the pages see the picture that is folded
        self.speed = 1.0  # mission seconds in a second of wall time
        self.epoch = 0
        self._end = 0.0  # of the trace
        self.trace = trace
        self._hub, self._checkpoints, self._prepare = hub, checkpoints, prepare
        self._aside: tuple[Model, list[Line], int] = (hub.model, [], 0)  # what the pages see at the end
        self._moment = Moment(0.0)
        self._begin(None)

    @property
    def at(self) -> float:
        """The moment in mission seconds."""
        return self._moment.second if self.is_active else self.end

    @property
    def end(self) -> float:
        """The mission second of the last event."""
        return self._end if self.is_active else float(self._hub.model.run["now"])

    @property
    def shown(self) -> int:
        """The byte of the trace at which the first line begins that the pages do not see."""
        return self._hub.end

    @property
    def is_behind(self) -> bool:
        """Whether there are lines to show up to the moment."""
        if not self.is_active:
            return False
        if self._waiting:
            return self._moment.has(self._waiting[0])
        return self._tail.is_behind or not self.is_shown

    @property
    def is_at_end(self) -> bool:
        """Whether all is shown."""
        is_read = self.is_shown and not self._waiting and not self._tail.is_behind
        return not self.is_active or (is_read and self.at >= self.end)

    def told(self) -> dict[str, object]:
        """For the pages."""
        told = {"at": self.at, "end": self.end, "is_playing": self.is_playing, "speed": self.speed, "epoch": self.epoch}
        return told | {"is_behind": self.is_behind, "is_at_end": not self.is_active, "speeds": SPEEDS}

    # --- what people ask for --------------------------------------------------------------------

    async def ask(self, action: object, to: object, violations: set[int]) -> None:
        """Do what a page asks for. violations: numbers of the lines that violate a property. Raises ReplayError,
        OSError."""
        number = to if isinstance(to, int | float) and not isinstance(to, bool) and abs(to) < sys.maxsize else None
        match action:
            case "play" | "pause":
                self.play(action == "play")
            case "next" | "previous":
                self.step(1 if action == "next" else -1)
            case "end":
                self.leave()
            case "violation":
                lines = await asyncio.to_thread(history.events_at, self.trace, violations)
                if not lines:
                    raise ReplayError("no event of this run is known to violate a property")
                shown = self.shown if self.is_active else 0
                self.seek_line(next((line for line in lines if line["offset"] >= shown), lines[0]))
            case "seek" if number is not None:
                self.seek(number)
            case "line" if number is not None:
                lines = await asyncio.to_thread(history.events_at, self.trace, {int(number)})
                if not lines:
                    raise ReplayError(f"line {int(number)} of the trace is not an event")
                self.seek_line(lines[0])
            case "slot" if number is not None:
                line = await asyncio.to_thread(history.first_of_slot, self.trace, int(number))
                if line is None:
                    raise ReplayError(f"nothing in this run is about slot {int(number)}")
                self.seek_line(line)
            case "speed" if number in SPEEDS:
                self.speed = float(number)
            case _:
                raise ReplayError(f"do: want {ASKED}")

    def pass_time(self, seconds: float) -> None:
        """So many seconds of wall time have passed."""
        if self.is_playing and not self.is_behind:
            self._moment = Moment(min(self.end, self.at + seconds * self.speed))
            self.is_playing = self.at < self.end

    def play(self, is_playing: bool) -> None:
        """Let time pass, or not. From the end on: from the begin."""
        if is_playing and self.is_at_end:
            self.seek(0.0)
        self.is_playing = is_playing

    def step(self, by: int) -> None:
        """On to the next event, or back to the one before."""
        self._enter()
        self.is_playing = False
        if by < 0:
            lines = self._shown_before()
            if lines:
                self._go(Moment(lines[0]["received"] if len(lines) > 1 else 0.0, lines[-1]["offset"]))
        elif not self.is_behind:
            self._fill()
            if self._waiting:
                line = self._waiting[0]
                self._moment = Moment(max(self.at, line["received"]), line["offset"] + 1)

    def seek(self, second: float) -> None:
        """Go to a mission second."""
        self._enter()
        if second >= self.end:
            self.leave()
        else:
            self._go(Moment(max(0.0, second)))

    def seek_line(self, line: Line) -> None:
        """Go to the moment at which this line was the latest one."""
        self._enter()
        self.is_playing = False
        self._go(Moment(line["received"], line["offset"] + 1))

    def leave(self) -> None:
        """Show the run as it is again."""
        if self.is_active:
            self.is_active = self.is_playing = False
            self.epoch += 1
            self._hub.restart(*self._aside)

    def take_over(self, other: "Replay") -> None:
        """Show this trace of the same run in place of another one, at the moment that is shown."""
        self.epoch, self.speed, self.is_active = other.epoch, other.speed, False
        if other.is_active:
            at, is_playing, aside = other.at, other.is_playing, other._aside
            other.is_active = other.is_playing = False
            self._enter()
            self._aside, self.is_playing = aside, is_playing
            self.epoch += 1
            self._hub.restart(Model(self._checkpoints.scenario))  # nothing of the other trace stays
            self.seek(at)

    def _enter(self) -> None:
        if self.is_active:
            return
        tail = Tail(self.trace)
        self._end = history.last_second(self.trace)
        self._moment = Moment(self._end, tail.size)
        self._aside = (self._hub.model, list(self._hub.events), self._hub.end)
        self.is_active = True
        self._begin(self._checkpoints.latest(self._moment.is_after))

    def _shown_before(self) -> list[Line]:
        """The last two events up to the moment; none if they are not known yet."""
        if not self.is_behind:
            return list(self._latest)[-2:]
        return [] if self._moment.offset is None else before(self.trace, self._moment.offset, 2)

    def _go(self, moment: Moment) -> None:
        here = Checkpoint(self._position, self._model.run["now"], b"")
        nearest = self._checkpoints.latest(moment.is_after)
        if not moment.is_after(here) or (nearest is not None and nearest.offset > here.offset):
            self._begin(nearest)
        self._moment, self.is_shown = moment, False

    # --- reading --------------------------------------------------------------------------------

    @property
    def _position(self) -> int:
        """Where the first line begins that is not in the picture."""
        return int(self._waiting[0]["offset"]) if self._waiting else self._tail.position

    def _begin(self, checkpoint: Checkpoint | None) -> None:
        """Fold on from a checkpoint; None: from the begin of the trace."""
        if checkpoint is None:
            model, offset = Model(self._checkpoints.scenario), 0
        else:
            model, offset = self._checkpoints.model(checkpoint), checkpoint.offset
        self._model, self._tail = model, Tail(self.trace, offset)
        self._waiting: deque[Line] = deque()  # read, and not folded
        self._latest: deque[Line] = deque(before(self.trace, offset, EVENTS_SENT_MAX), EVENTS_KEPT)
        self.is_shown = False

    def turn(self) -> bool:
        """Read on towards the moment, a bounded part. Returns whether there is more."""
        self._fill()
        lines = []
        while self._waiting and self._moment.has(self._waiting[0]):
            lines.append(self._waiting.popleft())
        self._latest.extend(lines)
        if self.is_shown:
            self._hub.take(lines, self._position)
        else:
            for line in lines:
                self._model.takes(line)
            self._model.changed.clear()
        self._checkpoints.offer(self._position, self._model)
        is_there = bool(self._waiting) or not self._tail.is_behind
        if is_there and not self.is_shown:
            self._prepare(self._model)
            self.epoch += 1
            self._hub.restart(self._model, self._latest, self._position)
            self.is_shown = True
        return not is_there

    def _fill(self) -> None:
        if not self._waiting:
            self._waiting.extend(self._tail.read())


def before(trace: Path, offset: int, count: int) -> list[Line]:
    """The latest events that begin before byte `offset`, `count` at most, of a part of the trace."""
    try:
        first = history.begin_of_line(trace, offset - BEFORE_BYTES)
        return history.read(trace, first, offset, BEFORE_BYTES)[-count:]
    except OSError:
        return []
