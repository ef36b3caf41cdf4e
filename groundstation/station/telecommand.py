"""The telecommand station: seals what its client and its questions have for each board, and takes in what boards tell.

Sans-I/O: time, frames and commands go in, frames to write and stage events come out. The caller owns the links. What
becomes of an operation is the client's (`groundstation.station.client`); here are its frames, and what concerns a board
as such: identity, health, control. An operation goes to every board, because a replica votes only for requests of which
it has its own copy: a MAC convinces its receiver alone, so no replica can prove to another that the ground has asked
for something.

Rules
- A frame counts as uplinked when the caller says that its link took it, not before.
- A board whose Identity tells of another boot has rebooted: the client starts over with it.
- Every queue is bounded.
"""

import itertools
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Unpack

from amu.core import limits
from amu.core.errors import AuthError, BusyError, CodecError
from amu.core.lamport import LamportClock, Witnesses
from amu.core.types import AnyMessage, Array
from amu.wire import codec, frames, messages
from amu.wire.auth import Keyring
from amu.wire.frames import Frame
from amu.wire.messages import Health, Identity, Message
from groundstation.record.operation import Operation
from groundstation.record.past import Past
from groundstation.station.client import Client, Retry
from specs.checking.schema import Fields

CONTROLS_MAX = 4  # a board
FRAMES_PER_STEP_MAX = (
    limits.PEER_FRAMES_PER_TICK_MAX // 4
)  # a board: what it takes from us in a tick, with room to spare


class GroundRecord(Protocol):
    """Where stage events go; `groundstation.record.recorder.Recorder` is one."""

    def ground(self, event: str, received: float, lamport: int, **fields: Unpack[Fields]) -> None: ...


class Uplink(NamedTuple):
    """A frame for the link of `board`. `subject`: operation number, or "hello" or "control"."""

    board: int
    frame: bytes
    subject: int | str
    at: float


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
        self.boards = {board: BoardView() for board in range(replica_count)}
        self.client = Client(
            client,
            replica_count,
            retry or Retry(),
            self._stage,
            first_operation,
            reserve=lambda bound: reserve(bound, self._next_nonce),
        )
        self.counts = self.client.counts  # refusals of frames by reason, too
        self._keyring = keyring
        self._clock = clock
        self._witnesses = Witnesses(replica_count, limits.blocking_size(replica_count))
        self._recorder = recorder
        self._retry = retry or Retry()
        self._next_nonce = first_nonce
        self._hello_seconds = hello_seconds
        self._reserve = reserve
        self._controls: dict[int, deque[str]] = {board: deque() for board in range(replica_count)}

    # --- commands ---------------------------------------------------------------------------------

    def submit(self, command: Array, now: float) -> int:
        """Queue a ledger command; see `Client.submit`."""
        return self.client.submit(command, now)

    def take_up(self, past: Past, now: float) -> None:
        """Go on where an earlier station of this client has ended."""
        self.client.take_up(past.operations.values(), now)
        self.counts["retries"] += past.retries
        self.client.contradictions += past.contradictions

    def control(self, board: int, action: str) -> None:
        """Send a board `exit` or `reset` with the next step, once. Raises BusyError when too many wait."""
        if len(self._controls[board]) >= CONTROLS_MAX:
            raise BusyError(f"{CONTROLS_MAX} control commands for board {board} wait for its link")
        self._controls[board].append(action)

    def operation(self, number: int) -> Operation | None:
        """The operation, if it is open or among the latest terminal ones."""
        return self.client.operation(number)

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

    def _due(self, board: int, now: float) -> Iterator[tuple[Message, int | str]]:
        for action in self._controls[board]:
            yield messages.Control(action), "control"
        view = self.boards[board]
        if self._hello_seconds is not None and now >= view.hello_due:
            if view.nonce is None:
                self._reserve(self.client.next_operation, self._next_nonce + 1)
                view.nonce = self._next_nonce
                self._next_nonce += 1
            yield messages.Hello(view.nonce), "hello"
        for request in self.client.due(board, now):
            yield request, request.operation

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
        elif isinstance(uplink.subject, int):
            self.client.sent(uplink.board, uplink.subject, uplink.at)

    def next_due(self) -> float | None:
        """When `step` next has something to send, reachable boards or not; None: not before something happens."""
        times = [0.0 for waiting in self._controls.values() if waiting]
        if self._hello_seconds is not None:
            times += [view.hello_due for view in self.boards.values()]
        operation = self.client.next_due()
        return min(times if operation is None else [*times, operation], default=None)

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
        if isinstance(message, messages.Reply | messages.Receipt):
            self.client.receive(board, message, now)
        elif isinstance(message, messages.Identity):
            self._on_identity(now, board, message)
        elif isinstance(message, messages.Health):
            self._on_health(now, board, message)
        else:
            self.counts["refused: kind"] += 1

    def _on_identity(self, now: float, board: int, message: Identity) -> None:
        view = self.boards[board]
        if message.nonce != view.nonce or message.replica != board:
            self.counts["refused: identity"] += 1
            return
        if (message.mode, message.boot) != (view.mode, view.boot):
            self._record("BoardMode", now, board=board, board_boot=message.boot, mode=message.mode)
        if view.boot not in (None, message.boot):
            self.client.rebooted(board, now)
        view.mode, view.boot, view.version = message.mode, message.boot, message.version
        view.applied_slot, view.seen = message.applied_slot, now
        view.nonce, view.hello_attempts = None, 0
        view.hello_due = now + (self._hello_seconds or 0.0)

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

    def _stage(self, now: float, number: int, stage: str, /, **fields: Unpack[Fields]) -> None:
        about: Fields = {"client": self.client.number, "operation": number, "stage": stage}
        about |= fields
        self._record("Telecommand", now, **about)

    def _record(self, event: str, now: float, **fields: Unpack[Fields]) -> None:
        self._recorder.ground(event, now, self._clock.tick(), **fields)
