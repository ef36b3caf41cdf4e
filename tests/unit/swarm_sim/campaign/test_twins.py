import itertools
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from amu.consensus.instance import Instance
from specs.checking.check import check_trace
from specs.verdict import NO_PROGRESS, PASS, VIOLATION
from swarm_sim.commands.twins import twins
from swarm_sim.twins import replay, state
from swarm_sim.twins.replay import MergeError, compare, fly, sampled
from swarm_sim.twins.round import ENDPOINTS, Endpoint, GuardError, Record, Violation, contradiction, play
from swarm_sim.twins.search import PARTITIONS, Coverage, Search
from tests.support.planted_bugs import planted

ALONE = 0  # the partition of endpoint 0 against all others

# bug -> (twin, rounds, most rounds of distinct states that the search tries before it finds the bug)
FOUND_BY_SEARCH = [
    ("quorum off by one", 0, 2, 3),
    ("quorum off by one", 1, 3, 260),
    ("quorum off by one", 2, 3, 260),
    ("quorum off by one", 3, 3, 260),
    ("votes twice in a phase", 0, 2, 1),
    ("votes twice in a phase", 3, 2, 1),
    ("lock forgotten", 0, 3, 40),
    ("lock forgotten", 1, 3, 230),
    ("lock forgotten", 2, 3, 230),
    ("lock forgotten", 3, 3, 230),
]


def test_the_partitions_are_all_and_different() -> None:
    assert len(set(PARTITIONS)) == 15
    for first, second in PARTITIONS:
        assert first
        assert second
        assert sorted(first + second) == list(range(ENDPOINTS))


@pytest.fixture(scope="module")
def three_rounds() -> tuple[Search, Coverage]:
    """A whole search of three rounds, which takes seconds."""
    search = Search(0, 3)
    return search, search.run()


@pytest.mark.parametrize(("twin", "rounds"), [(0, 3), (1, 2), (2, 2), (3, 2)])
def test_all_schedules_are_covered_and_none_breaks_agreement(
    twin: int, rounds: int, three_rounds: tuple[Search, Coverage]
) -> None:
    coverage = three_rounds[1] if (twin, rounds) == (0, 3) else Search(twin, rounds).run()
    assert coverage.violation is None
    assert coverage.covered == coverage.schedules == 15**rounds
    assert len(set(coverage.states)) == rounds - 1


def test_schedules_can_be_followed_to_their_ends() -> None:
    coverage = Search(2, 2, settles=False).run()
    assert (coverage.violation, coverage.settled, coverage.walked, coverage.parts_idle) == (None, 0, 15**2, 0)


@pytest.mark.parametrize(("bug", "twin", "rounds", "prefixes_max"), FOUND_BY_SEARCH)
def test_the_search_finds_planted_bugs(bug: str, twin: int, rounds: int, prefixes_max: int) -> None:
    with planted(bug):
        coverage = Search(twin, rounds).run()
        assert coverage.violation is not None
        assert coverage.prefixes <= prefixes_max
        assert len(coverage.schedule) <= rounds
        assert fly(twin, coverage.schedule).verdict == VIOLATION  # alone, from the start


def test_a_sampled_trace_shows_what_agreement_survives() -> None:
    """With Rule 3 intact no voter follows a leader without Rule 1: no disagreement, but no step of the module."""
    with planted("Rule 1 skipped"):
        assert Search(0, 2).run().violation is None
        outcomes = [fly(0, schedule) for schedule in sampled(40, 3)[:10]]
    assert any(outcome.verdict == VIOLATION and "Propose" in outcome.detail for outcome in outcomes)


def test_bugs_that_twins_cannot_find() -> None:
    """Each copy keeps Rule 1, so no unsafe proposal is ever made that Rule 3 would have to refuse."""
    with planted("Rule 3 skipped"):
        assert Search(0, 2).run().violation is None
        assert all(fly(0, schedule).verdict == PASS for schedule in sampled(10, 3))


def test_merged_states_have_the_futures_of_those_that_they_stand_for(three_rounds: tuple[Search, Coverage]) -> None:
    """Every schedule of two rounds, and all its states, without merging."""
    search, _ = three_rounds
    for schedule in itertools.product(range(15), repeat=2):
        endpoints = [Endpoint(number, 0) for number in range(ENDPOINTS)]
        merged = search.start
        for depth, partition in enumerate(schedule):
            for part in PARTITIONS[partition]:
                play([endpoints[number] for number in part], depth == 0)
            merged = search.successor(merged, partition, depth == 0)
        assert [search.digests[number] for number in merged] == [state.digest(endpoint) for endpoint in endpoints]


