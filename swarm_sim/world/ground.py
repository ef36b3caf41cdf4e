"""The operators on the ground: they submit operations, repeat unconfirmed ones and record client histories.

Each of CLIENTS clients is the ground station's own `groundstation.station.client.Client`, here without frames and keys:
its requests go to the boards unencoded. The clients take operations in turn, so that histories have several clients,
each with its own numbers.

Rules
- At most `in_flight` operations are open. A new one takes a finished one's place after a pause.
- The history counts moments, not seconds: an operation is invoked when it is first sent, and its response is the
  arrival of the reply that completes f + 1.
- The trace gets the stages of TOLD and the receipts of RECEIPTS_TOLD; the ground station's own has all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Unpack, cast

from amu.core import limits
from amu.core.lamport import LamportClock
from amu.core.types import AnyMessage, Array
from amu.wire.messages import Receipt, Reply
from groundstation.record import operation as op
from groundstation.record.operation import Answer, Operation
from groundstation.scenario.model import WorkloadSpec
from groundstation.scenario.workload import Command, Workload
from groundstation.station.client import QUEUE_MAX, Client, Retry, Stages
from specs.checking.schema import Fields
from specs.checking.trace_line import printable
from swarm_sim.world.board import Arguments

CLIENTS = 3
RETRY_TICKS = 60
RETRY_TICKS_MAX = 960
TOLD = (op.QUEUED, "applied", "conflict", op.CONFIRMED, op.MALFORMED, op.STALE, "contradiction")
RECEIPTS_TOLD = (op.MALFORMED, op.STALE)  # those that can end an operation

assert CLIENTS <= limits.CLIENTS_MAX - 1


@dataclass(slots=True)
class HistoryEntry:
    """One operation of the history. `invoked`, `responded`: moments, counted from 0; None: not confirmed (yet)."""

    client: int
    number: int
    command: Command
    invoked: int
    responded: int | None = None
    slot: int | None = None
    result: Array | None = None


class GroundStation(Protocol):
    """What the operators need from the world."""

    def at(self, when: float, action: Callable[[*Arguments], None], *arguments: *Arguments) -> None: ...

    def uplink(self, board: int, lamport: int, message: AnyMessage) -> None: ...

    def note(self, event: str, **fields: Unpack[Fields]) -> None: ...

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
        self.history: list[HistoryEntry] = []
        self.asked: dict[tuple[int, int], Command] = {}  # by client and number
        self.is_asking = True
        self._station = station
        self._clock = clock
        self._workload = workload
        self._spec = spec
        self._resting = 0  # places of finished operations that are not taken again yet
        self._entries: dict[tuple[int, int], HistoryEntry] = {}  # of open operations
        self._moments = 0
        retry = Retry(RETRY_TICKS * tick_seconds, RETRY_TICKS_MAX * tick_seconds)
        self._clients = {
            number: Client(number, replica_count, retry, self._stages_of(number), 1, in_flight_max=QUEUE_MAX)
            for number in range(1, CLIENTS + 1)
        }

    @property
    def open_count(self) -> int:
        """Operations that are not confirmed."""
        return len(self._entries)

    @property
    def confirmed(self) -> int:
        """Operations that are."""
        return sum(client.counts[op.CONFIRMED] for client in self._clients.values())

    @property
    def contradictions(self) -> list[tuple[int, Answer, Answer]]:
        """Operations to which f + 1 boards each gave two answers."""
        return [found for client in self._clients.values() for found in client.contradictions]

    def ask(self) -> None:
        """Submit as many operations as `in_flight` allows."""
        while self.is_asking and self.open_count + self._resting < self._spec.in_flight:
            client = self._clients[1 + len(self.history) % CLIENTS]
            if client.obstacle is not None:
                return
            entry = HistoryEntry(client.number, client.next_operation, self._workload.draw(), self._moment())
            self.history.append(entry)
            self.asked[entry.client, entry.number] = entry.command
            self._entries[entry.client, entry.number] = entry
            client.submit(entry.command, self._station.now)
            self._send(client, entry.number)

    def receive(self, board: int, message: AnyMessage) -> None:
        """Take a board's receipt or reply. Other telemetry is for people."""
        if not isinstance(message, Reply | Receipt) or message.client not in self._clients:
            return
        client = self._clients[message.client]
        client.receive(board, message, self._station.now)
        operation = client.operation(message.operation)
        entry = self._entries.get((message.client, message.operation))
        if entry is not None and operation is not None and operation.is_terminal:
            self._finish(entry, operation)

    def _finish(self, entry: HistoryEntry, operation: Operation) -> None:
        del self._entries[entry.client, entry.number]
        if operation.answer is not None:
            entry.slot, entry.result = operation.answer
            self._workload.learn(entry.command, entry.slot, entry.result)
        self._resting += 1
        self._station.at(self._station.now + self._spec.pause_seconds, self._take_place)

    def _take_place(self) -> None:
        self._resting -= 1
        self.ask()

    def _send(self, client: Client, number: int) -> None:
        """Send to every board that is due, and again later if the operation is still open."""
        operation, now = client.operation(number), self._station.now
        if operation is None or operation.is_terminal:
            return
        time = self._clock.tick()
        for board in operation.boards:
            if client.is_due(operation, board, now):
                self._station.uplink(board, time, client.request(operation))
                client.sent(board, number, now)
        waiting = [on_board.due for on_board in operation.boards.values() if on_board.answer is None]
        if waiting:
            self._station.at(min(waiting), self._send, client, number)

    def _stages_of(self, client: int) -> Stages:
        def note(now: float, number: int, stage: str, /, **fields: Unpack[Fields]) -> None:
            if stage == op.CONFIRMED:
                self._entries[client, number].responded = self._moment()
            if stage in TOLD or fields.get("status") in RECEIPTS_TOLD:
                printed = {name: printable(field) for name, field in fields.items()}
                about = {"client": client, "operation": number, "stage": stage, **printed}
                self._station.note("Telecommand", **cast(Fields, about))

        return note

    def _moment(self) -> int:
        self._moments += 1
        return self._moments - 1
