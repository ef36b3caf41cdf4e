"""Each command of a page that promises it is run in a copy of the project, and does what the page says.

The tutorial is the way from a planted bug to boards that show it: the simulator finds a seed, `amu shrink` makes it
small, and MicroPython boards break the same property.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundstation.boards.base import board_kind
from groundstation.scenario import model
from swarm_sim.simulation import simulate
from tests import ROOT
from tests.docs import tutorial
from tests.style.tree_rules import tracked_files

TUTORIAL = "docs/start.md"
OWN_TRACE = "docs/howto/check_your_own_trace.md"


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A fresh checkout with the environment that the tests run in. Boards that were left running are switched off."""
    for path in tracked_files():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    (tmp_path / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        (tmp_path / ".venv" / part.name).symlink_to(part)
    stamp = tmp_path / ".venv/.stamp"
    stamp.unlink(
        missing_ok=True
    )  # a link: the copy has its own, newer than all else, so that `make venv` has nothing to do
    stamp.touch()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "All"]):
        subprocess.run([*git, *arguments], cwd=tmp_path, check=True)
    yield tmp_path
    for boards in tmp_path.glob("runs/*/boards"):
        for board in board_kind("virtual").attach(boards):
            board.close()


def environment(tree: Path) -> dict[str, str]:
    """The environment in which the code of `tree` comes first."""
    path = f"{tree / 'firmware'}{os.pathsep}{tree}"
    return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "250"}


def run(page: str, tree: Path) -> None:
    """Run every command of a page."""
    found = list(tutorial.commands((tree / page).read_text()))
    assert len(found) > 5
    for command in found:
        problem = tutorial.problem(command, tree, environment(tree))
        assert problem is None, f"{page}: {problem}"


def test_every_command_of_the_page_on_own_traces_does_what_the_page_says(copy: Path) -> None:
    run(OWN_TRACE, copy)


def test_every_command_of_the_tutorial_does_what_the_page_says(copy: Path) -> None:
    run(TUTORIAL, copy)
    left = model.load(str(copy / "small.toml"))
    assert len(left.faults) + len(left.board_faults) + len(left.byzantine) <= 1
    assert simulate(left).verdict == "pass"  # sound code does


PLANTED = """
```console
$ echo 'one 12'; echo three
one 7
...
$ false
```

<!-- exit 3 -->
```console
$ exit 3
$ echo four
five
$ cat <<'EOF'
> 6
>
> six
> EOF
6
```
"""


def test_a_command_that_fails_or_prints_something_else_is_reported(tmp_path: Path) -> None:
    problems = [tutorial.problem(one, tmp_path, os.environ) for one in tutorial.commands(PLANTED)]
    assert problems[0] is None
    assert problems[1] == "line 6: $ false\n\nexit code 1, the page says 0"
    assert problems[2] is None
    assert problems[3] == "line 12: $ echo four\nfour\n\nexit code 0, the page says 3"
    assert problems[4] is not None
    assert "6\n\nsix\n\nexit code 0" in problems[4]


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        ("", None),
        ("a 1\nb", None),
        ("a ... c", None),
        ("c ... a", "a"),
        ("d", "d"),
    ],
)
def test_the_output_that_a_page_shows_is_looked_for_in_order(shown: str, missing: str | None) -> None:
    assert tutorial.not_printed(shown, "a 22 b\n c") == missing
