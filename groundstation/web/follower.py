"""Reads the trace of a flight into the hub, and has it checked.

Rules
- A long stored trace is shown from its end at once: the last QUICK_BYTES are folded first. The whole is read behind
  that, in parts so small that pages hardly wait, and takes the place of the first picture when it has been read. It is
  begun when a page has drawn the first picture: until then the machine has that to do.
- A run that has its verdict is shown with that. Any other trace is checked while it is read, up to a bound
  (`groundstation.web.check`).
- Checkpoints are kept while it is read, so that a replay may begin anywhere (`groundstation.web.replay`).
- A replay shows the trace, or what a crew saw of it (`groundstation.web.as_seen`): one of both at a time.
"""

import asyncio
import contextlib
import logging
import sys
import time
from pathlib import Path
from typing import Any

from groundstation.os_errors import explained
from groundstation.record import run_directory
from groundstation.record.run_directory import RunDirectoryError
from groundstation.web import check, facts, history
from groundstation.web.as_seen import CREW, SIGHTS, TRUTH, AsSeen
from groundstation.web.check import Checking, State
from groundstation.web.checkpoints import Checkpoints
from groundstation.web.crew import CrewFlight
from groundstation.web.flights import LOST, OVER, STORED, Flight
from groundstation.web.hub import Hub
from groundstation.web.model import Model, Row
from groundstation.web.prefix_check import PrefixCheck
from groundstation.web.replay import Replay, ReplayError
from groundstation.web.tail import Tail
from specs.checking.prefix import named_lines
from specs.verdict import Checked

LONG_BYTES = 32 << 20  # of a trace that is shown from its end
QUICK_BYTES = 2 << 20  # that are shown first
PART_BYTES = 1 << 15  # of the whole, read at a time: some milliseconds
LOOK_SECONDS = 10.0  # for a page to draw what is shown first
STEP_SECONDS = 0.1
FAILED_FOR_CREW = "its log says why"
NO_TRUTH = "the truth is for the debrief: that begins when the run is over and nobody flies it"
_log = logging.getLogger(__name__)


