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
    outcome = fly(mission={"slots": 30}, workload={"operations": 40, "in_flight": 6, "mix": {"lease-acquire": 1}})
    assert (outcome.verdict, outcome.oracle) == ("violation", histories.ORACLE)


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
