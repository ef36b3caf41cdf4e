"""A rehearsal from the scenario to the verdict: provision, fly, check, write everything down.

The run's folder is complete at every moment: scenario, seed and versions are written before the first board is switched
on, the trace as it arrives, verdict and report at the end. So a run whose ground station died can still be checked,
resumed (its boards fly on) and flown again.

A replay flies a run again from its scenario and seed. On boards in virtual time that gives the same trace, byte for
byte. On real-time boards it gives the same faults at the same places of the traffic, but other traffic.

The swarm's keys derive from a secret that is drawn for each run and stays in its folder, so no frame of one run is
authentic in another. Replays and resumed runs use the recorded run's secret.
"""

import contextlib
import datetime
import hashlib
import secrets
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from amu.boards.config import CLUSTER_BYTES_MAX
from amu.core.errors import ConfigError
from amu.core.lamport import LamportClock
from amu.core.limits import WINDOW_SLOTS
from groundstation.boards import keys, provision
from groundstation.boards.base import Board, BoardError, BoardPlan, Unit
from groundstation.boards.bench import Bench, uniform
from groundstation.boards.claim import Claim
from groundstation.boards.keys import KeysError
from groundstation.faults.ether import Ether
from groundstation.flight import resumption
from groundstation.flight.driver import PacedClock, SteppedClock, WallClock
from groundstation.flight.mission import Mission, Parts
from groundstation.flight.progress import Display
from groundstation.flight.watch import Watch
from groundstation.orders.port import NoOrders, OrderPort, Orders
from groundstation.os_errors import explained
from groundstation.procedures.runner import Runner, of_scenario
from groundstation.record import run_directory, versions
from groundstation.record.contents import About, Summary
from groundstation.record.ground_log import GroundLog
from groundstation.record.past import Past
from groundstation.record.recorder import Recorder, RecorderError
from groundstation.record.run_directory import RunDirectoryError
from groundstation.scenario import mission_end, toml_text
from groundstation.scenario.mission_end import INTERRUPTED
from groundstation.scenario.model import Scenario, load
from groundstation.scenario.workload import Workload
from groundstation.station.client import Retry
from groundstation.station.telecommand import Station
from specs.checking.schema import Fields

CLIENT = 0  # the ground station's client number in the ledger, also after a resume
IN_FLIGHT = (BoardError, RecorderError, RunDirectoryError, OSError)  # these end a mission, but not the ground station
RETRY_WALL_SECONDS = (0.5, 8.0)  # first pause before a telecommand is sent again, and the longest
HELLO_WALL_SECONDS = 2.0


class PlanError(Exception):
    """The plan cannot be flown: its boards cannot be made or found. No board has been switched on."""


@dataclass(frozen=True)
class Flight:
    """The result of a flown mission, for the verdict; see `groundstation.verdict.verdict`.

    failure: why the ground station aborted the mission. None if it did not.
    """

    directory: Path
    scenario: Scenario
    outcome: str
    summary: Summary
    failure: str | None = None


@dataclass(frozen=True)
class Plan:
    """What to fly: scenario, board kind and the folder of runs.

    resumed: the run whose boards fly on. replayed: the run to fly again, from the start and with its keys. bench: the
    boards of an environment file; `kind` names their kinds then. takes_orders: people command the flight, and end it.
    announce: the file that names the run's folder to the process that started this one.
    """

    scenario: Scenario
    kind: str
    out: Path
    resumed: Path | None = None
    replayed: Path | None = None
    bench: Bench | None = None
    takes_orders: bool = False
    announce: Path | None = None


class _Kind(TypedDict):
    kind: str


class _Kinds(TypedDict):
    kinds: NotRequired[list[str]]  # of a bench, by node


class _Swarm(TypedDict):
    cluster: NotRequired[str]
    epoch: NotRequired[int]


def replayed(run: Path) -> tuple[Scenario, str]:
    """Scenario as flown and board kind of a recorded run. Raises RunDirectoryError, ScenarioError."""
    about = run_directory.read_as(run / run_directory.RUN, _Kind)
    return load(str(run / run_directory.SCENARIO)), about["kind"]


def fly(plan: Plan, display: Display) -> Flight:
    """Fly the plan. The boards are switched off at the end.

    Raises PlanError and RunDirectoryError before any board is switched on or off, for errors that the caller can
    correct. Errors in flight end the mission in order; see `Flight.failure`.
    """
    bench = _bench(plan)
    _require_faults(bench, plan.scenario)
    with contextlib.ExitStack() as stack:
        earlier = None if plan.resumed is None else resumption.take_over(plan.resumed)
        if earlier is not None:
            stack.callback(earlier.claim.close)
        directory = run_directory.create(plan.out, plan.scenario.name, plan.scenario.mission.seed)
        try:
            flight = _Preparation(plan, bench, directory, earlier, display, stack)
        except (OSError, KeysError) as error:
            raise PlanError(_words(error)) from error
        return flight.fly()


