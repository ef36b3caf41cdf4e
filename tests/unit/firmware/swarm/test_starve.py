"""The adversary that helps leaders and starves voters: its messages, and that the swarm decides in spite of it.

The seeds below were found by campaigns over seeds 0, 1, 2, ...; nobody wrote their schedules. After a change of timing:

    python -m tests.support.simulator.search tests.unit.firmware.swarm.test_starve:is_starved 0:100
    python -m tests.support.simulator.search tests.unit.firmware.swarm.test_starve:is_misled 0:100
"""

from pathlib import Path
from typing import Any

import pytest

from amu.consensus import bodies, rules
from amu.consensus.instance import Instance
from amu.consensus.quorum import Group
from amu.consensus.registers import Registers
from amu.core.limits import BROADCAST, GROUND
from amu.wire import messages as m
from specs.checking.check import check_trace
from swarm_sim.adversary import wrap
from swarm_sim.adversary.starve import QUEUE_MAX, SHOWN_TICKS, SLOTS_KEPT_MAX, Plan
from tests.support.simulator.starvation import Starvation
from tests.unit.firmware.swarm.test_adversary import Scripted, by_peer, sent, ticked

PEERS = [0, 2, 3]
BODY = bodies.encode(0, [[1, 1, ["noop"]]])
VALUE = bodies.value_of(4, BODY)
STARVED_SEEDS = (19, 49)  # without clause (iii-B) nothing is ever decided
FORGED_SEED = 5  # with a leader that proposes what voters must refuse nothing is ever decided


def of_kind(kind: type[Any], sends: list[tuple[int, int, Any]]) -> dict[int, Any]:
    return by_peer([send for send in sends if isinstance(send[2], kind)])


def starve(**parameters: int) -> Any:
    """An adversary that has heard board 0 propose in view 0 of slot 4, so that board 1, itself, leads view 1."""
    adversary = wrap(Scripted(), "starve", {"seed": 3, **parameters})
    adversary.step(GROUND, 1, m.Request(1, 1, ["noop"]))
    adversary.step(0, 1, m.Proposal(4, 0, BODY))
    return adversary


def test_it_votes_with_each_peer_but_never_all_the_way() -> None:
    adversary = starve()
    for phase in range(1, 5):
        for peer in PEERS:
            adversary.step(peer, 1, m.Vote(4, 0, phase, VALUE))
    votes = [(peer, message.phase) for peer, _, message in ticked(adversary)]
    last = [max(phase for to, phase in votes if to == peer) for peer in PEERS]
    assert sorted(last) == [2, 2, 3]
    assert len(votes) == 7
    assert sent(adversary, (BROADCAST, 1, m.Vote(4, 0, 1, VALUE)), (0, 1, m.Decided(4, VALUE, BODY))) == []


def test_with_a_lock_about_it_helps_to_votes_of_phase_two_only() -> None:
    adversary = starve()
    adversary.step(3, 1, m.Vote(4, 0, 4, VALUE))
    adversary.step(2, 1, m.Vote(4, 2, 1, VALUE))
    adversary.step(2, 1, m.Vote(4, 2, 2, VALUE))
    assert [(to, vote.view, vote.phase) for to, _, vote in ticked(adversary)] == [(2, 2, 1)]


def test_the_leader_gets_a_new_body_and_a_suggest_that_claims_it_and_all_others() -> None:
    adversary = starve(forges_one_in=1000)
    sends = sent(adversary, (2, 1, m.Suggest(4, 2, None, None, None)))
    decided, suggest = of_kind(m.Decided, sends)[2], of_kind(m.Suggest, sends)[2]
    assert bodies.value_of(4, decided.body) == decided.value == suggest.hi2[1] != VALUE
    assert bodies.decode(decided.body)[1] in ([[1, 1, ["noop"]]], [])
    for value in (decided.value, VALUE, bytes(32)):
        assert rules.claims_safe_at(value, 0, suggest.hi2, suggest.second2)
    assert rules.claims_safe_at(decided.value, 1, suggest.hi2, suggest.second2)
    assert suggest.hi3 is None


def test_a_forged_body_carries_a_request_that_nobody_made() -> None:
    adversary = starve(forges_one_in=1)
    decided = of_kind(m.Decided, sent(adversary, (2, 1, m.Suggest(4, 2, None, None, None))))[2]
    ((client, _, _),) = bodies.decode(decided.body)[1]
    assert client == 255


def test_as_leader_it_shows_a_value_to_all_but_f_until_they_vote() -> None:
    adversary = starve()
    ticked(adversary)
    proof = m.Proof(4, 1, None, None, None)
    proofs = of_kind(m.Proof, sent(adversary, (BROADCAST, 1, proof)))
    assert sorted(proofs) == PEERS
    shown = of_kind(m.Proposal, ticked(adversary))
    assert len(shown) == 2
    assert len({proposal.body for proposal in shown.values()}) == 1
    first = min(shown)
    assert sorted(of_kind(m.Proposal, ticked(adversary))) == sorted(shown)
    adversary.step(first, 1, m.Vote(4, 1, 1, bodies.value_of(4, shown[first].body)))
    assert sorted(of_kind(m.Proposal, ticked(adversary))) == [peer for peer in sorted(shown) if peer != first]
    ticked(adversary, SHOWN_TICKS)
    assert ticked(adversary) == []


def vote(adversary: Any, view: int, phases: tuple[int, ...], value: bytes, *peers: int) -> None:
    for phase in phases:
        for peer in peers:
            adversary.step(peer, 1, m.Vote(4, view, phase, value))


