"""A whole rehearsal on real virtual boards, flown by clicks, and again by keys alone."""

from collections.abc import Callable

import pytest

from groundstation.web.flights import Flight
from tests.browser.conftest import CONFIRMED, OFF, ON, Opened

pytestmark = pytest.mark.browser

SECOND_LIFE = 'article[aria-label="board 2"] dt:text-is("life") + dd:text-is("1")'
HOLDS = '[aria-label="End late"]'


def test_a_rehearsal_is_flown_by_clicks(opened: Callable[..., Opened], small: Flight) -> None:
    console = opened(small)
    page = console.page
    console.state("ready")
    page.get_by_role("button", name="Start").click()
    console.state("flying")

    console.acquire_lease()
    console.wait(CONFIRMED).get_by_role("button").click()
    console.wait('th:text-is("confirmed by f + 1")')
    console.keep("telecommands")

    console.tab("Faults")
    page.locator("#link-kind").select_option("delay")
    page.locator("#link-name").fill("late")
    page.locator("form [data-field=seconds]").first.fill("0.01")
    page.get_by_role("button", name="Begin", exact=True).click()
    console.wait(HOLDS).click()
    page.locator(HOLDS).wait_for(state="detached")
    console.keep("faults")

    console.tab("Swarm")
    page.get_by_role("button", name="Kill board 3").click()
    console.wait(OFF)
    page.locator("#actions").get_by_role("button", name="alarm").click()
    page.get_by_role("button", name="Acknowledge board off").click()
    console.wait('td:text-matches("acknowledged")')
    console.tab("Swarm")
    page.get_by_role("button", name="Start board 3").click()
    console.wait(ON)
    page.get_by_role("button", name="Restart board 2").click()
    console.wait(SECOND_LIFE)
    console.keep("swarm")

    assert "small" in console.finish()
    assert console.errors == []


def test_a_rehearsal_is_flown_by_keys(opened: Callable[..., Opened], small: Flight) -> None:
    console = opened(small)
    keys = console.page.keyboard
    console.state("ready")
    keys.press("s")
    console.state("flying")

    keys.press("4")
    keys.press("n")
    keys.type("lease-acquire")
    for value in ("dock/8", "2", "40"):
        keys.press("Tab")
        keys.type(value)
    keys.press("Enter")
    console.wait(CONFIRMED)
    keys.press("Escape")

    keys.press("5")
    keys.press("n")
    keys.type("delay")
    keys.press("Tab")
    keys.press("Control+a")
    keys.type("late")
    for _ in range(2):  # past how long
        keys.press("Tab")
    keys.type("0.01")
    keys.press("Enter")
    console.wait(HOLDS)
    keys.press("Escape")
    keys.press("e")
    console.page.locator(HOLDS).wait_for(state="detached")

    keys.press("1")
    for _ in range(3):
        keys.press(".")
    keys.press("k")
    console.wait(OFF)
    console.wait('#actions button:text-matches("alarm")')
    keys.press("a")
    keys.press("6")
    console.wait('td:text-matches("acknowledged")')
    keys.press("1")
    keys.press("b")
    console.wait(ON)
    keys.press(",")
    keys.press("r")
    console.wait(SECOND_LIFE)

    keys.press("2")
    keys.press("]")
    console.wait(".detail h3")
    keys.press("m")
    console.wait('.tools button:text-matches("Lamport")')
    console.keep("space-time")
    keys.press("8")
    console.wait(".plot canvas")
    console.keep("plots")
    keys.press("9")
    console.wait("svg.lanes")
    console.keep("timeline")

    keys.press("x")
    console.state("over")
    with console.context.expect_page() as report:
        keys.press("o")
    assert "small" in report.value.text_content("h1")
    assert console.errors == []
