"""Without clause (iii-B) the swarm can be brought to stand still for ever (specs/decisions/consensus.md): seeds that
hit upon it.

Nobody leads the search there: the seeds are among the first that `amu campaign --seeds 0:400` draws.
"""

import pytest

from amu.consensus import rules
from swarm_sim.oracles.liveness import ORACLE
from swarm_sim.simulation import run_seed

SEEDS = (62, 375)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_seed_starves_voters_that_lack_the_clause(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    assert run_seed(seed).verdict == "pass"
    monkeypatch.setattr(rules, "_two_values_claimed", lambda *arguments: False)
    outcome = run_seed(seed)
    assert (outcome.verdict, outcome.oracle) == ("no_progress", ORACLE)
    assert outcome.cause == "a proposal that not all of the core votes for"
