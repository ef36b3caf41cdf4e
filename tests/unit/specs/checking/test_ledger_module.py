"""The modules of specs/ledger under TLC: properties hold, and fail without the guards that they need.

`amu verify ledger` does every run of plan.json, and `make spec-mutants` every planted mistake. Here are the runs that
take a second or two, with the number of states, so that a module that silently shrinks is noticed.
"""

import json

import pytest

from specs.tlc import runner as tlc
from tests import ROOT

SPECS = ROOT / "specs" / "ledger"
RUNS = {run["name"]: run for run in json.loads((SPECS / "plan.json").read_text())["runs"]}

# Distinct states: another number is another model.
HOLDS = {
    "the effector looks at the token": 410,
    "jobs with a liar": 996,
    "jobs that nobody can decide": 1599,
    "every job ends": 537,
    "correct workers are enough": 51,
    "every sender gets an answer": 41,
}
FAILS = {
    "an effector that does not look": "NoOlderGrantActs is violated",
    "an idle swarm": "Temporal properties were violated",
    "more liars than f": "AcceptedIsRight is violated",
}


def _check(name: str) -> tlc.TlcResult:
    run = RUNS[name]
    return tlc.run(SPECS / run["module"], SPECS / run["config"], timeout_seconds=300)


@pytest.mark.parametrize("name", HOLDS)
def test_every_state_within_bounds_is_right(name: str) -> None:
    result = _check(name)
    assert result.ok, result.message
    assert result.states_distinct == HOLDS[name]


@pytest.mark.parametrize("name", FAILS)
def test_runs_that_are_expected_to_fail_do(name: str) -> None:
    assert FAILS[name] in _check(name).message