class _Preparation:
    """One run, from its folder to the end of its flight. `stack` releases all resources, whatever happens."""

    def __init__(
        self,
        plan: Plan,
        bench: Bench,
        directory: Path,
        earlier: resumption.Earlier | None,
        display: Display,
        stack: contextlib.ExitStack,
    ) -> None:
        self._plan, self._directory, self._earlier, self._stack = plan, directory, earlier, stack
        self._bench = bench
        self._lost: str | None = None  # why the record of the earlier run cannot be continued
        swarm = _swarm(plan.scenario, *self._identity(display))
        self._about = _about(plan, bench, directory, earlier, swarm)
        self._keep_folder(swarm.master)
        if earlier is None:
            claim = Claim(directory / run_directory.BOARDS)
            stack.callback(claim.close)
            boards = _new_boards(bench, plan.scenario, swarm, claim.boards)
        else:
            claim = earlier.claim
            boards = _boards_of(bench, plan.scenario, claim.boards)
        self._parts = self._make_parts(swarm, boards, claim, display)
        # From here on the boards are ours: they end with this run.
        for board in boards:
            stack.callback(board.close)
        for part in (self._parts.log, self._parts.driver):
            stack.callback(part.close)

    def _identity(self, display: Display) -> tuple[bytes, bytes, int]:
        """(cluster, secret, epoch) of the swarm. On a bench each flight is an epoch of its own."""
        cluster = _cluster(self._plan.scenario)
        if self._earlier is not None:
            about = run_directory.read_as(self._earlier.folder / run_directory.RUN, _Swarm)
            named = about.get("cluster")
            cluster = cluster if named is None else bytes.fromhex(named)
            return cluster, resumption.secret(self._earlier.folder), about.get("epoch", 0)
        if self._bench.keys is not None:
            rotated = keys.rotate(self._bench.keys)
            return rotated.cluster, bytes.fromhex(rotated.latest.secret), rotated.latest.epoch
        if self._plan.replayed is not None:
            try:
                return cluster, resumption.secret(self._plan.replayed), 0
            except RunDirectoryError as error:
                display.event(f"{error}; this flight has keys of its own")
        return cluster, secrets.token_bytes(run_directory.SECRET_BYTES), 0

    def _keep_folder(self, secret: bytes) -> None:
        scenario, directory = self._plan.scenario, self._directory
        run_directory.write_json(directory / run_directory.RUN, self._about)
        document = scenario.model_dump(mode="json", exclude_unset=True)
        run_directory.write_text(directory / run_directory.SCENARIO, toml_text.dumps(document))
        run_directory.write_json(directory / run_directory.VERSIONS, versions.collect())
        run_directory.write_private(directory / run_directory.SECRET, secret.hex().encode())
        if self._plan.announce is not None:
            run_directory.write_text(self._plan.announce, str(directory))

    def _make_parts(self, swarm: provision.Swarm, boards: list[Board], claim: Claim, display: Display) -> Parts:
        scenario, speed = self._plan.scenario, self._plan.scenario.mission.speed
        nodes = range(scenario.mission.boards)
        watch = Watch(len(nodes), frozenset(scenario.byzantine_nodes()))
        workload = Workload(scenario.mission.seed, len(nodes), scenario.workload.mix)
        runner = of_scenario(scenario, by_itself=not self._plan.takes_orders)
        recorder, past = self._record(watch, workload, runner)
        self._stack.callback(recorder.close)
        recorder.listener = None if runner is None else runner.take
        clock = LamportClock(recorder.lamport)
        start = 0.0 if past is None else past.received
        if self._earlier is not None and past is not None:
            recorder.ground("Resume", start, clock.tick(), resumed=past.run)
            recorder.flush()
        claim.take(self._directory)
        station = Station(
            provision.ground_keyring(swarm),
            len(nodes),
            CLIENT,
            clock,
            recorder,
            retry=Retry(*(seconds * speed for seconds in RETRY_WALL_SECONDS)),
            first_operation=claim.first_operation,
            first_nonce=claim.first_nonce,
            hello_seconds=HELLO_WALL_SECONDS * speed,
            reserve=claim.reserve,
        )
        is_real_time = any(board.is_real_time for board in boards)  # then those in virtual time follow them
        stepped = PacedClock if self._plan.takes_orders else SteppedClock
        first_index = 0 if past is None else past.fates["accepted"]
        return Parts(
            scenario=scenario,
            boards={board.node: board for board in boards},
            driver=(WallClock if is_real_time else stepped)(speed, start),
            clock=clock,
            recorder=recorder,
            station=station,
            ether=Ether(scenario.fault_plan(), nodes, first_index=first_index),
            watch=watch,
            workload=workload,
            display=display,
            log=GroundLog(self._directory / run_directory.LOG),
            past=past,
            orders=self._orders(),
            runner=runner,
            holds=self._plan.takes_orders,
            joins=self._lost is not None,
        )

    def _orders(self) -> Orders:
        if not self._plan.takes_orders:
            return NoOrders()
        port = OrderPort(self._directory)
        self._stack.callback(port.close)
        return port

    def _record(self, watch: Watch, workload: Workload, runner: Runner | None) -> tuple[Recorder, Past | None]:
        if self._earlier is not None:
            try:
                return resumption.go_on(self._earlier, self._directory, watch, workload, runner)
            except RecorderError as error:
                self._lost = str(error)
        return Recorder(self._directory / run_directory.TRACE, self._directory.name), None

    # --- the flight ---------------------------------------------------------------------------

    def fly(self) -> Flight:
        """From switching on to the end of the record."""
        mission = Mission(self._parts)
        failures: list[Exception] = []
        try:
            with _stopping(mission):
                self._begin(mission)
                mission.fly()
        except IN_FLIGHT as error:
            mission.outcome = INTERRUPTED
            failures.append(error)
        failures += self._end(mission, is_broken_off=bool(failures))
        # The first of each kind: on a full disk every further attempt to write fails too.
        told = {type(error): _words(error) for error in reversed(failures)}
        failure = "; ".join(reversed(told.values())) or None
        summary = _summary(mission, self._about)
        summary["failure"], summary["record_lost"] = failure, self._lost
        return Flight(self._directory, self._plan.scenario, mission.outcome, summary, failure)

    def _begin(self, mission: Mission) -> None:
        if self._parts.past is not None:
            mission.take_up()
            return
        _record_start(self._parts)
        self._parts.recorder.flush()  # a run that has boards has a record
        if self._lost is not None:
            mission.tell(0.0, f"the record of the earlier run is lost: {self._lost}; no board fault is played")
            mission.fleet.join()
        else:
            for node in self._parts.boards:
                mission.fleet.start(node)

    def _end(self, mission: Mission, is_broken_off: bool) -> list[Exception]:
        """Finish the record as far as possible. Returns the errors."""
        parts = self._parts
        failures: list[Exception] = []
        try:
            if is_broken_off:
                mission.drain()
            fields: Fields = {"reason": mission.outcome}
            if mission.waits_for:
                fields["waits_for"] = mission.waits_for
            parts.recorder.ground("RunEnd", parts.driver.now(), parts.clock.tick(), **fields)
        except IN_FLIGHT as error:
            failures.append(error)
        try:
            parts.recorder.close()
        except RecorderError as error:
            failures.append(error)
        return failures


