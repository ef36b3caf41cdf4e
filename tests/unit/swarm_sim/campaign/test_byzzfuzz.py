import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from amu.consensus import bodies
from amu.wire import messages as m
from specs.checking.check import check_trace
from specs.verdict import NO_PROGRESS, PASS, VIOLATION
from swarm_sim.byzzfuzz import lies, rounds
from swarm_sim.byzzfuzz.lies import Liar, ProcessFault
from swarm_sim.byzzfuzz.runs import NetworkFault, Pair, Plan, draw, fly, fuzz
from swarm_sim.commands.byzzfuzz import byzzfuzz
from tests.support.planted_bugs import planted

BODY = bodies.encode(0, [[1, 1, ["noop"]], [1, 2, ["noop"]]])
VALUE = bodies.value_of(1, BODY)

# bug -> (c, d, most runs from seed 1 until it is found, verdict)
FOUND = [
    ("quorum off by one", 0, 1, 1, VIOLATION),
    ("votes twice in a phase", 0, 1, 1, VIOLATION),
    ("Rule 1 skipped", 1, 2, 4, VIOLATION),
    ("lock forgotten", 1, 2, 4, VIOLATION),
    ("Rule 3 skipped", 2, 2, 34, VIOLATION),
    ("nobody votes", 0, 0, 1, NO_PROGRESS),
]


@pytest.mark.parametrize(("bug", "c", "d", "runs", "verdict"), FOUND)
def test_planted_bugs_are_found(bug: str, c: int, d: int, runs: int, verdict: str) -> None:
    with planted(bug):
        found = {fly(draw(1 + number, c, d)).verdict for number in range(runs)}
    assert verdict in found


@pytest.mark.parametrize("any_scope", [False, True])
def test_sound_code_passes(any_scope: bool) -> None:
    for c, d in ((0, 2), (2, 0), (2, 2)):
        pair = fuzz(Pair(c, d), 6, 1, any_scope)
        assert pair.counts() == {"c": c, "d": d, "runs": 6, "violations": 0, "no_progress": 0}, pair.failed


def test_a_partitioned_round_ends() -> None:
    """The wish for view 1 and the proposal of view 0 are cut off: if that never ended, no replica would move again."""
    plan = draw(88, 0, 2)
    assert {fault.at for fault in plan.network} == {(1, rounds.WISH), (0, rounds.PROPOSAL)}
    assert fly(plan).verdict == PASS


