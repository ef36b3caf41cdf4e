"""A bench from cold to a verdict: find its boards, deploy what differs, test each, fly, keep the result.

What a kind of board cannot do is said before anything flies: a bench that would fly an easier mission does not fly.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from groundstation.boards import bench, environment, keys, provision
from groundstation.boards.base import BoardError
from groundstation.boards.environment import BoardEntry
from groundstation.clocks import clocks
from groundstation.commands.rehearse import judge_flight
from groundstation.flight import progress, rehearsal
from groundstation.record import run_directory
from groundstation.scenario import model
from groundstation.verdict.verdict import Judgement
from hil.bench import self_test
from hil.bench.junit import Case
from hil.boards.pico import deploy, ports, tree
from hil.boards.pico.approach import approach
from specs.checking.trace import Reader
from specs.verdict import PASS

Tell = Callable[[str], None]  # a line for the operator


@dataclass
class Result:
    """The outcome. `cases`: as they came. `judgements`: of the flights."""

    cases: list[Case] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        """Whether all checks before the flights passed."""
        return all(case.problem is None for case in self.cases)


def make_ready(path: Path, tell: Tell) -> Result:
    """Find, deploy and test the boards of an environment file. Makes its keys if there are none.

    Raises EnvironmentFileError, KeysError. What is wrong with a board is a case with a problem.
    """
    described = environment.load(path)
    at = keys.path_of(path)
    if not at.exists():
        keys.make(at, described.name)
        tell(f"keys made: {at}")
    found = keys.load(at, described.name)
    result = Result()
    for entry in described.entries():
        result.cases += _ready(entry, provision.exits(found, entry.node), tell)
    return result


def _ready(entry: BoardEntry, exits: Sequence[bytes], tell: Tell) -> list[Case]:
    name = f"board-{entry.node}"
    properties = {"kind": entry.kind, "serial_number": entry.serial_number}
    if not entry.is_real:
        tell(f"board {entry.node}  {entry.kind}: made for each flight")
        return [Case(name, "found", 0.0, "made for each flight", properties=properties)]
    began = time.monotonic()
    try:
        files = tree.flight_files()
        with approach(ports.of_entry(entry), exits) as repl:
            is_changed = deploy.deploy(repl, files)
            properties |= {"firmware": tree.digest(files), "image": deploy.look(repl).image}
            deployed = time.monotonic() - began
            checks = self_test.run(repl, "" if entry.adapter_baud else entry.serial_number)
    except BoardError as error:
        tell(f"board {entry.node}  FAIL  {error}")
        return [Case(name, "found", time.monotonic() - began, problem=str(error), properties=properties)]
    what = "deployed" if is_changed else "has the firmware already"
    cases = [Case(name, "deploy", deployed, what, properties=properties)]
    seconds = time.monotonic() - began - deployed
    for check in checks:
        problem = None if check.passed else f"{check.detail}; {check.advice}"
        cases.append(Case(name, check.name, seconds / len(checks), check.detail, problem, properties))
    failed = [f"{check.name}: {check.detail}; {check.advice}" for check in checks if not check.passed]
    tell(f"board {entry.node}  {what} in {deployed:.1f} s, " + ("; ".join(failed) or f"{len(checks)} checks passed"))
    return cases


def fly(
    path: Path, mission: str, seed: int | None, speed: float | None, out: Path, tlc: bool, tell: Tell
) -> tuple[Case, Judgement]:
    """Fly one mission on the bench. `tell` hears what is odd about a clock; no verdict depends on that.

    Raises ScenarioError, PlanError, RunDirectoryError, TraceError, KeysError.
    """
    flown = bench.of_environment(path)
    scenario = model.load(mission).flown(len(flown.kinds), seed, speed)
    display = progress.display()
    began = time.monotonic()
    try:
        flight = rehearsal.fly(rehearsal.Plan(scenario, "", out, bench=flown), display)
    finally:
        display.close()
    judgement, problems = judge_flight(flight, tlc)
    problem = "; ".join([*([] if judgement.verdict == PASS else [judgement.verdict.upper()]), *problems]) or None
    properties = {
        "seed": str(scenario.mission.seed),
        "run": str(flight.directory),
        "kinds": flown.name,
    }
    odd = clocks.of_events(Reader(flight.directory / run_directory.TRACE)).troubles()
    for trouble in odd:
        tell(f"clock  {trouble}")
    detail = "\n".join([*judgement.findings, *odd])
    case = Case("flight", scenario.name, time.monotonic() - began, detail, problem, properties)
    return case, judgement
