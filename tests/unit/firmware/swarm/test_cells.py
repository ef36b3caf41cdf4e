"""Cells: learners follow the log despite faults of messages and replicas, and do not burden replicas."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from amu.consensus import bodies
from amu.core import limits
from amu.wire.messages import Decided, Fetch, FetchState, Progress, StateChunk, Vote
from specs.checking.check import check_trace
from specs.checking.consensus.learner_rules import FOLLOWS
from swarm_sim.adversary import wrap
from swarm_sim.testing.cluster import ANSWERS, LOST, QUESTIONS, REPLICAS, Cells, Cluster, Links
from tests.support.flight.effects import performed

ROUGH = Links(drop=0.15, duplicate=0.05, delay_max=5)


def flown(cell: Cluster, requests: int, ticks: int = 8) -> Cluster:
    for _ in range(requests):
        cell.request(["noop"])
        cell.run(ticks)
    return cell


def decide(cell: Cluster, slots: int) -> None:
    """Give requests until so many slots are decided, and all learners have heard of them."""
    for _ in range(400):
        if cell.decided_slot >= slots:
            break
        flown(cell, 1)
    assert cell.decided_slot >= slots
    assert cell.run(3_000, cell.has_caught_up)


def applied(cell: Cluster, name: str = "Apply") -> list[dict[str, Any]]:
    return [line for line in cell.lines if line["event"] == name and line["node"] in cell.learners]


@pytest.mark.parametrize("adversary", ["equivocate", "lie", "silence", "replay", "flood", "mixed"])
def test_learners_follow_over_a_bad_network_past_a_liar(adversary: str, tmp_path: Path) -> None:
    cell = Cluster(4, 2, ROUGH, learners=5)
    cell.make_byzantine(3, partial(wrap, name=adversary, parameters={}))
    cell.start()
    decide(cell, 15)
    assert len(applied(cell)) >= 5 * 15
    verdict = check_trace(cell.finish(tmp_path / "trace.ndjson"))
    assert verdict.verdict == "pass", verdict.first_bad_step
    assert verdict.invariants[FOLLOWS] == "holds"


def test_seven_replicas_one_of_them_dead_and_one_a_liar() -> None:
    cell = Cluster(7, 5, ROUGH, learners=12)
    cell.make_byzantine(2, partial(wrap, name="lie", parameters={}))
    cell.start()
    cell.kill(6)
    decide(cell, 15)


def test_a_late_learner_adopts_a_state(tmp_path: Path) -> None:
    cell = Cluster(4, 4, Links(delay_max=2), learners=3)
    cell.start()
    cell.kill(6)
    flown(cell, 5 * limits.CHECKPOINT_SLOTS + limits.LOG_SLOTS_MAX, 4)
    cell.start(6)
    assert cell.run(1_000, cell.has_caught_up)
    assert [line["node"] for line in applied(cell, "Adopt")] == [6]
    verdict = check_trace(cell.finish(tmp_path / "trace.ndjson"))
    assert verdict.verdict == "pass", verdict.first_bad_step


def test_one_seed_is_one_run() -> None:
    def lines(seed: int) -> list[dict[str, Any]]:
        cell = Cluster(4, seed, ROUGH, learners=4)
        cell.start()
        return flown(cell, 8).lines

    assert lines(1) == lines(1)
    assert lines(1) != lines(2)


def test_learners_leave_the_replicas_messages_as_they_are() -> None:
    """Without loss the cell's own messages are the same, whether ten learners follow or none."""
    cells = [Cluster(4, learners=learners) for learners in (0, 10)]
    for cell in cells:
        cell.start()
        flown(cell, 20)
    assert cells[0].sent[REPLICAS] == cells[1].sent[REPLICAS] > 0
    assert cells[0].sent[QUESTIONS] == 0 < cells[1].sent[QUESTIONS]
    assert cells[0].decided_slot == cells[1].decided_slot == 20


