"""A board that lost its memory votes again only on fresh answers of a quorum, whatever liars and laggards say."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from amu.boards.host import MemoryStore, Settings, wake
from amu.consensus.checkpoints import Checkpoints
from amu.core.limits import WINDOW_SLOTS
from amu.wire.messages import Probe, Progress
from specs.checking.check import check_trace
from swarm_sim.testing.cluster import Cluster
from tests.mutants import past
from tests.support.flight.effects import performed

NONCE = 77


@pytest.mark.parametrize("nonce", [0, 1, NONCE - 1, NONCE + 1])
def test_an_answer_to_another_question_does_not_count(nonce: int) -> None:
    node, _ = wake(Settings(3, 4), MemoryStore(), NONCE)
    for peer in (0, 1, 2):
        node.step(peer, 1, Progress(9, 0, bytes(32), nonce))
    assert node.mode == "rejoining"
    for peer in (0, 1, 2):
        node.step(peer, 1, Progress(9, 0, bytes(32), NONCE))
    performed(node)
    assert node.mode == "voting"


@pytest.mark.parametrize(("applied", "answers"), [(0, False), (7, False), (8, True), (12, True)])
def test_a_board_answers_when_it_is_at_most_a_window_below_its_floor(applied: int, answers: bool) -> None:
    """It may have voted up to its floor, and has to name a slot at most a window below that."""
    node, _ = wake(Settings(3, 4), MemoryStore(), NONCE)
    for peer in (0, 1, 2):
        node.step(peer, 1, Progress(4, 0, bytes(32), NONCE))
    assert node.replica.floor == 4 + 2 * WINDOW_SLOTS == 12
    node.replica.applied = applied
    performed(node)
    node.step(0, 2, Probe(5))
    sent = [message for _, peer, message in performed(node).sends if message.KIND == Progress.KIND]
    assert [(message.applied_slot, message.nonce) for message in sent] == ([(applied, 5)] if answers else [])


def named(cluster: Cluster, name: str) -> list[Any]:
    return [line for line in cluster.lines if line["event"] == name]


@pytest.mark.parametrize("flight", past.FLIGHTS, ids=lambda flight: flight.__name__)
def test_flights_that_tempt_a_board_without_memory_pass(flight: Any, tmp_path: Path) -> None:
    cluster = flight()
    verdict = check_trace(cluster.finish(tmp_path / "trace.ndjson"))
    assert verdict.verdict == "pass", verdict.first_bad_step
    assert named(cluster, past.TEMPTED[flight.__name__])


def test_a_state_that_one_liar_reported_was_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: one report is trusted. The checker counts the reports that had arrived."""
    trusted = Checkpoints.trusted

    def on_one(self: Any) -> Any:
        group, self._group = self._group, SimpleNamespace(blocking=1)
        try:
            return trusted(self)
        finally:
            self._group = group

    monkeypatch.setattr(Checkpoints, "trusted", on_one)
    cluster = past.forged_state(4, 1, trace_messages=True)
    verdict = check_trace(cluster.finish(tmp_path / "trace.ndjson"))
    breaches = [what for what in verdict.violations if what.startswith("KNW-3: ") and "KnowsState" in what]
    assert any(": Adopt slot=" in what for what in breaches), breaches
