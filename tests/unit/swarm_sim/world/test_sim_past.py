"""Drawn runs in which boards do not know the past and liars tell them of it: each bug planted here breaks a property
by its name, and sound code passes the same seeds.

After a change of timing, seeds are found again with, for example:

    S=tests.unit.swarm_sim.world.test_sim_past:breaks
    python -m tests.support.simulator.search $S 0:400 7 highest_answer SIM-REACH 'rejoined after amnesia'
"""

from types import SimpleNamespace
from typing import Any

import pytest

from amu.consensus import catch_up
from amu.consensus.catch_up import CatchUp
from amu.consensus.checkpoints import Checkpoints
from amu.consensus.replica import Replica
from amu.node.journal import Journal
from amu.wire.messages import Progress
from groundstation.scenario.model import Scenario
from swarm_sim.draw.draw import draw, is_of_the_past
from swarm_sim.oracles import journal, reach, validity
from swarm_sim.simulation import simulate
from tests.support.simulator.simulations import scenario

SEEDS = [seed for seed in range(1_000) if is_of_the_past(seed)][:30]


def with_sizes(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, **sizes: str) -> None:
    """In `owner.method` sizes of the group are what others of them are: quorum="blocking"."""
    sound = getattr(owner, method)

    def wrong(self: Any, *arguments: Any) -> Any:
        group = self._group
        named = {name: getattr(group, name) for name in ("size", "faults", "quorum", "blocking")}
        self._group = SimpleNamespace(**named | {name: named[other] for name, other in sizes.items()})
        try:
            return sound(self, *arguments)
        finally:
            self._group = group

    monkeypatch.setattr(owner, method, wrong)


def rejoin_on_f_plus_1(monkeypatch: pytest.MonkeyPatch) -> None:
    with_sizes(monkeypatch, CatchUp, "_try_rejoin", quorum="blocking")


def nonce_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = CatchUp._on_progress

    def wrong(self: Any, peer: int, message: Progress) -> None:
        nonce = self._nonce if message.nonce else 0
        sound(self, peer, Progress(message.applied_slot, message.checkpoint_slot, message.checkpoint_digest, nonce))

    monkeypatch.setattr(CatchUp, "_on_progress", wrong)


def trusted_on_f(monkeypatch: pytest.MonkeyPatch) -> None:
    with_sizes(monkeypatch, Checkpoints, "trusted", blocking="faults")


def stable_on_f_plus_1(monkeypatch: pytest.MonkeyPatch) -> None:
    with_sizes(monkeypatch, Checkpoints, "report", quorum="blocking")


def highest_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up, "kth_largest", lambda numbers, k: max(numbers))


def any_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Replica, "is_valid", lambda *arguments: True)


# boards, seed, planted, oracle, mark of what the seed is about
PLANTED = [
    (7, 173, rejoin_on_f_plus_1, "KNW-3", "rejoined after amnesia"),
    (4, 234, nonce_not_compared, "LOG-4", "rejoined after amnesia"),
    (4, 88, trusted_on_f, "SIM-LOG", "checkpoint"),
    (7, 88, trusted_on_f, "SIM-LOG", "state taken over"),
    (4, 92, stable_on_f_plus_1, reach.ORACLE, "checkpoint"),
    (7, 136, highest_answer, reach.ORACLE, "rejoined after amnesia"),
    (4, 6, any_request, validity.ORACLE, "state taken over"),
]


def breaks(seed: int, nodes: str, plant: str, oracle: str, mark: str) -> bool:
    """Whether the seed can stand in PLANTED."""
    if not is_of_the_past(seed):
        return False
    with pytest.MonkeyPatch.context() as monkeypatch:
        globals()[plant](monkeypatch)
        outcome = simulate(draw(seed, int(nodes)))
    if (outcome.verdict, outcome.oracle) != ("violation", oracle):
        return False
    sound = simulate(draw(seed, int(nodes)))
    return sound.verdict == "pass" and mark in sound.marks


def _name(item: Any) -> str:
    return item.__name__ if callable(item) else str(item)


@pytest.mark.parametrize(("nodes", "seed", "plant", "oracle", "mark"), PLANTED, ids=_name)
def test_planted_bug_breaks_a_property_by_its_name(
    nodes: int, seed: int, plant: Any, oracle: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = simulate(draw(seed, nodes))
    assert sound.verdict == "pass", sound.detail
    assert mark in sound.marks
    plant(monkeypatch)
    outcome = simulate(draw(seed, nodes))
    assert (outcome.verdict, outcome.oracle) == ("violation", oracle)


def liars(flown: Scenario) -> set[str]:
    return {entry.adversary for entry in flown.byzantine}


def forgetful(flown: Scenario) -> set[int]:
    return {fault.node for fault in flown.board_faults if fault.kind == "amnesia"}


def test_a_liar_and_a_board_without_memory_meet_where_the_swarm_tolerates_both() -> None:
    """Four boards tolerate one of them, seven both."""
    assert all(not (liars(draw(seed, 4)) and forgetful(draw(seed, 4))) for seed in SEEDS)
    drawn = [draw(seed, 7) for seed in SEEDS]
    met = [flown for flown in drawn if forgetful(flown)]
    assert len(met) > 5
    assert set().union(*map(liars, met)) == {"understate", "lie"}
    assert set().union(*map(liars, drawn)) == {"understate", "lie", "forge", "counterfeit"}
    for flown in drawn:
        assert len(forgetful(flown)) + len(flown.byzantine) <= 2
        assert not forgetful(flown) & set(flown.byzantine_nodes())


def test_a_journal_that_nothing_removes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board cleans up neither when it writes a checkpoint nor when it starts."""
    flown = scenario(
        mission={"slots": 20},
        workload={"operations": 20, "in_flight": 4, "pause_seconds": 0.01},
        board_faults=[{"at": 1.0, "node": 1, "kind": "restart"}],
    )
    assert simulate(flown).verdict == "pass"
    checkpoint = Journal.checkpoint

    def untidy(self: Any, data: Any) -> None:
        remove, self._store.remove = self._store.remove, lambda name: None
        checkpoint(self, data)
        self._store.remove = remove

    monkeypatch.setattr(Journal, "checkpoint", untidy)
    outcome = simulate(flown)
    assert (outcome.verdict, outcome.oracle) == ("violation", journal.ORACLE)
    assert outcome.cause == "flash holds a file that nothing removes"
