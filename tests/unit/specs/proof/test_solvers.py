"""Solvers give up in bounded time."""

from itertools import combinations

import pytest

from specs.proof import solvers
from specs.proof.translation import terms

PIGEONS = 20


def test_a_question_that_takes_long_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """That so many pigeons do not fit into one hole fewer takes a solver of its kind exponential time."""
    monkeypatch.setattr(solvers, "CVC5_STEPS_MAX", 10**9)
    monkeypatch.setattr(solvers, "CVC5_SECONDS_MAX", 1)
    holes = range(PIGEONS - 1)
    sits = [[terms.apply(f"sits.{pigeon}.{hole}", (), terms.BOOL) for hole in holes] for pigeon in range(PIGEONS)]
    facts = [terms.disjunction(places) for places in sits]
    for one, other in combinations(sits, 2):
        facts += [terms.disjunction([terms.negation(one[hole]), terms.negation(other[hole])]) for hole in holes]
    assert solvers.ask("cvc5", solvers.text(facts, terms.FALSE, {})).verdict == solvers.UNKNOWN
