"""A Pico at the end of a pseudo-terminal beside boards of other kinds: it resets by itself, its ground station dies."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from groundstation.boards import bench, keys
from groundstation.boards.base import BoardError, board_kind
from groundstation.flight import rehearsal
from groundstation.flight.progress import Picture, SilentDisplay
from groundstation.record.board_events import BY_ITSELF
from groundstation.scenario.model import parse
from groundstation.verdict.verdict import judge
from hil.boards.emulated.usb import Hub, UsbPico
from hil.boards.pico import flights, ports
from specs.checking.check import check_trace
from specs.verdict import PASS
from tests.support.executed import confirmed_but_not_executed_once

GIVE_UP_SECONDS = 200
When = Callable[[Picture], bool]
MISSION = """
name = "calm"
description = "A small mission for a test."

[mission]
slots = {slots}
limit_seconds = 300
no_progress_seconds = 100
settle_seconds = 20
journal = "pages"

[clock]
tick_ms = 20
view_timeout_seconds = 4.0

[workload]
operations = {slots}
in_flight = 1
pause_seconds = 0.5
"""


class Bench:
    """One Pico, node 3, and three boards of other kinds."""

    def __init__(self, folder: Path, hub: Hub, others: Sequence[str] = ("virtual", "virtual", "virtual")) -> None:
        self.folder, self.out = folder, folder / "runs"
        self.pico: UsbPico = hub.add("AMU-0003")
        self.pico.plug_in()
        self.path = folder / "desk.toml"
        boards = [f'[[boards]]\nnode = {node}\nkind = "{kind}"\n' for node, kind in enumerate(others)]
        boards.append(f'[[boards]]\nnode = 3\nkind = "pico"\nserial_number = "{self.pico.serial_number}"\n')
        self.path.write_text('name = "desk"\n' + "".join(boards))
        keys.make(keys.path_of(self.path), "desk")

    def amu(self, *arguments: object) -> tuple[int, str, str]:
        done = subprocess.run(
            _command(*arguments), capture_output=True, text=True, timeout=GIVE_UP_SECONDS, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def swarms(self) -> list[dict[str, Any]]:
        """Those of this bench that `amu ps` lists."""
        code, told, errors = self.amu("ps", "--json")
        assert code == 0, errors
        return [swarm for swarm in json.loads(told) if swarm["folder"].startswith(str(self.folder))]

    def fly(self, slots: int, *acts: tuple[When, Callable[[], None]]) -> rehearsal.Flight:
        """Fly in this process. `acts`, one after the other: when, and what to do then."""
        plan = rehearsal.Plan(parse(_document(slots), "test"), "", self.out, bench=bench.of_environment(self.path))
        return rehearsal.fly(plan, _Acting(acts))


class _Acting(SilentDisplay):
    def __init__(self, acts: Sequence[tuple[When, Callable[[], None]]]) -> None:
        self._acts = list(acts)

    def show(self, picture: Picture, refresh: Callable[[], None]) -> None:
        refresh()
        if self._acts and self._acts[0][0](picture):
            self._acts.pop(0)[1]()


def _document(slots: int) -> dict[str, Any]:
    return tomllib.loads(MISSION.format(slots=slots))


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from groundstation.cli import main; main()", *(str(each) for each in arguments)]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(tmp_path / "by-id"))
    monkeypatch.setenv(flights.STATE_VARIABLE, str(tmp_path / "state"))


@pytest.fixture
def desk(tmp_path: Path, pico_image: Path, folders: None) -> Iterator[Bench]:
    with Hub(tmp_path / "by-id", pico_image) as hub:
        desk = Bench(tmp_path, hub)
        yield desk
        for boards in desk.out.glob("*/boards"):
            with contextlib.suppress(BoardError):
                for board in board_kind("virtual").attach(boards, range(3)):
                    board.close()


def _told(run: Path) -> list[tuple[str, Any]]:
    lines = [json.loads(line) for line in (run / "trace.ndjson").read_text().split("\n") if line]
    return [
        (line["event"], line.get("reason") or line.get("status"))
        for line in lines
        if line.get("board") == 3 and line["event"] in ("BoardStart", "BoardKill", "BoardCrash", "BoardLine", "Attach")
    ]


@pytest.mark.long
def test_a_pico_that_is_unplugged_and_plugged_in_flies_on(desk: Bench) -> None:
    flight = desk.fly(
        40,
        (lambda picture: picture.boards[3].applied >= 3, desk.pico.unplug),
        (lambda picture: not picture.boards[3].alive, desk.pico.plug_in),
    )
    trace = flight.directory / "trace.ndjson"
    judgement = judge(check_trace(trace), flight.summary, flight.directory)
    assert judgement.verdict == PASS, judgement.findings
    assert confirmed_but_not_executed_once(trace) == []
    told = [("BoardLine", "lost"), ("BoardLine", "back"), ("BoardKill", BY_ITSELF), ("BoardStart", None)]
    assert _told(flight.directory) == [("BoardStart", None), *told]
    assert flights.noted("pico") == []


@pytest.mark.long
@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_ground_station_that_was_killed_leaves_boards_that_are_listed_stopped_and_resumed(
    desk: Bench, is_stopped: bool
) -> None:
    mission = desk.folder / "calm.toml"
    mission.write_text(MISSION.format(slots=12))
    run = _killed(desk, mission)
    (swarm,) = desk.swarms()
    assert [(board["node"], board["kind"]) for board in swarm["boards"]] == [
        (0, "virtual"),
        (1, "virtual"),
        (2, "virtual"),
        (3, "pico"),
    ]
    assert (swarm["boards"][3]["serial_number"], swarm["boards"][3]["pid"]) == (desk.pico.serial_number, None)
    assert (swarm["station"], swarm["run"]) == (None, str(run))
    if is_stopped:
        assert desk.amu("stop", run)[0] == 0
        assert desk.swarms() == []
        assert desk.amu("stop", run)[0] == 2
    code, told, errors = desk.amu("rehearse", "--resume", run, "--out", desk.out, "--no-tlc", "--json")
    assert code == 0, errors
    verdict = json.loads(told)
    last = Path(verdict["run"])
    assert confirmed_but_not_executed_once(last / "trace.ndjson") == []
    then = (
        [("BoardKill", "switched off outside the mission"), ("BoardStart", None)] if is_stopped else [("Attach", None)]
    )
    assert _told(last) == [("BoardStart", None), *then]
    assert desk.swarms() == []


@pytest.mark.long
@pytest.mark.usefixtures("folders")
def test_boards_of_three_kinds_fly_in_one_swarm(tmp_path: Path, pico_image: Path) -> None:
    """The emulated board is stepped as wall time passes, and keeps up or falls behind."""
    with Hub(tmp_path / "by-id", pico_image) as hub:
        desk = Bench(tmp_path, hub, ("virtual", "emulated", "virtual"))
        mission = desk.folder / "calm.toml"
        mission.write_text(MISSION.format(slots=12))
        code, told, errors = desk.amu("rehearse", mission, "--env", desk.path, "--out", desk.out, "--json")
    assert code == 0, errors
    verdict = json.loads(told)
    assert (verdict["verdict"], verdict["mission"]["kind"]) == (PASS, "emulated+pico+virtual")
    assert verdict["mission"]["operations_confirmed"] >= 12
    assert min(verdict["mission"]["applied"].values()) >= 12
    assert confirmed_but_not_executed_once(Path(verdict["run"]) / "trace.ndjson") == []


def _killed(desk: Bench, mission: Path) -> Path:
    """Fly, and kill the ground station once slots are decided. The run."""
    command = _command("rehearse", mission, "--env", desk.path, "--out", desk.out, "--no-tlc")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ) as station:
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while not (found := [path for path in desk.out.glob("*/trace.ndjson") if b'"confirmed"' in path.read_bytes()]):
            assert time.monotonic() < give_up, "no operation was confirmed"
            assert station.poll() is None, station.stdout and station.stdout.read()
            time.sleep(0.05)
        station.send_signal(signal.SIGKILL)
    return found[0].parent
