"""From a planted bug to boards that show it: the simulator finds a seed, `amu shrink` makes it small, MicroPython
boards fly the result and get the same verdict for breaking the same property. The tutorial takes the same way, and
tests/docs/test_tutorial.py runs it in every suite.

Boards live by the wall clock. So the bugs here are such that the shrunk scenario needs no luck: commands one after the
other, no timed faults.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.boards.base import board_kind
from groundstation.scenario import model as scenario
from swarm_sim.simulation import simulate
from tests.mutants.__main__ import module_path, plant
from tests.mutants.catalogue import ALL
from tests.mutants.simulated import VISIBLE, fly, way_of

VIOLATION_CODE = 3
FLIGHTS_MAX = 100
GIVE_UP_SECONDS = 240


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """A folder of runs. All their boards are switched off at the end."""
    path = tmp_path / "runs"
    yield path
    for boards in path.glob("*/boards"):
        for board in board_kind("virtual").attach(boards):
            board.close()


def _amu(tree: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command, with the code in `tree`."""
    return subprocess.run(
        [sys.executable, "-c", "from groundstation.cli import main; main()", *map(str, arguments)],
        cwd=tree,
        env=module_path(tree),
        capture_output=True,
        text=True,
        timeout=GIVE_UP_SECONDS,
    )


def _violation(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What the command printed as JSON; it must have found a violation."""
    assert done.returncode == VIOLATION_CODE, done.stdout[-2000:] + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["verdict"] == "violation"
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", ["decide on f+1 vote-4", "stale fencing token accepted"])
def test_boards_show_what_the_simulator_has_found_and_shrunk(name: str, tmp_path: Path, runs: Path) -> None:
    mutant = next(one for one in ALL if one.name == name)
    tree, small = tmp_path / "planted", tmp_path / "small.toml"
    tree.mkdir()
    plant(mutant, tree)
    hunted = fly(tree, name, range(VISIBLE[name]), way_of(mutant))
    assert hunted.outcome is not None

    shrunk = _amu(tree, "shrink", hunted.outcome["seed"], "--out", small, "--for", "virtual", "--runs", FLIGHTS_MAX)
    assert shrunk.returncode == 0, shrunk.stderr
    simulated = _violation(_amu(tree, "sim", "--scenario", small, "--json"))
    flown = _violation(_amu(tree, "rehearse", small, "--no-tlc", "--json", "--out", runs))

    staged = next(runs.glob("*/boards/firmware")) / Path(mutant.file).relative_to("firmware")
    assert mutant.after in staged.read_text()
    assert flown["findings"][0].startswith(f"{simulated['oracle']}: ")
    assert simulated["oracle"] == hunted.outcome["oracle"]
    left = scenario.load(str(small))
    assert len(left.faults) + len(left.board_faults) + len(left.byzantine) <= 1
    assert simulate(left).verdict == "pass"  # sound code does
