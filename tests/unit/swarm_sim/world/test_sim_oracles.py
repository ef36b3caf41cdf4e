"""Each oracle of the simulator finds a bug that is planted in the flight code or in its input."""

from typing import Any

import pytest

from amu.consensus import bodies, records, rules
from amu.consensus.catch_up import CatchUp
from amu.consensus.instance import Instance
from amu.consensus.registers import Registers
from amu.consensus.replica import Replica
from amu.ledger.state import Ledger
from amu.node.application import Application
from amu.node.effects import Effects
from specs.checking.trace import Event
from swarm_sim.draw.draw import draw
from swarm_sim.oracles import agreement, histories, journal, liveness, memory, validity
from swarm_sim.outcome import Outcome
from swarm_sim.simulation import CRASHED, Simulation
from swarm_sim.world.world import World
from tests.support.simulator.simulations import scenario

RESTARTS = [{"at": 0.05 + 0.1 * k, "node": k % 4, "kind": "restart"} for k in range(8)]


def fly(**tables: Any) -> Outcome:
    return Simulation(scenario(**tables), None, False, True).fly()


def test_sound_code_passes_what_the_planted_bugs_fail() -> None:
    assert fly(board_faults=RESTARTS, mission={"slots": 20}, workload={"operations": 20}).verdict == "pass"


def test_ledgers_that_differ_are_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = Ledger.digest
    count = iter(range(10**6))
    monkeypatch.setattr(Ledger, "digest", lambda self: digest(self)[:-1] + bytes([next(count) % 2]))
    outcome = fly()
    assert (outcome.verdict, outcome.oracle) == ("violation", agreement.ORACLE)
    assert "different ledgers" in outcome.cause
    assert outcome.counts["slots"] < 6  # broken off


def apply_event(node: int, slot: int, value: str, digest: str) -> Event:
    return Event(1, node, 0, 0, 1, "Apply", {"slot": slot, "value": value * 32, "digest": digest * 32})


@pytest.mark.parametrize(
    ("events", "cause"),
    [
        ([(0, 1, "aa", "01"), (1, 1, "bb", "01")], "correct boards apply different values in a slot"),
        ([(0, 1, "aa", "01"), (1, 1, "aa", "02")], "correct boards have different ledgers after a slot"),
        ([(0, 1, "aa", "01"), (0, 3, "cc", "03")], "a board applies slots out of order"),
    ],
)
def test_each_difference_of_logs_has_its_cause(events: list[tuple[int, int, str, str]], cause: str) -> None:
    judge = agreement.Agreement(frozenset())
    for event in events:
        judge.feed(apply_event(*event))
    assert judge.finding is not None
    assert (judge.finding.oracle, judge.finding.cause) == (agreement.ORACLE, cause)


def test_a_log_that_continues_from_an_adopted_state_that_nobody_had_is_found() -> None:
    judge = agreement.Agreement(frozenset())
    judge.feed(Event(1, 0, 0, 0, 1, "Adopt", {"slot": 5, "digest": "05" * 32}))
    judge.feed(apply_event(0, 6, "ff", "06"))
    judge.feed(Event(1, 1, 0, 0, 1, "Boot", {"version": "1", "journal": "ok", "applied_slot": 4}))
    judge.feed(apply_event(1, 5, "ee", "05"))
    assert judge.finding is None
    judge.feed(apply_event(1, 6, "ff", "06"))
    assert judge.finding is not None
    assert judge.finding.cause == "correct boards have different logs before a slot"


def test_a_vote_that_is_not_on_flash_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    persist = Effects.persist

    def forgetful(self: Any, record: Any) -> None:
        if record[0] != records.VOTE or record[3] != 3:  # a vote of phase 3
            persist(self, record)

    monkeypatch.setattr(Effects, "persist", forgetful)
    outcome = fly(board_faults=RESTARTS, mission={"slots": 20}, workload={"operations": 20})
    assert outcome.verdict == "violation"
    assert outcome.oracle in (journal.ORACLE, "CON-2")


def test_memory_without_bound_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = CatchUp.applied

    def hoarding(self: Any, slot: int, value: bytes, body: bytes) -> None:
        applied(self, slot, value, body)
        self.hoard = [*getattr(self, "hoard", []), bytes(200_000) + bytes([slot])]

    monkeypatch.setattr(CatchUp, "applied", hoarding)
    outcome = fly(mission={"slots": 60}, workload={"operations": 60})
    assert (outcome.verdict, outcome.oracle) == ("violation", memory.ORACLE)


def test_a_node_that_has_worked_hard_weighs_less_than_its_bound() -> None:
    run = Simulation(scenario(mission={"slots": 120}, workload={"operations": 300, "in_flight": 24}), None, False, True)
    assert run.fly().verdict == "pass"
    weights = [memory.weigh(board.flight) for board in run.world.boards]
    assert 10_000 < max(weights) < memory.bytes_max(4) // 4


