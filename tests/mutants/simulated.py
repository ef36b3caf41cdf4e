"""Plants each bug of the catalogue in flight code, one at a time, and lets the simulator hunt for it.

    python -m tests.mutants.simulated [PART_OF_A_NAME ...] [--seeds N] [--jobs J] [--json FILE]

Seeds are drawn and flown from 0 on until one fails; sound code must pass that same seed, or it counts for nothing. One
line a mutant: seeds flown, oracle and cause, processor seconds. Exit code 1 if a mutant of VISIBLE is not seen within
its number of seeds, or within N if that is less; 2 if sound code fails.

Bugs of wire and boards fly encoded: only there are frames built, sealed and checked.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from swarm_sim.draw import NODES_DEFAULT
from tests.mutants.__main__ import ROOT, module_path, plant
from tests.mutants.catalogue import MUTANTS, Mutant

SEEDS_DEFAULT = 150
SEED_SECONDS_MAX = 60  # of wall time, on average
ENCODED = ("firmware/amu/wire/", "firmware/amu/boards/")
FLIGHT_CODE = ("firmware/", "swarm_sim/adversary/")

# What takes two faulty boards.
NODES = {
    "one liar's answer sets the vote floor": 7,
    "an adopted checkpoint's digest is not checked": 7,
}
# Seeds by which the simulator has seen the bug.
VISIBLE: dict[str, int] = {
    "decide on f+1 vote-4": 1,
    "stale fencing token accepted": 2,
}
# Why the simulator does not see the others.
UNSEEN: dict[str, str] = {}


@dataclass(frozen=True)
class Hunted:
    """What the simulator had to say of one mutant. `outcome`: of the seed that failed; None: none did."""

    name: str
    outcome: dict[str, Any] | None
    seeds: int
    seconds: float

    def line(self) -> str:
        """For the table."""
        if self.outcome is None:
            said = f"not seen in {self.seeds} seeds. {UNSEEN.get(self.name, '')}"
        else:
            said = f"{self.seeds:3} seeds, {self.outcome['oracle']}: {self.outcome['cause']}"
        return f"{self.name:76} {self.seconds:6.1f} s  {said[:160]}"


class Way(NamedTuple):
    """How a mutant's seeds are flown."""

    nodes: int
    is_encoded: bool


def way_of(mutant: Mutant) -> Way:
    return Way(NODES.get(mutant.name, NODES_DEFAULT), mutant.file.startswith(ENCODED))


def flying() -> list[Mutant]:
    """The mutants of flight code: those of the checker do not fly."""
    return [mutant for mutant in MUTANTS if mutant.file.startswith(FLIGHT_CODE)]


def fly(tree: Path, name: str, seeds: Iterable[int], way: Way) -> Hunted:
    """Fly `seeds` with the code in `tree` up to the first failure. Raises RuntimeError if they cannot be flown."""
    arguments = [str(seed) for seed in seeds]
    command = [sys.executable, "-m", "tests.mutants.hunt", "--nodes", str(way.nodes)]
    command += ["--encoded"] if way.is_encoded else []
    command += arguments
    done = subprocess.run(
        command,
        cwd=tree,
        env=module_path(tree),
        capture_output=True,
        text=True,
        timeout=SEED_SECONDS_MAX * len(arguments),
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name}: the simulator does not run: {done.stderr.strip()}")
    return Hunted(name, **json.loads(done.stdout))


def hunt(mutant: Mutant, seeds: int) -> Hunted:
    """Plant `mutant` and fly at most so many seeds."""
    with tempfile.TemporaryDirectory(prefix="amu-mutant-") as folder:
        tree = Path(folder)
        plant(mutant, tree)
        return fly(tree, mutant.name, range(seeds), way_of(mutant))


def sound_failures(hunted: Sequence[Hunted]) -> list[Hunted]:
    """Of the seeds that found a bug: those on which sound code fails, too."""
    ways = {mutant.name: way_of(mutant) for mutant in flying()}
    failures = []
    for way in sorted(set(ways.values())):
        seeds = {one.outcome["seed"] for one in hunted if one.outcome is not None and ways[one.name] == way}
        if seeds:
            failures.append(fly(ROOT, "sound code", sorted(seeds), way))
    return [one for one in failures if one.outcome is not None]


def missed(hunted: Sequence[Hunted], seeds: int) -> list[str]:
    """Visible mutants that were not seen in time."""
    return [
        one.name
        for one in hunted
        if one.name in VISIBLE and (one.outcome is None or one.seeds > min(seeds, VISIBLE[one.name]))
    ]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART_OF_A_NAME")
    parser.add_argument("--seeds", type=int, default=SEEDS_DEFAULT)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    chosen = [one for one in flying() if not options.parts or any(part in one.name for part in options.parts)]
    hunted = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for one in pool.map(lambda mutant: hunt(mutant, options.seeds), chosen):
            hunted.append(one)
            print(one.line(), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in hunted], indent=2) + "\n")
    killed = sum(one.outcome is not None for one in hunted)
    print(f"{killed} of {len(hunted)} mutants seen by the simulator")
    for failure in sound_failures(hunted):
        print(f"sound code fails: {failure.outcome}")
        return 2
    late = missed(hunted, options.seeds)
    for name in late:
        print(f"not seen within {VISIBLE[name]} seeds: {name}")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
