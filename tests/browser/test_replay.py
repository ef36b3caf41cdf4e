"""The bar of a replay: keys and buttons, a moment in every view, barriers; and no alarm by what is replayed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from groundstation.web import simulated
from groundstation.web.behaviour import load
from groundstation.web.flights import Flight
from tests import ROOT
from tests.browser.conftest import Opened
from tests.browser.test_views import THEMES, Look
from tests.support.host_flight import fly

pytestmark = pytest.mark.browser

SCENARIO = {
    "name": "stored",
    "description": "A run that is over, in which a board dies.",
    "mission": {"slots": 12, "limit_seconds": 60.0},
    "workload": {"operations": 12, "in_flight": 4},
    "board_faults": [{"at": 0.2, "node": 1, "kind": "kill", "restart_after": 0.3}],
}
MOMENT = '#replay .at:text-matches("^{}")'


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that is over."""
    return fly(tmp_path_factory.mktemp("runs"), **SCENARIO).directory


def test_a_run_is_replayed_by_keys(opened: Callable[..., Opened], stored: Path) -> None:
    console = opened(Flight(run=stored))
    page = console.page
    console.wait('#replay .at:text-matches(", the end$")')
    page.keyboard.press("B")
    console.wait(MOMENT.format("0.000 s of"))
    console.state("replay")
    page.keyboard.press(">")
    console.wait(MOMENT.format("0[.]0"))
    page.keyboard.press("j")
    page.keyboard.type("slot 12")
    page.keyboard.press("Enter")
    page.keyboard.press("3")
    console.wait('button[aria-label*="slot 1, board"]')
    assert page.locator('button[aria-label*="slot 12, board"]').count() == 0
    console.keep("replay-slots")
    page.keyboard.press("j")
    page.keyboard.type("0.3")
    page.keyboard.press("Enter")
    console.wait(MOMENT.format("0.300 s of"))
    page.keyboard.press("1")
    console.wait('article[aria-label="board 1"].off')
    assert page.locator("#actions .bad").count() == 0  # no alarm calls
    console.keep("replay-swarm")
    page.keyboard.press("2")
    console.wait('p:text-matches("events in this window")')
    console.keep("replay-space-time")
    page.keyboard.press("j")
    page.keyboard.type("tomorrow")
    page.keyboard.press("Enter")
    console.wait('#notice:text-matches("tomorrow: want a mission second")')
    page.keyboard.press("Escape")
    page.keyboard.press(")")
    console.wait('#replay .speed:text-matches("^2 ")')
    page.keyboard.press("Space")  # it plays to the end
    console.wait('#replay .at:text-matches(", the end$")')
    console.wait('button[aria-label="play"]')
    assert console.errors == []


def test_every_view_of_a_moment(opened: Callable[..., Opened], stored: Path) -> None:
    console = opened(Flight(run=stored), reduced_motion="reduce")
    console.wait("#replay .at")
    console.page.locator("#replay input[type=range]").fill("0.4")
    console.wait(MOMENT.format("0.400 s of"))
    look = Look(console, "replay")
    look.everywhere()
    assert look.found == {}
    assert console.errors == []


def test_a_counterexample_of_tlc_is_replayed(opened: Callable[..., Opened]) -> None:
    behaviour = load(ROOT / "tests/data/tlc/agreement.out")
    assert behaviour is not None
    console = opened(Flight(behaviour=behaviour), reduced_motion="reduce")
    page = console.page
    console.wait('#about:text-matches("TLC: Agreement is violated. One second here is one step of the module")')
    titles = page.locator("#tabs button").evaluate_all("tabs => tabs.map((tab) => tab.dataset.name)")
    assert titles == ["space-time", "slots", "properties", "events", "model"]
    page.keyboard.press("d")
    console.wait('p:text-matches("State 23 of 23, reached by Decide")')
    console.wait('tr:has(th:text-is("decided[p0]")) code.changed')
    page.keyboard.press("<")  # the end of the run
    page.keyboard.press("<")
    console.wait('p:text-matches("State 22 of 23")')
    console.wait('tr:has(th:text-matches("^view")) code.changed')
    page.keyboard.press("7")
    console.wait("#open-CON-1")  # it is red by the steps up to here
    assert page.locator("#open-CON-4").count() == 0
    page.keyboard.press("E")
    console.wait("#open-CON-4")
    page.keyboard.press("V")
    page.keyboard.press("d")
    console.wait('p:text-matches("State 5 of 23, reached by Vote3")')
    look = Look(console, "counterexample")
    look.at_every_view(*THEMES)
    look.in_every_size()
    assert look.found == {}
    assert console.errors == []


def test_a_shrunk_failure_of_the_simulator_is_replayed(opened: Callable[..., Opened], tmp_path: Path) -> None:
    folder = simulated.fly(["--scenario", str(ROOT / "tests/data/simulation/two_liars.toml")], tmp_path)
    console = opened(Flight(run=folder), reduced_motion="reduce")
    page = console.page
    console.state("over: violation")
    console.wait(
        '#about:text-matches("A flight in the simulator, not on boards.*scenario: shrunk from two-liars: violation")'
    )
    page.keyboard.press("7")
    console.wait("#open-CON-11")
    console.keep("failure-properties")
    # The search for the shortest first part has tests of its own; here it has found line 100.
    found = {"state": "found", "lines": 100, "events": [], "violations": ["CON-11: planted"]}
    page.route("**/api/violation*", lambda route: route.fulfill(json=found))
    page.locator("#open-CON-11").click()
    console.wait('button:text-is("Go to this moment")').click()
    console.state("replay")
    console.wait('p:text-matches("verdict on the trace up to this moment")')
    line = json.loads((folder / "trace.ndjson").read_text().splitlines()[99])
    console.wait(f'#replay .at:text-matches("^{line["received"]:.3f} s of")')
    console.keep("failure-moment")
    page.keyboard.press("2")
    console.wait('p:text-matches("events in this window")')
    console.keep("failure-space-time")
    assert console.errors == []
