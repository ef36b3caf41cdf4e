"""Golden scripts: what nodes do, message by message, on both interpreters. `make golden-update` rewrites them."""

import sys
from pathlib import Path

import pytest

from tests.golden.engine import play
from tests.support.flight.interpreters import run_micropython

HERE = Path(__file__).parent
SCRIPTS = sorted((HERE / "scripts").glob("*.txt"))


def played(script: str) -> str:
    return "".join(f"{line}\n" for line in play(script.splitlines()))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_cpython_plays_it_as_written(script: Path) -> None:
    assert played(script.read_text()) == script.read_text()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_micropython_plays_it_as_written(script: Path) -> None:
    done = run_micropython(HERE / "engine.py", str(script), heap="1600k")  # four boards in one
    assert done.stdout == script.read_text()


def test_a_changed_line_is_noticed() -> None:
    text = SCRIPTS[0].read_text()
    changed = text.replace("Boot", "Toot", 1)
    assert played(changed) == text != changed


if __name__ == "__main__":
    for path in SCRIPTS:
        path.write_text(played(path.read_text()))
        print("updated", path, file=sys.stderr)
