"""A crew's trace: what is not in it, in which order it comes, and when the debrief begins; and every endpoint of the
console, asked by each role before and after that."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.procedures import arrivals
from groundstation.record import run_directory
from groundstation.web import crew
from groundstation.web.access import ENDPOINTS
from groundstation.web.crew import CrewFlight
from groundstation.web.flights import OVER, Flight
from groundstation.web.people import DIRECTOR, ROLES, Person
from tests.support.host_flight import fly, judge
from tests.support.secrets import MISSION, SECRETS, found_in
from tests.support.served import CHANGING, GIVE_UP_SECONDS, ROLE_FILE, Served, as_role

CREW = [role for role in ROLES if role != DIRECTOR]
QUERIES = {"/api/events": ("?first=0&last=9999999", "?at=1.4"), "/api/search": ("?words=e",)}
WORDS = [*SECRETS.values(), "BoardKill", "Inject", "kill", "pause"]


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with secrets. It has no verdict: for a console its ground station may go on."""
    return fly(tmp_path_factory.mktemp("runs"), **MISSION).directory


@pytest.fixture
def run(flown: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    copy = tmp_path / flown.name
    copy.mkdir()
    for name in (run_directory.TRACE, run_directory.SCENARIO, run_directory.RUN):
        (copy / name).write_bytes((flown / name).read_bytes())
    return copy


def _judge(run: Path) -> None:
    """Its verdict and a report: the run is over."""
    (run / run_directory.REPORT).write_text(" ".join(SECRETS.values()))
    judge(run)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text().splitlines()]


def _written(flight: CrewFlight) -> list[dict[str, Any]]:
    while flight.advance():
        pass
    assert flight.trace is not None
    return _lines(flight.trace)


@contextlib.contextmanager
def _crew_of(flight: Flight) -> Iterator[CrewFlight]:
    one = CrewFlight(flight)
    try:
        yield one
    finally:
        one.close()


# --- the crew's trace -----------------------------------------------------------------------------------------


def test_the_crews_trace_has_no_secret_and_what_boards_said(run: Path) -> None:
    bench = (run / run_directory.TRACE).read_text()
    assert found_in(bench) >= {"name of an inject", "text of an inject", "fault of an inject", "BoardKill", "Inject"}
    with _crew_of(Flight(run=run)) as flight:
        seen = _written(flight)
        assert flight.trace is not None
        assert found_in(flight.trace.read_text()) == set()
        assert not flight.is_revealed
    of_boards = [line for line in _lines(run / run_directory.TRACE) if line["node"] != 255]
    held_back = len(of_boards) - sum(line["node"] != 255 for line in seen)
    last = max(line["received"] for line in of_boards)
    assert 0 <= held_back <= sum(line["received"] > last - 0.2 for line in of_boards)  # still on their way
    assert {line["event"] for line in seen} >= {"Boot", "Apply", "Health", "Telecommand", "Procedure", "Poll", "Fault"}


def test_lines_come_one_light_time_late_and_in_order(run: Path) -> None:
    sent = {(line["node"], line["boot"], line["seq"]): line["received"] for line in _lines(run / run_directory.TRACE)}
    with _crew_of(Flight(run=run)) as flight:
        seen = _written(flight)
    times = [line["received"] for line in seen]
    assert times == sorted(times)
    late = [
        line["received"] - sent[line["node"], line["boot"], line["seq"]] for line in seen if line["node"] in (0, 2, 3)
    ]
    assert len(late) > 50
    assert all(each == pytest.approx(0.05) for each in late)
    beside = [line["received"] - sent[1, line["boot"], line["seq"]] for line in seen if line["node"] == 1]
    assert all(each == 0.0 for each in beside)


def test_the_numbers_of_the_ground_say_nothing_of_what_is_hidden(run: Path) -> None:
    with _crew_of(Flight(run=run)) as flight:
        ground = [line["seq"] for line in _written(flight) if line["node"] == 255]
    assert ground == list(range(len(ground)))


