"""Whole missions on boards in this process, in virtual time: real flight software, real ether, and no luck."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amu.boards import config as configuration
from amu.core import limits
from amu.core.errors import AuthError
from amu.wire import cobs, codec, frames, messages
from amu.wire.auth import Keyring
from groundstation.boards import bench, provision
from groundstation.boards.base import BoardError, BoardPlan
from groundstation.flight import mission, rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Flight, Plan
from groundstation.record import run_directory
from groundstation.record.line_log import RecorderError
from groundstation.scenario import mission_end
from groundstation.scenario.model import parse
from groundstation.verdict.verdict import CRASH, Judgement, judge
from specs.checking.check import check_trace
from specs.verdict import INCOMPLETE, NO_PROGRESS, PASS
from swarm_sim.testing.host_board import HostBoard

NOISE = [
    {"fault": "jitter", "seconds_max": 0.01},
    {"fault": "drop", "probability": 0.03},
    {"fault": "duplicate", "probability": 0.03},
    {"fault": "corrupt", "probability": 0.02},
]


def _document(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": "small",
        "description": "A small mission for a test.",
        "mission": {"slots": 12, "limit_seconds": 60.0, "no_progress_seconds": 4.0, "settle_seconds": 1.0},
        "clock": {"tick_ms": 10, "view_timeout_seconds": 0.5},
        "workload": {"operations": 12, "in_flight": 4},
        "faults": NOISE,
    }
    return document | changes


@pytest.fixture
def fly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Flight]:
    monkeypatch.setattr(bench, "board_kind", lambda name: HostBoard)

    def flown(out: str = "runs", replayed: Path | None = None, **changes: Any) -> Flight:
        plan = Plan(parse(_document(**changes), "test"), "host", tmp_path / out, replayed=replayed)
        return rehearsal.fly(plan, SilentDisplay())

    return flown


def _judge(flight: Flight) -> Judgement:
    return judge(check_trace(flight.directory / run_directory.TRACE), flight.summary, flight.directory)


def _status(judgement: Judgement, name: str) -> str:
    return next(line.status for line in judgement.lines if line.name == name)


def test_mission_with_noise_passes_and_leaves_everything_behind(fly: Callable[..., Flight]) -> None:
    flight = fly()
    judgement = _judge(flight)
    assert flight.outcome == mission_end.COMPLETE
    assert judgement.verdict == PASS, judgement.findings
    assert flight.summary["slots"] >= 12
    assert flight.summary["operations_confirmed"] == flight.summary["operations_issued"] >= 12
    assert {"trace.ndjson", "scenario.toml", "run.json", "versions.json", "ground.log"} <= {
        path.name for path in flight.directory.iterdir()
    }
    versions = json.loads((flight.directory / run_directory.VERSIONS).read_text())
    assert len(versions["firmware_sha256"]) == 64
    about = json.loads((flight.directory / run_directory.RUN).read_text())
    assert datetime.datetime.fromisoformat(about["started"]).utcoffset() == datetime.timedelta(0)
    assert {line.status for line in judgement.lines if line.name not in ("TLC", "not checked here")} == {"good"}


def _trace_but_for_names(flight: Flight) -> str:
    return (flight.directory / run_directory.TRACE).read_text().replace(flight.directory.name, "RUN")


def test_same_scenario_and_seed_give_the_same_trace_to_the_byte(fly: Callable[..., Flight]) -> None:
    faults = [{"at": 0.3, "node": 1, "kind": "power_cut", "restart_after": 0.2}]
    first = fly("one", board_faults=faults)
    second = fly("two", first.directory, board_faults=faults)
    assert _trace_but_for_names(first) == _trace_but_for_names(second)


def test_replay_flies_what_was_recorded(fly: Callable[..., Flight], tmp_path: Path) -> None:
    first = fly("one")
    scenario, kind = rehearsal.replayed(first.directory)
    assert (scenario, kind) == (first.scenario, "host")
    again = rehearsal.fly(Plan(scenario, kind, tmp_path / "two", replayed=first.directory), SilentDisplay())
    assert _trace_but_for_names(first) == _trace_but_for_names(again)


def _frames_of(
    fly: Callable[..., Flight], monkeypatch: pytest.MonkeyPatch, **options: Any
) -> tuple[Flight, Any, bytes]:
    """A flight, the configuration of its board 1, and a Hello of its ground station to that board, as on the wire."""
    plans: list[BoardPlan] = []
    create = HostBoard.create
    monkeypatch.setattr(HostBoard, "create", lambda folder, made: plans.extend(made) or create(folder, made))
    flight = fly(**options)
    monkeypatch.setattr(HostBoard, "create", create)
    config = configuration.decode(plans[1].configuration)
    payload = codec.encode(7, messages.Hello(3))
    swarm = rehearsal._swarm(
        flight.scenario,
        rehearsal._cluster(flight.scenario),
        bytes.fromhex((flight.directory / run_directory.SECRET).read_text()),
        0,
    )
    tag = provision.ground_keyring(swarm).seal(frames.TELECOMMAND, 1, payload)
    return flight, config, frames.build(frames.TELECOMMAND, limits.GROUND, 1, tag, payload)


def _is_authentic(config: Any, wire: bytes) -> bool:
    frame = frames.parse(cobs.decode(wire[1:-1]))
    ring = Keyring(config.cluster, config.epoch, config.replica, config.keys_out, config.keys_in)
    try:
        ring.check(frame.traffic, frame.source, frame.tag, frame.payload)
    except AuthError:
        return False
    return True


def test_frame_of_one_run_is_refused_in_the_next_of_the_same_name_and_seed(
    fly: Callable[..., Flight], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, config, captured = _frames_of(fly, monkeypatch)
    assert _is_authentic(config, captured)
    assert not _is_authentic(_frames_of(fly, monkeypatch)[1], captured)
    # A replay keeps the keys of what it replays.
    assert _is_authentic(_frames_of(fly, monkeypatch, replayed=first.directory)[1], captured)


def test_clusters_of_long_names_that_begin_alike_differ() -> None:
    names = [f"a-very-long-name-for-a-mission-{number}" for number in range(2)]
    one, other = (rehearsal._cluster(parse(_document(name=name), "test")) for name in names)
    assert one != other
    assert len(one) == len(other) == 16


@pytest.mark.parametrize("error", [RecorderError("trace: the disk is full"), BoardError("board 2: is stuck")])
def test_the_record_is_judged_when_the_ground_station_cannot_continue(
    fly: Callable[..., Flight], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    keep = mission.Mission.keep
    errors = [error]

    def fail_after_three_slots(self: mission.Mission) -> None:
        if self.watch.slots() >= 3 and errors:
            raise errors.pop()
        keep(self)

    monkeypatch.setattr(mission.Mission, "keep", fail_after_three_slots)
    flight = fly()
    judgement = _judge(flight)
    assert (flight.failure, flight.outcome) == (str(error), mission_end.INTERRUPTED)
    assert judgement.verdict == INCOMPLETE
    assert str(error) in judgement.findings
    assert judgement.checked["counts"]["slots decided"] >= 3
    assert _events(flight, "RunEnd")


def test_another_seed_gives_another_trace(fly: Callable[..., Flight]) -> None:
    first = fly("one")
    second = fly("two", mission=_document()["mission"] | {"seed": 2})
    assert _trace_but_for_names(first) != _trace_but_for_names(second)


@pytest.mark.parametrize("kind", ["kill", "power_cut", "restart", "amnesia"])
def test_swarm_survives_each_board_fault(fly: Callable[..., Flight], kind: str) -> None:
    fault: dict[str, Any] = {"at": 0.3, "node": 0, "kind": kind}
    if kind in ("kill", "power_cut"):
        fault["restart_after"] = 0.5
    flight = fly(board_faults=[fault])
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    expected = {"kill": "BoardKill", "power_cut": "PowerCut", "restart": "BoardKill", "amnesia": "Erase"}[kind]
    assert flight.summary["board_events"][expected] == 1
    assert judgement.checked["counts"]["boots of honest boards"] == 5


def test_power_cut_of_a_board_that_is_down_waits_for_it(fly: Callable[..., Flight]) -> None:
    flight = fly(
        board_faults=[
            {"at": 0.2, "node": 2, "kind": "kill", "restart_after": 0.5},
            {"at": 0.3, "node": 2, "kind": "power_cut", "restart_after": 0.1},
        ]
    )
    assert flight.summary["board_events"] == {"BoardKill": 1, "PowerCut": 1}
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings


def _events(flight: Flight, *names: str) -> list[dict[str, Any]]:
    lines = (flight.directory / run_directory.TRACE).read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] in names]


def test_paused_board_stands_still_and_catches_up(fly: Callable[..., Flight]) -> None:
    flight = fly(board_faults=[{"at": 0.3, "node": 0, "kind": "pause", "seconds": 1.0}])
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    assert flight.summary["board_events"] == {"BoardFault": 1}
    (pause,) = _events(flight, "BoardFault")
    assert (pause["board"], pause["kind"]) == (0, "pause")
    silent = [event["received"] for event in _events(flight, "Decide") if event["node"] == 0]
    assert not [at for at in silent if pause["received"] + 0.05 < at < pause["received"] + 0.95]
    assert [at for at in silent if at > pause["received"] + 1]


def test_board_that_is_killed_while_it_is_paused_restarts(fly: Callable[..., Flight]) -> None:
    faults = [
        {"at": 0.2, "node": 0, "kind": "pause", "seconds": 1.5},
        {"at": 0.4, "node": 0, "kind": "kill", "restart_after": 0.3},
        {"at": 0.9, "node": 0, "kind": "pause", "seconds": 0.2},
        {"at": 1.0, "node": 0, "kind": "pause", "seconds": 1.2},  # lasts beyond the ends of the two before
    ]
    flight = fly(board_faults=faults)
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    assert flight.summary["board_events"] == {"BoardFault": 3, "BoardKill": 1}
    silent = [event["received"] for event in _events(flight, "Decide") if event["node"] == 0]
    assert not [at for at in silent if 1.05 < at < 2.2]
    assert [at for at in silent if at > 2.2]


LIVENESS = {"core": [0, 1, 2], "at": 1.5, "bound_seconds": 20.0}
DEAF = {"fault": "drop", "probability": 1.0}  # for good, but not within a healed core


def test_healed_core_makes_progress_where_the_swarm_stood_still(fly: Callable[..., Flight]) -> None:
    faults = [
        {"at": 0.2, "node": 0, "kind": "kill", "restart_after": 5.0},
        {"at": 0.2, "node": 1, "kind": "pause", "seconds": 50.0},
        {"at": 0.2, "node": 2, "kind": "power_cut", "after_operations": 100_000},
        {"at": 0.3, "node": 3, "kind": "kill", "restart_after": 5.0},
        {"at": 2.0, "node": 1, "kind": "kill"},
    ]
    flight = fly(faults=[DEAF], board_faults=faults, liveness=LIVENESS)
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    decided = _events(flight, "Decide")
    assert min(event["received"] for event in decided) >= 1.5
    assert {event["node"] for event in decided} == {0, 1, 2}
    # The dead board was started, the one whose power was to fail restarted, the paused one continued by itself.
    assert [event["board"] for event in _events(flight, "BoardStart")] == [0, 1, 2, 3, 0, 2]
    assert flight.summary["board_events"] == {"BoardFault": 1, "BoardKill": 3}


def test_core_that_is_not_done_by_its_bound_makes_no_progress(fly: Callable[..., Flight]) -> None:
    flight = fly(faults=[DEAF], liveness=LIVENESS | {"bound_seconds": 0.05})
    assert _judge(flight).verdict == NO_PROGRESS
    assert 1.55 < flight.summary["mission_seconds"] < 2.0


def test_swarm_that_may_stand_still_until_it_is_healed_is_not_given_up_before(fly: Callable[..., Flight]) -> None:
    late = LIVENESS | {"at": 5.0}  # later than the mission's 4 s without progress
    assert _judge(fly(faults=[DEAF], liveness=late)).verdict == PASS


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            {"kind": "clock_jump", "ticks": 5},
            "cannot play clock_jump; they play amnesia, kill, line_noise, pause, power_cut, restart",
        ),
        ({"kind": "read_fault"}, "cannot play read_fault"),
    ],
)
def test_board_fault_that_the_boards_cannot_play_is_refused(
    fly: Callable[..., Flight], tmp_path: Path, fault: dict[str, Any], said: str
) -> None:
    kill = {"at": 0.1, "node": 0, "kind": "kill"}
    with pytest.raises(rehearsal.PlanError, match=rf"board_faults\[1\]: host boards {said}"):
        fly(board_faults=[kill, {"at": 0.3, "node": 0, **fault}])
    assert list(tmp_path.iterdir()) == []


def test_byzantine_board_is_recorded_as_such(fly: Callable[..., Flight]) -> None:
    flight = fly(byzantine=[{"node": 3, "adversary": "equivocate"}])
    first = json.loads((flight.directory / run_directory.TRACE).read_text().splitlines()[0])
    assert (first["event"], first["byzantine"]) == ("RunStart", [3])
    judgement = _judge(flight)
    assert judgement.verdict == PASS, judgement.findings
    assert judgement.checked["counts"]["events of byzantine nodes"] > 0


def test_two_dead_boards_of_four_make_no_progress(fly: Callable[..., Flight]) -> None:
    flight = fly(board_faults=[{"at": 0.2, "node": node, "kind": "kill"} for node in (0, 1)])
    judgement = _judge(flight)
    assert flight.outcome == mission_end.NO_PROGRESS
    assert (judgement.verdict, judgement.exit_code) == (NO_PROGRESS, 4)
    # An operation that nobody has answered is open, not failed.
    assert flight.summary["operations_confirmed"] < flight.summary["operations_issued"]
    assert _status(judgement, "telecommands") == "open"


def test_dead_ether_makes_no_progress(fly: Callable[..., Flight]) -> None:
    flight = fly(faults=[{"fault": "drop", "probability": 1.0}])
    assert _judge(flight).verdict == NO_PROGRESS
    assert flight.summary["fates"]["drop"] == flight.summary["fates"]["accepted"] > 0


def test_board_that_dies_of_a_bug_makes_the_run_a_crash(
    fly: Callable[..., Flight], monkeypatch: pytest.MonkeyPatch
) -> None:
    create = HostBoard.create

    def with_a_bug(directory: Path, plans: list[BoardPlan]) -> list[HostBoard]:
        boards = create(directory, plans)
        boards[2].crash_at_tick = 5
        return boards

    monkeypatch.setattr(HostBoard, "create", with_a_bug)
    flight = fly()
    judgement = _judge(flight)
    assert flight.summary["crashed"] == [2]
    assert (judgement.verdict, judgement.exit_code) == (CRASH, 1)
    assert "a planted bug" in (flight.directory / run_directory.LOG).read_text()


def test_mission_that_is_stopped_is_incomplete(fly: Callable[..., Flight], monkeypatch: pytest.MonkeyPatch) -> None:
    turn = mission.Mission._turn

    def stop_after_three_slots(self: mission.Mission) -> str | None:
        if self.watch.slots() >= 3:
            self.stop()
        return turn(self)

    monkeypatch.setattr(mission.Mission, "_turn", stop_after_three_slots)
    flight = fly()
    judgement = _judge(flight)
    assert flight.outcome == mission_end.INTERRUPTED
    assert (judgement.verdict, judgement.exit_code) == (INCOMPLETE, 5)


def test_faults_are_in_the_trace_as_they_are_in_the_summary(fly: Callable[..., Flight]) -> None:
    flight = fly()
    counts: dict[str, int] = {}
    for line in (flight.directory / run_directory.TRACE).read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "Fault":
            for name, count in event["counts"].items():
                counts[name] = counts.get(name, 0) + count
    assert counts == flight.summary["fates"]


def test_a_run_never_overwrites_another(fly: Callable[..., Flight]) -> None:
    assert fly("same").directory != fly("same").directory
