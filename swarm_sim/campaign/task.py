"""The function that a campaign runs on each seed, and the fingerprint of its code.

The fingerprint is SHA-256 over the files that determine an outcome: flight software, simulator, checker, TLA+ modules,
ground station, and the function's own file if it is not among these. A module whose functions depend on other code
lists that in its own CODE. Outcomes of different fingerprints are never combined: a store has one, and a worker with
another refuses to work.
"""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from groundstation.record.versions import digest_of_files
from swarm_sim.outcome import Outcome

RUN_SEED = "swarm_sim.simulation:run_seed"
# Packages, and their files that determine outcomes.
CODE = (
    ("amu", "**/*.py"),
    ("swarm_sim", "**/*.py"),
    ("specs", "**/*.py"),
    ("specs", "**/*.tla"),
    ("groundstation", "**/*.py"),
)

RunSeed = Callable[[int, int, int], Outcome]


class TaskError(Exception):
    """There is no such function, or its code is not the task's. The message is one line: what is wrong, what to do."""


@dataclass(frozen=True)
class Task:
    """`function` ("module:name") is called with (seed, nodes, slots). A seed that takes over `seconds_max` hangs."""

    function: str
    nodes: int
    slots: int
    seconds_max: float
    fingerprint: str


@dataclass(frozen=True)
class Finished:
    """An outcome, and the time that the host took: a fact about the host, not about the seed."""

    outcome: Outcome
    seconds: float


def load(function: str) -> RunSeed:
    """The function of a dotted name. Raises TaskError if there is none."""
    module_name, _, name = function.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise TaskError(f"no function {function!r}: {error}; write it as module:name") from error
    if not callable(found):
        raise TaskError(f"{function} is not a function")
    run_seed: RunSeed = found
    return run_seed


def fingerprint(function: str) -> str:
    """SHA-256 over the code behind `function`, hex. Raises TaskError if it cannot be loaded."""
    return digest_of_files(code_of(function).items())


def code_of(function: str) -> dict[str, Path]:
    """The files that determine the outcomes of `function`, by name. Raises TaskError if it cannot be loaded."""
    load(function)
    module = importlib.import_module(function.partition(":")[0])
    files: dict[str, Path] = {}
    for package, pattern in getattr(module, "CODE", CODE):
        root = _path(package).parent
        files.update({f"{package}/{path.relative_to(root).as_posix()}": path for path in root.glob(pattern)})
    own = _path(module.__name__)
    if own.is_file() and own not in files.values():
        files[own.name] = own
    return files


def _path(module: str) -> Path:
    return Path(getattr(importlib.import_module(module), "__file__", None) or "").resolve()


def replay(task: Task, seed: int) -> str:
    """The command that runs only this seed."""
    if task.function == RUN_SEED:
        return f"amu sim {seed} --nodes {task.nodes} --slots {task.slots}"
    arguments = f"--nodes {task.nodes} --slots {task.slots} --function {shlex.quote(task.function)}"
    return f"amu campaign --seeds {seed}:{seed + 1} {arguments}"
