"""The telecommand station: seals requests and questions for each board, and reads the boards' telemetry.

Sans-I/O: time, frames and commands go in; frames to write and stage events come out. The caller owns the links. The
client decides about operations (`groundstation.station.client`). This file has their frames and everything about a
board itself: identity, health, control. An operation goes to every board, because a replica votes only for requests of
which it has its own copy: a MAC convinces its receiver alone, so no replica can prove a request of the ground to
another.

Rules
- A frame counts as uplinked when the caller reports that its link took it, not before.
- A board whose Identity has another boot number has rebooted: the client starts over with it.
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

CONTROLS_MAX = 4  # per board
FRAMES_PER_STEP_MAX = limits.PEER_FRAMES_PER_TICK_MAX // 4  # per board: less than it accepts in a tick


class GroundRecord(Protocol):
    """Takes stage events; `groundstation.record.recorder.Recorder` is one."""

    def ground(self, event: str, received: float, lamport: int, **fields: Unpack[Fields]) -> None: ...


class Uplink(NamedTuple):
    """A frame for the link of `board`. `subjects`: of each message, operation number, or "hello" or "control"."""

    board: int
    frame: bytes
    subjects: tuple[int | str, ...]
    at: float


@dataclass
class BoardView:
    """A board as the ground last knew it. `seen`: when its frame arrived; the state is older by the frame's delay."""

    mode: str | None = None
    boot: int | None = None
    version: str | None = None
    applied_slot: int | None = None
    seen: float | None = None
    health: Health | None = None  # the latest
    hello_due: float = 0.0
    hello_attempts: int = 0  # since the last answer
    nonce: int | None = None  # that the next Identity must carry

    def age(self, now: float) -> float | None:
        """Seconds since the board was last heard. None if never."""
        return None if self.seen is None else now - self.seen


class Station:
    """Telecommands of one client.

    keyring: the ground's own. client: 0 .. 255, not used by another station. clock: the ground's Lamport clock, shared
    by all that record ground events. first_operation, first_nonce: above all numbers ever used with this client number
    and these keys; otherwise boards refuse operations as stale, and old identities pass for new ones. reserve: called
    with two bounds before operation numbers or nonces below them are used. hello_seconds: pause between an Identity and
    the next Hello; None sends no Hello. Times are in the caller's seconds, as are those of `retry`.
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
        self.counts = self.client.counts  # also refusals of frames by reason
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
        """Continue where an earlier station of this client ended."""
        self.client.take_up(past.operations.values(), now)
        self.counts["retries"] += past.retries
        self.client.contradictions += past.contradictions

    def control(self, board: int, action: str) -> None:
        """Send a board `exit` or `reset` with the next step, once. Raises BusyError if too many wait."""
        if len(self._controls[board]) >= CONTROLS_MAX:
            raise BusyError(f"{CONTROLS_MAX} control commands for board {board} wait for its link")
        self._controls[board].append(action)

    def controls(self, board: int) -> int:
        """How many control commands wait for a board's link."""
        return len(self._controls[board])

    def operation(self, number: int) -> Operation | None:
        """The operation, if it is open or among the latest terminal ones."""
        return self.client.operation(number)

    # --- uplink -----------------------------------------------------------------------------------

    def step(self, now: float, reachable: Collection[int] | None = None) -> list[Uplink]:
        """Frames to write now to the boards in `reachable` (all if None). What is due for a board shares frames.

        Call `sent` for each that its link took. The next step returns the others again, with a new Lamport time.
        """
        uplinks: list[Uplink] = []
        for board in self.boards:
            if reachable is None or board in reachable:
                uplinks += itertools.islice(self._frames(board, now), FRAMES_PER_STEP_MAX)
        return uplinks

    def _frames(self, board: int, now: float) -> Iterator[Uplink]:
        parts: list[bytes] = []
        subjects: list[int | str] = []
        for message, subject in self._due(board, now):
            part = codec.encode(self._clock.tick(), message)
            # A Control ends what the board does: it has a frame of its own.
            is_full = len(parts) == limits.MESSAGES_PER_FRAME_MAX or "control" in subjects or subject == "control"
            if parts and (is_full or sum(map(len, parts)) + len(part) > limits.PAYLOAD_BYTES_MAX):
                yield self._seal(board, parts, subjects, now)
                parts, subjects = [], []
            parts.append(part)
            subjects.append(subject)
        if parts:
            yield self._seal(board, parts, subjects, now)

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

    def _seal(self, board: int, parts: list[bytes], subjects: list[int | str], now: float) -> Uplink:
        payload = b"".join(parts)
        tag = self._keyring.seal(frames.TELECOMMAND, board, payload)
        frame = frames.build(frames.TELECOMMAND, limits.GROUND, board, tag, payload)
        return Uplink(board, frame, tuple(subjects), now)

    def sent(self, uplink: Uplink) -> None:
        """The link of `uplink.board` took the frame. Call before the next `step`."""
        for subject in uplink.subjects:
            if subject == "control":
                action = self._controls[uplink.board].popleft()
                self._record("Control", uplink.at, board=uplink.board, action=action)
            elif subject == "hello":
                view = self.boards[uplink.board]
                view.hello_attempts += 1
                view.hello_due = uplink.at + self._retry.pause(view.hello_attempts)
            elif isinstance(subject, int):
                self.client.sent(uplink.board, subject, uplink.at)

    def next_due(self) -> float | None:
        """When `step` next has a frame to send, reachable boards or not. None: not before something happens."""
        times = [0.0 for waiting in self._controls.values() if waiting]
        if self._hello_seconds is not None:
            times += [view.hello_due for view in self.boards.values()]
        operation = self.client.next_due()
        return min(times if operation is None else [*times, operation], default=None)

    # --- downlink ---------------------------------------------------------------------------------

    def receive(self, now: float, board: int, frame: Frame) -> list[AnyMessage]:
        """Take a telemetry frame from the cable of `board`. Returns its messages.

        Returns none for a frame that is not authentic or not well formed, and counts it.
        """
        if frame.source != board or frame.destination != limits.GROUND:
            self.counts["refused: address"] += 1
            return []
        try:
            self._keyring.check(frame.traffic, board, frame.tag, frame.payload)
            found = codec.decode(frame.traffic, frame.payload)
            for sent, _ in found:
                # A lying board must not push our clock so far that the others refuse our telecommands.
                self._clock.witness(min(sent, self._witnesses.believable(self._clock, board, sent)))
        except AuthError:
            self.counts["refused: mac"] += 1
            return []
        except CodecError:
            self.counts["refused: codec"] += 1
            return []
        for _, message in found:
            self._dispatch(now, board, message)
        return [message for _, message in found]

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
            frames_surplus=message.frames_surplus,
        )

    # --- record -----------------------------------------------------------------------------------

    def _stage(self, now: float, number: int, stage: str, /, **fields: Unpack[Fields]) -> None:
        about: Fields = {"client": self.client.number, "operation": number, "stage": stage}
        about |= fields
        self._record("Telecommand", now, **about)

    def _record(self, event: str, now: float, **fields: Unpack[Fields]) -> None:
        self._recorder.ground(event, now, self._clock.tick(), **fields)