@pytest.mark.parametrize("learners", [3, 30, 100])
def test_a_slot_costs_a_learner_so_many_messages(learners: int) -> None:
    """f+1 questions and as many answers for the slot, and for the end of the log behind it; twice that is the bound."""
    cell = Cluster(4, links=Links(delay_min=1, delay_max=2), learners=learners, trace_messages=False)
    cell.start()
    flown(cell, 20, 20)
    assert cell.run(200, cell.has_caught_up)
    each = (cell.sent[QUESTIONS] + cell.sent[ANSWERS]) / (learners * cell.decided_slot)
    assert 4 <= each <= 8 * 2


def test_losses_are_counted() -> None:
    cell = Cluster(4, 1, Links(drop=0.5), learners=4)
    cell.start()
    flown(cell, 5)
    assert 0 < cell.sent[LOST] < cell.messages


def test_cells_share_nothing() -> None:
    swarm = Cells([(4, 3), (4, 6), (7, 0)], seed=3)
    for _ in range(10):
        swarm.request(["noop"])
        swarm.run(20)
    swarm.run(40)
    assert swarm.size == 7 + 10 + 7
    assert swarm.decided_slots == 3 * 10
    assert swarm.has_caught_up()
    assert swarm.messages == sum(cell.messages for cell in swarm.cells) > 0


# --- a replica and its learners ------------------------------------------------------------------


def replica_with_a_log() -> Any:
    cell = Cluster(4)
    cell.start()
    flown(cell, 2 * limits.CHECKPOINT_SLOTS)
    node = cell.seats[1].node
    node.tick()
    performed(node)
    return node


@pytest.mark.parametrize("question", [Fetch(1), Fetch(20), Fetch(900), FetchState(16, 0), FetchState(999, 0)])
def test_all_learners_together_cost_so_many_answers_a_tick(question: Any) -> None:
    node = replica_with_a_log()
    for tick in range(2):
        sent = 0
        for learner in range(4, limits.LEARNER_LAST + 1):
            node.step(learner, 9, question)
            sent += len(performed(node).sends)
        assert 0 < sent <= limits.LEARNER_ANSWERS_PER_TICK_MAX, tick
        assert node.messages_refused > 0
        # A replica is answered all the same.
        node.step(3, 9, Fetch(20))
        assert [to for to, _, _ in performed(node).sends] == [3]
        for _ in range(2):
            node.tick()
            performed(node)


def test_learners_say_nothing_that_counts() -> None:
    node = replica_with_a_log()
    before = node.applied_slot
    body = bodies.encode(1, [])
    value = bodies.value_of(before + 1, body)
    messages = (
        Decided(before + 1, value, body),
        Progress(before + 40, 0, bytes(32), 0),
        StateChunk(16, 0, 1, b"x"),
        *(Vote(before + 1, 0, phase, value) for phase in (1, 2, 3, 4)),
    )
    for learner in range(4, 14):
        for message in messages:
            node.step(learner, 9, message)
    ready = performed(node)
    assert not ready.sends
    assert {event[0] for event in ready.events} == {40}
    assert node.messages_refused == 10 * len(messages)
    assert node.applied_slot == before


def test_a_learner_with_a_time_of_its_own_is_answered_and_not_believed() -> None:
    node = replica_with_a_log()
    before = node.lamport
    node.step(5, limits.LAMPORT_MAX - 1, Fetch(21))
    ready = performed(node)
    assert [to for to, _, _ in ready.sends] == [5]
    assert node.messages_refused == 1
    assert node.lamport < before + 10


@pytest.mark.parametrize("number", [limits.BROADCAST, 4])
def test_beyond_the_last_learner_there_is_nobody(number: int) -> None:
    node = replica_with_a_log()
    node.step(number, 9, Fetch(20))
    assert bool(performed(node).sends) is (number <= limits.LEARNER_LAST)
