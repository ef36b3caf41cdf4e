"""The mission loop: passes the boards' bytes on, applies the faults that are due, and ends when the work is done.

One turn: wait for bytes or for the next due event; read every board; deliver the frames that the ether lets through;
send the telecommands that are due; apply board faults; check for the end. The loop never blocks on a board, and it asks
the driver for the time, so it is the same for boards in real time and in virtual time.

    flight frames -> Ether -> the board that they are for      trace frames   -> Recorder and Watch
    telemetry     -> Station                                   logs and text  -> the run's log
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Unpack

from amu.core.errors import BusyError, CodecError
from amu.core.lamport import LamportClock
from amu.node.tracer import CODES
from amu.wire import codec, frames, messages
from amu.wire.framer import Text
from amu.wire.frames import Frame
from groundstation.boards.base import Board
from groundstation.boards.liars import NOT_RECORDED, Liars
from groundstation.faults.ether import ACCEPTED, DELIVERED, Ether
from groundstation.flight.cable import FlightFrame
from groundstation.flight.desk import Desk
from groundstation.flight.diagnosis import Diagnosis
from groundstation.flight.driver import Driver
from groundstation.flight.fleet import Fleet
from groundstation.flight.pace import Pace
from groundstation.flight.progress import BoardPicture, Display, Picture
from groundstation.flight.watch import Watch
from groundstation.orders.port import NoOrders, Orders
from groundstation.procedures.runner import Runner
from groundstation.record.ground_log import GroundLog
from groundstation.record.past import Past
from groundstation.record.recorder import Recorder
from groundstation.scenario import waits_for
from groundstation.scenario.board_faults import Schedule
from groundstation.scenario.mission_end import COMPLETE, INTERRUPTED, NO_PROGRESS, MissionEnd, Standing
from groundstation.scenario.model import Scenario
from groundstation.scenario.workload import Command, Workload
from groundstation.station.telecommand import Station
from groundstation.why.read import engine_of
from specs.checking.schema import Fields
from specs.checking.trace import Reader, TraceError

TURN_WALL_SECONDS = 0.02  # the longest wait of a turn
FATES_WALL_SECONDS = 0.25  # how often the ether's counts are recorded
TRACE_FLAWS = {"errors": "trace events unreadable", "gaps": "gaps", "duplicates": "events repeated"}
_RESTART = CODES["Restart"]
ALARM = 2  # severity from which a Log message is shown to the operator


@dataclass
class Parts:
    """The parts of a mission; the rehearsal makes them."""

    scenario: Scenario
    boards: Mapping[int, Board]
    driver: Driver
    clock: LamportClock
    recorder: Recorder
    station: Station
    ether: Ether
    watch: Watch
    workload: Workload
    display: Display
    log: GroundLog
    past: Past | None = None  # of a resumed run
    orders: Orders = field(default_factory=NoOrders)
    runner: Runner | None = None  # of the scenario's procedure and injects
    holds: bool = False  # the mission ends by an order only
    joins: bool = False  # a resumed run without a record


class Mission:
    """Flies one scenario. `stop` may be called from a signal handler."""

    def __init__(self, parts: Parts) -> None:
        self.scenario = parts.scenario
        self.driver, self.clock, self.recorder = parts.driver, parts.clock, parts.recorder
        self.station, self.ether, self.watch = parts.station, parts.ether, parts.watch
        self.workload, self.display, self.log = parts.workload, parts.display, parts.log
        self.past = parts.past or Past()
        now = parts.driver.now()
        # If the record is lost, it is unknown which board faults have happened.
        board_faults = [] if parts.joins else parts.scenario.board_faults
        self.schedule = Schedule(
            board_faults, parts.scenario.liveness, parts.scenario.tick_seconds(), self.past.begun, self.past.armed, now
        )
        mission = parts.scenario.mission
        self.fleet = Fleet(parts.boards, self.schedule, parts.driver, parts.watch, mission.speed, mission.seed, self)
        self.pace = Pace(1000 / parts.scenario.clock.tick_ms / parts.scenario.mission.speed)
        self.diagnosis = Diagnosis(mission.speed, self.tell)
        self._carried: Counter[tuple[str, int, int]] = Counter()  # the ether's counts when the last slot was decided
        self.liars = Liars(parts.watch.byzantine)
        self.outcome = INTERRUPTED  # until the mission ends by itself
        self.issued = 0
        self.confirmed = 0
        self._open: dict[int, Command] = {}
        self._resting: list[float] = []  # when the places of confirmed operations are free again
        self._drawn: Command | None = None  # drawn, but the station had no room for it
        self._stopped = False
        self._holds = parts.holds
        self._runner = parts.runner
        self.desk = Desk(parts.orders, self.station, self.fleet, self.ether, self, self.finish, parts.runner)
        self.waits_for: list[str] = []  # what the mission lacked when it ended, in words
        self._end = MissionEnd(parts.scenario)
        self._fates_due = 0.0
        self._fates_recorded: Counter[str] = Counter()
        self.picture = Picture(
            scenario=parts.scenario.name,
            seed=mission.seed,
            slots_wanted=mission.slots,
            operations_wanted=parts.scenario.workload.operations,
            boards=[BoardPicture(node, node in self.watch.byzantine) for node in sorted(parts.boards)],
        )

    def take_up(self) -> None:
        """Continue where the record of the earlier ground station ends, with its operations and its boards.

        Watch and workload have read the record already.
        """
        past, now = self.past, self.driver.now()
        self.station.take_up(past, now)
        own = [operation for operation in past.operations.values() if operation.sender is None]
        self.issued = len(own)
        self.confirmed = sum(operation.answer is not None for operation in own)
        self._open = {operation.number: operation.command for operation in own if operation.is_open}
        self.desk.take_up(past)
        self.tell(now, f"continues run {past.run} with {len(self._open)} open operations")
        self.fleet.take_up(past)

    def fates(self) -> dict[str, int]:
        """Counts of frames by fate, in the whole run."""
        return dict(sorted((Counter(self.ether.totals()) + self.past.fates).items()))

    def fates_by_kind(self, fates: Mapping[str, int]) -> dict[str, dict[str, int]]:
        """The fates of faulted frames, grouped by the effect on the frame, then by name."""
        harm = {name: count for name, count in fates.items() if name not in (ACCEPTED, DELIVERED)}
        return self.ether.plan.by_kind(harm)

    # --- the loop -----------------------------------------------------------------------------

    def stop(self) -> None:
        """End the mission with the next turn."""
        self._stopped = True

    def finish(self) -> None:
        """End the mission by order, when its open operations are confirmed. One that ends by itself needs no order."""
        if not self._holds:
            return
        self._end.finish(self.driver.now())
        self._holds = False

    def fly(self) -> str:
        """Run to the end: COMPLETE, NO_PROGRESS or INTERRUPTED. The boards are left running."""
        self._end.begin(self.driver.now())
        while True:
            reason = self._turn()
            if reason is not None:
                self.outcome = reason
                self.drain()
                self.waits_for = self._why(reason)
                return reason

    def _turn(self) -> str | None:
        self.pace.turn_begins()
        nodes = self.driver.wait(self.fleet.boards, self._wake_at())
        self.pace.turn_works()
        for node in nodes:
            self._read(node)
        self.keep()
        now = self.driver.now()
        self._deliver(now)
        self.desk.step(now)
        self._uplink(now)
        self.fleet.step(now)
        now = self.driver.now()  # what the fleet did has been recorded meanwhile
        on = {*self.fleet.up, *self.fleet.away}
        for node, cable in self.fleet.cables.items():
            cable.pump()
            self.diagnosis.line(node, now, cable.link is not None and node in self.fleet.up, node in on)
        if now >= self._fates_due:
            self._record_fates(now)
        self._show(now)
        return self._is_over(now)

    def _wake_at(self) -> float:
        now = self.driver.now()
        times = [now + TURN_WALL_SECONDS * self.scenario.mission.speed, self.ether.next_due, self.schedule.next_due()]
        uplink = self.station.next_due()
        # What is due already is for an unreachable board: waiting for it would be busy waiting.
        times.append(uplink if uplink is not None and uplink > now else None)
        return min(time for time in times if time is not None)

    def keep(self) -> None:
        """Persist the boards' events before their frames are passed on: if this ground station dies, its record must
        contain everything that it has passed on.
        """
        self.recorder.flush()
        for cable in self.fleet.cables.values():
            cable.settle()

    # --- frames -------------------------------------------------------------------------------

    def _read(self, node: int) -> None:
        cable = self.fleet.cables[node]
        before = cable.bytes_read
        self.take(node, cable.frames())
        if node not in self.watch.byzantine:
            health = self.station.boards[node].health
            reported = 0 if health is None else health.frames_bad
            count = cable.bytes_read - before
            self.diagnosis.read(node, self.driver.now(), count, cable.damaged, cable.frames_read, reported)
        if cable.link is None:
            self.fleet.lost(node)

    def take(self, node: int, items: Iterable[Frame | Text]) -> None:
        """Frames and text from a board."""
        for item in items:
            now = self.driver.now()
            if isinstance(item, Text):
                self.liars.count(node, "bytes of text", len(item.data))
                self.log.text(now, node, item.data)
                self.fleet.hear(node, item.data)
            else:
                self._frame(node, item, now)

    def _frame(self, node: int, frame: Frame, now: float) -> None:
        if isinstance(frame, FlightFrame):
            self.ether.accept(now, node, frame.wire, frame)
        elif not self.liars.may_record(node, self.recorder.bytes):
            self._leave_out(node, now)
        elif frame.traffic == frames.REPORT:
            self._report(node, frame, now)
        elif not self.station.receive(now, node, frame):
            self.liars.count(node, "telemetry frames refused")

    def _report(self, node: int, frame: Frame, now: float) -> None:
        try:
            found = codec.decode(frame.traffic, frame.payload)
        except CodecError as error:
            name = "log" if codec.first_kind(frame.payload) == messages.Log.KIND else "trace"
            if name == "trace":
                self.ether.count(now, "trace frame unreadable", node, node)
            self.liars.count(node, f"{name} frames unreadable")
            self.log.say(now, node, f"{name} frame cannot be read: {error}")
            return
        for _, message in found:
            if message.KIND == messages.Trace.KIND:
                self._trace(node, message, now)
            else:
                self._log_message(node, message, now)

    def _trace(self, node: int, message: messages.Trace, now: float) -> None:
        if node not in self.liars.counts:
            self.pace.heard(node, message.boot, message.ticks, now)
        self.fleet.hear_life(node, message.boot, _says_why(message.events), now)
        counts = self.recorder.counts
        before = {name: counts[name] for name in TRACE_FLAWS}
        for name, fields in self.recorder.trace(node, message, now):
            notice = self.watch.event(node, message.boot, name, fields)
            if node not in self.watch.byzantine:
                self.diagnosis.event(node, now, name, fields)
            if notice is not None and self.liars.may_tell(node):
                self.tell(now, f"board {node} {notice.text}", is_routine=notice.is_routine)
        for name, words in TRACE_FLAWS.items():
            self.liars.count(node, words, counts[name] - before[name])

    def _leave_out(self, node: int, now: float) -> None:
        """A liar has used up its room in the record: record that once, then only count."""
        if not self.liars.counts[node][NOT_RECORDED]:
            reason = f"{self.recorder.bytes[node]} bytes of this Byzantine board recorded; the rest is counted only"
            self.record("TraceError", now, board=node, reason=reason)
            self.tell(now, f"board {node}: {reason}")
        self.liars.count(node, NOT_RECORDED)

    def _log_message(self, node: int, message: messages.Log, now: float) -> None:
        self.liars.count(node, "log frames")
        self.log.say(now, node, f"severity {message.severity}: {message.text}")
        if message.severity >= ALARM and self.liars.may_tell(node):
            self.tell(now, f"board {node} reports: {message.text}")

    def _deliver(self, now: float) -> None:
        for delivery in self.ether.due(now):
            self._write(now, delivery.source, delivery.destination, delivery.frame)

    def _record_fates(self, now: float) -> None:
        """Record the fates of frames since the last such event."""
        self._fates_due = now + FATES_WALL_SECONDS * self.scenario.mission.speed
        totals = Counter(self.ether.totals())
        # Subtraction leaves out counts that have not changed.
        counts = totals - self._fates_recorded
        if counts:
            self.record("Fault", now, counts=dict(sorted(counts.items())), links=self.ether.links.told())
            self._fates_recorded = totals

    def _write(self, now: float, source: int, destination: int, frame: bytes) -> bool:
        obstacle = self.fleet.cables[destination].write(frame) if destination in self.fleet.up else "board off"
        if obstacle is not None:
            self.ether.count(now, obstacle, source, destination)
        return obstacle is None

    # --- telecommands -------------------------------------------------------------------------

    def _uplink(self, now: float) -> None:
        self._take_confirmations(now)
        self._ask_for_more(now)
        self.recorder.flush()  # an operation is on record before any board can receive it
        for uplink in self.station.step(now, self.fleet.up):
            if self.fleet.cables[uplink.board].write(uplink.frame) is None:
                self.station.sent(uplink)

    def _take_confirmations(self, now: float) -> None:
        for number, command in list(self._open.items()):
            operation = self.station.operation(number)
            if operation is None or not operation.is_terminal:
                continue
            del self._open[number]
            if operation.answer is not None:
                self.confirmed += 1
                self._resting.append(now + self.scenario.workload.pause_seconds)
                self.workload.learn(command, *operation.answer)

    def _ask_for_more(self, now: float) -> None:
        self._resting = [until for until in self._resting if until > now]
        places = self.scenario.workload.in_flight - len(self._resting)
        while len(self._open) < places and self._end.wants_more(self._standing(now)):
            self._drawn = self._drawn or self.workload.draw()
            try:
                number = self.station.submit(self._drawn, now)
            except BusyError:
                # An old operation is still open, and boards could forget its result: try again later.
                return
            self._open[number] = self._drawn
            self._drawn = None
            self.issued += 1

    # --- the end ------------------------------------------------------------------------------

    def _is_over(self, now: float) -> str | None:
        slots = self._end.slots
        reason = INTERRUPTED if self._stopped else self._end.look(self._standing(now))
        if reason is None and self._runner is not None and self._runner.has_failed:
            reason = NO_PROGRESS
        if self._end.slots > slots:
            self.pace.progress()
            self._carried = self.ether.counts.copy()
        return None if self._holds and not self._stopped else reason

    def _why(self, reason: str) -> list[str]:
        """What the mission was still waiting for, in words."""
        if reason == COMPLETE:
            return []
        now, mission = self.driver.now(), self.scenario.mission
        texts = ["the mission was stopped before its end"] if self._stopped else []
        texts += self._end.lacks(reason, self._standing(now), lambda _: self._stall(now))
        if reason == NO_PROGRESS and self._end.is_stuck(now):
            texts += waits_for.queue_texts(self._carried, self.ether.counts)
            texts += waits_for.operation_texts(self.station.client.open_operations, mission.boards, now)
            if self._drawn is not None:
                texts.append("no further operation can be submitted before the oldest one is confirmed")
            if not self._open and self._resting:
                pause = self.scenario.workload.pause_seconds
                texts.append(f"no operation is open: each place pauses {pause:g} s (workload.pause_seconds)")
        if any(board.is_real_time for board in self.fleet.boards.values()):
            timer = self.scenario.view_timeout_ticks()
            texts += waits_for.machine_texts(mission.speed, self.pace.busy_share, self.pace.late_ticks, timer)
        return texts

    def _stall(self, now: float) -> list[str]:
        """Why the first open slot does not get on, by what is on record."""
        self.recorder.flush()
        try:
            answer = engine_of(Reader(self.recorder.path)).explain(at=now)
        except TraceError:  # the verdict names what is wrong with the trace
            return []
        return [f"{answer.state}: {answer.sentence}"]

    def _standing(self, now: float) -> Standing:
        return Standing(
            now=now,
            applied=self.watch.applied(),
            up=self.fleet.up - self.watch.byzantine,
            issued=self.issued,
            confirmed=self.confirmed,
            open_count=len(self._open),
            faults_due=lambda: self.fleet.faults_due(self._end.deadline),
            steps_due=() if self._runner is None else self._runner.lacks,
        )

    def drain(self) -> None:
        """Record what the boards have sent by now."""
        for node in self.fleet.cables:
            self._read(node)
        self._record_fates(self.driver.now())
        self.keep()

    # --- reports ------------------------------------------------------------------------------

    def reset(self, node: int, now: float, words: str) -> None:
        """A board was reset, and nobody ordered it."""
        self.diagnosis.reset(node, now, words)

    def record(self, event: str, now: float, **fields: Unpack[Fields]) -> None:
        """An event of the ground station for the trace."""
        self.recorder.ground(event, now, self.clock.tick(), **fields)

    def tell(self, now: float, text: str, is_routine: bool = False) -> None:
        """A line for the operator, on the display unless it is routine."""
        self.log.say(now, None, text)
        line = f"{now:9.2f} s  {text}"
        self.picture.events.append(line)
        if not is_routine:
            self.display.event(line)

    def _show(self, now: float) -> None:
        picture = self.picture
        picture.mission_seconds = now
        picture.slots_decided, picture.operations_confirmed = self.watch.slots(), self.confirmed
        self.display.show(picture, self._refresh)

    def _refresh(self) -> None:
        """Fill in the costly parts; the display calls this when it is about to draw."""
        picture = self.picture
        for board in picture.boards:
            watched = self.watch.boards[board.node]
            board.alive = board.node in self.fleet.up
            board.mode, board.boot, board.view = watched.mode, watched.boot, watched.view
            board.decided, board.applied = watched.decided, watched.applied
        totals = self.fates()
        picture.frames = {name: totals.get(name, 0) for name in (ACCEPTED, DELIVERED)}
        picture.frames["in flight"] = self.ether.in_flight
        by_kind = self.fates_by_kind(totals)
        picture.faults = {name: count for fates in by_kind.values() for name, count in fates.items()}
        picture.harm = {kind: sum(fates.values()) for kind, fates in by_kind.items()}
        picture.telecommands = {"issued": self.issued, "open": len(self._open), "confirmed": self.confirmed}


def _says_why(events: Sequence[object]) -> bool:
    """Whether the second event of a life is a Restart: then its board has begun it by itself, and knows why."""
    return any(isinstance(event, list | tuple) and event[:1] in ([_RESTART], (_RESTART,)) for event in events[1:2])
