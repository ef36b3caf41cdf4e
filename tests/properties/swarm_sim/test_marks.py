"""A drawn seed reaches each coverage mark of the simulator, so that finding nothing means something.

Most seeds stand for many marks; `amu campaign` prints how often its seeds reached each.
"""

from functools import lru_cache

import pytest

from swarm_sim.simulation import run_seed, simulate
from swarm_sim.world.marks import NAMES
from tests.support.simulator.simulations import scenario

SEEDS = (1, 8, 108, 295, 665)


@lru_cache(maxsize=1)
def reached() -> frozenset[str]:
    return frozenset(mark for seed in SEEDS for mark in run_seed(seed).marks)


@pytest.mark.parametrize("mark", NAMES)
def test_a_drawn_seed_reaches_the_mark(mark: str) -> None:
    assert mark in reached()


def test_a_quiet_run_reaches_hardly_any() -> None:
    assert set(simulate(scenario()).marks) <= {"checkpoint", "peer suspected", "suspicion lifted", "refused operation"}
