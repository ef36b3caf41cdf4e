"""Pages of a served console in the Chromium that is installed on this machine."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.web.flights import Flight
from groundstation.web.people import RoleFile
from tests import ROOT
from tests.support import small_rehearsal
from tests.support.served import GIVE_UP_SECONDS, Served

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SCREENSHOTS = ROOT / "build" / "browser"
CONFIRMED = 'tr:has(td:text-is("local")):has(td:text-matches("confirmed after"))'
OFF = 'article[aria-label="board 3"].off'
ON = 'article[aria-label="board 3"]:not(.off)'
SCENARIO = (
    small_rehearsal.SCENARIO
    + """
[[faults]]
fault = "delay"
name = "always late"
seconds = 0.001
"""
)
STORED: dict[str, Any] = {
    "name": "stored",
    "description": "A run that is over, with a fault of each sort.",
    "mission": {"slots": 12, "limit_seconds": 60.0},
    "workload": {"operations": 12, "in_flight": 4},
    "faults": [
        {"fault": "drop", "probability": 0.05},
        {"fault": "light_time", "seconds": 0.02},
        {"fault": "contact_window", "passes": [{"aos": 0.0, "los": 0.6}], "period_seconds": 0.8, "outside": "hold"},
    ],
    "board_faults": [{"at": 0.2, "node": 1, "kind": "kill", "restart_after": 0.3}],
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test-browser")
    path = os.environ.get("AMU_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on PATH: install it, or name it in AMU_CHROMIUM")
    api.expect.set_options(timeout=GIVE_UP_SECONDS * 1000)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page of a console, with everything that went wrong on it, and all that it was sent."""

    def __init__(self, browser: Any, served: Served, kind: str = "", **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        self.served = served
        self._kind = kind
        self.page = self.context.new_page()
        self.page.set_default_timeout(GIVE_UP_SECONDS * 1000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._is_ours(request.url))
        self._sent: list[Any] = []  # frames of the live line, and answers
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._keep_frame))
        self.page.on("response", lambda answer: self._sent.append(answer))
        self.page.goto(f"http://127.0.0.1:{served.port}/")

    def _keep_frame(self, frame: Any) -> None:
        self._sent.append(frame if isinstance(frame, str) else frame.decode())

    def received(self) -> list[str]:
        """All that came from the console so far, in order: each frame of the live line, and the body of each answer."""
        return [one if isinstance(one, str) else one.body().decode(errors="replace") for one in list(self._sent)]

    def _is_ours(self, url: str) -> None:
        if not url.startswith(f"http://127.0.0.1:{self.served.port}/"):
            self.errors.append(f"another host is asked: {url}")

    def wait(self, selector: str) -> Any:
        """The first element of a selector, once it is visible."""
        found = self.page.locator(selector).first
        found.wait_for()
        return found

    def state(self, words: str) -> None:
        """Wait until the flight's state begins with these words."""
        self.wait(f'#flight-state:text-matches("^{words}")')

    def until(self, condition: str) -> None:
        """Wait until a condition on the page's `store` holds, in its language."""
        self.page.evaluate(
            f"""async (seconds) => {{
              const {{ store }} = await import("/page/store.js");
              const begin = performance.now();
              while (!({condition})) {{
                if (performance.now() - begin > seconds * 1000) throw new Error("never came");
                await new Promise((then) => setTimeout(then, 50));
              }}
            }}""",
            GIVE_UP_SECONDS,
        )

    def tab(self, title: str) -> None:
        self.page.get_by_role("tab", name=title).click()

    def acquire_lease(self, resource: str = "dock/9") -> None:
        """Send a telecommand by the page's form, and come back when it is confirmed."""
        self.tab("Telecommands")
        self.page.get_by_label("verb").select_option("lease-acquire")
        for field, value in (("resource", resource), ("holder", "1"), ("slots", "40")):
            self.page.get_by_label(f"{field} *").fill(value)
        self.page.get_by_role("button", name="Send").click()
        self.wait(f'{CONFIRMED}:has-text("{resource}")')

    def finish(self) -> str:
        """Finish the mission by its button, and open the report. Returns the report's heading."""
        self.page.get_by_role("button", name="Finish").click()
        self.state("over")
        with self.context.expect_page() as report:
            self.page.get_by_role("link", name="Report").click()
        return str(report.value.text_content("h1"))

    def keep(self, name: str) -> None:
        """A screenshot as an artefact, named after the kind of boards, too, where a test has several."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(SCREENSHOTS / f"{'-'.join(filter(None, (self._kind, name)))}.png"))


@pytest.fixture
def opened(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Opened]]:
    drawn = getattr(request.node, "callspec", None)
    kind = "" if drawn is None else str(drawn.params.get("small", ""))
    with contextlib.ExitStack() as stack:

        def make(flight: Flight, roles: RoleFile | None = None, **options: Any) -> Opened:
            served = Served(flight, roles)
            stack.callback(served.end_flight)
            stack.callback(served.close)
            one = Opened(browser, served, kind, **options)
            stack.callback(one.context.close)
            return one

        yield make


@pytest.fixture(params=["virtual", "host", "emulated"])
def small(tmp_path: Path, request: pytest.FixtureRequest) -> Flight:
    """A flight that a person starts, on boards of each kind."""
    if request.param == "emulated":
        request.getfixturevalue("pico_image")  # or the test is skipped
    return small_rehearsal.small(tmp_path, request.param, SCENARIO)
