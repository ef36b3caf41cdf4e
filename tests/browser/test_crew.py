"""A procedure that two people fly in two browsers. Every byte that reaches the operator's is searched for what the
director does: nothing of it is there before the debrief, all of it afterwards."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Plan
from groundstation.procedures import arrivals
from groundstation.scenario import model
from groundstation.web.flights import Flight
from tests.browser.conftest import Opened
from tests.browser.test_views import THEMES, Look
from tests.support.host_flight import judge
from tests.support.secrets import BENCH_EVENTS, events_in
from tests.support.served import ROLE_FILE, Served

pytestmark = pytest.mark.browser

MISSION = "lunar-handover"
BY_HAND = "the lander is cut off"
INJECTS = '[aria-label="injects"]'
MOMENT = '#replay .at:text-matches("^20.000 s of [^,]*$")'
KNOWN = "import('/page/store.js').then(({ store }) => JSON.stringify([store.tables, store.events, store.flight]))"


def _secrets() -> set[str]:
    """What the director plays, in the mission's words."""
    scenario = model.load(MISSION)
    return {word for inject in scenario.injects for word in (inject.name, inject.text)} | {scenario.description}


def _found_in(texts: list[str]) -> set[str]:
    text = "\n".join(texts)
    return {word for word in _secrets() if word in text} | events_in(text)


def _debrief_begins(received: list[str]) -> int:
    """The place of the first frame that no longer hides anything."""
    for place, text in enumerate(received):
        with contextlib.suppress(ValueError):
            told = json.loads(text)
            if isinstance(told, dict) and told.get("type") == "batch" and "sight" not in told["flight"]:
                return place
    raise AssertionError("no debrief")


@pytest.fixture
def people(browser: Any) -> Iterator[Callable[[Flight], dict[str, Opened]]]:
    """The director and the operator before one console, each in a browser of their own."""
    with contextlib.ExitStack() as stack:

        def make(flight: Flight) -> dict[str, Opened]:
            served = Served(flight, ROLE_FILE)
            stack.callback(served.end_flight)
            stack.callback(served.close)
            pages = {}
            for role in ("director", "operator"):
                one = pages[role] = Opened(browser, served)
                stack.callback(one.context.close)
                one.wait("#token").fill(f"token of {role}")
                one.page.get_by_role("button", name="Log in").click()
                one.wait(f'#who:text-matches("the-{role}, {role}")')
            return pages

        yield make


def test_a_procedure_is_flown_by_two_people_and_its_injects_are_revealed_in_the_debrief(
    people: Callable[[Flight], dict[str, Opened]], tmp_path: Path
) -> None:
    flight = Flight([MISSION, "--out", str(tmp_path / "runs"), "--kind", "host", "--no-tlc"])
    both = people(flight)
    director, operator = both["director"], both["operator"]
    operator.page.keyboard.press("s")
    for one in (director, operator):
        one.page.keyboard.press("c")
        one.state("flying")

    _begin(operator, "lease the relay")
    _go(director, operator, "lease the relay")
    director.page.get_by_role("button", name=f"Play {BY_HAND}").click()
    director.wait(f'tr:has(strong:text-is("{BY_HAND}")) >> text=played')
    operator.page.keyboard.press("i")
    operator.page.keyboard.type("two boards are silent")
    operator.page.keyboard.press("Enter")
    operator.page.keyboard.press("Escape")
    operator.page.evaluate("scrollTo(0, 0)")
    director.wait('[aria-label="record"] >> text=two boards are silent')

    _begin(operator, "go for the handover")
    director.keep("procedure-director")
    operator.keep("procedure-operator")
    _go(director, operator, "go for the handover")
    _begin(operator, "log")
    operator.wait('[aria-label="steps"] tr:has(strong:text-is("log")) >> text=done')
    for view in ("1", "2", "5", "7", "9", "0", "y", "c"):  # whatever else an operator may look at
        operator.page.keyboard.press(view)
    assert operator.page.locator("text=Injects").is_hidden()
    assert _report(operator)[0] == 404
    operator.page.keyboard.press("x")
    operator.wait(f'[aria-label="injects"] >> text={BY_HAND}')
    operator.state("over: pass")
    operator.keep("procedure-debrief")
    status, told = _report(operator)
    assert status == 200
    assert "Injects, detection and response" in told
    assert f". {BY_HAND}</h3>" in told
    assert "two boards are silent" in told

    received = operator.received()
    begin = _debrief_begins(received)
    assert begin > 50
    assert _found_in(received[:begin]) == set()
    assert _found_in(received[begin:]) >= _secrets()
    assert _found_in(director.received()) >= {*_secrets(), "Inject"}
    assert director.errors == operator.errors == []