class Follower:
    """Follows the traces of one console's flight, or goes back to moments of it."""

    def __init__(self, flight: Flight | CrewFlight, hub: Hub) -> None:
        self.flight, self.hub = flight, hub
        self._tail: Tail | None = None
        self._whole: tuple[Tail, Model] | None = None  # of a long trace, while it is read
        self._shown = 0.0  # when this trace was first
        self._checking: Checking | None = None
        self._checked: State = {}  # what the check last told
        self._grew = time.monotonic()  # when the trace last did
        self._planned: Model | None = None  # whose windows of contact were looked for, up to
        self._horizon = 0.0  # this mission second
        self._contacts: list[Row] = []
        self._checkpoints = Checkpoints(None)
        self._replay: Replay | None = None  # that pages ask: of the trace that is followed, or of the crew's
        self._truth: Replay | None = None  # of the trace that is followed
        self._seen: AsSeen | None = None  # what the crew saw of it, if that is chosen
        self._not_seen = ""  # why that could not be written
        self._prefix: PrefixCheck | None = None
        self._turned = time.monotonic()  # when the replay did
        self.failure = ""  # why it follows no longer

    async def run(self) -> None:
        """Follow until cancelled. What fails is logged, and ends it: `failure` says so to every page."""
        planning: asyncio.Task[None] | None = None
        try:
            while True:
                if self._replay is not None and not self._is_over():
                    self._leave_replay()  # it was resumed
                trace = self.flight.trace
                if trace is not None and (self._tail is None or self._is_another(trace, self._tail)):
                    self._show(trace)
                is_behind = self._step()
                if planning is None or planning.done():
                    planning = asyncio.create_task(self._find_contacts())
                await asyncio.sleep(0.0 if is_behind else STEP_SECONDS)
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"
            _log.exception("the console follows the trace no longer")
        finally:
            self._end_check()
            self._forget_seen()

    def told(self) -> dict[str, Any]:
        """The flight's state, and how far its trace was read and checked, in bytes.

        silent_seconds: of wall time, since the trace last grew. is_partial: only the end of it is shown so far.
        """
        found = {**self.flight.state(), "silent_seconds": int(time.monotonic() - self._grew), "failure": self.failure}
        if self.flight.behaviour is not None:
            found["behaviour"] = self.flight.behaviour.about | {"state": self.flight.behaviour.state(self.hub.end)}
        if self._replay is not None and self._prefix is not None and self._is_over():
            found["replay"] = {**self._replay.told(), "violations": len(self._violations()), **self._told_sight()}
            if self._replay.is_active:
                found.pop("verdict", None)  # it was not known then
                if self._shown_seen is not None:
                    found = self._shown_seen.told(found)
                return found | {"trace": self._told_of_moment(self._replay, self._prefix.state)}
        if self._tail is not None:
            read = self._whole[0].position if self._whole is not None else self._tail.position
            told = {"read": read, "size": self._tail.size, "is_partial": self._whole is not None}
            told |= {"unreadable": self._tail.unreadable, "foreign": self.hub.foreign}
            checked = {"checked": self._checked.get("checked", 0), "check_error": self._checked.get("error")}
            found["trace"] = told | checked
        return found

    def _told_of_moment(self, replay: Replay, judged: State) -> dict[str, Any]:
        told: dict[str, Any] = {
            "read": replay.shown,
            "size": replay.shown,
            "is_partial": False,
            "foreign": self.hub.foreign,
        }
        told |= {"unreadable": 0, "checked": judged.get("checked", 0), "check_error": judged.get("error")}
        return told

    def _told_sight(self) -> dict[str, Any]:
        """Which sight a replay keeps to, where there is a choice."""
        if self._no_choice():
            return {}
        told: dict[str, Any] = {"sights": SIGHTS, "sight": TRUTH if self._seen is None else CREW}
        if self._seen is not None and not self._seen.is_written:
            told["is_behind"] = True
        return told | ({"sight_error": self._not_seen} if self._not_seen else {})

    @property
    def trace(self) -> Path | None:
        """The trace in which pages may look: that of what is shown."""
        return self.flight.trace if self._shown_seen is None else self._shown_seen.replay.trace

    @property
    def _shown_seen(self) -> AsSeen | None:
        """What the crew saw, if that is shown."""
        is_shown = self._seen is not None and self._replay is self._seen.replay and self._replay.is_active
        return self._seen if is_shown else None

    @property
    def bound(self) -> int:
        """The byte of the trace before which pages may look."""
        return self._replay.shown if self._replay is not None and self._replay.is_active else sys.maxsize

    async def ask_replay(self, action: object, to: object) -> None:
        """Do what a page asks of a replay. Raises ReplayError, OSError."""
        if self._replay is None or not self._is_over():
            raise ReplayError(f"the flight is {self.flight.state().get('state')}; a run is replayed when it is over")
        if action == "sight":
            self._choose(to)
        elif self._seen is not None and self._seen.is_written:
            await self._seen.ask(action, to)
        else:
            await self._replay.ask(action, to, self._violations())
        if not self._replay.is_active:
            self._take_state(self._checked)

    def _no_choice(self) -> str:
        """Why nobody may choose between what happened and what the crew saw; empty if people may."""
        return "" if self.flight.behaviour is None else "a behaviour of a module has no crew: there is one sight of it"

    def _choose(self, sight: object) -> None:
        """Keep to one of SIGHTS. Raises ReplayError."""
        reason = self._no_choice() or ("" if sight in SIGHTS else f"sight: want {' or '.join(SIGHTS)}")
        if reason or self._truth is None or self._prefix is None:
            raise ReplayError(reason)
        self._not_seen = ""
        if sight == TRUTH:
            self._keep_to_truth()
        elif sight == CREW and self._seen is None:
            try:
                self._seen = AsSeen(self._truth.trace, self.flight.scenario(), self.hub, self._prepare)
            except OSError as error:
                raise ReplayError(f"what the crew saw cannot be written: {explained(error)}") from error

    def _write_seen(self) -> bool:
        """Write what the crew saw, and show it when it is whole. Returns whether there is more to write."""
        seen = self._seen
        if seen is None or seen.is_written or self._replay is None or self._prefix is None:
            return False
        try:
            is_more = seen.write()
        except OSError as error:
            self._not_seen = f"what the crew saw cannot be written: {explained(error)}"
            self._forget_seen()
            return False
        if not is_more:
            self._prefix.close()
            seen.replay.take_over(self._replay)
            self._replay = seen.replay
        return is_more

    def _keep_to_truth(self) -> None:
        """Show what happened in place of what the crew saw, at the same moment."""
        if self._seen is not None and self._truth is not None:
            if self._replay is self._seen.replay:
                self._truth.take_over(self._seen.replay)
            self._forget_seen()

    def _forget_seen(self) -> None:
        self._replay = self._truth
        if self._seen is not None:
            self._seen.close()
            self._seen = None

    def _leave_replay(self) -> None:
        """Show the run as it is: it goes on."""
        if self._replay is not None and self._replay.is_active:
            self._replay.leave()
            self._take_state(self._checked)
        self._keep_to_truth()

    def _violations(self) -> set[int]:
        """The numbers of the lines that the verdict on the whole trace names. None beside what the crew saw."""
        if self._seen is not None:
            return set()
        found = (named_lines(text) for text in self._checked.get("violations", []))
        return {lines[0] for lines in found if lines}

    def _is_over(self) -> bool:
        return self.flight.state().get("state") in (OVER, STORED, LOST)

    def _prepare(self, model: Model) -> None:
        """Before a picture of a replay is shown."""
        model.leave_out_properties()
        model.put_contacts(self._contacts)

    def _turn(self, replay: Replay, prefix: PrefixCheck) -> bool:
        """Show what is due in a replay. Returns whether there is more."""
        now = time.monotonic()
        replay.pass_time(now - self._turned)
        self._turned = now
        is_behind = replay.turn()
        if replay.is_at_end:
            replay.leave()
            self._take_state(self._checked)
        elif self._shown_seen is None and prefix.look(replay.shown, not (replay.is_playing or is_behind)):
            self._show_state(prefix.state)
            self.hub.spread()
        return is_behind

    def _is_another(self, trace: Path, tail: Tail) -> bool:
        """Whether this is not the trace that was read so far: it has another name, or it has become shorter."""
        return tail.path != trace or tail.size < tail.position

    def _show(self, trace: Path) -> None:
        """Begin with another trace."""
        self._end_check()
        self._forget_seen()
        tail = self._tail = Tail(trace)
        self._whole, self._checked, self._shown = None, {}, time.monotonic()
        self._contacts, self._horizon = [], 0.0
        scenario = self.flight.scenario()
        self._checkpoints = Checkpoints(scenario)
        self.hub.restart(Model(scenario))
        self._replay = self._truth = Replay(self.hub, trace, self._checkpoints, self._prepare)
        self._prefix = PrefixCheck(trace)
        verdict = self._verdict()
        if verdict is not None:
            self._take_state(check.of_verdict(verdict, tail.size))
        else:
            self._checking = self._check(trace)
        if tail.size > LONG_BYTES:
            with contextlib.suppress(OSError):  # it may vanish at any moment
                self._tail = Tail(trace, history.begin_of_line(trace, tail.size - QUICK_BYTES))
                self._whole = tail, Model(scenario)

    def _check(self, trace: Path) -> Checking | None:
        return Checking(trace)

    def _verdict(self) -> Checked | None:
        """Of a run that is over."""
        if self.flight.run is None or self.flight.state().get("state") != OVER:
            return None
        try:
            return run_directory.read_as(self.flight.run / run_directory.VERDICT, Checked)
        except RunDirectoryError:
            return None

    def _step(self) -> bool:
        """Read on. Returns whether there is more."""
        if self._tail is None:
            return False
        is_writing = self._write_seen()
        if self._replay is not None and self._prefix is not None and self._replay.is_active:
            return self._turn(self._replay, self._prefix) or is_writing
        self._turned = time.monotonic()
        if self._checking is not None and self._checking.state is not self._checked:
            self._take_state(self._checking.state)
        lines = self._tail.read()
        if lines:
            self._grew = time.monotonic()
        self.hub.take(lines, self._tail.position)
        if self._whole is None:
            self._checkpoints.offer(self._tail.position, self.hub.model)
        return self._read_whole() or self._tail.is_behind or is_writing

    def _read_whole(self) -> bool:
        """Read a part of a long trace. Returns whether there is more."""
        if self._whole is None or self._tail is None:
            return False
        if not any(page.acknowledged for page in self.hub.pages) and time.monotonic() - self._shown < LOOK_SECONDS:
            return False
        tail, model = self._whole
        for line in tail.read(PART_BYTES):
            model.takes(line)
        model.changed.clear()  # no page sees this picture yet
        self._checkpoints.offer(tail.position, model)
        if tail.position < self._tail.position:
            return True
        # Both have read the same lines: the whole takes over.
        self._tail, self._whole = tail, None
        model.tables["properties"] = self.hub.model.tables["properties"]
        self.hub.replace(model)
        return True

    @property
    def checked(self) -> State:
        """What the check last told."""
        return self._checked

    def _take_state(self, state: State) -> None:
        self._checked = state
        if self._replay is None or not self._replay.is_active:
            self._show_state(state)

    def _show_state(self, state: State) -> None:
        self.hub.model.show("properties", check.rows(state))

    async def _find_contacts(self) -> None:
        """Look for windows of contact ahead; in a thread, because that may take seconds."""
        model, now = self.hub.model, self.hub.model.run["now"]
        if model.scenario is None or (model is self._planned and now < self._horizon):
            return
        if now >= self._horizon:
            self._horizon = max(model.scenario.mission.limit_seconds, 2 * now)
            self._contacts = await asyncio.to_thread(facts.contact_rows, model.scenario, self._horizon)
        self._planned = model
        model.put_contacts(self._contacts)
        self.hub.spread()

    def _end_check(self) -> None:
        if self._prefix is not None:
            self._prefix.close()
        if self._checking is not None:
            self._checking.close()
            self._checking = None


class CrewFollower(Follower):
    """Follows what the crew may see. judge: checks the bench's trace; the crew learns of that in the debrief only."""

    def __init__(self, flight: CrewFlight, hub: Hub, judge: Follower) -> None:
        super().__init__(flight, hub)
        self._crew, self._judge = flight, judge

    def told(self) -> dict[str, Any]:
        found = super().told()
        if not self._crew.is_revealed:
            found["failure"] = FAILED_FOR_CREW if found["failure"] else ""
            if "trace" in found:
                found["trace"] = {**found["trace"], "check_error": None}
        return found

    def _show_state(self, state: State) -> None:
        """What the crew sees is a part of the trace: a check of it means nothing."""
        super()._show_state(state if self._crew.is_revealed else {})

    def _check(self, trace: Path) -> Checking | None:
        return None

    def _no_choice(self) -> str:
        return super()._no_choice() if self._crew.is_revealed else NO_TRUTH

    def _verdict(self) -> Checked | None:
        return super()._verdict() if self._crew.is_revealed else None

    def _step(self) -> bool:
        is_behind = self._crew.advance()
        if self._crew.is_revealed and self._judge.checked is not self._checked:
            self._take_state(self._judge.checked)
        return super()._step() or is_behind
