"""The operators on the ground: they ask, repeat what is not confirmed, and keep the history of what they were told.

An operation goes to every board (a replica votes only for requests of which it holds its own copy) and is confirmed by
f + 1 equal replies. It keeps its (client, number) however often it is sent. Operations are dealt out to CLIENTS clients
in turn, so that histories have several clients, each with its own numbers.

Rules
- What is not confirmed is sent again to whoever has not replied, after a pause that doubles up to a bound; never given
  up.
- At most `in_flight` operations are open; the place of a confirmed one is taken again after a pause. A client's number
  never runs ahead of its oldest open operation by more than a board remembers.
- The history counts moments, not seconds: an operation is invoked when it is first sent and responded to when the reply
  that completes f + 1 arrives.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from amu.core import limits
from amu.core.lamport import LamportClock
from amu.core.types import AnyMessage
from amu.wire.messages import Reply, Request
from groundstation.scenario.model import WorkloadSpec
from groundstation.scenario.workload import Command, Workload
from swarm_sim.world.board import Arguments

CLIENTS = 3
RETRY_TICKS = 60
RETRY_DOUBLINGS_MAX = 4

assert CLIENTS <= limits.CLIENTS_MAX - 1


@dataclass(slots=True)
class Operation:
    """One operation of the history. `invoked`, `responded`: moments, counted from 0; None: not confirmed (yet)."""

    client: int
    number: int
    command: Command
    invoked: int
    responded: int | None = None
    slot: int | None = None
    result: list[Any] | None = None
    replies: dict[int, tuple[int, list[Any]]] = field(default_factory=dict)  # board -> what it replied
    resends: int = 0


class GroundStation(Protocol):
    """What the operators ask of the world."""

    def at(self, when: float, action: Callable[[*Arguments], None], *arguments: *Arguments) -> None: ...

    def uplink(self, board: int, lamport: int, message: AnyMessage) -> None: ...

    def note(self, event: str, **fields: Any) -> None: ...

    @property
    def now(self) -> float: ...


class Operators:
    """Keeps `in_flight` operations open as long as `is_asking`."""

    def __init__(
        self,
        station: GroundStation,
        clock: LamportClock,
        workload: Workload,
        replica_count: int,
        spec: WorkloadSpec,
        tick_seconds: float,
    ) -> None:
        self.history: list[Operation] = []
        self.asked: dict[tuple[int, int], Command] = {}  # by client and number
        self.confirmed = 0
        self.is_asking = True
        self._station = station
        self._clock = clock
        self._workload = workload
        self._replica_count = replica_count
        self._blocking = limits.blocking_size(replica_count)
        self._spec = spec
        self._resting = 0  # places of confirmed operations that are not taken again yet
        self._retry_seconds = RETRY_TICKS * tick_seconds
        self._open: dict[tuple[int, int], Operation] = {}
        self._numbers = [0] * (CLIENTS + 1)
        self._moments = 0
        self._drawn: Command | None = None

    @property
    def open_count(self) -> int:
        """Operations that are not confirmed."""
        return len(self._open)

    def open_operations(self) -> list[Operation]:
        return list(self._open.values())

    def ask(self) -> None:
        """Bring as many operations under way as may be."""
        while self.is_asking and len(self._open) + self._resting < self._spec.in_flight:
            client = 1 + len(self.history) % CLIENTS
            oldest = min([number for owner, number in self._open if owner == client], default=None)
            if oldest is not None and self._numbers[client] + 1 >= oldest + limits.OPERATIONS_PER_CLIENT_MAX:
                return
            self._numbers[client] += 1
            operation = Operation(client, self._numbers[client], self._workload.draw(), self._moment())
            self.history.append(operation)
            self.asked[client, operation.number] = operation.command
            self._open[client, operation.number] = operation
            self._station.note("Telecommand", client=client, operation=operation.number, stage="queued")
            self._send(operation)

    def receive(self, board: int, message: AnyMessage) -> None:
        """What a board tells the ground. Replies count, receipts and telemetry are for people."""
        if not isinstance(message, Reply):
            return
        operation = self._open.get((message.client, message.operation))
        if operation is None or board in operation.replies:
            return
        told = (message.slot, message.result)
        operation.replies[board] = told
        if sum(other == told for other in operation.replies.values()) >= self._blocking:
            self._confirm(operation, message.slot, message.result)

    def _confirm(self, operation: Operation, slot: int, result: list[Any]) -> None:
        operation.responded, operation.slot, operation.result = self._moment(), slot, result
        del self._open[operation.client, operation.number]
        self.confirmed += 1
        self._station.note("Telecommand", client=operation.client, operation=operation.number, stage="confirmed")
        self._workload.learn(operation.command, slot, result)
        self._resting += 1
        self._station.at(self._station.now + self._spec.pause_seconds, self._take_place)

    def _take_place(self) -> None:
        self._resting -= 1
        self.ask()

    def _send(self, operation: Operation) -> None:
        """To every board that has not replied; and again, if it is still open then."""
        if operation.responded is not None:
            return
        request = Request(operation.client, operation.number, operation.command)
        time = self._clock.tick()
        for board in range(self._replica_count):
            if board not in operation.replies:
                self._station.uplink(board, time, request)
        pause = self._retry_seconds * (1 << min(operation.resends, RETRY_DOUBLINGS_MAX))
        operation.resends += 1
        self._station.at(self._station.now + pause, self._send, operation)

    def _moment(self) -> int:
        self._moments += 1
        return self._moments - 1
