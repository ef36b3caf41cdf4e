"""The pytest plugin in a project of its own: five lines fly a mission, and its JUnit file says on what."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

FIVE_LINES = """
def test_a_killed_board_comes_back(amu_swarm, amu_ether, amu_trace):
    amu_ether.add("drop", probability=0.05)
    flight = amu_swarm.fly(slots=6, board_faults=[{"kind": "kill", "node": 2, "at": 0.5, "restart_after": 0.5}])
    assert flight.verdict == "pass"
    assert [event["board"] for event in amu_trace("BoardKill")] == [2]
"""
OTHERS = """
def test_a_board(amu_board):
    assert amu_board.alive()

def test_a_mission_that_cannot_be_flown(amu_swarm):
    amu_swarm.fly(board_faults=[{"kind": "kill", "node": 9, "at": 0.5}])

def test_an_unseen_failure(amu_swarm, amu_trace):
    amu_swarm.fly(slots=3, mission={"limit_seconds": 2.0}, faults=[{"fault": "drop", "probability": 1.0}])
"""


def run_pytest(folder: Path, text: str, *options: str) -> tuple[int, str, ElementTree.Element]:
    (folder / "test_mine.py").write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--junitxml=mine.xml",
            *options,
            "test_mine.py",
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, ElementTree.parse(folder / "mine.xml").getroot()


def test_five_lines_fly_a_mission(tmp_path: Path) -> None:
    code, told, report = run_pytest(tmp_path, FIVE_LINES, "--amu-seed", "7")
    assert code == 0, told
    found = {entry.get("name"): entry.get("value") for entry in report.iter("property")}
    assert (found["amu_kinds"], found["amu_seed"], found["amu_verdict"]) == ("host", "7", "pass")
    assert (Path(found["amu_run"] or "") / "trace.ndjson").is_file()


def test_what_goes_wrong_fails_the_test_that_it_belongs_to(tmp_path: Path) -> None:
    code, told, report = run_pytest(tmp_path, OTHERS)
    assert code == 1
    outcomes = {case.get("name"): [child.tag for child in case] for case in report.iter("testcase")}
    assert "failure" not in outcomes["test_a_board"]
    assert "failure" in outcomes["test_a_mission_that_cannot_be_flown"]
    assert "there is no board 9" in told
    assert "error" in outcomes["test_an_unseen_failure"]  # the flight made no progress, and nobody asserted on it
    assert "no_progress" in told


def test_a_bad_environment_file_is_named(tmp_path: Path) -> None:
    code, told, _ = run_pytest(tmp_path, FIVE_LINES, "--amu-boards", "nowhere.toml")
    assert code == 1
    assert "nowhere.toml: cannot be read as an environment file" in told