def test_answers_that_no_order_explains_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is correct, but answers every client with the token of the previous grant."""
    send = Effects.send

    def stale(self: Any, destination: int, message: Any) -> None:
        result = getattr(message, "result", None)
        if result and result[0] == "ok" and len(result) == 3:
            message.result = ["ok", max(1, result[1] - 1), result[2]]
        send(self, destination, message)

    monkeypatch.setattr(Effects, "send", stale)
    workload = {"operations": 40, "in_flight": 6, "mix": {"lease-acquire": 1}}
    run = Simulation(scenario(mission={"slots": 30}, workload=workload), None, False, True)
    outcome = run.fly()
    assert (outcome.verdict, outcome.oracle) == ("violation", "TCM-3")  # the modules see it, too, and are asked first
    operators = run.world.operators
    found = histories.check(operators.history, 4, operators.contradictions)
    assert found is not None
    assert (found.oracle, found.cause) == (histories.ORACLE, "a history that no order explains: lease-acquire")


def test_two_confirmed_answers_to_one_operation_are_found() -> None:
    one, other = (1, ["ok", 1, 9]), (2, ["ok", 2, 9])
    found = histories.check([], 4, [(7, one, other)])  # type: ignore[list-item]
    assert found is not None
    assert (found.oracle, found.cause) == (histories.ORACLE, "f + 1 boards each gave two answers")


@pytest.mark.parametrize(
    ("cause", "owner", "method", "replacement"),
    [
        ("the leader does not propose", Instance, "try_propose", lambda self: None),
        ("a proposal that not all of the core votes for", Instance, "_try_vote1", lambda self: None),
        ("votes do not lead to a decision", Instance, "_decide", lambda self, view, value: None),
        ("a decided slot is not applied", Replica, "settle", lambda self: None),
    ],
)
def test_lack_of_progress_is_found_and_explained(
    monkeypatch: pytest.MonkeyPatch, cause: str, owner: Any, method: str, replacement: Any
) -> None:
    monkeypatch.setattr(owner, method, replacement)
    outcome = fly(liveness={"core": [0, 1, 2], "at": 0.5, "bound_seconds": 4.0})
    assert (outcome.verdict, outcome.oracle) == ("no_progress", liveness.ORACLE)
    assert outcome.cause == cause
    assert "board 0: voting" in outcome.detail


def test_a_core_that_is_down_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "_heal", lambda self, board: None)
    dead = [{"at": 0.01, "node": node, "kind": "kill"} for node in (0, 1)]
    outcome = fly(board_faults=dead, liveness={"core": [0, 1, 2], "at": 0.5, "bound_seconds": 3.0})
    assert (outcome.verdict, outcome.cause) == ("no_progress", "a board of the core is down")


def test_flight_code_that_raises_is_a_crash_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, slot: int, value: bytes, requests: Any) -> None:
        raise ZeroDivisionError(f"planted in slot {slot}")

    monkeypatch.setattr(Application, "apply", broken)
    outcome = fly()
    assert (outcome.verdict, outcome.oracle) == ("crash", CRASHED)
    assert outcome.cause == "ZeroDivisionError in test_sim_oracles.py:broken: planted in slot #"
    assert "Traceback" in outcome.detail


def test_a_broken_rule_is_named_by_the_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registers, "voted", lambda self, phase, view: False)
    outcome = fly(faults=[{"fault": "jitter", "seconds_max": 0.03}])
    assert outcome.verdict in ("violation", "crash")
    monkeypatch.undo()
    monkeypatch.setattr(rules, "safe_at", lambda *arguments: True)
    assert fly().verdict == "pass"  # nobody was tempted: what a bug needs is a schedule


def test_an_operation_that_was_not_submitted_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    next_body = Replica.next_body

    def forging(self: Any, instance: Any, view: int) -> Any:
        body = next_body(self, instance, view)
        return None if body is None else bodies.encode(view, [[1, 60, ["noop"]]])

    monkeypatch.setattr(Replica, "next_body", forging)
    monkeypatch.setattr(Replica, "is_valid", lambda *arguments: True)
    outcome = fly()
    assert (outcome.verdict, outcome.oracle) == ("violation", validity.ORACLE)
    assert outcome.cause == "an operation was applied that no client submitted"


def test_an_operation_with_other_words_than_submitted_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    next_body = Replica.next_body

    def rewording(self: Any, instance: Any, view: int) -> Any:
        body = next_body(self, instance, view)
        if body is None:
            return None
        origin_view, requests = bodies.decode(body)
        changed = [[client, operation, ["job-cancel", 7]] for client, operation, _ in requests]
        return bodies.encode(origin_view, changed)

    monkeypatch.setattr(Replica, "next_body", rewording)
    monkeypatch.setattr(Replica, "is_valid", lambda *arguments: True)
    outcome = fly(workload={"mix": {"noop": 1}})
    assert (outcome.verdict, outcome.oracle) == ("violation", validity.ORACLE)
    assert outcome.cause == "an operation was applied with another command than submitted"


@pytest.mark.parametrize(("replica_count", "kibibytes"), [(4, 810), (7, 948), (10, 1087), (13, 1226)])
def test_the_bound_of_memory_is_that_of_the_limits(replica_count: int, kibibytes: int) -> None:
    """Bodies, reports, the log, states, requests, the ledger and channels, each at its limit."""
    assert kibibytes * 1024 < memory.bytes_max(replica_count) < (kibibytes + 1) * 1024
    weight = bytearray(memory.bytes_max(replica_count))
    assert memory.check(0, [weight[64:]], replica_count) is None
    found = memory.check(0, [weight], replica_count)
    assert found is not None
    assert found.oracle == memory.ORACLE


@pytest.mark.parametrize(("replica_count", "seconds"), [(4, 444.0), (7, 572.0), (13, 828.0)])
def test_the_bound_of_progress_is_drawn_from_the_longest_timer(replica_count: int, seconds: float) -> None:
    """Of a view timer of a second, twice for each of f + 2 leaders in a row, and a minute for all else."""
    timers = {draw(seed, replica_count).clock.view_timeout_seconds for seed in range(40)}
    assert 1.0 in timers
    for seed in range(40):
        drawn = draw(seed, replica_count)
        assert drawn.liveness is not None
        part = drawn.clock.view_timeout_seconds / drawn.mission.speed
        bound = drawn.liveness.bound_seconds / drawn.mission.speed
        assert abs(bound - 60 - part * (seconds - 60)) < 0.11
