"""A rehearsal from the scenario to the verdict: provision, fly, check, write everything down.

The run's folder is complete at every moment: scenario, seed and versions are written before the first board is switched
on, the trace as it comes, verdict and report at the end. So a run whose ground station died can still be checked,
resumed (its boards fly on) and flown again.

A run is flown again from its scenario and seed. On boards in virtual time that gives the same trace to the byte; on
boards that live by the wall clock the same faults in the same places of the traffic, but not the same traffic.

The swarm's keys follow from the scenario's name and the seed, for the same reason. They protect nothing: a rehearsal's
secrets are rehearsed, too.
"""

import contextlib
import datetime
import hashlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amu.core.errors import ConfigError
from amu.core.lamport import LamportClock
from amu.core.limits import CLIENTS_MAX, WINDOW_SLOTS
from groundstation import provision, run_directory, toml_text, versions
from groundstation.boards import Board, BoardError, BoardPlan, board_kind
from groundstation.driver import SteppedClock, WallClock
from groundstation.ether import Ether
from groundstation.ground_log import GroundLog
from groundstation.mission import Mission, Parts
from groundstation.progress import Display
from groundstation.recorder import Recorder
from groundstation.scenario import Scenario, load
from groundstation.telecommand import Retry, Station
from groundstation.watch import Watch
from groundstation.workload import Workload

CLUSTER_BYTES = 16
NONCES_OF_A_STATION = 1 << 20
RETRY_WALL_SECONDS = (0.5, 8.0)  # first pause before a telecommand is sent again, and the longest
HELLO_WALL_SECONDS = 2.0


class PlanError(Exception):
    """The plan cannot be flown: its boards cannot be made or found. Nothing has been switched on."""