def test_nothing_is_told_before_it_can_have_come(run: Path) -> None:
    """As the trace grows, line by line."""
    trace = run / run_directory.TRACE
    lines = trace.read_bytes().splitlines(keepends=True)[:400]
    trace.write_bytes(b"")
    told = 0
    with _crew_of(Flight(run=run)) as flight:
        for line in lines:
            with trace.open("ab") as file:
                file.write(line)
            now = json.loads(line)["received"]
            seen = _written(flight)
            assert all(each["received"] <= now for each in seen)
            told += len(seen)
    assert told > 0


def test_a_full_waiting_room_makes_lines_late_never_early(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _crew_of(Flight(run=run)) as flight:
        whole = _written(flight)
    monkeypatch.setattr(crew, "PENDING_MAX", 5)
    with _crew_of(Flight(run=run)) as flight:
        size = -1
        while flight.trace is None or flight.trace.stat().st_size != size:
            size = 0 if flight.trace is None else flight.trace.stat().st_size
            flight.advance()
        late = _lines(flight.trace)
    early = {(line["node"], line["boot"], line["seq"]): line["received"] for line in whole if line["node"] != 255}
    assert len(late) == len(whole)
    assert all(
        line["received"] >= early[line["node"], line["boot"], line["seq"]] for line in late if line["node"] != 255
    )


def test_the_debrief_begins_when_the_run_is_over_and_ends_with_a_resumption(run: Path) -> None:
    flight = Flight(run=run)
    with _crew_of(flight) as seen:
        seen.advance()
        assert (seen.is_revealed, "reason" in seen.state()) == (False, False)  # lost: it may be resumed
        _judge(run)
        again = Flight(run=run)
    with _crew_of(again) as seen:
        assert again.state()["state"] == OVER
        seen.advance()
        assert seen.is_revealed
        assert seen.trace == run / run_directory.TRACE
        scenario = seen.scenario()
        assert scenario is not None
        assert scenario.injects
        with (run / run_directory.TRACE).open("a") as file:
            line = _lines(run / run_directory.TRACE)[-1]
            file.write(json.dumps({**line, "event": "Resume", "resumed": "other", "seq": line["seq"] + 1}) + "\n")
        seen.advance()
        assert not seen.is_revealed
        assert seen.trace != run / run_directory.TRACE
        assert found_in(json.dumps(_written(seen))) == set()


# --- every endpoint -------------------------------------------------------------------------------------------


def _live(served: Served, role: str) -> str:
    """All bytes of the live line until the page knows the whole trace."""
    texts = []
    give_up = time.monotonic() + GIVE_UP_SECONDS
    with served.live(additional_headers=as_role(role), max_size=None) as page:
        while time.monotonic() < give_up:
            text = page.recv(GIVE_UP_SECONDS)
            assert isinstance(text, str)
            texts.append(text)
            told = json.loads(text)
            if told["type"] == "batch":
                page.send(json.dumps({"type": "ack", "number": told["number"]}))
                trace = told["flight"].get("trace")
                if trace and trace["read"] == trace["size"] > 0 and told["tables"].get("run", {}).get("run"):
                    return "".join(texts)
    raise AssertionError("the page never knew the whole trace")


def _everything(served: Served, role: str) -> dict[str, str]:
    """What a person of a role is given by each endpoint, all bytes."""
    found = {"live": _live(served, role)}
    for endpoint in ENDPOINTS:
        for query in QUERIES.get(endpoint.path, ("",)):
            if endpoint.method == "GET" and "{" not in endpoint.path:
                path = f"{endpoint.path}{query}"
                found[path] = json.dumps(served.ask("GET", path, **as_role(role)))
    for word in WORDS:
        answer = served.ask("GET", f"/api/search?words={word}", **as_role(role))
        found[f"search {word}"] = json.dumps(answer[1]["events"])
    order = {"id": "1", "order": {"kind": "inject", "name": "nothing"}}
    found["order"] = json.dumps(served.ask("POST", "/api/orders", order, **CHANGING, **as_role(role)))
    found["flight"] = json.dumps(served.ask("POST", "/api/flight", {"action": "start"}, **CHANGING, **as_role(role)))
    return found


@pytest.fixture
def served(run: Path) -> Iterator[Served]:
    one = Served(Flight(run=run), ROLE_FILE)
    yield one
    one.close()


@pytest.mark.parametrize("role", CREW)
def test_no_endpoint_tells_the_crew_a_secret(served: Served, role: str) -> None:
    for what, text in _everything(served, role).items():
        assert found_in(text) == set(), what
        assert not what.startswith("search") or text == "[]", what


def test_the_director_sees_all(served: Served) -> None:
    told = _everything(served, DIRECTOR)
    assert found_in(told["live"]) >= {"name of an inject", "text of an inject", "fault of an inject", "planned fault"}
    assert found_in(told["/api/events?first=0&last=9999999"]) >= {"BoardStart", "Scheduled"}
    assert told["search Inject"] != "[]"


@pytest.mark.parametrize("role", CREW)
def test_a_planted_leak_is_found(served: Served, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "seen_by_crew", lambda line, geometry: dict(line))
    told = _everything(served, role)
    assert found_in(told["live"]) >= {"name of an inject", "text of an inject"}
    assert found_in(told["search Inject"]) >= {"Inject", "name of an inject"}
    assert found_in(told["/api/events?first=0&last=9999999"]) >= {"BoardStart", "Scheduled"}
    assert found_in(told[f"search {SECRETS['fault of an inject']}"]) >= {"fault of an inject"}


@pytest.mark.parametrize("role", CREW)
def test_a_planted_leak_of_the_plan_is_found(run: Path, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "scenario_for_crew", lambda scenario: scenario)
    served = Served(Flight(run=run), ROLE_FILE)
    try:
        assert found_in(_live(served, role)) >= {"name of an inject", "planned fault", "description"}
    finally:
        served.close()


@pytest.mark.parametrize("role", CREW)
def test_the_debrief_tells_the_crew_all(run: Path, role: str) -> None:
    _judge(run)
    served = Served(Flight(run=run), ROLE_FILE)
    try:
        crew_view = served.console._view(Person("somebody", role))
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while crew_view.is_hiding and time.monotonic() < give_up:
            time.sleep(0.01)
        told = _everything(served, role)
        assert found_in(told["live"]) >= {"name of an inject", "text of an inject", "planned fault", "description"}
        assert found_in(told["/report"]) == set(SECRETS)
        assert told["search Inject"] != "[]"
    finally:
        served.close()


def test_a_crew_that_replays_a_run_sees_no_more_than_it_saw_and_no_check_of_a_part_of_the_trace(
    served: Served,
) -> None:
    """The check of what the crew sees would find violations: starts and deaths of boards are missing there."""
    before = _live(served, "operator")
    for body in ({"do": "seek", "to": 3.0}, {"do": "next"}, {"do": "end"}):
        status, _ = served.ask("POST", "/api/flight", {"action": "replay", **body}, **CHANGING, **as_role("operator"))
        assert status == 200
        with served.live(additional_headers=as_role("operator"), max_size=None) as page:
            texts = [page.recv(GIVE_UP_SECONDS) for _ in range(3)]  # hello, everything, and what changes then
        batch = json.loads(texts[1])
        assert batch["tables"].get("properties", {}) == {}
        assert batch["flight"]["trace"]["check_error"] is None
        assert found_in("".join(map(str, texts))) == set()
    assert found_in(before) == set()
    view = served.console.sights.all[-1]
    state = {"properties": {"CON-4": ("violated", "x")}, "violations": ["CON-4: x"]}
    view.follower._show_state(state)
    assert view.hub.model.tables["properties"] == {}
    served.console.follower._show_state(state)
    assert served.console.sights.whole.hub.model.tables["properties"]["CON-4"]["state"] == "violated"
