"""The console on a real terminal: a whole rehearsal by keys, and every way to leave."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from groundstation.orders import port
from groundstation.record import run_directory
from groundstation.web.flights import Flight
from tests.support.host_flight import fly
from tests.support.pty_child import GIVE_UP_SECONDS, PtyChild
from tests.support.small_rehearsal import SCENARIO

AMU = "from groundstation.entry import main; main()"
# As the command does, without TLC, which takes seconds.
FLY = """
import sys
from groundstation.terminal.run import run
from groundstation.web.flights import Flight
run(Flight([sys.argv[1], "--out", sys.argv[2], "--no-tlc"]))
"""
CRASH = """
from groundstation.terminal.swarm import Swarm
def draw(self):
    raise RuntimeError("planted")
Swarm.draw = draw
"""
CONTROL_C, DOWN = "\x03", "\x1b[B"

Opened = Callable[..., PtyChild]


@pytest.fixture
def opened() -> Iterator[Opened]:
    children: list[PtyChild] = []

    def make(code: str, *arguments: object, **more: str) -> PtyChild:
        children.append(PtyChild(code, [str(each) for each in arguments], **more))
        return children[-1]

    yield make
    for child in children:
        child.close()


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """A scenario, and where its runs go."""
    scenario = tmp_path / "small.toml"
    scenario.write_text(SCENARIO)
    return scenario, tmp_path / "runs"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fly(tmp_path_factory.mktemp("runs"), mission={"slots": 4}, workload={"operations": 4}).directory


def _end_flight(run: Path) -> None:
    """The flight went on: it takes the order to finish, and ends by itself."""
    assert port.send(run, {"id": "1", "sender": "test", "order": {"kind": "finish"}})["outcome"] == "accepted"
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while Flight(run=run).state()["state"] != "over":
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_a_rehearsal_is_flown_on_a_real_terminal(opened: Opened, small: tuple[Path, Path]) -> None:
    console = opened(FLY, *small)
    console.shows("ready to start")
    console.press("s")
    console.shows("flying", "voting")
    console.press("4")
    console.shows("lease-acquire dock")
    console.press("n")
    console.shows("It goes to every board")
    console.press("\r")
    console.shows("job-cancel")
    console.press(DOWN)
    console.press(DOWN)
    console.press("\r")
    console.shows("resource *")
    for value in ("dock/9", "1", "40"):
        console.press("\t")
        console.settles()
        console.press(value)
        console.shows(value)
    console.press("\r")
    console.shows("lease-acquire dock/9 1 40", "confirmed after")
    console.press("1")
    console.shows("tolerates")
    console.press("k")
    console.shows("killed")
    console.press("b")
    console.shows("voting")
    console.press(".")
    console.settles()
    console.press("r")
    console.settles()
    console.press("x")
    console.shows("over: pass")
    console.press("q")
    assert console.end() == 0
    assert console.text.rstrip().endswith(": pass")
    assert console.is_restored()
    trace = run_directory.find(small[1]) / run_directory.TRACE
    told = [json.loads(line) for line in trace.read_text().splitlines()]
    orders = [line["told"] for line in told if line["event"] == "Order"]
    kinds = ["telecommand", "kill", "start", "restart", "finish"]
    assert [order.get("action", order["kind"]) for order in orders] == kinds


def test_the_flight_goes_on_when_the_console_ends(opened: Opened, small: tuple[Path, Path]) -> None:
    console = opened(FLY, *small)
    console.shows("ready to start")
    console.press("s")
    console.shows("flying", "voting")
    console.press(CONTROL_C)
    assert console.end() == 0
    run = run_directory.find(small[1])
    assert f"the flight goes on: amu console --tui {run}" in console.text
    assert console.is_restored()
    again = opened(AMU, "console", "--tui", run)
    again.shows("flying", "voting")
    again.hang_up()
    assert again.end() == -signal.SIGHUP
    _end_flight(run)


def test_a_signal_restores_the_terminal(opened: Opened, stored: Path) -> None:
    console = opened(AMU, "console", "--tui", stored)
    console.shows("board 3")
    console.signal(signal.SIGTERM)
    assert console.end() == 0
    assert console.is_restored()
    assert f"console: {stored}: lost" in console.text


def test_a_crash_restores_the_terminal_and_names_its_log(opened: Opened, stored: Path, tmp_path: Path) -> None:
    console = opened(CRASH + AMU, "console", "--tui", stored, TMPDIR=str(tmp_path))
    assert console.end() == 1
    assert console.is_restored()
    assert "amu: RuntimeError: planted (details: " in console.text
    assert "Traceback" not in console.text
    log = next(tmp_path.glob("amu-crash-*.log"))
    assert "in draw" in log.read_text()


def test_a_terminal_that_cannot_draw_is_refused(opened: Opened, stored: Path) -> None:
    console = opened(AMU, "console", "--tui", stored, TERM="dumb")
    assert console.end() == 2
    assert "--tui cannot draw on a terminal of type 'dumb'; set TERM" in console.text
    assert b"\x1b" not in console.output
