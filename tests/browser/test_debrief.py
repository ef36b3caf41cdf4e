"""The debrief in a browser: barriers, both themes, sizes; and printed by Chromium."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from groundstation.debrief import printed, write
from tests.browser import axe
from tests.browser.conftest import SCREENSHOTS
from tests.unit.groundstation.debrief.test_people import rehearsal

pytestmark = pytest.mark.browser
SIZES = {"large": (1920, 1080), "usual": (1366, 768), "narrow": (390, 844)}


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return rehearsal().save(tmp_path / "trace.ndjson")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_read_it_in_both_themes_and_it_fits(browser: Any, trace: Path, theme: str) -> None:
    page_file = write.write(trace)
    context = browser.new_context(color_scheme=theme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    axe.begin(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        serious = axe.serious(page)
        found |= {name: serious} if serious else {}
        page.screenshot(path=str(SCREENSHOTS / f"debrief-{theme}-{name}.png"), full_page=True)
    assert found == {}
    page.locator("nav a").last.click()
    assert asked == [page_file.as_uri()]  # nothing else is fetched
    context.close()


def test_chromium_prints_it(trace: Path, tmp_path: Path) -> None:
    if not any(map(shutil.which, printed.NAMES)):
        pytest.skip("no Chromium on PATH: install it, or name it in AMU_CHROMIUM")
    out = printed.write(trace, tmp_path / "debrief.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b", out.read_bytes())) >= 5
