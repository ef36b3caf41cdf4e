"""In the debrief a replay keeps to what happened, or to what the crew saw of it: then no inject and no plan is there
before the end. Before the debrief a crew has no choice."""

import asyncio
import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.procedures import arrivals
from groundstation.record import run_directory
from groundstation.web.behaviour import load
from groundstation.web.crew import CrewTrace
from groundstation.web.flights import Flight
from groundstation.web.follower import NO_TRUTH
from groundstation.web.people import DIRECTOR, OPERATOR
from groundstation.web.replay import ReplayError
from groundstation.web.sights import Sights
from tests import ROOT
from tests.support.host_flight import fly, judge
from tests.support.secrets import MISSION, found_in
from tests.support.served import CHANGING, GIVE_UP_SECONDS, ROLE_FILE, Served, as_role

BATCHES_MAX = 2000  # that are waited for
MOMENT = 3.0  # after both injects
LIGHT_SECONDS = 0.05
INJECT = {"name of an inject", "text of an inject"}


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with injects that is over."""
    run = fly(tmp_path_factory.mktemp("runs"), **MISSION).directory
    judge(run)
    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the console's own files are."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def served(flown: Path, folder: Path) -> Iterator[Served]:
    one = Served(Flight(run=flown), ROLE_FILE)
    yield one
    one.close()


def _ask(served: Served, role: str, do: str, to: Any = None) -> tuple[int, str]:
    body = {"action": "replay", "do": do, "to": to}
    status, answer = served.ask("POST", "/api/flight", body, **CHANGING, **as_role(role))
    return status, answer.get("reason", "")


def _shown(served: Served, role: str, **wanted: Any) -> tuple[dict[str, Any], str]:
    """The flight's state once a replay is as wanted, and all that a page that is opened then is sent at first."""
    for _ in range(2):  # the second page was open at no other moment
        with served.live(additional_headers=as_role(role), max_size=None) as page:
            page.recv(GIVE_UP_SECONDS)
            for _ in range(BATCHES_MAX):
                text = page.recv(GIVE_UP_SECONDS)
                told = json.loads(text)
                page.send(json.dumps({"type": "ack", "number": told["number"]}))
                replay = told["flight"].get("replay", {"is_behind": True})
                if not replay["is_behind"] and wanted.items() <= replay.items():
                    break
            else:
                raise AssertionError(f"never {wanted}")
    return told["flight"], str(text)


def _events(served: Served, role: str) -> list[dict[str, Any]]:
    """All lines that a person can ask for."""
    lines, first = [], 0
    while found := served.ask("GET", f"/api/events?first={first}", **as_role(role))[1]["events"]:
        lines += found
        first = found[-1]["offset"] + 1
    return [{name: value for name, value in line.items() if name not in ("offset", "line")} for line in lines]


def _as_written_in_flight(run: Path, path: Path) -> list[dict[str, Any]]:
    """What the console wrote for the crew before the debrief, up to MOMENT."""
    writer = CrewTrace(run / run_directory.TRACE, path, Flight(run=run).scenario())
    while writer.write(1e9):
        pass
    lines = [json.loads(text) for text in path.read_text().splitlines()]
    writer.close()
    return [line for line in lines if line["received"] <= MOMENT]


@pytest.mark.parametrize("role", [OPERATOR, DIRECTOR])
def test_a_replay_as_the_crew_saw_it_shows_what_the_crew_was_shown(
    served: Served, flown: Path, folder: Path, role: str
) -> None:
    flight, text = _shown(served, role, sight="truth", is_at_end=True)  # as it was without a choice
    assert (flight["replay"]["sights"], found_in(text) >= INJECT) == (["crew", "truth"], True)
    assert _ask(served, role, "seek", MOMENT) == (200, "")
    _, text = _shown(served, role, at=MOMENT)
    assert found_in(text) >= INJECT
    assert found_in(json.dumps(_events(served, role))) >= {"Inject", "BoardKill"}

    assert _ask(served, role, "sight", "crew") == (200, "")
    flight, text = _shown(served, role, at=MOMENT, sight="crew")  # the same moment
    assert found_in(text) == set()
    assert (flight["sight"], flight["horizon"]["now"], flight["replay"]["violations"]) == ("crew", MOMENT, 0)
    assert flight["horizon"]["seconds"] == pytest.approx([LIGHT_SECONDS, 0.0, LIGHT_SECONDS, LIGHT_SECONDS])
    assert not {"verdict", "has_report", "plays"} & flight.keys()
    assert json.loads(text)["tables"].get("properties", {}) == {}
    assert _events(served, role) == _as_written_in_flight(flown, folder / "again.ndjson")
    assert served.ask("GET", "/api/search?words=Inject", **as_role(role))[1]["events"] == []
    other = next(each for each in (OPERATOR, DIRECTOR) if each != role)
    assert _shown(served, other, sight="truth", is_at_end=True)[0].get("sight") is None  # theirs is another sight

    assert _ask(served, role, "end") == (200, "")
    flight, text = _shown(served, role, is_at_end=True, sight="crew")  # the debrief: all is revealed
    assert found_in(text) >= INJECT
    assert "sight" not in flight
    assert _ask(served, role, "violation")[0] == _ask(served, role, "line", 1)[0] == 409
    assert _ask(served, role, "seek", MOMENT) == (200, "")
    assert found_in(_shown(served, role, at=MOMENT, sight="crew")[1]) == set()

    assert len(list(folder.rglob("crew.ndjson"))) == 1
    assert _ask(served, role, "sight", "truth") == (200, "")
    _, text = _shown(served, role, at=MOMENT, sight="truth")
    assert found_in(text) >= INJECT
    assert list(folder.rglob("crew.ndjson")) == []


