"""Without clause (iii-B) the swarm can stop forever (specs/decisions/consensus.md): a seed that finds it.

Nothing guides the search: the seed is among the first that `amu campaign --seeds 0:400` draws.
"""

import pytest

from amu.consensus import rules
from groundstation.scenario.model import load
from swarm_sim.oracles.liveness import ORACLE
from swarm_sim.simulation import run_seed, simulate
from tests import ROOT

SEED = 392
SHRUNK = ROOT / "tests" / "data" / "simulation" / "starved_voters.toml"


def test_a_drawn_seed_starves_voters_that_lack_the_clause(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_seed(SEED).verdict == "pass"
    monkeypatch.setattr(rules, "_two_values_claimed", lambda *arguments: False)
    outcome = run_seed(SEED)
    assert (outcome.verdict, outcome.oracle) == ("no_progress", ORACLE)
    assert outcome.cause == "a proposal that not all of the core votes for"


def test_the_shrunk_scenario_distinguishes_the_two_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    assert simulate(load(str(SHRUNK))).verdict == "pass"
    monkeypatch.setattr(rules, "_two_values_claimed", lambda *arguments: False)
    outcome = simulate(load(str(SHRUNK)))
    assert (outcome.verdict, outcome.oracle) == ("no_progress", ORACLE)
