"""What a recorded run was: its scenario, the changes that made it, and its trace.

Rules
- A run of the simulator says so in its trace, and can be repeated to the byte. Its scenario is in its folder; of a
  single trace it is a shipped one or the one drawn from its seed, or the caller names a file.
- A run on boards cannot be rewound: boards have no seed of their own timing. Its scenario can be flown in simulation,
  and that is another execution.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundstation.record import run_directory
from groundstation.scenario import model as scenario_files
from groundstation.scenario.model import Scenario, ScenarioError
from specs import strict_json
from specs.files import open_regular
from swarm_sim.draw.draw import draw
from swarm_sim.fork.change import Change, ForkError

DIFF, ORIGIN = "diff.json", "origin.toml"  # of a branch: how it came about, and the scenario before all changes
SIMULATOR = "sim"  # what the simulator writes as a trace's run


@dataclass(frozen=True)
class Origin:
    """A recorded run. scenario: before `changes`. is_simulated: it can be repeated to the byte."""

    path: Path
    scenario: Scenario
    changes: list[Change]
    trace: Path
    is_simulated: bool


def read(path: Path, scenario: Path | None = None, slots: int = 20) -> Origin:
    """The run in a folder, or of a trace. `scenario`: the file that it flew; `slots`: if it was drawn from a seed.
    Raises ForkError, ScenarioError, RunDirectoryError."""
    trace = run_directory.trace_of(path)
    start = run_start(trace)
    is_simulated = start["run"] == SIMULATOR
    folder = None if path.is_file() else trace.parent
    if scenario is not None:
        return Origin(trace, _as_flown(scenario_files.load(str(scenario)), start), [], trace, is_simulated)
    if folder is None:
        if not is_simulated:
            raise ForkError(f"{path}: a trace of boards alone; want the run's folder, which has the scenario as flown")
        return Origin(trace, _found(start, slots), [], trace, True)
    if (folder / DIFF).exists():
        root = scenario_files.load(str(folder / ORIGIN))
        return Origin(folder, root, _changes(folder / DIFF), trace, True)
    return Origin(folder, scenario_files.load(str(folder / run_directory.SCENARIO)), [], trace, is_simulated)


def run_start(trace: Path) -> Mapping[str, Any]:
    """The first line of a trace. Raises ForkError."""
    try:
        with open_regular(trace) as file:
            line = file.readline()
        start = strict_json.loads(line.decode())
    except OSError as error:
        raise ForkError(f"{trace}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ForkError(f"{trace}: line 1: {error}; want a trace as amu sim or amu rehearse records it") from error
    if not isinstance(start, dict) or start.get("event") != "RunStart" or "run" not in start:
        raise ForkError(f"{trace}: line 1: want RunStart, the first event of a run")
    return start


def _found(start: Mapping[str, Any], slots: int) -> Scenario:
    """The scenario of a simulated trace, by its name. Raises ForkError, ScenarioError."""
    name, seed = start["scenario"], start["seed"]
    drawn = draw(seed, start["replica_count"], slots)
    if drawn.name == name:
        return drawn
    if name in scenario_files.shipped():
        return _as_flown(scenario_files.load(name), start)
    raise ForkError(
        f"the trace is of scenario {name}, which is neither shipped nor drawn; give its file with --scenario"
    )


def _as_flown(scenario: Scenario, start: Mapping[str, Any]) -> Scenario:
    return scenario.flown(seed=start["seed"])


def _changes(path: Path) -> list[Change]:
    try:
        members = strict_json.load(path)
        assert isinstance(members, dict)
        return [Change(**change) for change in members["changes"]]
    except (strict_json.JsonError, AssertionError, KeyError, TypeError) as error:
        raise ForkError(f"{path}: {error or 'no object'}; want the file that amu fork wrote") from error


def require_repeated(record: Path, flown: Path) -> bool:
    """Compare a simulated record with its repetition, byte by byte. True if the record has an end, else it is a
    beginning. Raises ForkError if they differ."""
    with record.open("rb") as recorded, flown.open("rb") as repeated:
        for number, line in enumerate(recorded, 1):
            again = repeated.readline()
            if line != again and not (again.startswith(line) and not line.endswith(b"\n")):
                raise ForkError(
                    f"{record}: line {number}: this version does not repeat the recorded run, so it cannot be rewound. "
                    f"Recorded is {_brief(line)}, repeated {_brief(again)}. Fly it with the version that recorded it, "
                    f"or give the scenario that it flew with --scenario (--slots, if it was drawn from a seed)"
                )
        return not repeated.readline()


def _brief(line: bytes) -> str:
    try:
        event = json.loads(line)
        return f"{event['event']} of node {event['node']} at {event['received']:.3f} s"
    except (ValueError, KeyError, TypeError):
        return "the end" if not line else repr(line[:60])


__all__ = ["DIFF", "ORIGIN", "Origin", "ScenarioError", "read", "require_repeated", "run_start"]