def test_it_falls_silent_when_that_is_decisive_and_wishes_with_the_torn_one_alone() -> None:
    adversary = starve()
    vote(adversary, 0, (1, 2, 3), VALUE, 0, 2, 3)
    vote(adversary, 0, (4,), VALUE, 0)
    vote(adversary, 1, (1, 2), VALUE, 2, 3)
    ticked(adversary)
    assert sorted(of_kind(m.Proof, sent(adversary, (BROADCAST, 1, m.Proof(4, 2, None, None, None))))) == PEERS
    vote(adversary, 2, (1,), bytes(32), 0, 2)
    vote(adversary, 2, (2,), bytes(32), 2)
    ticked(adversary)
    sends = sent(adversary, (BROADCAST, 1, m.Proof(4, 3, None, None, None)), (BROADCAST, 1, m.ViewChange(4, 4)))
    assert of_kind(m.Proof, sends) == {}
    assert {peer for peer, _, message in sends if isinstance(message, m.ViewChange)} == {2}
    assert sorted(of_kind(m.Suggest, sends)) == [0]  # board 0 leads view 4
    vote(adversary, 3, (1,), VALUE, 0)
    assert ticked(adversary) == []


def test_silence_is_not_decisive_while_two_replicas_are_torn() -> None:
    plan = Plan(4, 4, False)
    plan.registers = [Registers() for _ in range(4)]
    torn = [[(2, 1, VALUE), (3, 2, bytes(32))], [], [(2, 1, VALUE), (3, 2, bytes(32))], []]
    for peer in (0, 2, 3):
        for phase in (1, 2, 3):
            plan.heard_vote(peer, phase, 0, VALUE)
    plan.heard_vote(3, 4, 0, VALUE)
    suggest = m.Suggest(4, 4, (3, b"d" * 32), (2, b"e" * 32), None)
    for _, view, value in torn[0]:
        plan.heard_vote(0, 1, view, value)
        plan.heard_vote(0, 2, view, value)
    assert plan.most_torn() == 0
    assert plan.is_silence_decisive(1, suggest, Group(4))
    for _, view, value in torn[2]:
        plan.heard_vote(2, 1, view, value)
    assert not plan.is_silence_decisive(1, suggest, Group(4))


def test_from_helped_views_on_voters_hear_nothing() -> None:
    adversary = starve(helped_views=0)
    vote(adversary, 0, (1, 2), VALUE, 0, 2)
    assert ticked(adversary) == []
    assert of_kind(m.Proof, sent(adversary, (BROADCAST, 1, m.Proof(4, 2, None, None, None)))) == {}


def test_its_memory_is_bounded() -> None:
    adversary = starve()
    behaviour = adversary._behaviours[0]
    for slot in range(1, 60):
        adversary.step(GROUND, 1, m.Request(1, slot, ["noop"]))
        for view in range(8):
            adversary.step(view % 4, 1, m.Proposal(slot, view, bodies.encode(view, [[1, slot, ["noop"]]])))
            vote(adversary, view, (1, 2, 3), VALUE, *PEERS)
    assert len(behaviour._plans) == SLOTS_KEPT_MAX
    assert [plan.slot for plan in behaviour._plans] == [56, 57, 58, 59]
    assert len(behaviour._queue) == QUEUE_MAX


def starved(seed: int) -> Starvation:
    """The seed flown without clause (iii-B)."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(rules, "_two_values_claimed", lambda *reports: False)
        return Starvation(seed).run()


def has_applied(run: Starvation) -> bool:
    return any(line["event"] == "Apply" for line in run.cluster.lines)


def is_starved(seed: int) -> bool:
    run = starved(seed)
    return not run.is_confirmed and run.calm_views > 4 and not has_applied(run) and Starvation(seed).run().is_confirmed


@pytest.mark.parametrize("seed", STARVED_SEEDS)
def test_a_swarm_decides_where_it_would_starve_without_clause_iii_b(seed: int) -> None:
    assert Starvation(seed).run().is_confirmed
    run = starved(seed)
    assert not run.is_confirmed
    assert run.calm_views > 4  # each board has led in the calm
    assert not has_applied(run)


def propose_whatever_is_safe(instance: Any, view: int) -> bytes | None:
    """A leader that does not ask whether voters may accept the body."""
    reports = rules.reports_for(instance._suggests, view)
    if len(reports) < instance.group.quorum:
        return None
    if rules.is_free(reports, instance.group):
        return bytes(instance.log.next_body(instance, view))
    for value in rules.candidate_values(reports):
        body = instance.bodies.get(value)
        if body is not None and rules.safe_at(value, view, reports, instance.group, False):
            return bytes(body)
    return None


FORGING = {"forges_one_in": 1}


def misled(seed: int) -> Starvation:
    """The seed flown with leaders that propose whatever is safe."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Instance, "_body_after_view_change", propose_whatever_is_safe)
        return Starvation(seed, parameters=FORGING).run()


def is_misled(seed: int) -> bool:
    run = misled(seed)
    return not run.is_confirmed and run.calm_views > 4 and Starvation(seed, parameters=FORGING).run().is_confirmed


def test_a_leader_proposes_nothing_that_voters_must_refuse() -> None:
    assert Starvation(FORGED_SEED, parameters=FORGING).run().is_confirmed
    run = misled(FORGED_SEED)
    assert not run.is_confirmed
    assert run.calm_views > 4


@pytest.mark.parametrize(("replica_count", "seed"), [(4, seed) for seed in range(30)] + [(7, 0), (7, 1)])
def test_starving_neither_stops_nor_misleads_the_swarm(replica_count: int, seed: int, tmp_path: Path) -> None:
    run = Starvation(seed, replica_count).run()
    assert run.is_confirmed
    verdict = check_trace(run.cluster.finish(tmp_path / "trace.ndjson"))
    assert verdict.verdict == "pass", verdict.first_bad_step
