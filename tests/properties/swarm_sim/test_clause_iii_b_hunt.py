"""Without clause (iii-B) the swarm can stop forever (specs/decisions/consensus.md): a seed that finds it.

Nothing guides the search: seeds are drawn as `amu campaign` draws them. After a change of timing:

    python -m tests.support.simulator.search tests.properties.swarm_sim.test_clause_iii_b_hunt:is_starved 10000:20000

`judged` is what swarm_sim.shrink flies to make a seed small.
"""

import pytest

from amu.consensus import rules
from groundstation.scenario.model import Scenario, load
from swarm_sim.draw.draw import draw
from swarm_sim.oracles.liveness import ORACLE
from swarm_sim.outcome import Outcome
from swarm_sim.simulation import run_seed, simulate
from tests import ROOT

SEED = 10348
SHRUNK = ROOT / "tests" / "data" / "simulation" / "starved_voters.toml"
CAUSE = "a proposal that not all of the core votes for"


def without_the_clause(scenario: Scenario) -> Outcome:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(rules, "_two_values_claimed", lambda *arguments: False)
        return simulate(scenario)


def judged(scenario: Scenario) -> Outcome:
    """Fails where the two rules differ: without the clause voters starve, with it all is well."""
    outcome = without_the_clause(scenario)
    sound = simulate(scenario)
    return outcome if (outcome.oracle, outcome.cause) == (ORACLE, CAUSE) and sound.verdict == "pass" else sound


def is_starved(seed: int) -> bool:
    scenario = draw(seed)
    if not any(entry.adversary == "starve" for entry in scenario.byzantine):
        return False
    outcome = judged(scenario)
    return (outcome.oracle, outcome.cause) == (ORACLE, CAUSE)


def test_a_drawn_seed_starves_voters_that_lack_the_clause() -> None:
    assert run_seed(SEED).verdict == "pass"
    outcome = without_the_clause(draw(SEED))
    assert (outcome.verdict, outcome.oracle) == ("no_progress", ORACLE)
    assert outcome.cause == CAUSE


def test_the_shrunk_scenario_distinguishes_the_two_rules() -> None:
    assert simulate(load(str(SHRUNK))).verdict == "pass"
    outcome = without_the_clause(load(str(SHRUNK)))
    assert (outcome.verdict, outcome.oracle) == ("no_progress", ORACLE)
