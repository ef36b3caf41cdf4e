"""Plants a mistake in a copy of a feature's modules and reports which check noticed it.

A mutant of a model-checking run goes through TLC with the run's own cfg. TLC names an invariant or a step property that
is violated, but no other temporal property: if such a one is to catch the mutant, it alone is checked beside the
invariants, so that the answer is unambiguous.

A mutant with run "trace" is a module that forbids, or demands, what flight code does not: a trace of a sound swarm,
recorded once, is checked in a process whose `specs` is the mutated copy, and must be rejected. Its `caught_by` is the
identifier of a property in the verdict.
"""

import importlib
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import tests.spec_mutants
from specs import FOLDER
from specs.tla.syntax import configuration
from specs.tlc import runner as tlc
from specs.verification import plan
from swarm_sim.testing.cluster import Cluster, Links
from tests.spec_mutants.mutant import SpecMutant

TRACE = "trace"
TRACE_SECONDS_MAX = 300
_STEP_PROPERTY = re.compile(r"^Error: Action property (\S+)(?: .*)? is violated", re.MULTILINE)
_CHECK = """
import json, sys
from specs.checking.check import check_trace
verdict = check_trace(sys.argv[1])
violated = [name for name, state in verdict.invariants.items() if state == "violated"]
print(json.dumps({"verdict": verdict.verdict, "violated": violated, "steps": sum(verdict.steps.values())}))
"""


class CatalogueError(Exception):
    """A mutant that does not fit today's modules or plans."""


@dataclass(frozen=True)
class Kill:
    """The outcome of a mutant: `catchers` is empty for a survivor. `states`: distinct ones seen until then (for a
    trace, steps checked)."""

    mutant: SpecMutant
    catchers: tuple[str, ...]
    states: int
    seconds: float
    trouble: str = ""

    @property
    def is_as_listed(self) -> bool:
        return self.mutant.caught_by in self.catchers


def catalogue() -> list[SpecMutant]:
    """The mutants of every file beside this one, by the order of the files' names."""
    names = sorted(found.name for found in pkgutil.iter_modules(tests.spec_mutants.__path__))
    modules = [importlib.import_module(f"tests.spec_mutants.{name}") for name in names if name != "__main__"]
    return [mutant for module in modules for mutant in getattr(module, "MUTANTS", ())]


def require_fit(mutant: SpecMutant) -> None:
    """Raises CatalogueError if the mutant's place or run is no longer there, or its text would change nothing."""
    path = FOLDER / mutant.feature / mutant.module
    if not path.is_file():
        raise CatalogueError(f"{mutant.name}: there is no module {path}")
    count = path.read_text(encoding="utf-8").count(mutant.before)
    if count != 1:
        raise CatalogueError(f"{mutant.name}: its place stands {count} times in {mutant.module}, not once")
    if mutant.before == mutant.after:
        raise CatalogueError(f"{mutant.name}: it changes nothing")
    if mutant.run != TRACE:
        run_of(mutant)


def run_of(mutant: SpecMutant) -> plan.Run:
    """The run that must notice. Raises CatalogueError."""
    runs = plan.load(plan.folder_of(mutant.feature)).runs
    for run in runs:
        if run.name == mutant.run:
            return run
    raise CatalogueError(
        f"{mutant.name}: the plan of {mutant.feature} has no run {mutant.run!r}; "
        f"it has {', '.join(run.name for run in runs)}"
    )


def kill(mutant: SpecMutant) -> Kill:
    """Plant the mutant and see. Raises CatalogueError."""
    require_fit(mutant)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="amu-spec-mutant-") as scratch:
        try:
            catchers, states = (_by_trace if mutant.run == TRACE else _by_tlc)(mutant, Path(scratch))
        except (tlc.TlcError, subprocess.TimeoutExpired) as error:
            return Kill(mutant, (), 0, time.monotonic() - began, str(error))
    return Kill(mutant, catchers, states, time.monotonic() - began)


