"""The simulated world: virtual time, boards, network and ground of one scenario. No thread, no clock, one heap of
events.

Everything that happens is an action in the heap, ordered by mission second and then by the order of insertion.
So the same scenario gives the same run to the byte, on any host, with any PYTHONHASHSEED.

Mission seconds are those of the scenario: a board's tick lasts `tick_ms` of its own milliseconds, `speed` times that in
mission time, as in a rehearsal. The fault plan, the workload and the vocabulary of board faults are the ground
station's.

What the scenario leaves open is drawn, each concern from its own stream: `boot` (nonces, phases of ticks), `flash/<n>`.
"""

import heapq
from collections.abc import Callable, Sequence
from typing import TextIO, Unpack

from amu.boards.host import PowerCut, Settings
from amu.core.errors import JournalError
from amu.core.lamport import LamportClock
from amu.core.limits import GROUND, WINDOW_SLOTS
from amu.core.types import AnyMessage, TraceEvent
from amu.wire import auth, codec, frames, messages
from amu.wire.framer import NEED_BYTES, Framer
from groundstation.faults.board_fault import BoardFault
from groundstation.faults.rule import kinds_of
from groundstation.scenario.board_faults import STRIKING, Schedule
from groundstation.scenario.model import Scenario
from groundstation.scenario.workload import Workload
from specs.checking.schema import Fields
from swarm_sim.streams import stream
from swarm_sim.world.board import Arguments, Board
from swarm_sim.world.events import EventLog, Sink, TraceNotWritten
from swarm_sim.world.flash import READ_FAULT, Flash
from swarm_sim.world.ground import Operators
from swarm_sim.world.network import LazyFrame, Network

FAULTS_TOLD_SECONDS = 1.0  # how often the network's counts go into the trace
FIRST = 1 << 62  # above every count of actions
BOARD_OFF, LINE_FULL = "board off", "link busy"
CLUSTER, MASTER = b"sim", bytes(range(32))  # keys keep nobody out here: both modes must check them, no more


class FlightCodeCrash(Exception):
    """Flight code raised `cause`, which nothing on a board catches, on `node` at mission second `seconds`."""

    def __init__(self, node: int, seconds: float, cause: BaseException) -> None:
        super().__init__(f"board {node} at {seconds:.3f} s: {cause!r}")
        self.node = node
        self.cause = cause


