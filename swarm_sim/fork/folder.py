"""The folder of a simulated run: as a rehearsal's, so that `amu check`, `amu report` and `amu console` open it."""

import shlex
from dataclasses import replace
from pathlib import Path

from groundstation.record import run_directory, versions
from groundstation.scenario import toml_text
from groundstation.scenario.model import Scenario
from groundstation.verdict.verdict import judge
from swarm_sim.fork.branch import Flown, fly
from swarm_sim.fork.change import ForkError
from swarm_sim.outcome import Outcome

SIMULATED = "simulated"  # in the place of a kind of board


def create(path: Path) -> Path:
    """A new or an empty folder `path`. Raises ForkError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise ForkError(f"{path}: there are files in it, and none is overwritten; name a new folder")
    except OSError as error:
        raise ForkError(f"{path}: no run can be kept here ({error.strerror}); name another folder") from error
    return path.resolve()


def clear(directory: Path) -> None:
    """Remove what a run that failed has left in its folder."""
    for path in directory.iterdir():
        path.unlink(missing_ok=True)


def write(directory: Path, flown: Flown, replay: str) -> None:
    """All files of a run but its trace, which is there. `replay`: the command that repeats it. Raises OSError."""
    scenario, outcome = flown.scenario, flown.outcome
    about = {
        "run": directory.name,
        "scenario": scenario.name,
        "seed": scenario.mission.seed,
        "kind": SIMULATED,
        "kinds": [SIMULATED] * scenario.mission.boards,
    }
    judgement = judge(flown.verdict, None, directory, replay=replay)
    if outcome.verdict != judgement.verdict:  # an oracle of the simulator objects, beyond the trace
        found = f"{outcome.oracle}: {outcome.cause}\n{outcome.detail}"
        judgement = replace(judgement, verdict=outcome.verdict, findings=[found, *judgement.findings])
    run_directory.write_json(directory / run_directory.RUN, about)
    run_directory.write_text(directory / run_directory.SCENARIO, scenario_text(scenario))
    run_directory.write_json(directory / run_directory.VERSIONS, versions.collect())
    run_directory.write_json(directory / run_directory.VERDICT, judgement.as_dict())


def fly_into(path: Path, scenario: Scenario) -> Outcome:
    """Fly a scenario into a new folder. Raises ForkError, ScenarioError, OSError; leaves nothing behind then."""
    directory = create(path)
    try:
        flown = fly(scenario, [], directory / run_directory.TRACE)
        replay = f"amu sim --scenario {shlex.quote(str(directory / run_directory.SCENARIO))}"
        write(directory, flown, replay)
    except BaseException:
        clear(directory)
        directory.rmdir()
        raise
    return flown.outcome


def scenario_text(scenario: Scenario) -> str:
    """The scenario as a file."""
    return toml_text.dumps(scenario.model_dump(mode="json", exclude_unset=True))
