"""The telecommand station: brings operations to every board, again and again, until the swarm has confirmed them.

Sans-I/O: time, frames and commands go in, frames to write and stage events come out. The caller owns the links. An
operation goes to every replica, because a replica votes only for requests of which it has its own copy: a MAC convinces
its receiver alone, so no replica can prove to another that the ground has asked for something.

Rules
- An operation keeps its number however often it is sent; (client, operation) makes it take effect at most once.
- What is not confirmed is sent again, with a pause that doubles up to a bound, and never given up. A board that has
  rebooted gets all that it has not answered at once, and the pauses start over.
- A frame counts as uplinked when the caller says that its link took it, not before.
- Every queue is bounded. `submit` refuses what does not fit, and an operation that could run out of the boards' memory
  of results (OPERATIONS_PER_CLIENT_MAX newest numbers) while an older one is open.
"""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from amu.core import limits
from amu.core.errors import AuthError, BusyError, CodecError
from amu.core.lamport import LamportClock, Witnesses
from amu.core.types import AnyMessage
from amu.wire import cbor, codec, frames, messages
from amu.wire.auth import Keyring
from amu.wire.frames import Frame
from amu.wire.messages import Health, Identity, Message, Receipt, Reply
from groundstation.record import operation as op
from groundstation.record.operation import OnBoard, Operation
from groundstation.record.past import Past

QUEUE_MAX = 64  # operations that are not terminal
IN_FLIGHT_MAX = 32  # of these, uplinked: half of what a board's queue of requests holds
FINISHED_MAX = 1024  # terminal operations that are kept for late replies and for the report
CONTROLS_MAX = 4  # a board
FRAMES_PER_STEP_MAX = (
    limits.PEER_FRAMES_PER_TICK_MAX // 4
)  # a board: what it takes from us in a tick, with room to spare

assert IN_FLIGHT_MAX <= limits.PENDING_REQUESTS_MAX // 2
assert QUEUE_MAX <= limits.OPERATIONS_PER_CLIENT_MAX


class GroundRecord(Protocol):
    """Where stage events go; `groundstation.record.recorder.Recorder` is one."""

    def ground(self, event: str, received: float, lamport: int, **fields: Any) -> None: ...


class Uplink(NamedTuple):
    """A frame for the link of `board`. `subject`: operation number, or "hello" or "control"."""

    board: int
    frame: bytes
    subject: int | str
    at: float


@dataclass(frozen=True)
class Retry:
    """Pause before an operation is sent to a board again: `first_seconds`, doubling up to `seconds_max`."""

    first_seconds: float = 2.0
    seconds_max: float = 30.0

    def pause(self, attempts: int) -> float:
        """Pause after the `attempts`-th uplink (from 1)."""
        doublings = min(attempts - 1, 32)  # far behind any bound, and no float overflows
        return min(self.first_seconds * float(1 << doublings), self.seconds_max)


@dataclass
class BoardView:
    """A board as the ground last knew it. `seen` is when: the truth is older by the time that the frame took."""

    mode: str | None = None
    boot: int | None = None
    version: str | None = None
    applied_slot: int | None = None
    seen: float | None = None
    health: Health | None = None  # the latest
    hello_due: float = 0.0
    hello_attempts: int = 0  # since the last answer
    nonce: int | None = None  # that the next Identity must bring back

    def age(self, now: float) -> float | None:
        """Seconds since the board was last heard of; None if never."""
        return None if self.seen is None else now - self.seen


