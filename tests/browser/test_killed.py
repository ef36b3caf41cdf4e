"""A ground station, and a console, that die in mid-rehearsal: the page says so, and nothing is forgotten."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.record import run_directory
from groundstation.web.flights import AMU
from tests.browser.conftest import CONFIRMED, OFF, ON, SCENARIO, Opened
from tests.support import small_rehearsal
from tests.support.served import GIVE_UP_SECONDS

pytestmark = pytest.mark.browser

LOST = '#notice:text-matches("ground station has died")'


def _ledger(console: Opened) -> Any:
    """Commanded operations with sender, result and the times of their stages; orders; lines of the trace."""
    console.until("store.gaps.size === 0 && store.events[0]?.offset === 0")
    return console.page.evaluate(
        """() => import("/page/store.js").then(({ store }) => ({
          operations: Object.fromEntries(Object.entries(store.tables.operations).filter(([, row]) => row.sender)),
          orders: store.tables.orders,
          lines: store.events.map((line) => line.offset),
        }))"""
    )


def _keeps(after: Any, before: Any) -> None:
    """Nothing of what was known is forgotten, or told otherwise."""
    assert before["operations"]
    for number, row in before["operations"].items():
        now = after["operations"][number]
        assert {**now, "boards": {}} == {**row, "boards": {}}
        for board, times in row["boards"].items():  # a board may have said more before the death than we had seen
            assert times.items() <= now["boards"][board].items()
    assert before["orders"].items() <= after["orders"].items()
    assert before["lines"]
    assert set(before["lines"]) <= set(after["lines"])


def test_a_rehearsal_whose_ground_station_is_killed_goes_on_from_the_page(
    opened: Callable[..., Opened], tmp_path: Path
) -> None:
    flight = small_rehearsal.small(tmp_path, text=SCENARIO)
    console = opened(flight)
    page = console.page
    page.get_by_role("button", name="Start").click()
    console.state("flying")
    console.acquire_lease("dock/1")
    console.tab("Swarm")
    page.get_by_role("button", name="Kill board 3").click()
    console.wait(OFF)
    before = _ledger(console)
    for _ in range(2):  # the one that resumes may die, too
        first = flight.run
        assert flight._process is not None
        os.kill(flight._process.pid, signal.SIGKILL)
        console.state("ground station lost")
        console.wait(LOST)
        console.keep("killed")
        for name in ("Telecommands", "Faults"):
            console.tab(name)
            console.wait('p:text-matches("no flight that takes orders")')
        page.get_by_role("button", name="Resume").click()
        console.state("flying")
        assert flight.run != first
        console.tab("Telecommands")
        console.wait(f'{CONFIRMED}:has-text("dock/1")')
        _keeps(_ledger(console), before)
    console.tab("Swarm")
    page.get_by_role("button", name="Start board 3").click()
    console.wait(ON)
    console.acquire_lease("dock/2")
    page.get_by_role("button", name="Finish").click()
    console.state("over")
    _keeps(_ledger(console), before)
    console.wait('#actions a:text-is("Report")')
    assert console.errors == []


class _Process:
    """`amu console` as a process on one port."""

    def __init__(self, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[str] | None = None
        self.run(*options)

    def run(self, *options: str) -> None:
        """Start it, and wait until it listens."""
        command = [sys.executable, "-c", AMU, "console", *options, "--port", str(self.port), "--no-browser"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        told = self._process.stderr.readline()
        assert told.startswith("console: http://"), told

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate(timeout=GIVE_UP_SECONDS)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[_Process]:
    scenario = tmp_path / "small.toml"
    scenario.write_text(SCENARIO)
    one = _Process(str(scenario), "--out", str(tmp_path / "runs"))
    yield one
    one.kill()


def test_a_console_that_is_killed_comes_back_on_the_same_flight(
    browser: Any, process: _Process, tmp_path: Path
) -> None:
    console = Opened(browser, process)
    page = console.page
    page.get_by_role("button", name="Start").click()
    console.state("flying")
    console.acquire_lease("dock/1")
    before = _ledger(console)
    process.kill()
    console.state("not connected")
    console.wait('#notice:text-matches("does not answer")')
    console.wait(f'{CONFIRMED}:has-text("dock/1")')  # what is known stays readable
    process.run(str(run_directory.find(tmp_path / "runs")))
    console.state("flying")
    console.wait(f'{CONFIRMED}:has-text("dock/1")')
    _keeps(_ledger(console), before)
    console.acquire_lease("dock/2")
    page.get_by_role("button", name="Finish").click()
    console.state("over")
    console.wait('#actions a:text-is("Report")')
    console.context.close()
    assert console.errors == []