def test_sampled_schedules_pass_the_checker_decide_and_go_through_the_merged_states() -> None:
    search = Search(1, 4)
    for schedule in sampled(8, 4):
        outcome = fly(1, schedule)
        assert outcome.verdict == PASS, outcome.detail
        assert outcome.steps > 20
        assert compare(search, outcome) >= 1


def test_a_digest_that_is_blind_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_votes", lambda instance: ())
    monkeypatch.setattr(state, "canonical", _blind(state.canonical))
    search = Search(0, 3)
    search.run()
    with pytest.raises(MergeError, match="merged state differs"):
        _hold_all(search, sampled(60, 3))


def _hold_all(search: Search, schedules: list[list[int]]) -> None:
    for schedule in schedules:
        compare(search, fly(0, schedule))


def _blind(canonical):  # type: ignore[no-untyped-def]
    """Without registers, too: votes are stored nowhere."""
    return lambda thing: () if type(thing).__name__ == "Registers" else canonical(thing)


def test_the_copies_of_the_twin_propose_different_things() -> None:
    for twin in range(4):
        first, second = Endpoint(twin, twin), Endpoint(4, twin)
        assert first.replica == second.replica
        assert first.operations != second.operations


def test_a_swarm_that_does_not_vote_makes_no_progress() -> None:
    with planted("nobody votes"):
        outcome = fly(0, [ALONE])
    assert outcome.verdict == NO_PROGRESS
    assert "after the network healed" in outcome.detail


def test_a_record_shows_contradictions() -> None:
    record = Record()
    record.note("Vote1", {"slot": 1, "view": 1, "value": b"a"})
    with pytest.raises(Violation, match="twice"):
        record.note("Vote1", {"slot": 1, "view": 1, "value": b"a"})
    with pytest.raises(Violation, match="goes back"):
        record.note("Vote1", {"slot": 1, "view": 0, "value": b"a"})
    record.note("Decide", {"slot": 1, "view": 1, "value": b"a"})
    record.note("Learn", {"slot": 1, "value": b"a"})
    with pytest.raises(Violation, match="two values"):
        record.note("Learn", {"slot": 1, "value": b"b"})
    with pytest.raises(Violation, match="silent"):
        record.note("Silent", {"reason": "two values"})
    other = Record()
    other.note("Decide", {"slot": 1, "view": 0, "value": b"b"})
    assert contradiction([record.facts(), record.facts()]) is None
    assert contradiction([record.facts(), other.facts()]) is not None


def test_the_digest_refuses_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint(0, 1)
    play([endpoint], True)
    before = state.digest(endpoint)
    endpoint.node.replica.pending._entries[0].passed_over += 1
    assert state.digest(endpoint) != before  # state without an argument is part of the digest
    endpoint.node.replica.find(1).something = 1
    with pytest.raises(GuardError, match="fields"):
        state.digest(endpoint)
    with pytest.raises(GuardError, match="wiring"):
        state.canonical([play])
    other = Endpoint(2, 1)
    other.node.replica.catch_up.checkpoints._applied_by[0] = 1
    with pytest.raises(GuardError, match="progress"):
        state.digest(other)


def test_instance_fields_are_those_of_the_flight_code() -> None:
    instance: Instance = Instance(1, Endpoint(0, 1).node.group, 0, None, None)
    assert vars(instance).keys() == state.INSTANCE_FIELDS


def test_schedules_are_sampled_evenly() -> None:
    assert sampled(15, 1) == [[k] for k in range(15)]
    assert len({tuple(schedule) for schedule in sampled(100, 6)}) == 100


def test_the_trace_of_a_schedule_can_be_written(tmp_path: Path) -> None:
    outcome = fly(0, [ALONE, 7], tmp_path / "trace.ndjson")
    assert check_trace(tmp_path / "trace.ndjson").verdict == outcome.verdict == PASS


def test_the_command_reports_and_exits(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(twins)
    runner = CliRunner()
    passed = runner.invoke(app, ["--rounds", "1", "--sample", "2", "--json"])
    assert passed.exit_code == 0
    assert json.loads(passed.stdout)["covered"] == 15
    trace = tmp_path / "trace.ndjson"
    with planted("quorum off by one"):
        failed = runner.invoke(app, ["--rounds", "2", "--out", str(trace)])
    assert failed.exit_code == 3
    assert "VIOLATION" in failed.stdout
    assert check_trace(trace).verdict == VIOLATION
    assert replay.HEALED_ROUNDS_MAX == 8