def test_a_planted_leak_is_found(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "seen_by_crew", lambda line, geometry: dict(line))
    _shown(served, OPERATOR, sight="truth")
    assert _ask(served, OPERATOR, "sight", "crew") == _ask(served, OPERATOR, "seek", MOMENT) == (200, "")
    assert found_in(_shown(served, OPERATOR, at=MOMENT, sight="crew")[1]) >= INJECT
    assert found_in(json.dumps(_events(served, OPERATOR))) >= {"Inject", "BoardKill"}


def test_before_the_debrief_a_crew_has_no_choice(flown: Path, folder: Path) -> None:
    open_run = folder / flown.name
    open_run.mkdir()
    for name in (run_directory.TRACE, run_directory.SCENARIO, run_directory.RUN):  # no verdict: it may be resumed
        (open_run / name).write_bytes((flown / name).read_bytes())
    served = Served(Flight(run=open_run), ROLE_FILE)
    try:
        flight, text = _shown(served, OPERATOR, is_at_end=True)
        assert not {"sights", "sight"} & flight["replay"].keys()
        assert found_in(text) == set()
        for sight in ("truth", "crew"):
            assert _ask(served, OPERATOR, "sight", sight) == (409, NO_TRUTH)
        assert _ask(served, "observer", "sight", "truth")[0] == 403
        assert found_in(json.dumps(_events(served, OPERATOR))) == set()
        assert found_in(_shown(served, OPERATOR, is_at_end=True)[1]) == set()
    finally:
        served.close()
    assert list(folder.glob("amu-crew-*")) == []


def test_what_cannot_be_written_is_said_and_the_truth_stays(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_full(writer: CrewTrace, now: float) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    _shown(served, DIRECTOR, sight="truth")
    monkeypatch.setattr(CrewTrace, "write", is_full)
    assert _ask(served, DIRECTOR, "sight", "bench") == (409, "sight: want crew or truth")
    assert _ask(served, DIRECTOR, "sight", "crew") == (200, "")
    error = "what the crew saw cannot be written: No space left on device; make room on the disk"
    flight, _ = _shown(served, DIRECTOR, sight="truth", sight_error=error)
    assert flight["failure"] == ""
    monkeypatch.undo()
    assert _ask(served, DIRECTOR, "sight", "crew") == (200, "")
    assert "sight_error" not in _shown(served, DIRECTOR, sight="crew")[0]["replay"]


def test_a_run_that_is_resumed_is_shown_as_it_is(flown: Path, folder: Path) -> None:
    flight = Flight(run=flown)
    follower = Sights(flight, False).whole.follower
    follower._show(flown / run_directory.TRACE)
    while follower._step():
        pass
    for ask in (("seek", MOMENT), ("sight", "crew")):
        asyncio.run(follower.ask_replay(*ask))
    while follower._step() or follower.trace == flight.trace:
        pass
    assert found_in(json.dumps(follower.hub.model.tables)) == set()
    follower._leave_replay()
    assert found_in(json.dumps(follower.hub.model.tables)) >= INJECT
    assert follower.trace == flight.trace
    assert not follower.told()["replay"]["is_playing"]
    assert list(folder.glob("amu-crew-*")) == []
    follower._end_check()


def test_a_behaviour_has_no_crew() -> None:
    flight = Flight(behaviour=load(ROOT / "tests/data/tlc/agreement.out"))
    try:
        follower = Sights(flight, False).whole.follower
        assert flight.trace is not None
        follower._show(flight.trace)
        assert "sights" not in follower.told()["replay"]
        with pytest.raises(ReplayError, match="a behaviour of a module has no crew"):
            asyncio.run(follower.ask_replay("sight", "crew"))
    finally:
        follower._end_check()
        flight.close()