def _report(one: Opened) -> tuple[int, str]:
    """Status and text of the report, as this person gets it."""
    answer = one.context.request.get(f"http://127.0.0.1:{one.served.port}/report")
    return answer.status, answer.text()


def _begin(operator: Opened, step: str) -> None:
    """Let a step begin that holds."""
    operator.wait(f'tr:has(strong:text-is("{step}")) button:text-matches("^Begin")')
    operator.page.keyboard.press("Enter")


def _go(director: Opened, operator: Opened, step: str) -> None:
    """Both say go."""
    operator.wait(f'tr:has(strong:text-is("{step}")) button:text-matches("^Go")')
    operator.page.keyboard.press("g")
    director.wait(f'tr:has(strong:text-is("{step}")) li:text-matches("operator: GO the-operator")')
    director.page.keyboard.press("g")


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flight whose verdict is open: its ground station may go on."""
    folder = tmp_path_factory.mktemp("runs")
    return rehearsal.fly(Plan(model.load(MISSION), "host", folder), SilentDisplay()).directory


@pytest.mark.parametrize("leaks", [False, True], ids=["sound", "a planted leak"])
def test_the_search_of_all_bytes_can_fail(
    people: Callable[[Flight], dict[str, Opened]],
    interrupted: Path,
    leaks: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if leaks:
        monkeypatch.setattr(arrivals, "seen_by_crew", lambda line, geometry: dict(line))
    operator = people(Flight(run=interrupted))["operator"]
    operator.state("ground station lost")
    operator.page.keyboard.press("0")
    words = operator.page.locator('[name="words"]')
    words.fill("begun")
    words.press("Enter")
    operator.wait("text=That is all.")
    found = _found_in(operator.received())
    assert bool(found) == leaks
    assert not leaks or {"Inject", "solar noise"} <= found
    assert set(BENCH_EVENTS) >= {"Inject"}


def test_a_replay_keeps_to_what_the_crew_saw_or_to_the_truth(
    people: Callable[[Flight], dict[str, Opened]], interrupted: Path, tmp_path: Path
) -> None:
    run = tmp_path / interrupted.name
    shutil.copytree(interrupted, run, ignore=shutil.ignore_patterns("*.sock"))
    judge(run)
    operator = people(Flight(run=run))["operator"]
    page = operator.page
    operator.state("over: pass")
    page.keyboard.press("c")
    operator.wait(f"{INJECTS} >> text=solar noise")
    operator.wait('[aria-label="whose sight"] button[aria-pressed="true"]:text-is("the truth")')
    page.keyboard.press("K")
    operator.wait('[aria-label="whose sight"] button[aria-pressed="true"]:text-is("as the crew saw it")')
    operator.wait(f"{INJECTS} >> text=solar noise")  # the end is the debrief
    page.keyboard.press("j")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    operator.wait(MOMENT)
    operator.wait('#mission-time:text-matches(", boards as of 1[0-9]")')
    page.locator(INJECTS).wait_for(state="hidden")
    assert _found_in([page.evaluate(KNOWN)]) == set()
    page.keyboard.press("7")
    operator.wait("text=The verdict on each property")
    look = Look(operator, "as-seen")
    look.at_every_view_of(["overview", "procedure"], *THEMES)
    look.fits_in_every_size("procedure")
    page.keyboard.press("?")
    operator.wait('dialog td:text-is("as the crew saw it, or the truth")')
    look.at("keys")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="the truth").click()
    operator.wait(f"{INJECTS} >> text=solar noise")
    operator.wait(MOMENT)  # the same
    assert _found_in([page.evaluate(KNOWN)]) >= {"solar noise"}
    look.at("truth")
    assert look.found == {}
    assert operator.errors == []
