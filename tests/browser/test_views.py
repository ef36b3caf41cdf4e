"""Every view of the page, by its own list, with content and without, in both themes and four sizes: barriers, layout.

Pictures of all of them are artefacts: build/browser/<content>-<theme>-<view>.png. Look at them after a change.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundstation.web.flights import Flight
from groundstation.web.people import Entry, RoleFile
from tests.browser import axe
from tests.browser.conftest import STORED, Opened
from tests.support.host_flight import fly
from tests.support.records.planted import with_another_decision

pytestmark = pytest.mark.browser

SIZES = {"narrow": (420, 800), "small": (1280, 720), "laptop": (1440, 900), "desk": (1920, 1080)}
THEMES = ("light", "dark")
EXPECTED = {
    "overview", "space-time", "slots", "commands", "faults", "alarms", "properties", "plots", "timeline", "events",
    "procedure", "why",
}  # fmt: skip
WITH_PROCEDURE = STORED | {
    "procedure": {
        "title": "Look around",
        "steps": [
            {"name": "all vote", "text": "Wait until all boards vote.", "expect": {"voting": 4}, "within_seconds": 20},
            {"name": "go", "hold": True, "poll": ["operator", "director"]},
        ],
    },
    "injects": [{"name": "board 2 fails", "at": 0.3, "order": {"kind": "board", "board": 2, "action": "kill"}}],
}
STALLED = """
name = "stalled"
description = "A mission in which two boards of four are cut off: nothing can be decided."
[mission]
slots = 4
limit_seconds = 300
no_progress_seconds = 200
[workload]
operations = 8
in_flight = 2
[[alarms]]
name = "nothing is confirmed"
parameter = "unconfirmed_seconds"
warning_high = 0.2
[[faults]]
fault = "partition"
name = "two are cut off"
groups = [[2], [3]]
[procedure]
title = "Acquire the dock"
[[procedure.steps]]
name = "acquire"
text = "Go or no-go, then acquire the lease of the dock."
hold = true
poll = ["operator", "director"]
order = { kind = "telecommand", verb = "lease-acquire", fields = { resource = "dock/9", holder = 1, slots = 50 } }
expect = { stage = "confirmed" }
within_seconds = 20
[[injects]]
name = "board 1 fails"
text = "The crew should see that board 1 is silent."
order = { kind = "board", board = 1, action = "kill", fields = { restart_after = 2.0 } }
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that is over."""
    return fly(tmp_path_factory.mktemp("runs"), **WITH_PROCEDURE).directory


@pytest.fixture
def stalled(tmp_path: Path) -> Flight:
    """A flight that stands still, ready to start."""
    scenario = tmp_path / "stalled.toml"
    scenario.write_text(STALLED)
    return Flight([str(scenario), "--out", str(tmp_path / "runs"), "--kind", "host", "--no-tlc"])


class Look:
    """Looks at one page: barriers by axe-core, and what does not fit."""

    def __init__(self, console: Opened, content: str) -> None:
        self.console, self.page, self._content = console, console.page, content
        axe.begin(self.page)
        self.views = self.page.locator("#tabs button").evaluate_all("tabs => tabs.map((tab) => tab.dataset.name)")
        self.found: dict[str, Any] = {}

    def at(self, name: str) -> None:
        """Look at what is open now, and keep a picture."""
        theme = self.page.evaluate("document.documentElement.dataset.theme ?? ''")
        what = "-".join(filter(None, (self._content, theme, name)))
        serious = axe.serious(self.page)
        if serious:
            self.found[what] = serious
        self.console.keep(what)

    def everywhere(self) -> None:
        """At every view in both themes and every size, and at the list of keys."""
        self.at_every_view(*THEMES)
        self.in_every_size()
        self.page.keyboard.press("?")
        self.console.wait("dialog[open]")
        self.at("keys")

    def at_every_view(self, *themes: str) -> None:
        """In these themes."""
        self.at_every_view_of(self.views, *themes)

    def at_every_view_of(self, views: list[str], *themes: str) -> None:
        for theme in themes:
            self.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            for view in views:
                self.page.locator(f"#tab-{view}").click()
                self.console.wait('[role="tabpanel"] .card')
                self.at(view)

    def in_every_size(self) -> None:
        """Whether each view fits."""
        for view in self.views:
            self.page.locator(f"#tab-{view}").click()
            self.fits_in_every_size(view)

    def fits_in_every_size(self, what: str) -> None:
        """Whether what is open now fits."""
        usual = self.page.viewport_size
        for name, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self._fits(f"{name} {what}", has_one_row=name != "narrow")
        self.page.set_viewport_size(usual)

    def _fits(self, what: str, has_one_row: bool) -> None:
        surplus, rows = self.page.evaluate(
            """() => [document.documentElement.scrollWidth - innerWidth,
                      new Set([...document.querySelectorAll("#tabs button")].map((tab) => tab.offsetTop)).size]"""
        )
        if surplus > 0:
            self.found[f"{what}: wider than the window"] = surplus
        if has_one_row and rows != 1:
            self.found[f"{what}: rows of tabs"] = rows


def test_the_list_of_views_is_that_of_the_page(opened: Callable[..., Opened], stored: Path) -> None:
    look = Look(opened(Flight(run=stored)), "stored")
    assert set(look.views) >= EXPECTED
    keys = look.page.locator("#tabs button").evaluate_all("tabs => tabs.map((tab) => tab.ariaKeyShortcuts)")
    assert len(set(keys)) == len(look.views)
    for key, view in zip(keys, look.views):
        look.page.keyboard.press(key)
        look.console.wait(f'#tab-{view}[aria-selected="true"]')


def test_every_view_of_a_stored_run(opened: Callable[..., Opened], stored: Path) -> None:
    console = opened(Flight(run=stored), reduced_motion="reduce")
    console.wait('article[aria-label="board 1"]')
    look = Look(console, "stored")
    look.everywhere()
    assert look.found == {}
    assert console.errors == []


def test_every_view_of_a_flight_that_stands_still(opened: Callable[..., Opened], stalled: Flight) -> None:
    console = opened(stalled, reduced_motion="reduce")
    page = console.page
    console.state("ready")
    look = Look(console, "ready")
    look.at_every_view("light")
    page.keyboard.press("s")
    console.state("flying")
    page.keyboard.press("c")
    console.wait('button[aria-description="acquire"]:text-matches("Begin")').click()
    console.wait('button[aria-description="acquire"]:text-matches("^Go")')
    page.keyboard.press("y")
    console.wait('.badge:text-matches("impossible under the present faults")')
    console.wait('#actions button:text-matches("alarm")')
    flying = Look(console, "stalled")
    flying.at_every_view("dark")
    flying.in_every_size()
    page.evaluate("import('/page/main.js').then(({ notify }) => notify('refused: there is no board 9'))")
    flying.at("refused")
    console.served.end_flight()
    assert look.found | flying.found == {}
    assert console.errors == []


def test_a_trace_with_a_violation(opened: Callable[..., Opened], tmp_path: Path) -> None:
    trace = tmp_path / "trace.ndjson"
    flight = fly(tmp_path / "runs", mission={"slots": 2}, workload={"operations": 2})
    trace.write_bytes(with_another_decision((flight.directory / "trace.ndjson").read_bytes()))
    console = opened(Flight(trace=trace), reduced_motion="reduce")
    console.page.keyboard.press("7")
    row = 'tr:has(th button:text-is("CON-4"))'
    console.wait(f'{row} td.bad:text-is("violated")')
    look = Look(console, "violated")
    look.at_every_view_of(["properties"], *THEMES)

    console.wait("#open-CON-4").focus()
    console.page.keyboard.press("Enter")
    console.wait('p:text-matches("The first [0-9]+ lines of the trace show it")')
    marked = console.page.locator(".prefix tr:has(td.marked)")
    assert marked.count() == 2
    assert "Decide" in marked.first.text_content()
    assert "▶" in marked.last.text_content()
    console.wait('pre:text-matches("Agreement ==")')
    assert console.page.locator('#open-CON-4[aria-expanded="true"]').count() == 1
    for theme in THEMES:
        console.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        look.at("opened")
    look.fits_in_every_size("properties")
    console.page.keyboard.press("Escape")
    console.page.locator(".prefix").wait_for(state="detached")
    console.page.keyboard.press("v")
    console.wait('h2:text-is("CON-1 is violated")')
    console.page.keyboard.press("v")
    console.wait('h2:text-is("CON-4 is violated")')
    assert look.found == {}
    assert console.errors == []


@pytest.mark.parametrize("theme", THEMES)
def test_what_stands_where_there_is_no_view(
    opened: Callable[..., Opened], stored: Path, tmp_path: Path, theme: str
) -> None:
    """The question for a token, a flight that cannot start, and a console that does not answer."""
    roles = RoleFile(people=[Entry(name="olga", role="observer", token_sha256="ab" * 32)])
    asked = opened(Flight(run=stored), roles, color_scheme=theme)
    asked.wait("#token").fill("wrong")
    asked.page.keyboard.press("Enter")
    asked.wait('dialog p.bad:text-matches("token")')
    login = Look(asked, f"{theme}-login")
    login.at("wrong-token")

    scenario = tmp_path / "bad.toml"
    scenario.write_text('name = "bad"\n')
    failed = opened(Flight([str(scenario), "--out", str(tmp_path / "runs")]), color_scheme=theme)
    failed.wait("#actions")
    failed.page.keyboard.press("s")
    failed.state("cannot start")
    refused = Look(failed, f"{theme}-failed")
    refused.at("cannot-start")
    failed.served.close()
    failed.wait('#notice:text-matches("does not answer")')
    refused.at("no-answer")
    assert login.found | refused.found == {}