def copy_with(feature: str, module: str, before: str, after: str, folder: Path) -> None:
    """Copies a feature's modules into a folder, and changes one of them there."""
    for path in (FOLDER / feature).glob("*.tla"):
        shutil.copy(path, folder)
    _change(folder / module, before, after)


def _change(path: Path, before: str, after: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


def _by_tlc(mutant: SpecMutant, scratch: Path) -> tuple[tuple[str, ...], int]:
    copy_with(mutant.feature, mutant.module, mutant.before, mutant.after, scratch)
    run = run_of(mutant)
    wanted = configuration.read(FOLDER / mutant.feature / run.config)
    checked = [mutant.caught_by] if mutant.caught_by in wanted.properties else wanted.properties
    answer = tlc.run(
        scratch / run.module,
        replace(wanted, properties=checked).as_text(),
        workers=run.workers,
        deadlock=run.deadlock,
        simulate=run.walks if run.kind == "simulate" else None,
        depth=run.depth,
        heap_megabytes=run.heap_megabytes,
        timeout_seconds=run.timeout_seconds,
    )
    return _catchers(answer, mutant.caught_by, wanted), answer.states_distinct or answer.states_generated


def _catchers(answer: tlc.TlcResult, listed: str, wanted: configuration.Configuration) -> tuple[str, ...]:
    if answer.ok:
        return ()
    if answer.outcome == "invariant":
        return (answer.violated or "an invariant without a name",)
    if answer.outcome == "property":
        named = _STEP_PROPERTY.search(answer.output)
        if named is not None and named[1] in wanted.properties:
            return (named[1],)
        # Without a name, or with a line in its place: the only one that was checked.
        return (listed if listed in wanted.properties else "a temporal property",)
    return (answer.outcome,)


def _by_trace(mutant: SpecMutant, scratch: Path) -> tuple[tuple[str, ...], int]:
    shutil.copytree(FOLDER, scratch / "specs", ignore=shutil.ignore_patterns("__pycache__"))
    _change(scratch / "specs" / mutant.feature / mutant.module, mutant.before, mutant.after)
    environment = os.environ | {"PYTHONPATH": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _CHECK, str(recorded_trace())],
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TRACE_SECONDS_MAX,
    )
    if done.returncode:
        raise tlc.TlcError(f"the check broke: {done.stderr.strip().splitlines()[-1]}")
    told = json.loads(done.stdout)
    return tuple(told["violated"]), told["steps"]


@lru_cache(maxsize=1)
def recorded_trace() -> Path:
    """The trace of a sound swarm with lost and doubled frames, a kill, a power cut, turns and snapshots."""
    cluster = Cluster(4, 5, Links(drop=0.05, duplicate=0.05, delay_max=4), turn_ticks=20, snapshot_ticks=150)
    cluster.start()
    cluster.request(["shard-create", 1, b"", b"m"])
    lease = cluster.request(["lease-acquire", "shard/1", 7, 60])
    cluster.run(400, lambda: cluster.confirmed(lease) is not None)
    answer = cluster.confirmed(lease)
    assert answer is not None, "the recorded swarm grants a lease"
    token = answer[1][1]
    cluster.request(["cursor-advance", 1, token, b"c", b"first"])
    cluster.request(["cursor-advance", 1, token, b"a", b"refused: it would move back"])
    cluster.request(["shard-split", 1, token, b"k", 2])
    cluster.request(["lease-acquire", "dock/1", 8, 3])
    cluster.run(300)
    cluster.kill(0)
    cluster.run(400)
    cluster.start(0)
    cluster.run(400)
    cluster.request(["shard-complete", 1, token])
    cluster.run(400)
    return cluster.finish(Path(tempfile.mkdtemp(prefix="amu-recorded-")) / "trace.ndjson")


def trace_is_sound() -> str:
    """The verdict of the modules as they are on the recorded trace: "pass", or a mutant's rejection says nothing."""
    from specs.checking.check import check_trace

    return check_trace(recorded_trace()).verdict
