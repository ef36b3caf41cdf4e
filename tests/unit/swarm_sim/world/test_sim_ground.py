"""The simulated ground: the ground station's own client, in a world where every frame arrives."""

from typing import Any

from amu.core.lamport import LamportClock
from amu.wire.messages import Receipt, Reply, Request
from groundstation.scenario.model import WorkloadSpec
from groundstation.scenario.workload import Workload
from swarm_sim.oracles import histories
from swarm_sim.world.ground import RETRY_TICKS, Operators

TICK = 0.01


class World:
    """The world that operators need; the test moves time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[tuple[int, Request]] = []
        self.notes: list[tuple[str, Any]] = []
        self._planned: list[tuple[float, Any, tuple[Any, ...]]] = []

    def at(self, when: float, action: Any, *arguments: Any) -> None:
        self._planned.append((when, action, arguments))

    def uplink(self, board: int, lamport: int, message: Any) -> None:
        self.sent.append((board, message))

    def note(self, event: str, **fields: Any) -> None:
        self.notes.append((fields["stage"], fields["client"]))

    def pass_until(self, now: float) -> list[int]:
        """The boards to which operations were sent meanwhile."""
        before = len(self.sent)
        while due := sorted((each for each in self._planned if each[0] <= now), key=lambda each: each[0]):
            self._planned.remove(due[0])
            self.now = due[0][0]
            due[0][1](*due[0][2])
        self.now = now
        return [board for board, _ in self.sent[before:]]


def asking() -> tuple[World, Operators, Request]:
    """A ground that has sent its first operation to four boards."""
    world = World()
    spec = WorkloadSpec(in_flight=1, pause_seconds=1e6)
    operators = Operators(world, LamportClock(), Workload(1, 4, {"noop": 1}), 4, spec, TICK)
    operators.ask()
    assert [board for board, _ in world.sent] == [0, 1, 2, 3]
    return world, operators, world.sent[0][1]


def reply(request: Request, slot: int) -> Reply:
    return Reply(request.client, request.operation, slot, ["ok"])


def test_unanswered_operations_are_sent_again_with_growing_pauses() -> None:
    world, operators, request = asking()
    operators.receive(2, reply(request, 5))
    first = RETRY_TICKS * TICK
    assert world.pass_until(first * 0.99) == []
    assert world.pass_until(first) == [0, 1, 3]
    assert world.pass_until(first * 2.99) == []
    assert world.pass_until(first * 3) == [0, 1, 3]
    operators.receive(0, reply(request, 5))
    assert (operators.confirmed, operators.open_count) == (1, 0)
    assert world.pass_until(1e3) == []
    assert [stage for stage, _ in world.notes] == ["queued", "applied", "applied", "confirmed"]


def test_two_answers_of_f_plus_1_boards_each_are_found() -> None:
    _, operators, request = asking()
    for board in range(4):
        operators.receive(board, reply(request, 5 + board // 2))
    [entry] = operators.history
    assert (entry.slot, entry.responded) == (5, 1)
    finding = histories.check(operators.history, 4, operators.contradictions)
    assert finding is not None
    assert finding.oracle == histories.ORACLE
    assert "two answers" in finding.cause


def test_an_operation_that_boards_have_forgotten_is_open_no_more_and_not_confirmed() -> None:
    world, operators, request = asking()
    for board in range(2):
        operators.receive(board, Receipt(request.client, request.operation, "stale"))
    assert (operators.confirmed, operators.open_count) == (0, 0)
    assert operators.history[0].responded is None
    assert [stage for stage, _ in world.notes] == ["queued", "received", "received", "stale"]
