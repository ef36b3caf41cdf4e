"""A rehearsal flown by clicks on Picos at pseudo-terminals: emulated ones on a hub, opened as those on USB are."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from groundstation.boards import keys
from groundstation.web.flights import Flight
from hil.boards.pico import flights, ports
from tests.browser.conftest import Opened

pytestmark = [pytest.mark.browser, pytest.mark.long]

BOARDS = 4
FLIGHT_SECONDS = 20 * 60  # until give-up: Picos are emulated in real time, or slower
SCENARIO = """
name = "small"
description = "A small rehearsal on Picos, flown by a person."
[mission]
slots = 4
limit_seconds = 3000
no_progress_seconds = 600
journal = "pages"
[clock]
tick_ms = 50
view_timeout_seconds = 10.0
[workload]
operations = 2
in_flight = 1
"""


@pytest.fixture
def desk(tmp_path: Path, pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment file of four Picos on a hub, which is a process of its own."""
    links, path = tmp_path / "by-id", tmp_path / "desk.toml"
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(links))
    monkeypatch.setenv(flights.STATE_VARIABLE, str(tmp_path / "state"))
    command = [sys.executable, "-m", "hil.boards.emulated.usb", str(links), str(BOARDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdin is not None
        assert hub.stdout is not None
        text = 'name = "desk"\n'
        for node in range(BOARDS):
            serial_number = hub.stdout.readline().split()[0]
            text += f'[[boards]]\nnode = {node}\nkind = "pico"\nserial_number = "{serial_number}"\n'
        path.write_text(text)
        keys.make(keys.path_of(path), "desk")
        yield path
        hub.stdin.close()


def test_a_rehearsal_is_flown_on_picos_by_clicks(opened: Callable[..., Opened], desk: Path) -> None:
    scenario = desk.with_name("small.toml")
    scenario.write_text(SCENARIO)
    console = opened(Flight([str(scenario), "--env", str(desk), "--out", str(desk.parent / "runs"), "--no-tlc"]))
    page = console.page
    page.set_default_timeout(FLIGHT_SECONDS * 1000)
    console.state("ready")
    page.get_by_role("button", name="Start").click()
    console.state("flying")

    console.acquire_lease()
    console.keep("picos-telecommands")

    console.tab("Faults")
    console.keep("picos-faults")
    console.tab("Swarm")
    pause = page.get_by_role("button", name="Pause 3 s board 2")
    assert pause.is_disabled()  # a Pico cannot be paused, and the page says so
    assert pause.get_attribute("title")
    page.get_by_role("button", name="Restart board 2").click()
    console.wait('article[aria-label="board 2"] dt:text-is("life") + dd:text-is("1")')
    console.keep("picos-swarm")

    assert "small" in console.finish()
    assert console.errors == []
