"""Rewinds a recorded run, changes one fault, and flies the branch: the folder of a run, with what differs.

    diff.json      the change, both outcomes, the first divergent event
    diff.html      the same with pictures
    origin.toml    the scenario before all changes; scenario.toml is the branch's
    parent.ndjson  the simulation that the branch left, if it is not the record itself (a run on boards)

Rules
- Both runs are flown, and the parent is compared with the record: a branch of something else would show nothing.
- Up to the moment of the change both must be equal to the byte. If they are not, flight code or simulator depend on
  what they must not know, and nothing is written but the crash.
"""

import shlex
import shutil
import tempfile
from pathlib import Path

from groundstation.record import run_directory
from swarm_sim.fork import compare, folder, page
from swarm_sim.fork.branch import Flown, fly, work_out_all
from swarm_sim.fork.change import Change, ForkError
from swarm_sim.fork.found import Fork
from swarm_sim.fork.origin import DIFF, ORIGIN, Origin, require_repeated

PARENT_TRACE, PAGE = "parent.ndjson", "diff.html"


class EarlyDivergence(Exception):
    """A branch that differs from its parent before the moment of the change: a bug of the simulator."""


def fork(origin: Origin, change: Change, out: Path) -> Fork:
    """Fly `origin` with `change` into the folder `out`, which is new or empty, and stays so if that fails. Raises
    ForkError, ScenarioError, OSError."""
    work_out_all(origin.scenario, [*origin.changes, change])  # refused before anything is flown
    directory = folder.create(out)
    try:
        return _fork(origin, change, directory, _replay(origin, change, out))
    except BaseException:
        folder.clear(directory)
        raise


def _fork(origin: Origin, change: Change, directory: Path, replay: str) -> Fork:
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="amu-fork-") as scratch:
        parent = fly(origin.scenario, origin.changes, Path(scratch) / PARENT_TRACE)
        if origin.is_simulated:
            if not require_repeated(origin.trace, parent.trace):
                notes.append("the record ends before the run does: what comes after it is known from its repetition")
        else:
            notes.append(
                "this run was flown on boards, which cannot be rewound: parent and branch are simulations of its "
                "scenario, other executions than the recorded one"
            )
        branch = fly(origin.scenario, [*origin.changes, change], directory / run_directory.TRACE)
        found = _compared(origin, change, parent, branch, notes)
        run_directory.write_text(directory / ORIGIN, folder.scenario_text(origin.scenario))
        folder.write(directory, branch, replay)
        run_directory.write_json(directory / DIFF, found.as_dict())
        page.write(found, directory / PAGE)
        if not origin.is_simulated:
            shutil.move(parent.trace, directory / PARENT_TRACE)
    return found


def _compared(origin: Origin, change: Change, parent: Flown, branch: Flown, notes: list[str]) -> Fork:
    divergence = compare.diverge(parent.trace, branch.trace)
    if divergence is not None and divergence.at < change.at:
        raise EarlyDivergence(
            f"the change is made at {change.at} s, but the branch leaves the run at line {divergence.line}: "
            f"{compare.told(divergence.first[1])}"
        )
    step = None if divergence is None else compare.diverge(parent.trace, branch.trace, boards_only=True)
    rows = compare.outcomes(parent.outcome, branch.outcome) + compare.slots(parent.trace, branch.trace)
    return Fork(origin, change, parent, branch, divergence, step, rows, notes)


def _replay(origin: Origin, change: Change, out: Path) -> str:
    words = ["amu", "fork", str(origin.path), "--at", repr(change.at)]
    for option, fault in (("--remove", change.remove), ("--set", change.set)):
        words += [option, fault] if fault is not None else []
    return shlex.join([*words, "--out", f"{out}-again"])


__all__ = ["PAGE", "PARENT_TRACE", "EarlyDivergence", "Fork", "ForkError", "fork"]