def test_a_seed_says_all(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert fly(draw(5, 2, 2), tmp_path / name).verdict == PASS
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert draw(5, 2, 2) != draw(6, 2, 2)
    assert len(draw(5, 2, 1).process) == 2
    assert len(draw(5, 2, 1).network) == 1


def test_messages_belong_to_rounds() -> None:
    assert rounds.rounds_of(m.Vote(1, 2, 3, VALUE)) == [(2, rounds.VOTE3)]
    assert rounds.rounds_of(m.Proposal(1, 0, BODY)) == [(0, rounds.PROPOSAL)]
    assert rounds.rounds_of(m.ViewChange(1, 1)) == [(1, rounds.WISH)]
    assert rounds.rounds_of(m.Proof(1, 1, None, None, None)) == [(1, rounds.REPORTS)]
    assert rounds.rounds_of(m.Decided(1, VALUE, b"")) == []
    status = m.Status(1, 1, 2, *[None] * 6, VALUE, None, VALUE, None)
    assert rounds.rounds_of(status) == [(1, rounds.VOTE1), (1, rounds.VOTE3), (1, rounds.REPORTS), (2, rounds.WISH)]
    assert len(set(rounds.all_rounds())) == 5 + 7


def test_the_network_is_partitioned_in_the_round_of_the_fault_only() -> None:
    plan = Plan(1, 0, (NetworkFault((0, rounds.VOTE2), frozenset({0, 1})),), ())
    assert not plan.lets_pass(0, 2, m.Vote(1, 0, 2, VALUE))
    assert not plan.lets_pass(3, 1, m.Vote(1, 0, 2, VALUE))
    assert not plan.lets_pass(0, 2, m.Status(1, 0, 0, *[None] * 6, VALUE, VALUE, None, None))
    assert plan.lets_pass(0, 1, m.Vote(1, 0, 2, VALUE))
    assert plan.lets_pass(0, 2, m.Vote(1, 0, 1, VALUE))
    assert plan.lets_pass(0, 2, m.Vote(1, 1, 2, VALUE))


def told(change: str, at: rounds.Round, message: Any, peer: int = 2) -> Any:
    """The message that a liar that knows BODY sends `peer` instead of `message`, when it lies to 2 and 3."""
    liar = Liar(0, 4, (ProcessFault(at, (2, 3), change, 3),))
    liar.overhear(1, m.Proposal(1, 0, BODY))
    sent = liar.to_peer(peer, 7, message)
    assert all(time == 7 for time, _ in sent)
    return [message for _, message in sent]


def test_lies_go_to_their_receivers_in_their_round() -> None:
    vote = m.Vote(1, 0, 1, VALUE)
    assert told(lies.OMIT, (0, rounds.VOTE1), vote, peer=1) == [vote]
    assert told(lies.OMIT, (0, rounds.VOTE2), vote) == [vote]
    assert told(lies.OMIT, (0, rounds.VOTE1), vote) == []


def test_small_lies_are_near_misses() -> None:
    other = lies.other_body(BODY)
    other_value = bodies.value_of(1, other)
    vote, proposal = m.Vote(1, 1, 1, VALUE), m.Proposal(1, 1, BODY)
    assert told(lies.VALUE, (1, rounds.VOTE1), vote) == [m.Vote(1, 1, 1, other_value)]
    assert told(lies.VIEW_UP, (1, rounds.VOTE1), vote) == [m.Vote(1, 2, 1, VALUE)]
    assert told(lies.VIEW_DOWN, (1, rounds.VOTE1), vote) == [m.Vote(1, 0, 1, VALUE)]
    assert told(lies.VALUE, (1, rounds.PROPOSAL), proposal) == [m.Proposal(1, 1, other)]
    assert told(lies.VIEW_UP, (1, rounds.WISH), m.ViewChange(1, 1)) == [m.ViewChange(1, 2)]
    proof = m.Proof(1, 1, (0, VALUE), None, None)
    (lie,) = told(lies.VALUE, (1, rounds.REPORTS), proof)
    assert lie.hi1 == (0, other_value)
    assert lie.hi4[0] == 0
    assert told(lies.VIEW_UP, (1, rounds.REPORTS), proof) == [m.Proof(1, 1, (1, VALUE), None, None)]


def test_a_lie_is_kept_up_in_a_status() -> None:
    status = m.Status(1, 1, 1, (0, VALUE), *[None] * 5, VALUE, VALUE, None, None)
    (lie,) = told(lies.VALUE, (1, rounds.VOTE2), status)
    assert lie.vote1 == VALUE
    assert lie.vote2 != VALUE
    (lie,) = told(lies.OMIT, (1, rounds.VOTE1), status)
    assert (lie.vote1, lie.vote2) == (None, VALUE)
    (lie,) = told(lies.OMIT, (1, rounds.REPORTS), status)
    assert lie.hi1 is None
    (lie,) = told(lies.VIEW_UP, (1, rounds.WISH), status)
    assert (lie.view, lie.wish) == (1, 2)
    assert told(lies.OMIT, (1, rounds.WISH), status) == []


def test_lies_of_any_scope_are_messages_still() -> None:
    for message, step in ((m.Vote(1, 1, 1, VALUE), rounds.VOTE1), (m.Proposal(1, 1, BODY), rounds.PROPOSAL)):
        for change in (lies.ANY_VALUE, lies.ANY_VIEW):
            (lie,) = told(change, (1, step), message)
            assert lie != message
            assert m.make(lie.KIND, lie.fields()) == lie


def test_the_command_prints_the_grid(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(byzzfuzz)
    runner = CliRunner()
    passed = runner.invoke(app, ["--runs", "1", "--c", "0:2", "--d", "1"])
    assert passed.exit_code == 0
    assert "PASS" in passed.stdout
    with planted("votes twice in a phase"):
        failed = runner.invoke(app, ["--runs", "1", "--c", "0", "--d", "1", "--json", "--out", str(tmp_path / "t")])
    assert failed.exit_code == 3
    assert json.loads(failed.stdout)["cells"][0]["violations"] == 1
    assert check_trace(tmp_path / "t").verdict == VIOLATION
    for wrong in ("x", "3:3", "0:100", "1:"):
        assert runner.invoke(app, ["--c", wrong]).exit_code == 2