class _BoardTime:
    """Virtual time for a board: its own actions are guarded, too."""

    def __init__(self, world: "World", node: int) -> None:
        self._world = world
        self._node = node

    @property
    def now(self) -> float:
        return self._world.now

    def at(self, when: float, action: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        self._world.at(when, self._world.act, self._node, action, *arguments)


class World:
    """One run. Nothing is required of `faulty` boards; `sinks`, `step_sinks` and `file` take the trace (see EventLog);
    `on_kill(board)` is called when a board is about to be killed between two events: all its effects have been
    performed."""

    def __init__(
        self,
        scenario: Scenario,
        faulty: frozenset[int],
        sinks: list[Sink],
        file: TextIO | None = None,
        is_encoded: bool = False,
        step_sinks: Sequence[Sink] = (),
    ) -> None:
        mission = scenario.mission
        self.faulty = faulty
        self.scenario = scenario
        self.now = 0.0
        self.tick_seconds = scenario.tick_seconds()
        self.log = EventLog(lambda: self.now, sinks, file, step_sinks)
        self.network = Network(scenario.fault_plan(), mission.boards, self.tick_seconds)
        self.clock = LamportClock()
        self.deliveries = 0
        self.on_kill: Callable[[Board], None] = lambda board: None
        self.is_stopped = False
        self._is_encoded = is_encoded
        self._heap: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._count = self._firsts = 0
        self._boots = stream(mission.seed, "boot")
        self._schedule = Schedule(scenario.board_faults, scenario.liveness, self.tick_seconds)
        self._alarm = float("inf")  # when the schedule is to be played next
        self._faults_told: dict[str, int] = {}
        self._framers = [Framer() for _ in range(mission.boards)]
        self.boards = [self._board(node) for node in range(mission.boards)]
        workload = Workload(mission.seed, mission.boards, dict(scenario.workload.mix))
        self.operators = Operators(self, self.clock, workload, mission.boards, scenario.workload, self.tick_seconds)
        self._keyring = auth.keyring(MASTER, CLUSTER, 0, GROUND, mission.boards) if is_encoded else None

    def _board(self, node: int) -> Board:
        scenario, count = self.scenario, self.scenario.mission.boards
        liars: dict[int, tuple[str, dict[str, object]]] = {
            entry.node: (entry.adversary, {**entry.parameters}) for entry in scenario.byzantine
        }
        settings = Settings(
            node,
            count,
            scenario.view_timeout_ticks(),
            scenario.period_ticks(scenario.ops.turn_seconds),
            scenario.period_ticks(scenario.ops.snapshot_seconds),
            scenario.clock.trace_messages,
            liars.get(node),
        )
        keyring = auth.keyring(MASTER, CLUSTER, 0, node, count) if self._is_encoded else None
        flash = Flash(stream(scenario.mission.seed, f"flash/{node}"))
        journal = scenario.mission.journal
        return Board(settings, flash, self, _BoardTime(self, node), self.tick_seconds, keyring, journal)

    # --- time -----------------------------------------------------------------------------------

    def at(self, when: float, action: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        """Let `action` happen at mission second `when`."""
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, action, arguments))

    def first_at(self, when: float, action: Callable[[], None]) -> None:
        """Let `action` happen before all else of mission second `when`; after those that were given before."""
        self._firsts += 1
        heapq.heappush(self._heap, (when, self._firsts - FIRST, action, ()))

    def faults_due(self, deadline: float) -> list[str]:
        """Board faults that are due by mission second `deadline`, in words."""
        armed = [
            f"{fault} on board {board.node}, at one of its next flash operations"
            for board in self.boards
            if board.is_up
            for fault in board.flash.armed
        ]
        return self._schedule.told(deadline, self._is_on) + armed

    def begin(self) -> None:
        """RunStart, all boards, the faults of the scenario, the first operations."""
        scenario = self.scenario
        self.note(
            "RunStart",
            scenario=scenario.name,
            seed=scenario.mission.seed,
            versions={},
            replica_count=scenario.mission.boards,
            byzantine=sorted(self.faulty),
            window_slots=WINDOW_SLOTS,
            traces_messages=scenario.clock.trace_messages,
            traces_uplinks=False,
            tick_seconds=scenario.tick_seconds(),
        )
        self._set_alarm()
        self.at(FAULTS_TOLD_SECONDS, self._tell_faults)
        for board in self.boards:
            self._start(board)
        self.operators.ask()

    def run(self, until: float) -> None:
        """Let time pass up to mission second `until`, or to `stop`. Raises FlightCodeCrash."""
        heap, pop = self._heap, heapq.heappop
        while heap and not self.is_stopped:
            when = heap[0][0]
            if when > until:
                break
            self.now = when
            _, _, action, arguments = pop(heap)
            action(*arguments)
        else:
            return
        self.now = until

    def stop(self) -> None:
        """End `run` with the present action."""
        self.is_stopped = True

    def end(self, reason: str, waits_for: list[str]) -> None:
        """The last event of the trace."""
        self._tell_faults()
        fields: Fields = {"reason": reason}
        if waits_for:
            fields["waits_for"] = waits_for
        self.note("RunEnd", **fields)

    def note(self, event: str, **fields: Unpack[Fields]) -> None:
        """Write an event of the ground station into the trace."""
        self.log.ground(event, self.clock.tick(), fields)

    # --- what boards say ------------------------------------------------------------------------

    def trace(self, node: int, boot: int, first_seq: int, ticks: int, events: list[TraceEvent]) -> None:
        self.log.flight(node, boot, first_seq, ticks, events)

    def carry(self, source: int, destination: int, found: list[tuple[int, AnyMessage]], is_sound: bool) -> None:
        """A decoded frame to one node."""
        network = self.network
        if destination == GROUND:
            for _, message in found:
                self.operators.receive(source, message)
            return
        if not network.has_rules:
            network.undisturbed(source, destination)
            self.at(self.now + network.link_seconds, self._arrive, source, destination, source, found, is_sound)
            return
        frame = LazyFrame(source, destination, found)
        kinds = kinds_of(found) if network.names_kinds else ()
        for moment, copy in network.fates(self.now, source, destination, kinds, frame):
            network.in_flight += 1
            whole = found if copy is frame else None
            self.at(moment + network.link_seconds, self._arrive, source, destination, source, whole, is_sound)

    def carry_frame(self, source: int, destination: int, payload: bytes, frame: bytes) -> None:
        """Wire bytes to one node."""
        network = self.network
        if destination == GROUND:
            self._downlink(source, frame)
            return
        kinds = kinds_of(codec.decode(frames.FLIGHT, payload)) if network.names_kinds else ()
        for moment, copy in network.fates(self.now, source, destination, kinds, frame):
            network.in_flight += 1
            self.at(moment + network.link_seconds, self._arrive, source, destination, copy)

    def uplink(self, board: int, lamport: int, message: AnyMessage) -> None:
        """A telecommand, over the board's own cable."""
        when = self.now + self.network.link_seconds
        if self._keyring is None:
            self.at(when, self._arrive_from_ground, board, GROUND, [(lamport, message)], True)
            return
        payload = codec.encode(lamport, message)
        tag = self._keyring.seal(frames.TELECOMMAND, board, payload)
        self.at(when, self._arrive_from_ground, board, frames.build(frames.TELECOMMAND, GROUND, board, tag, payload))

    def _downlink(self, source: int, data: bytes) -> None:
        """A board's bytes to the ground: trace events as they are, the rest under its tag."""
        framer = self._framers[source]
        framer.push(data)
        while (frame := framer.next()) is not NEED_BYTES:
            assert isinstance(frame, frames.Frame), "text between frames of a simulated board"
            if frame.traffic != frames.REPORT:
                assert self._keyring is not None
                self._keyring.check(frame.traffic, frame.source, frame.tag, frame.payload)
            for _, message in codec.decode(frame.traffic, frame.payload):
                if message.KIND == messages.Trace.KIND:
                    self.log.flight(source, message.boot, message.first_seq, message.ticks, message.events)
                else:
                    self.operators.receive(source, message)

    # --- what reaches boards --------------------------------------------------------------------

    def _arrive(self, source: int, destination: int, *arrival: object) -> None:
        board = self.boards[destination]
        self.network.delivered(source, destination)
        if board.runtime is None:
            self.network.counts[BOARD_OFF] += 1
            return
        self._deliver(board, arrival)

    def _arrive_from_ground(self, destination: int, *arrival: object) -> None:
        board = self.boards[destination]
        if board.runtime is not None:
            self._deliver(board, arrival)

    def _deliver(self, board: Board, arrival: tuple[object, ...]) -> None:
        self.deliveries += 1
        if self._guard(board, board.receive, *arrival) is False:
            self.network.counts[LINE_FULL] += 1

    def act(self, node: int, action: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        """An action that a board starts itself: a tick, a boot."""
        self._guard(self.boards[node], action, *arguments)

    def _guard(self, board: Board, action: Callable[[*Arguments], bool | None], *arguments: *Arguments) -> bool | None:
        """What `action` returns. Flash may fail in it; any other exception of flight code is a crash."""
        try:
            return action(*arguments)
        except (TraceNotWritten, MemoryError):
            raise  # of the simulating machine: a simulated board has no heap of its own
        except PowerCut:
            self._die(board, "PowerCut")
        except JournalError:
            self._flash_failed(board)
        except Exception as error:
            raise FlightCodeCrash(board.node, self.now, error) from error
        return None

    # --- life and death -------------------------------------------------------------------------

    def _start(self, board: Board) -> None:
        self.note("BoardStart", board=board.node)
        nonce = self._boots.randrange(1, 1 << 20)
        phase_seconds = self._boots.random() * self.tick_seconds
        self._schedule.started(board.node, self.now)
        self._set_alarm()
        self._guard(board, board.start, nonce, phase_seconds)

    def _flash_failed(self, board: Board) -> None:
        """As in main.py: the board reports it and continues, unable to vote."""
        self.note("BoardCrash", board=board.node)
        self._guard(board, board.fail_flash, self._boots.randrange(1, 1 << 20))
        self._died(board)

    def _die(self, board: Board, event: str) -> None:
        if event == "BoardKill":
            self.on_kill(board)
        board.stop()
        self._framers[board.node] = Framer()
        self.note(event, board=board.node)
        self._died(board)

    def _reboot(self, board: Board) -> None:
        if board.is_up:
            self._die(board, "BoardKill")
        self._start(board)

    # --- faults ---------------------------------------------------------------------------------

    def _is_on(self, node: int) -> bool:
        return self.boards[node].is_up

    def _is_armed(self, node: int, fault: str) -> bool:
        return fault in self.boards[node].flash.armed

    def _set_alarm(self) -> None:
        """Let the schedule's next event happen before all else of its moment."""
        due = self._schedule.next_due()
        if due is not None and due < self._alarm:
            self._alarm = due
            self._count += 1
            heapq.heappush(self._heap, (due, -self._count, self._play, ()))

    def _play(self) -> None:
        self._alarm = float("inf")
        for event in self._schedule.due(self.now, self._is_on, self._is_armed):
            board = self.boards[event.node]
            if event.action == "heal":
                self._heal(board)
            elif event.action == "start":
                self._reboot(board)
            elif event.action != "resume":  # a pause knows its end
                assert event.fault is not None
                self._fault(board, event.fault)
        self._set_alarm()

    def _died(self, board: Board) -> None:
        """The board was switched off, or its flash has failed."""
        self._schedule.died(board.node, self.now)
        self._set_alarm()

    def _fault(self, board: Board, fault: BoardFault) -> None:
        fields: Fields = {"board": fault.node, "kind": fault.kind}
        if fault.seconds is not None:
            fields["seconds"] = fault.seconds
        self.note("BoardFault", **fields)
        seconds = fault.seconds or 0.0
        if fault.kind in ("kill", "restart", "amnesia"):
            self._strike(board, fault)
        elif fault.kind == READ_FAULT or (fault.kind in STRIKING and board.is_up):
            board.flash.arm(fault.kind, fault.after_operations)
        elif fault.kind == "pause":
            board.pause(seconds)
        elif fault.kind == "slow":
            board.slow(seconds, (fault.step_ms or 0.0) / 1000 * self.scenario.mission.speed)
        elif fault.kind == "clock_drift":
            board.drift(seconds, fault.factor or 1.0)
        elif fault.kind == "clock_jump":
            board.jump(fault.ticks or 0)
        elif fault.kind == "clock_stop":
            board.stop_clock(seconds)
        else:
            assert fault.kind in STRIKING, fault.kind  # void: the board is off

    def _strike(self, board: Board, fault: BoardFault) -> None:
        if board.is_up:
            self._die(board, "BoardKill")
        if fault.kind == "amnesia":
            board.flash.erase()
            self.note("Erase", board=board.node)
        if fault.kind != "kill":
            self._start(board)

    def order(self, fault: BoardFault) -> None:
        """Play a fault that is not in the scenario."""
        self._schedule.order(fault.node, fault, max(fault.at, self.now), self._schedule.next_number)
        self._set_alarm()

    def call_off(self, fault: BoardFault) -> bool:
        """End a fault that lasts, disarm one that waits for flash, or do not begin it. False: it has happened."""
        board = self.boards[fault.node]
        is_planned = self._schedule.call_off(fault, self.now)
        has_ended = fault.at <= self.now and (board.relieve(fault.kind) or board.flash.disarm_one(fault.kind))
        return is_planned or has_ended

    def _heal(self, board: Board) -> None:
        """Liveness: a board of the core is sound from now on."""
        board.mend()
        if not board.is_up or board.is_silent:
            self._reboot(board)

    def _tell_faults(self) -> None:
        counts = self.network.counts
        news = {name: counts[name] - self._faults_told.get(name, 0) for name in sorted(counts)}
        self._faults_told = dict(counts)
        news = {name: count for name, count in news.items() if count}
        if news:
            self.note("Fault", counts=news, links=self.network.links_told())
        self.at(self.now + FAULTS_TOLD_SECONDS, self._tell_faults)