class Station:
    """Telecommands of one client.

    keyring: the ground's own. client: 0 .. 255, not in use by another station. clock: the ground's Lamport clock, which
    whoever else records ground events shares. first_operation, first_nonce: above all that were ever used under this
    client number and these keys, or operations are refused as stale and old identities pass for new ones. reserve: is
    told, before it is so, that all operation numbers and nonces below two bounds have been used.
    hello_seconds: pause between an Identity and the next Hello; None asks never. Times are in the caller's seconds, as
    are those of `retry`.
    """

    def __init__(
        self,
        keyring: Keyring,
        replica_count: int,
        client: int,
        clock: LamportClock,
        recorder: GroundRecord,
        retry: Retry | None = None,
        first_operation: int = 0,
        first_nonce: int = 0,
        hello_seconds: float | None = 5.0,
        reserve: Callable[[int, int], None] = lambda operations, nonces: None,
    ) -> None:
        self.client = client
        self.boards = {board: BoardView() for board in range(replica_count)}
        self.finished: dict[int, Operation] = {}  # the latest terminal ones, by number, oldest first
        self.counts: Counter[str] = Counter()  # terminal states, retries, refusals of frames by reason
        self.contradictions: list[tuple[int, op.Answer, op.Answer]] = []  # f + 1 boards each for two answers: unsafe
        self._keyring = keyring
        self._needed = limits.blocking_size(replica_count)
        self._clock = clock
        self._witnesses = Witnesses(replica_count, self._needed)
        self._recorder = recorder
        self._retry = retry or Retry()
        self._next_number = first_operation
        self._next_nonce = first_nonce
        self._hello_seconds = hello_seconds
        self._reserve = reserve
        self._open: dict[int, Operation] = {}  # not terminal, by number, oldest first
        self._controls: dict[int, deque[str]] = {board: deque() for board in range(replica_count)}

    # --- commands ---------------------------------------------------------------------------------

    def submit(self, command: list[Any], now: float) -> int:
        """Queue a ledger command; its operation number.

        Raises BusyError when the queue is full, ValueError for what no board could take.
        """
        check_command(command)
        if len(self._open) >= QUEUE_MAX:
            raise BusyError(f"{QUEUE_MAX} operations are open; wait until one is confirmed")
        oldest = next(iter(self._open), self._next_number)
        if self._next_number - oldest >= limits.OPERATIONS_PER_CLIENT_MAX:
            raise BusyError(f"operation {oldest} is open; boards forget it when {self._next_number} is applied")
        number = self._next_number
        self._reserve(number + 1, self._next_nonce)
        self._next_number += 1
        self._open[number] = Operation(number, command, now, {board: OnBoard(due=now) for board in self.boards})
        # Twice: for people, and as the station that goes on after this one's death needs it, to the byte.
        self._stage(now, number, op.QUEUED, command=command, encoded=cbor.encode(command).hex())
        return number

    def take_up(self, past: Past, now: float) -> None:
        """Go on where an earlier station of this client has ended: under the same numbers, until all is confirmed."""
        for operation in past.operations.values():
            if operation.state in op.TERMINAL:
                self.counts[operation.state] += 1
            else:
                on_boards = {board: OnBoard(due=now) for board in self.boards}
                self._open[operation.number] = Operation(
                    operation.number, operation.command, operation.queued, on_boards
                )
        self._next_number = max(self._next_number, max(past.operations, default=-1) + 1)
        self.counts["retries"] += past.retries
        self.contradictions += past.contradictions

    def control(self, board: int, action: str) -> None:
        """Send a board `exit` or `reset` with the next step, once. Raises BusyError when too many wait."""
        if len(self._controls[board]) >= CONTROLS_MAX:
            raise BusyError(f"{CONTROLS_MAX} control commands for board {board} wait for its link")
        self._controls[board].append(action)

    def operation(self, number: int) -> Operation | None:
        """The operation, if it is open or among the latest terminal ones."""
        return self._open.get(number) or self.finished.get(number)

    @property
    def open_operations(self) -> list[Operation]:
        """Operations that are not terminal, oldest first."""
        return list(self._open.values())

    # --- uplink -----------------------------------------------------------------------------------

    def step(self, now: float, reachable: Collection[int] | None = None) -> list[Uplink]:
        """Frames to write now to the boards in `reachable` (all if None).

        Call `sent` for each that its link took. The others come again with the next step, under a new Lamport time.
        """
        uplinks = []
        for board in self.boards:
            if reachable is None or board in reachable:
                for message, subject in itertools.islice(self._due(board, now), FRAMES_PER_STEP_MAX):
                    uplinks.append(self._seal(board, message, subject, now))
        return uplinks

    def _due(self, board: int, now: float) -> Iterator[tuple[Any, int | str]]:
        for action in self._controls[board]:
            yield messages.Control(action), "control"
        view = self.boards[board]
        if self._hello_seconds is not None and now >= view.hello_due:
            if view.nonce is None:
                self._reserve(self._next_number, self._next_nonce + 1)
                view.nonce = self._next_nonce
                self._next_nonce += 1
            yield messages.Hello(view.nonce), "hello"
        for operation in self._in_flight():
            on_board = operation.boards[board]
            if on_board.answer is None and now >= on_board.due:
                yield messages.Request(self.client, operation.number, operation.command), operation.number

    def _in_flight(self) -> Iterator[Operation]:
        return itertools.islice(self._open.values(), IN_FLIGHT_MAX)

    def _seal(self, board: int, message: Message, subject: int | str, now: float) -> Uplink:
        payload = codec.encode(self._clock.tick(), message)
        tag = self._keyring.seal(message.KIND, board, payload)
        return Uplink(board, frames.build(message.KIND, limits.GROUND, board, tag, payload), subject, now)

    def sent(self, uplink: Uplink) -> None:
        """The link of `uplink.board` took the frame. Call before the next `step`."""
        if uplink.subject == "control":
            action = self._controls[uplink.board].popleft()
            self._record("Control", uplink.at, board=uplink.board, action=action)
        elif uplink.subject == "hello":
            view = self.boards[uplink.board]
            view.hello_attempts += 1
            view.hello_due = uplink.at + self._retry.pause(view.hello_attempts)
        elif isinstance(uplink.subject, int) and uplink.subject in self._open:
            self._uplinked(self._open[uplink.subject], uplink)

    def _uplinked(self, operation: Operation, uplink: Uplink) -> None:
        on_board = operation.boards[uplink.board]
        on_board.attempts += 1
        on_board.pauses += 1
        on_board.due = uplink.at + self._retry.pause(on_board.pauses)
        if on_board.uplinked is None:
            on_board.uplinked = uplink.at
        else:
            self.counts["retries"] += 1
        if operation.state == op.QUEUED:
            operation.state = op.WAITING
        self._stage(uplink.at, operation.number, "uplinked", board=uplink.board, attempt=on_board.attempts)

    def next_due(self) -> float | None:
        """When `step` next has something to send, reachable boards or not; None: not before something happens."""
        times = [0.0 for waiting in self._controls.values() if waiting]
        if self._hello_seconds is not None:
            times += [view.hello_due for view in self.boards.values()]
        for operation in self._in_flight():
            times += [on_board.due for on_board in operation.boards.values() if on_board.answer is None]
        return min(times, default=None)

    # --- downlink ---------------------------------------------------------------------------------

    def receive(self, now: float, board: int, frame: Frame) -> AnyMessage:
        """Take a telemetry frame (kinds 0x30 to 0x3f) that came over the cable of `board`; its message.

        What is not authentic or not well formed is counted and gives None.
        """
        if frame.source != board or frame.destination != limits.GROUND:
            self.counts["refused: address"] += 1
            return None
        try:
            self._keyring.check(frame.kind, board, frame.tag, frame.payload)
            sent, message = codec.decode(frame.kind, frame.payload)
            # A lying board must not push our clock to where the others refuse our telecommands.
            self._clock.witness(min(sent, self._witnesses.believable(self._clock, board, sent)))
        except AuthError:
            self.counts["refused: mac"] += 1
            return None
        except CodecError:
            self.counts["refused: codec"] += 1
            return None
        self._dispatch(now, board, message)
        return message

    def _dispatch(self, now: float, board: int, message: Message) -> None:
        if isinstance(message, messages.Reply):
            self._on_reply(now, board, message)
        elif isinstance(message, messages.Receipt):
            self._on_receipt(now, board, message)
        elif isinstance(message, messages.Identity):
            self._on_identity(now, board, message)
        elif isinstance(message, messages.Health):
            self._on_health(now, board, message)
        else:
            self.counts["refused: kind"] += 1

    def _on_receipt(self, now: float, board: int, message: Receipt) -> None:
        operation = self._find(message)
        if operation is None or message.status not in op.RECEIPTS:
            self.counts["refused: receipt"] += 1
            return
        on_board = operation.boards[board]
        if on_board.receipt != message.status:
            on_board.receipt = message.status
            self._stage(now, operation.number, "received", board=board, status=message.status)
        if on_board.received is None:
            on_board.received = now
        for status, state in (("malformed", op.MALFORMED), ("stale", op.STALE)):
            if not operation.is_terminal and len(operation.with_receipt(status)) >= self._needed:
                self._finish(now, operation, state)

    def _on_reply(self, now: float, board: int, message: Reply) -> None:
        operation = self._find(message)
        if operation is None:
            self.counts["refused: reply"] += 1
            return
        answer = (message.slot, message.result)
        is_first = operation.boards[board].answer is None
        is_conflict = operation.note_answer(board, answer, now)
        for stage, is_so in (("applied", is_first), ("conflict", is_conflict)):
            if is_so:
                self._stage(now, operation.number, stage, board=board, slot=message.slot, result=message.result)
        if not is_first or len(operation.matching(answer)) < self._needed:
            return
        if operation.answer is None and not operation.is_terminal:
            operation.answer = answer
            self._finish(now, operation, op.CONFIRMED)
        elif operation.answer is not None and not op.same(operation.answer, answer):
            # More boards lie than the swarm tolerates, or correct ones have diverged: either must be seen.
            self.contradictions.append((operation.number, operation.answer, answer))
            self._stage(now, operation.number, "contradiction", slot=message.slot, result=message.result)

    def _find(self, message: Receipt | Reply) -> Operation | None:
        return self.operation(message.operation) if message.client == self.client else None

    def _finish(self, now: float, operation: Operation, state: str) -> None:
        operation.finish(state, now)
        del self._open[operation.number]
        self.finished[operation.number] = operation
        if len(self.finished) > FINISHED_MAX:
            del self.finished[next(iter(self.finished))]
        self.counts[state] += 1
        answer = {} if operation.answer is None else {"slot": operation.answer[0], "result": operation.answer[1]}
        self._stage(now, operation.number, state, seconds=round(now - operation.queued, 6), **answer)

    def _on_identity(self, now: float, board: int, message: Identity) -> None:
        view = self.boards[board]
        if message.nonce != view.nonce or message.replica != board:
            self.counts["refused: identity"] += 1
            return
        if (message.mode, message.boot) != (view.mode, view.boot):
            self._record("BoardMode", now, board=board, board_boot=message.boot, mode=message.mode)
        if view.boot not in (None, message.boot):
            self._start_over(board, now)
        view.mode, view.boot, view.version = message.mode, message.boot, message.version
        view.applied_slot, view.seen = message.applied_slot, now
        view.nonce, view.hello_attempts = None, 0
        view.hello_due = now + (self._hello_seconds or 0.0)

    def _start_over(self, board: int, now: float) -> None:
        """A board that has rebooted has lost what it did not answer: send it again, from the first pause."""
        for operation in self._in_flight():
            on_board = operation.boards[board]
            if on_board.answer is None and on_board.attempts:
                on_board.pauses, on_board.due = 0, now

    def _on_health(self, now: float, board: int, message: Health) -> None:
        view = self.boards[board]
        view.applied_slot, view.health, view.seen = message.applied_slot, message, now
        self._record(
            "Health",
            now,
            board=board,
            board_ticks=message.ticks,
            heap_free=message.heap_free,
            heap_run=message.heap_run,
            applied_slot=message.applied_slot,
        )

    # --- record -----------------------------------------------------------------------------------

    def _stage(self, now: float, number: int, stage: str, **fields: Any) -> None:
        self._record("Telecommand", now, client=self.client, operation=number, stage=stage, **fields)

    def _record(self, event: str, now: float, **fields: Any) -> None:
        self._recorder.ground(event, now, self._clock.tick(), **fields)


def check_command(command: list[Any]) -> None:
    """Raise ValueError unless `command` can travel: a CBOR array that starts with a name, of bounded length."""
    if not isinstance(command, list) or not command or not isinstance(command[0], str):
        raise ValueError(f"command: want an array that starts with the command's name, have {command!r}")
    try:
        size = len(cbor.encode(command))
    except CodecError as error:
        raise ValueError(f"command {command[0]}: {error}") from error
    if size > limits.COMMAND_BYTES_MAX:
        raise ValueError(f"command {command[0]}: {size} bytes of CBOR, at most {limits.COMMAND_BYTES_MAX}")
