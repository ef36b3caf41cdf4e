"""The console on a terminal: flights that start, go on and die, and what the terminal then says."""

import json
import os
import signal
from pathlib import Path

import pytest

from groundstation.record import run_directory
from groundstation.terminal import words
from groundstation.web.flights import Flight
from tests.support.host_flight import fly
from tests.support.piloted import Piloted, play
from tests.support.small_rehearsal import small


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is over."""
    return fly(tmp_path_factory.mktemp("runs"), mission={"slots": 8}, workload={"operations": 8}).directory


def test_a_trace_is_shown_with_boards_and_events(run: Path) -> None:
    async def look(console: Piloted) -> None:
        await console.shows("stored trace", "a stored trace without its scenario", "board 3")
        boards = console.session.tables["boards"]
        assert all(f"slot {row['applied']}" in console.text() for row in boards.values())
        await console.press("0")
        await console.shows("RunEnd")
        await console.press("slash")
        await console.type("boot journal 2")
        assert "1 event shown" in console.text()
        assert "RunEnd" not in console.text()
        await console.press("enter", "enter")
        await console.shows("Boot of board 2", "applied_slot")
        await console.press("escape")
        assert "Boot of board 2" not in console.text()

    play(Flight(trace=run / run_directory.TRACE), look)


def test_the_terminal_shows_what_the_page_would(run: Path) -> None:
    """The same fold: the rows that a page gets are those that are drawn here."""

    async def look(console: Piloted) -> None:
        size = (run / run_directory.TRACE).stat().st_size
        await console.until(lambda: console.session.told.get("trace", {}).get("read") == size)
        await console.press()
        page = console.session.hub.open("x", "observer")
        batch = console.session.hub.batch(page, {})
        assert batch is not None
        for row in batch["tables"]["boards"].values():
            shown = next(line for line in console.text().split("\n") if f"board {row['node']} " in line)
            assert words.size(row["heap_free"]) in shown
            assert row["mode"] in shown

    play(Flight(run=run), look)


def test_text_of_a_trace_is_shown_and_never_obeyed(run: Path, tmp_path: Path) -> None:
    evil = "\x1b[2J[red]\u202ebad[/red]"
    lines = (run / run_directory.TRACE).read_text().splitlines()
    start = json.loads(lines[0]) | {"scenario": evil}
    trace = tmp_path / "trace.ndjson"
    trace.write_text("\n".join([json.dumps(start), *lines[1:], ""]))

    async def look(console: Piloted) -> None:
        await console.shows(r"\x1b[2J[red]\u202ebad[/red]")
        assert not any(character in console.text() for character in "\x1b\u202e")

    play(Flight(trace=trace), look)


def test_a_terminal_that_is_too_small_says_so_and_grows_back(run: Path) -> None:
    async def look(console: Piloted) -> None:
        await console.shows("This terminal has 50 columns and 10 lines", "72", "18")
        assert "board 0" not in console.text()
        await console.resize(100, 30)
        await console.shows("board 0")

    play(Flight(run=run), look, (50, 10))


def test_a_flight_that_cannot_start_says_why(tmp_path: Path) -> None:
    async def look(console: Piloted) -> None:
        await console.shows("ready to start", "press s")
        await console.press("s")
        await console.shows("cannot start", "no board kind 'none'")

    play(small(tmp_path, "none"), look)


def test_a_ground_station_that_is_killed_is_told_and_resumed(tmp_path: Path) -> None:
    flight = small(tmp_path)

    async def look(console: Piloted) -> None:
        await console.press("x")
        await console.shows("refused: no flight takes orders now")
        await console.press("s")
        await console.until(lambda: any(row["applied"] > 2 for row in console.session.boards()))
        assert flight._process is not None
        os.kill(flight._process.pid, signal.SIGKILL)
        await console.shows("ground station lost", "press s to resume")
        await console.press("s")
        await console.until(lambda: bool(console.session.run["resumed"]))
        await console.shows("flying")

    play(flight, look)


def test_a_verdict_without_an_answer_is_no_failure() -> None:
    shown = {told: words.verdict(told) for told in ("pass", "violation", "no_progress", "incomplete")}
    assert shown == {
        "pass": ("pass", words.GOOD),
        "violation": ("violation", words.BAD),
        "no_progress": ("no progress", words.OPEN),
        "incomplete": ("incomplete", words.OPEN),
    }
