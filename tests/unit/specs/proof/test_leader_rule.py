"""The history variable of the leader rule's proofs has what the recursive definition says, in small behaviours."""

import random
from pathlib import Path

import pytest

from specs import tla
from tests.spec_mutants import proofs, replicated_log
from tests.support.interpretation import walks

CONSTANTS = {"ReplicaCount": 4, "Byzantine": frozenset({1}), "FaultsMax": 1, "Window": 2, "MaxView": 2, "MaxSlot": 6}
STEPS = 300
BROKEN = next(mutant for mutant in replicated_log.MUTANTS if mutant.caught_by == "Sticky")


@pytest.mark.parametrize(
    ("before", "after", "same"), [("Sticky ==", "Sticky ==", True), (BROKEN.before, BROKEN.after, False)]
)
def test_first_leaders_are_those_of_the_rule(before: str, after: str, same: bool, tmp_path: Path) -> None:
    (path,) = proofs.planted(tmp_path, "leader_rule.tla", before, after, "replicated_log")
    module = tla.load(path, CONSTANTS)
    behaviours = walks(module, random.Random(1), 40, (), "InitWithRule", "NextWithRule")
    states = [next(behaviours)[1] for _ in range(STEPS)]
    assert max(len(state["log"]) for state in states) == CONSTANTS["MaxSlot"]
    assert all(module.holds("FirstIsRule", state) for state in states) is same
