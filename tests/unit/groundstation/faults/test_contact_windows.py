"""The shipped mission with contact windows: boards are out of sight of each other by turns, and the mission passes."""

import itertools

import pytest

from amu.wire.messages import Vote
from groundstation.faults.plan import FaultPlan
from groundstation.scenario import model as scenario
from swarm_sim.simulation import simulate

NAME = "contact-windows"
HOURS = 5
STEP_SECONDS = 60


@pytest.fixture(scope="module")
def plan() -> FaultPlan:
    """Only the effects of geometry: no frame is lost or late by chance."""
    loaded = scenario.load(NAME)
    rules = tuple(rule for rule in loaded.faults if rule.fault in ("orbits", "contact_window"))
    return FaultPlan(seed=loaded.mission.seed, rules=rules)


def _in_sight(plan: FaultPlan, source: int, destination: int, second: float) -> bool:
    """A frame that leaves now arrives within the light time to the Moon."""
    deliveries = plan.fates(second, source, destination, 0, bytes(80), (Vote.KIND,), {}).deliveries
    return any(at - second < 2 for at, _ in deliveries)


def test_each_board_is_in_and_out_of_sight_by_turns(plan: FaultPlan) -> None:
    seconds = range(0, HOURS * 3600, STEP_SECONDS)
    boards = range(scenario.load(NAME).mission.boards)
    for board in boards:
        sights = [[_in_sight(plan, board, other, second) for other in boards if other != board] for second in seconds]
        assert any(all(sight) for sight in sights), f"board {board} never sees all"
        assert any(not all(sight) for sight in sights), f"board {board} always sees all"


def test_sight_is_lost_and_found_again_by_orbit_and_by_pass(plan: FaultPlan) -> None:
    seconds = range(0, HOURS * 3600, STEP_SECONDS)
    for pair, losses in (((1, 2), 3), ((0, 2), 2), ((0, 3), 2)):
        sight = [_in_sight(plan, *pair, second) for second in seconds]
        assert sum(before and not after for before, after in itertools.pairwise(sight)) >= losses, pair
    assert all(_in_sight(plan, 0, 1, second) for second in seconds), "the ground net always sees the low orbit"


def test_it_flies_in_the_simulator_to_a_pass() -> None:
    outcome = simulate(scenario.load(NAME))
    assert outcome.verdict == "pass", outcome.detail
    assert "view change" in outcome.marks
