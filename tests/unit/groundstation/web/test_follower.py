"""A long stored trace is shown from its end at once, and whole when it has been read."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from groundstation.record import run_directory
from groundstation.verdict.verdict import judge
from groundstation.web import follower
from groundstation.web.flights import Flight
from groundstation.web.follower import Follower
from groundstation.web.hub import Hub
from groundstation.web.model import Model
from groundstation.web.tail import Tail
from specs.checking.check import check_trace
from tests.support.host_flight import fly

GIVE_UP_SECONDS = 60.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is over and judged."""
    flight = fly(tmp_path_factory.mktemp("runs"), mission={"slots": 12}, workload={"operations": 12})
    verdict = judge(check_trace(flight.directory / run_directory.TRACE), flight.summary, flight.directory)
    run_directory.write_json(flight.directory / run_directory.VERDICT, verdict.as_dict())
    return flight.directory


def _follow(flight: Flight, is_done: Callable[[Follower], bool]) -> Follower:
    """Follow until it is done."""

    async def run() -> Follower:
        followed = Follower(flight, Hub(Model()))
        task = asyncio.create_task(followed.run())
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while not is_done(followed):
                await asyncio.sleep(0.01)
        task.cancel()
        return followed

    return asyncio.run(run())


def _whole(trace: Path) -> Model:
    folded, read = Model(), Tail(trace)
    while lines := read.read():
        for line in lines:
            folded.feed(line)
    return folded


def test_a_judged_run_is_shown_with_its_verdict(run: Path) -> None:
    followed = _follow(Flight(run=run), lambda it: it.hub.model.tables["properties"] != {} and not it._tail.is_behind)
    assert followed._checking is None
    assert followed.hub.model.tables["properties"]["CON-4"]["state"] == "holds"
    assert followed.told()["trace"]["checked"] == (run / run_directory.TRACE).stat().st_size


def test_lines_that_are_no_events_do_not_stop_the_console(run: Path, tmp_path: Path) -> None:
    trace, lines = tmp_path / "trace.ndjson", (run / run_directory.TRACE).read_bytes().splitlines(keepends=True)
    trace.write_bytes(b"".join([*lines[:20], b'{"event": "Boot"}\n', b"[" * 9000 + b"\n", *lines[20:]]))
    followed = _follow(Flight(trace=trace), lambda it: it._checked.get("error") is not None and not it._tail.is_behind)
    assert followed.told()["trace"]["unreadable"] == 2
    assert followed.hub.model.tables["boards"] == _whole(run / run_directory.TRACE).tables["boards"]


def test_a_long_trace_is_shown_from_its_end_and_then_whole(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = run / run_directory.TRACE
    monkeypatch.setattr(follower, "LONG_BYTES", 10_000)
    monkeypatch.setattr(follower, "QUICK_BYTES", 20_000)
    monkeypatch.setattr(follower, "PART_BYTES", 10_000)
    monkeypatch.setattr(follower, "LOOK_SECONDS", 0.0)
    whole = _whole(trace)
    seen: list[tuple[bool, int, bool]] = []

    def look(followed: Follower) -> bool:
        told = followed.told().get("trace")
        boards = followed.hub.model.tables["boards"]
        assert followed._whole is None or not followed._whole[1].changed  # or it would grow with the trace
        if told is not None and boards:
            seen.append((told["is_partial"], max(row["applied"] for row in boards.values()), boards["1"]["on"]))
        return bool(seen) and not seen[-1][0]

    followed = _follow(Flight(trace=trace), look)
    applied = whole.tables["boards"]["1"]["applied"]
    assert seen[0][0]  # a part at first
    assert {(at, is_on) for is_partial, at, is_on in seen if is_partial} >= {(applied, True)}  # its end, at once
    for name in ("boards", "operations", "slots", "spans", "series"):
        assert followed.hub.model.tables[name] == whole.tables[name], name


def test_a_trace_that_is_cut_is_shown_as_it_is_now(run: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace.ndjson"
    data = (run / run_directory.TRACE).read_bytes()
    half = data.index(b"\n", len(data) // 2) + 1
    trace.write_bytes(data)

    def is_cut(followed: Follower) -> bool:
        if followed.hub.end == len(data):
            trace.write_bytes(data[:half])
        return followed.hub.end == half

    followed = _follow(Flight(trace=trace), is_cut)
    assert followed.hub.model.tables["boards"] == _whole(trace).tables["boards"]


def test_a_follower_that_fails_says_so_and_logs_it(
    run: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(self: Tail) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(Tail, "read", break_down)
    followed = _follow(Flight(run=run), lambda it: it.failure != "")
    assert followed.told()["failure"] == "RuntimeError: planted"
    assert "the console follows the trace no longer" in caplog.text
