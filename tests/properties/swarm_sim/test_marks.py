"""A drawn seed reaches each coverage mark of the simulator, so that finding nothing means something.

Most seeds stand for many marks; `amu campaign` prints how often its seeds reached each. After a change of timing,

    python -c 'from tests.properties.swarm_sim.test_marks import *; print(covering(range(400)))'

prints few seeds that together reach all marks that any of these seeds reaches.
"""

from functools import lru_cache

import pytest

from swarm_sim.simulation import run_seed, simulate
from swarm_sim.world.marks import NAMES
from tests.support.simulator.simulations import scenario

SEEDS = (8, 78, 186, 212, 315, 3113)


def covering(seeds: range) -> list[int]:
    """Chosen from the rarest mark on: of the seeds that reach it, the one that reaches most of what is left."""
    marks = {outcome.seed: set(outcome.marks) for outcome in map(run_seed, seeds) if outcome.verdict == "pass"}
    left = set().union(*marks.values())
    print("not reached:", ", ".join(sorted(set(NAMES) - left)) or "none")
    chosen = []
    while left:
        rarest = min(sorted(left), key=lambda mark: sum(mark in reached for reached in marks.values()))
        chosen.append(
            max((seed for seed in seeds if rarest in marks.get(seed, ())), key=lambda seed: len(marks[seed] & left))
        )
        left -= marks[chosen[-1]]
    return chosen


@lru_cache(maxsize=1)
def reached() -> frozenset[str]:
    return frozenset(mark for seed in SEEDS for mark in run_seed(seed).marks)


@pytest.mark.parametrize("mark", NAMES)
def test_a_drawn_seed_reaches_the_mark(mark: str) -> None:
    assert mark in reached()


def test_a_quiet_run_reaches_hardly_any() -> None:
    assert set(simulate(scenario()).marks) <= {"checkpoint", "peer suspected", "suspicion lifted", "refused operation"}
