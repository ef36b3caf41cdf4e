"""One client of the swarm's ledger: submits operations, repeats unanswered ones, and confirms by f + 1 equal answers.

Sans-I/O: commands, receipts and replies go in with the caller's time; requests to send and stages come out. The ground
station seals the requests and writes them to its links (`groundstation.station.telecommand`). The simulator's operators
pass them to boards directly (`swarm_sim.world.ground`), so campaigns exercise the same client.

Rules
- An operation goes to every replica, and keeps its number however often it is sent; (client, operation) makes it take
  effect at most once.
- An unanswered operation is sent to a board again, with a pause that doubles up to a bound, and never given up. A board
  that has rebooted gets it at once, and the pauses start over.
- A request counts as sent when the caller reports that it has left, not before.
- Every queue is bounded. `submit` refuses an operation that does not fit. It also refuses one that would let boards
  forget the result of an older, open operation (they remember the OPERATIONS_PER_CLIENT_MAX newest numbers).
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, Unpack

from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.core.types import Array
from amu.wire import cbor
from amu.wire.messages import Receipt, Reply, Request
from groundstation.record import operation as op
from groundstation.record.operation import OnBoard, Operation
from groundstation.record.past import PastOperation
from specs.checking.schema import Fields

QUEUE_MAX = 64  # operations that are not terminal
IN_FLIGHT_MAX = 32  # of these, sent to boards: half of what a board's queue of requests holds
FINISHED_MAX = 1024  # terminal operations kept for late replies and for the report

assert IN_FLIGHT_MAX <= limits.PENDING_REQUESTS_MAX // 2
assert QUEUE_MAX <= limits.OPERATIONS_PER_CLIENT_MAX


@dataclass(frozen=True)
class Retry:
    """Pause before an operation is sent to a board again: `first_seconds`, doubling up to `seconds_max`."""

    first_seconds: float = 2.0
    seconds_max: float = 30.0

    def pause(self, attempts: int) -> float:
        """Pause after the `attempts`-th sending (from 1)."""
        doublings = min(attempts - 1, 32)  # beyond any bound, and no float overflows
        return min(self.first_seconds * float(1 << doublings), self.seconds_max)


class Stages(Protocol):
    """Receives each stage of an operation, in order."""

    def __call__(self, now: float, number: int, stage: str, /, **fields: Unpack[Fields]) -> None: ...


class Client:
    """Operations of client `number` (0 .. 255, not used by any other client).

    first_operation: above all numbers ever used by this client; otherwise boards refuse operations as stale.
    in_flight_max: the oldest so many open operations are sent; the others wait. reserve: called with a bound before an
    operation number reaches it: all numbers below may have been used. Times are the caller's, as those of `retry`.
    """

    def __init__(
        self,
        number: int,
        replica_count: int,
        retry: Retry,
        stages: Stages,
        first_operation: int = 0,
        in_flight_max: int = IN_FLIGHT_MAX,
        reserve: Callable[[int], None] = lambda bound: None,
    ) -> None:
        self.number = number
        self.next_operation = first_operation
        self.finished: dict[int, Operation] = {}  # the latest terminal ones, by number, oldest first
        self.counts: Counter[str] = Counter()  # terminal states, retries, refusals
        self.contradictions: list[tuple[int, op.Answer, op.Answer]] = []  # two answers of f + 1 boards each: unsafe
        self._boards = range(replica_count)
        self._needed = limits.blocking_size(replica_count)
        self._retry = retry
        self._stages = stages
        self._in_flight_max = in_flight_max
        self._reserve = reserve
        self._open: dict[int, Operation] = {}  # not terminal, by number, oldest first

    # --- commands ---------------------------------------------------------------------------------

    @property
    def obstacle(self) -> str | None:
        """Why nothing can be submitted now. None if an operation can."""
        if len(self._open) >= QUEUE_MAX:
            return f"{QUEUE_MAX} operations are open; wait until one is confirmed"
        oldest = next(iter(self._open), self.next_operation)
        if self.next_operation - oldest >= limits.OPERATIONS_PER_CLIENT_MAX:
            return f"operation {oldest} is open; boards forget it when {self.next_operation} is applied"
        return None

    def submit(self, command: Array, now: float, sender: str | None = None) -> int:
        """Queue a ledger command. Returns its operation number. sender: the person who asked for it.

        Raises BusyError if the queue is full, ValueError for a command that no board could accept.
        """
        check_command(command)
        if self.obstacle is not None:
            raise BusyError(self.obstacle)
        number = self.next_operation
        self._reserve(number + 1)
        self.next_operation += 1
        self._open[number] = self._operation(number, command, now, now)
        # Twice: for people, and in the exact bytes for the client that continues after this one's death.
        fields: Fields = {"command": command, "encoded": cbor.encode(command).hex()}
        if sender is not None:
            fields["sender"] = sender
        self._stages(now, number, op.QUEUED, **fields)
        return number

    def take_up(self, past: Iterable[PastOperation], now: float) -> None:
        """Continue an earlier client's open operations, with their numbers, until all are confirmed."""
        for each in past:
            if each.state in op.TERMINAL:
                self.counts[each.state] += 1
            else:
                self._open[each.number] = self._operation(each.number, each.command, each.queued, now)
            self.next_operation = max(self.next_operation, each.number + 1)

    def _operation(self, number: int, command: Array, queued: float, due: float) -> Operation:
        return Operation(number, command, queued, {board: OnBoard(due=due) for board in self._boards})

    def operation(self, number: int) -> Operation | None:
        """The operation, if it is open or among the latest terminal ones."""
        return self._open.get(number) or self.finished.get(number)

    @property
    def open_operations(self) -> list[Operation]:
        """Operations that are not terminal, oldest first."""
        return list(self._open.values())

    # --- requests ---------------------------------------------------------------------------------

    def due(self, board: int, now: float) -> Iterator[Request]:
        """Requests to send to a board now. Call `sent` for each that has left; the others remain due."""
        for operation in self._in_flight():
            if self.is_due(operation, board, now):
                yield self.request(operation)

    def is_due(self, operation: Operation, board: int, now: float) -> bool:
        """Whether to send an operation to a board now."""
        on_board = operation.boards[board]
        return on_board.answer is None and now >= on_board.due

    def request(self, operation: Operation) -> Request:
        """The message that requests it from a board."""
        return Request(self.number, operation.number, operation.command)

    def sent(self, board: int, number: int, now: float) -> None:
        """The request has left for the board."""
        operation = self._open.get(number)
        if operation is None:
            return
        on_board = operation.boards[board]
        on_board.attempts += 1
        on_board.pauses += 1
        on_board.due = now + self._retry.pause(on_board.pauses)
        if on_board.uplinked is None:
            on_board.uplinked = now
        else:
            self.counts["retries"] += 1
        if operation.state == op.QUEUED:
            operation.state = op.WAITING
        self._stages(now, number, "uplinked", board=board, attempt=on_board.attempts)

    def next_due(self) -> float | None:
        """When the next request is due to any board. None: not before something happens."""
        times = (
            on_board.due
            for operation in self._in_flight()
            for on_board in operation.boards.values()
            if on_board.answer is None
        )
        return min(times, default=None)

    def rebooted(self, board: int, now: float) -> None:
        """A rebooted board has lost unanswered requests: send them again, starting with the first pause."""
        for operation in self._in_flight():
            on_board = operation.boards[board]
            if on_board.answer is None and on_board.attempts:
                on_board.pauses, on_board.due = 0, now

    def _in_flight(self) -> Iterator[Operation]:
        return itertools.islice(self._open.values(), self._in_flight_max)

    # --- answers ----------------------------------------------------------------------------------

    def receive(self, board: int, message: Receipt | Reply, now: float) -> None:
        """An authentic Receipt or Reply of `board`. Those about unknown operations are counted."""
        operation = self.operation(message.operation) if message.client == self.number else None
        if isinstance(message, Reply):
            self._on_reply(operation, board, message, now)
        else:
            self._on_receipt(operation, board, message, now)

    def _on_receipt(self, operation: Operation | None, board: int, message: Receipt, now: float) -> None:
        if operation is None or message.status not in op.RECEIPTS:
            self.counts["refused: receipt"] += 1
            return
        on_board = operation.boards[board]
        if on_board.receipt != message.status:
            on_board.receipt = message.status
            self._stages(now, operation.number, "received", board=board, status=message.status)
        if on_board.received is None:
            on_board.received = now
        for status, state in (("malformed", op.MALFORMED), ("stale", op.STALE)):
            if not operation.is_terminal and len(operation.with_receipt(status)) >= self._needed:
                self._finish(now, operation, state)

    def _on_reply(self, operation: Operation | None, board: int, message: Reply, now: float) -> None:
        if operation is None:
            self.counts["refused: reply"] += 1
            return
        answer = (message.slot, message.result)
        is_first = operation.boards[board].answer is None
        is_conflict = operation.note_answer(board, answer, now)
        for stage, is_so in (("applied", is_first), ("conflict", is_conflict)):
            if is_so:
                self._stages(now, operation.number, stage, board=board, slot=message.slot, result=message.result)
        if not is_first or len(operation.matching(answer)) < self._needed:
            return
        if operation.answer is None and not operation.is_terminal:
            operation.answer = answer
            self._finish(now, operation, op.CONFIRMED)
        elif operation.answer is not None and not op.same(operation.answer, answer):
            # More boards lie than the swarm tolerates, or correct ones have diverged: report either.
            self.contradictions.append((operation.number, operation.answer, answer))
            self._stages(now, operation.number, "contradiction", slot=message.slot, result=message.result)

    def _finish(self, now: float, operation: Operation, state: str) -> None:
        operation.finish(state, now)
        del self._open[operation.number]
        self.finished[operation.number] = operation
        if len(self.finished) > FINISHED_MAX:
            del self.finished[next(iter(self.finished))]
        self.counts[state] += 1
        fields: Fields = {"seconds": round(now - operation.queued, 6)}
        if operation.answer is not None:
            fields["slot"], fields["result"] = operation.answer
        self._stages(now, operation.number, state, **fields)


def check_command(command: Array) -> None:
    """Raise ValueError unless `command` can be sent: a CBOR array that starts with a name, of bounded length."""
    if not isinstance(command, list) or not command or not isinstance(command[0], str):
        raise ValueError(f"command: want an array that starts with the command's name, have {command!r}")
    try:
        size = len(cbor.encode(command))
    except CodecError as error:
        raise ValueError(f"command {command[0]}: {error}") from error
    if size > limits.COMMAND_BYTES_MAX:
        raise ValueError(f"command {command[0]}: {size} bytes of CBOR, at most {limits.COMMAND_BYTES_MAX}")
