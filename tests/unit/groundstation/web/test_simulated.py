"""A failure of a campaign, and a shrunk one, are flown by the simulator into a folder that the console opens.

tests/data/simulation/two_liars.toml is what `amu shrink` made of six slots with two liars of four boards.
"""

import json
import os
from contextlib import closing
from pathlib import Path

import pytest
import typer

from groundstation.commands.console import console
from groundstation.record import run_directory
from groundstation.web import simulated
from groundstation.web.flights import Flight
from groundstation.web.simulated import SimulationError
from swarm_sim.campaign.store import Store
from swarm_sim.campaign.task import RUN_SEED, Finished, Task
from swarm_sim.outcome import Outcome
from tests import ROOT

SHRUNK = ROOT / "tests/data/simulation/two_liars.toml"


def store(path: Path, *outcomes: Outcome, function: str = RUN_SEED) -> Path:
    with closing(Store(path)) as made:
        made.identify(Task(function, 4, 3, 60.0, "code"))
        for outcome in outcomes:
            made.put(Finished(outcome, 1.0))
    return path


def test_a_shrunk_failure_is_a_run_that_is_over_with_its_verdict(tmp_path: Path) -> None:
    folder = simulated.fly(["--scenario", str(SHRUNK)], tmp_path)
    flight = Flight(run=folder)
    state = flight.state()
    assert (state["state"], state["kind"], state["verdict"]["verdict"]) == ("over", "simulated", "violation")
    assert "CON-11" in state["verdict"]["findings"][0]
    scenario = flight.scenario()
    assert scenario is not None
    assert scenario.description.startswith("shrunk from two-liars: violation CON-11")
    last = (folder / run_directory.TRACE).read_bytes().splitlines()[-1]
    assert json.loads(last)["event"] == "RunEnd"


def test_the_failure_of_a_campaign_is_its_most_frequent_one(tmp_path: Path) -> None:
    bad = [Outcome(seed, "violation", "CON-4", "two values", "slot 1", {}) for seed in (8, 12)]
    path = store(
        tmp_path / "s.sqlite", Outcome(3, "crash", "code", "boom", "", {}), Outcome(1, "pass", "", "", "", {}), *bad
    )
    assert simulated.is_store(path)
    assert simulated.failure(path, None) == ["8", "--nodes", "4", "--slots", "3"]
    assert simulated.failure(path, 12) == ["12", "--nodes", "4", "--slots", "3"]
    folder = simulated.fly(simulated.failure(path, None), tmp_path)
    assert run_directory.read_json(folder / run_directory.RUN)["seed"] == 8


def test_a_store_without_a_failure_that_can_be_flown_is_refused(tmp_path: Path) -> None:
    good = store(tmp_path / "good.sqlite", Outcome(1, "pass", "", "", "", {}))
    with pytest.raises(SimulationError, match="no seed of this campaign has failed"):
        simulated.failure(good, None)
    other = store(tmp_path / "other.sqlite", Outcome(1, "crash", "a", "b", "", {}), function="mine:run")
    with pytest.raises(SimulationError, match="amu sim alone did not fly its seeds; amu campaign --seeds 1:2"):
        simulated.failure(other, None)
    torn = tmp_path / "torn.sqlite"
    torn.write_bytes(good.read_bytes()[:2000])
    with pytest.raises(typer.Exit) as ended:
        console(str(torn), browser=False)
    assert ended.value.exit_code == 2


def test_a_scenario_that_cannot_be_flown_is_refused_and_leaves_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('name = "bad"\n[mission]\nboards = 3\n')
    with pytest.raises(SimulationError, match=r"^[^ ]*bad\.toml"):
        simulated.fly(["--scenario", str(path)], tmp_path / "runs")
    assert not list((tmp_path / "runs").glob("*"))


def test_a_file_that_is_no_store_is_left_to_others(tmp_path: Path) -> None:
    assert not simulated.is_store(tmp_path)
    assert not simulated.is_store(SHRUNK)
    assert not simulated.is_store(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    assert not simulated.is_store(tmp_path / "pipe")  # and does not wait for a writer