@dataclass(frozen=True)
class Flight:
    """What a flown mission leaves behind for the verdict; see `groundstation.verdict`."""

    directory: Path
    scenario: Scenario
    outcome: str
    summary: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is to be flown: scenario, board kind and the folder of runs. `resumed`: the run whose boards fly on."""

    scenario: Scenario
    kind: str
    out: Path
    resumed: Path | None = None


def replayed(run: Path) -> tuple[Scenario, str]:
    """Scenario as flown and board kind of a recorded run. Raises RunDirectoryError, ScenarioError."""
    about = run_directory.read_json(run / run_directory.RUN)
    return load(str(run / run_directory.SCENARIO)), about["kind"]


def fly(plan: Plan, display: Display) -> Flight:
    """Fly the plan. The boards are switched off at the end.

    Raises PlanError and RunDirectoryError for what the caller can mend, BoardError and RecorderError in flight.
    """
    scenario = plan.scenario
    kind = _kind(plan)
    _require_faults(kind, scenario)
    before = None if plan.resumed is None else run_directory.read_json(plan.resumed / run_directory.RUN)
    directory = run_directory.create(plan.out, scenario.name, scenario.mission.seed)
    about = _about(plan, directory, before)
    run_directory.write_json(directory / run_directory.RUN, about)
    document = scenario.model_dump(mode="json", exclude_unset=True)
    run_directory.write_text(directory / run_directory.SCENARIO, toml_text.dumps(document))
    run_directory.write_json(directory / run_directory.VERSIONS, versions.collect())
    boards = _boards(kind, plan, Path(about["boards"]))
    with contextlib.ExitStack() as stack:
        for board in boards:
            stack.callback(board.close)
        parts = _parts(plan, directory, about, boards, display)
        for part in (parts.log, parts.recorder, parts.driver):
            stack.callback(part.close)
        mission = Mission(parts)
        _record_start(parts)
        for board in boards:
            if plan.resumed is not None and board.alive():
                mission.fleet.attach(board.node)
            else:
                mission.fleet.start(board.node)
        with _stopping(mission):
            outcome = mission.fly()
        parts.recorder.ground("RunEnd", parts.driver.now(), parts.clock.tick(), reason=outcome, **_waits_for(mission))
        return Flight(directory, scenario, outcome, _summary(mission, about))


def _about(plan: Plan, directory: Path, before: dict[str, Any] | None) -> dict[str, Any]:
    mission = plan.scenario.mission
    about: dict[str, Any] = {
        "run": directory.name,
        "scenario": plan.scenario.name,
        "seed": mission.seed,
        "kind": plan.kind,
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "boards": str(directory / run_directory.BOARDS),
        "station": 0,
        "resumed": None,
    }
    if before is not None:
        about |= {"boards": before["boards"], "station": before["station"] + 1, "resumed": before["run"]}
        if about["station"] >= CLIENTS_MAX:
            raise run_directory.RunDirectoryError(
                f"{plan.resumed}: resumed {CLIENTS_MAX - 1} times already; the ledger knows {CLIENTS_MAX} clients"
            )
    return about


def _swarm(scenario: Scenario) -> provision.Mission:
    secret = hashlib.sha256(f"amu rehearsal {scenario.name} {scenario.mission.seed}".encode()).digest()
    return provision.Mission(
        cluster=scenario.name.encode()[:CLUSTER_BYTES],
        replica_count=scenario.mission.boards,
        master=secret,
        tick_ms=scenario.clock.tick_ms,
        view_timeout_ticks=scenario.view_timeout_ticks(),
        turn_ticks=scenario.period_ticks(scenario.ops.turn_seconds),
        snapshot_ticks=scenario.period_ticks(scenario.ops.snapshot_seconds),
        trace_messages=scenario.clock.trace_messages,
    )


def _kind(plan: Plan) -> type[Board]:
    try:
        return board_kind(plan.kind)
    except BoardError as error:
        raise PlanError(str(error)) from error


def _require_faults(kind: type[Board], scenario: Scenario) -> None:
    """Raise PlanError for a board fault that this kind of board cannot play: left out, it would make it easier."""
    for index, fault in enumerate(scenario.board_faults):
        if fault.kind not in kind.board_faults:
            raise PlanError(
                f"board_faults[{index}]: {kind.kind} boards cannot play {fault.kind}; "
                f"they play {', '.join(sorted(kind.board_faults))}"
            )


def _boards(kind: type[Board], plan: Plan, directory: Path) -> list[Board]:
    swarm = _swarm(plan.scenario)
    adversaries = {entry.node: (entry.adversary, entry.parameters) for entry in plan.scenario.byzantine}
    try:
        if plan.resumed is not None:
            return list(kind.attach(directory))
        plans = [
            BoardPlan(node, provision.configuration(swarm, node, adversaries.get(node)))
            for node in range(plan.scenario.mission.boards)
        ]
        return list(kind.create(directory, plans))
    except (BoardError, ConfigError) as error:
        raise PlanError(str(error)) from error


def _parts(plan: Plan, directory: Path, about: dict[str, Any], boards: list[Board], display: Display) -> Parts:
    scenario, speed = plan.scenario, plan.scenario.mission.speed
    nodes = range(scenario.mission.boards)
    clock = LamportClock(0)
    recorder = Recorder(directory / run_directory.TRACE, directory.name)
    station = Station(
        provision.ground_keyring(_swarm(scenario)),
        len(nodes),
        about["station"],
        clock,
        recorder,
        retry=Retry(*(seconds * speed for seconds in RETRY_WALL_SECONDS)),
        first_nonce=about["station"] * NONCES_OF_A_STATION,
        hello_seconds=HELLO_WALL_SECONDS * speed,
    )
    return Parts(
        scenario=scenario,
        boards={board.node: board for board in boards},
        driver=WallClock(speed) if boards[0].is_real_time else SteppedClock(speed),
        clock=clock,
        recorder=recorder,
        station=station,
        ether=Ether(scenario.fault_plan(), nodes),
        watch=Watch(len(nodes), frozenset(scenario.byzantine_nodes())),
        workload=Workload(scenario.mission.seed, len(nodes), scenario.workload.mix),
        display=display,
        log=GroundLog(directory / run_directory.LOG),
    )


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
    )


@contextlib.contextmanager
def _stopping(mission: Mission) -> Iterator[None]:
    """Control-C and SIGTERM end the mission in order; a second one is not waited for."""
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
    try:
        yield
    finally:
        for each in before:
            signal.signal(each, before[each])


def _waits_for(mission: Mission) -> dict[str, Any]:
    return {"waits_for": mission.waits_for} if mission.waits_for else {}


def _summary(mission: Mission, about: dict[str, Any]) -> dict[str, Any]:
    scenario, station = mission.scenario, mission.station
    return {
        **{key: about[key] for key in ("run", "scenario", "seed", "kind", "resumed")},
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
        "contradictions": len(station.contradictions),
        "crashed": mission.fleet.crashed,
        "board_events": dict(sorted(mission.fleet.events.items())),
        "fates": mission.ether.totals(),
        "recorder": dict(sorted(mission.recorder.counts.items())),
    }