def _words(error: Exception) -> str:
    return explained(error) if isinstance(error, OSError) else str(error)


def _about(
    plan: Plan, bench: Bench, directory: Path, earlier: resumption.Earlier | None, swarm: provision.Swarm
) -> About:
    return {
        "run": directory.name,
        "scenario": plan.scenario.name,
        "seed": plan.scenario.mission.seed,
        "kind": bench.name,
        "kinds": list(bench.kinds),
        "plays": [sorted(kind.playable(unit)) for kind, unit in zip(bench.classes(), bench.units)],
        "cluster": swarm.cluster.hex(),
        "epoch": swarm.epoch,
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "boards": run_directory.BOARDS if earlier is None else str(earlier.boards.resolve()),
        "resumed": None if earlier is None else earlier.about["run"],
    }


def _cluster(scenario: Scenario) -> bytes:
    return hashlib.sha256(f"amu rehearsal {scenario.name}".encode()).digest()[:CLUSTER_BYTES_MAX]


def _swarm(scenario: Scenario, cluster: bytes, secret: bytes, epoch: int) -> provision.Swarm:
    return provision.Swarm(
        cluster=cluster,
        replica_count=scenario.mission.boards,
        master=secret,
        epoch=epoch,
        tick_ms=scenario.clock.tick_ms,
        view_timeout_ticks=scenario.view_timeout_ticks(),
        turn_ticks=scenario.period_ticks(scenario.ops.turn_seconds),
        snapshot_ticks=scenario.period_ticks(scenario.ops.snapshot_seconds),
        trace_messages=scenario.clock.trace_messages,
        journal=scenario.mission.journal,
    )


def _bench(plan: Plan) -> Bench:
    """The boards to fly. Raises PlanError."""
    count = plan.scenario.mission.boards
    bench = plan.bench or uniform(plan.kind, count)
    if plan.resumed is not None:
        kinds = run_directory.read_as(plan.resumed / run_directory.RUN, _Kinds).get("kinds", [])
        bench = Bench(tuple(kinds), (Unit(),) * len(kinds)) if kinds else bench
    try:
        bench.classes()
    except BoardError as error:
        raise PlanError(str(error)) from error
    if len(bench.kinds) != count:
        raise PlanError(
            f"the mission has {count} boards, and the bench {len(bench.kinds)}; give --boards or another file"
        )
    return bench


def _require_faults(bench: Bench, scenario: Scenario) -> None:
    """Raise PlanError for a board fault that a board cannot play: without it the mission would be easier."""
    classes = bench.classes()
    for index, fault in enumerate(scenario.board_faults):
        kind = classes[fault.node]
        playable = kind.playable(bench.units[fault.node])
        if fault.kind not in playable:
            raise PlanError(
                f"board_faults[{index}]: {kind.why_not(fault.kind)}; they play {', '.join(sorted(playable))}"
            )


def _new_boards(bench: Bench, scenario: Scenario, swarm: provision.Swarm, directory: Path) -> list[Board]:
    adversaries = {entry.node: (entry.adversary, entry.parameters) for entry in scenario.byzantine}
    try:
        plans = [
            BoardPlan(
                node,
                provision.configuration(swarm, node, adversaries.get(node)),
                exits=() if bench.keys is None else provision.exits(keys.load(bench.keys), node),
            )
            for node in range(scenario.mission.boards)
        ]
        return bench.create(directory, plans)
    except (BoardError, ConfigError, KeysError) as error:
        raise PlanError(str(error)) from error


def _boards_of(bench: Bench, scenario: Scenario, directory: Path) -> list[Board]:
    try:
        boards = bench.attach(directory)
    except BoardError as error:
        raise PlanError(str(error)) from error
    nodes, count = [board.node for board in boards], scenario.mission.boards
    if nodes != list(range(count)):
        raise PlanError(
            f"{directory}: holds boards {nodes}, and the scenario has {count}; "
            "want the run's own scenario.toml and every node-<n>"
        )
    return boards


def _record_start(parts: Parts) -> None:
    scenario = parts.scenario
    parts.recorder.ground(
        "RunStart",
        parts.driver.now(),
        parts.clock.tick(),
        scenario=scenario.name,
        seed=scenario.mission.seed,
        versions=versions.collect(),
        replica_count=scenario.mission.boards,
        byzantine=scenario.byzantine_nodes(),
        window_slots=WINDOW_SLOTS,
        traces_messages=scenario.clock.trace_messages,
        traces_uplinks=True,
        tick_seconds=scenario.tick_seconds(),
    )


@contextlib.contextmanager
def _stopping(mission: Mission) -> Iterator[None]:
    """Control-C, SIGTERM and a closed terminal end the mission in order.

    A second control-C or SIGTERM ends the process at once. A closed terminal sends SIGHUP twice, once through its
    shell, so during the flight SIGHUP only ends the mission, and afterwards it does nothing, because the verdict has
    still to be written. If it was ignored from the start (`nohup`) it stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        mission.stop()
        for each in before:
            signal.signal(each, before[each])

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each in before:
        signal.signal(each, stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda number, frame: mission.stop())
    try:
        yield
    finally:
        for each in before:
            signal.signal(each, before[each])
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            # A handler that does nothing: children would inherit an ignored signal.
            signal.signal(signal.SIGHUP, lambda number, frame: None)


def _summary(mission: Mission, about: About) -> Summary:
    scenario, station, fates = mission.scenario, mission.station, mission.fates()
    return {
        "run": about["run"],
        "scenario": about["scenario"],
        "seed": about["seed"],
        "kind": about["kind"],
        "resumed": about.get("resumed"),
        "outcome": mission.outcome,
        "mission_seconds": round(mission.driver.now(), 3),
        "speed": scenario.mission.speed,
        "slots": mission.watch.slots(),
        "waits_for": mission.waits_for,
        "slots_wanted": scenario.mission.slots,
        "applied": {str(node): board.applied for node, board in mission.watch.boards.items()},
        "byzantine": scenario.byzantine_nodes(),
        "adversaries": {str(entry.node): entry.adversary for entry in scenario.byzantine},
        "liars": mission.liars.as_dict(),
        "operations_issued": mission.issued,
        "operations_confirmed": mission.confirmed,
        "results": dict(sorted(mission.workload.outcomes.items())),
        "telecommands": dict(sorted(station.counts.items())),
        "contradictions": len(station.client.contradictions),
        "crashed": mission.fleet.crashed,
        "away": mission.fleet.away,
        "board_events": dict(sorted(mission.fleet.events.items())),
        "diagnoses": [finding.as_dict() for finding in mission.diagnosis.findings],
        "faults_not_begun": mission_end.not_begun(scenario, mission.driver.now()),
        "fates": fates,
        "fates_by_kind": mission.fates_by_kind(fates),
        "recorder": dict(sorted(mission.recorder.counts.items())),
    }
