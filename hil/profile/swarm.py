"""A swarm of emulated Picos on lines without faults, for measurements: what a board costs, not what may go wrong.

    with Swarm(Setting(nodes=4), image) as swarm:
        swarm.boot()
        operation = swarm.request()
        swarm.run_until(lambda: len(swarm.replies(operation)) == 4, "replies")

Time passes in steps of STEP_NANOS, in which all boards compute. What a board sends in one step reaches the others, or
the ground, in the next one, or as soon as the line has carried it. So everything follows from image and setting.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from amu.boards.ring_files import PICO_BLOCKS
from amu.core.limits import GROUND, MESSAGES_PER_FRAME_MAX
from amu.node.events import EVENTS
from amu.wire import codec, frames, messages
from amu.wire.framer import NEED_BYTES, Framer, Text
from groundstation.boards import provision
from groundstation.boards.base import BoardError
from hil.boards.emulated import pico_files
from hil.boards.emulated.pico_chip import NANOS, PicoChip

STEP_NANOS = 500_000
MILLISECOND = 1_000_000
CLIENT = 1
BITS_PER_BYTE = 10  # on a serial line: 8N1
HELLO_NANOS = 200 * MILLISECOND  # from one Hello to the next
LIMIT_NANOS = 120 * NANOS  # of waiting for anything
_MASTER = b"measured, not flown: no secret   "
_EVENT_NAMES = {code: name for code, (name, _) in EVENTS.items()}
_WORDS_MAX = 300


@dataclass(frozen=True)
class Setting:
    """What is measured. `baud`: of every board's line, None for a line without a limit (USB). `journal`: see Config."""

    nodes: int = 4
    baud: int | None = None
    tick_ms: int = provision.Swarm.tick_ms
    view_timeout_ticks: int = 250
    journal: str = provision.Swarm.journal


class _Line:
    """One direction of a line: bytes that wait to be carried, and those that have arrived."""

    def __init__(self, baud: int | None) -> None:
        self._bytes_per_step = None if baud is None else baud / BITS_PER_BYTE * STEP_NANOS / NANOS
        self._may = 0.0  # bytes that the line could still carry in this step
        self._waiting = bytearray()
        self._arrived = bytearray()

    def __bool__(self) -> bool:
        return bool(self._waiting or self._arrived)

    def put(self, data: bytes) -> None:
        (self._arrived if self._bytes_per_step is None else self._waiting).extend(data)

    def carry(self) -> None:
        """Let a step pass."""
        if self._bytes_per_step is not None:
            self._may = min(self._may + self._bytes_per_step, len(self._waiting))
            count = int(self._may)
            self._may -= count
            self._arrived += self._waiting[:count]
            del self._waiting[:count]

    def take(self, most: int) -> bytes:
        data = bytes(self._arrived[:most])
        del self._arrived[:most]
        return data


@dataclass
class Counts:
    """What one board did and said since power-on. Times in nanoseconds."""

    busy: int
    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int


class Pico:
    """One Pico of a swarm and its line. `files` is its flash while it is off."""

    def __init__(self, node: int, setting: Setting, files: bytes) -> None:
        self.node = node
        self.files = files
        self.chip: PicoChip | None = None
        self.starts = 0
        self.down = _Line(setting.baud)  # to the board
        self.up = _Line(setting.baud)
        self.framer = Framer()
        self.frames_in = self.frames_out = self.bytes_in = self.bytes_out = 0


class Swarm:
    """Boards, lines and a ground station that only asks and listens. `now` is in nanoseconds."""

    def __init__(
        self,
        setting: Setting,
        image: Path,
        sampling: dict[str, Any] | None = None,
        store: dict[str, bytes] | None = None,
    ) -> None:
        """`sampling`: options for sampling each chip from its power-on; None: do not.

        store: files that each board's store has at first; None: boards are fresh.
        """
        self.setting = setting
        self.now = 0
        self.events: list[tuple[int, int, list[Any]]] = []  # (time, node, trace event)
        self.telemetry: list[tuple[int, int, Any]] = []  # (time, node, message)
        self._replies: dict[int, dict[int, int]] = {}  # operation: {node: time}
        self.texts: list[str] = []
        self._image = image
        self._swarm = provision.Swarm(
            cluster=b"measured",
            replica_count=setting.nodes,
            master=_MASTER,
            tick_ms=setting.tick_ms,
            view_timeout_ticks=setting.view_timeout_ticks,
            trace_messages=False,
            journal=setting.journal,
        )
        self._keys = provision.ground_keyring(self._swarm)
        self._lamport = self._operation = 0
        self._stored = provision.commissioned_files(setting.journal, PICO_BLOCKS) if store is None else store
        self.sampling = sampling
        self.picos = [Pico(node, setting, self._flash(node)) for node in range(setting.nodes)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pico in self.picos:
            if pico.chip is not None:
                with contextlib.suppress(Exception):  # its process ended before
                    pico.chip.power_off()

    def _flash(self, node: int) -> bytes:
        files = {f"store/{name}": data for name, data in self._stored.items()}
        configuration = provision.configuration(self._swarm, node)
        return pico_files.make({**pico_files.firmware(), "config.cbor": configuration, **files})

    def start(self, node: int) -> PicoChip:
        """Power on."""
        pico = self.picos[node]
        pico.starts += 1
        pico.framer = Framer()
        pico.chip = PicoChip(self._image, pico.files, f"AMU-{node:04}", pico.starts, pico.down.take)
        if self.sampling is not None:
            pico.chip.sample(**self.sampling)
        return pico.chip

    def kill(self, node: int) -> None:
        """Power off; flash stays."""
        pico = self.picos[node]
        if pico.chip is not None:
            pico.chip.power_off()
            pico.files = pico.chip.files
            pico.chip = None

    def running(self) -> list[Pico]:
        return [pico for pico in self.picos if pico.chip is not None]

    def chip(self, node: int) -> PicoChip:
        chip = self.picos[node].chip
        assert chip is not None, "the board is off"
        return chip

    def counts(self, node: int) -> Counts:
        pico, chip = self.picos[node], self.chip(node)
        busy = chip.nanos - chip.idle_nanos
        return Counts(busy, pico.frames_in, pico.frames_out, pico.bytes_in, pico.bytes_out)

    def step(self) -> None:
        """Let STEP_NANOS pass."""
        running = self.running()
        for pico in running:
            pico.down.carry()
            self.chip(pico.node).advance(STEP_NANOS)
        self.now += STEP_NANOS
        for pico in running:
            data = self.chip(pico.node).receive()
            pico.bytes_out += len(data)
            pico.up.put(data)
            pico.up.carry()
            pico.framer.push(pico.up.take(1 << 20))
            while (item := pico.framer.next()) is not NEED_BYTES:
                if isinstance(item, Text):
                    self.texts.append(f"board {pico.node}: {item.data.decode('ascii', 'replace')}")
                elif item is not None:
                    pico.frames_out += 1
                    self._route(pico.node, item)

    def _route(self, node: int, frame: frames.Frame) -> None:
        if frame.destination != GROUND:
            self._put(
                frame.destination,
                frames.build(frame.traffic, frame.source, frame.destination, frame.tag, frame.payload),
            )
            return
        for _, message in codec.decode(frame.traffic, frame.payload):
            if isinstance(message, messages.Trace):
                self.events += [(self.now, node, event) for event in message.events]
            else:
                if isinstance(message, messages.Reply):
                    self._replies.setdefault(message.operation, {})[node] = self.now
                self.telemetry.append((self.now, node, message))

    def _put(self, node: int, wire: bytes) -> None:
        pico = self.picos[node]
        if pico.chip is not None:
            pico.frames_in += 1
            pico.bytes_in += len(wire)
            pico.down.put(wire)

    def send(self, node: int, *sent: messages.Message) -> None:
        """Telecommands that share a frame."""
        payload = b""
        for message in sent:
            self._lamport += 1
            payload += codec.encode(self._lamport, message)
        tag = self._keys.seal(frames.TELECOMMAND, node, payload)
        self._put(node, frames.build(frames.TELECOMMAND, GROUND, node, tag, payload))

    def request(self) -> int:
        """Ask every board that runs for one operation that does nothing. Returns its number."""
        return self.requests(1)[0]

    def requests(self, count: int) -> list[int]:
        """The same of `count` operations. As the ground station does, in few frames."""
        numbers = list(range(self._operation + 1, self._operation + 1 + count))
        self._operation += count
        for first in range(0, count, MESSAGES_PER_FRAME_MAX):
            some = numbers[first : first + MESSAGES_PER_FRAME_MAX]
            for pico in self.running():
                self.send(pico.node, *(messages.Request(CLIENT, number, ["noop"]) for number in some))
        return numbers

    def run_until(self, is_done: Callable[[], bool], what: str) -> None:
        """Step until it is so. Raises BoardError, saying what was waited for and what the boards said."""
        end = self.now + LIMIT_NANOS
        while not is_done():
            if self.now >= end:
                said = " ".join(self.texts[-2:])[-_WORDS_MAX:]
                raise BoardError(
                    f"emulated Picos: no {what} in {LIMIT_NANOS // NANOS} s of their time; they said {said!r}"
                )
            self.step()

    def run(self, milliseconds: int) -> None:
        """Let time pass."""
        end = self.now + milliseconds * MILLISECOND
        self.run_until(lambda: self.now >= end, "end")

    def boot(self, nodes: list[int] | None = None) -> dict[int, int]:
        """Start boards, all by default, and ask until each has said who it is. Returns when, after its power-on."""
        wanted = list(range(self.setting.nodes)) if nodes is None else nodes
        began, seen = self.now, len(self.telemetry)
        for node in wanted:
            self.start(node)
        ready: dict[int, int] = {}
        asked = began

        def are_ready() -> bool:
            nonlocal asked
            for when, node, message in self.telemetry[seen:]:
                if isinstance(message, messages.Identity) and node in wanted:
                    ready.setdefault(node, when - began)
            if self.now >= asked:
                asked += HELLO_NANOS
                for node in wanted:
                    if node not in ready and not self.picos[node].down:
                        self.send(node, messages.Hello(1))
            return len(ready) == len(wanted)

        self.run_until(are_ready, "answer to Hello")
        return ready

    def replies(self, operation: int) -> dict[int, int]:
        """When each board has replied to an operation."""
        return self._replies.get(operation, {})

    def times(self, event: str, node: int, since: int = 0) -> list[tuple[int, int]]:
        """(when, slot) of all trace events of a name whose first field is a slot, of one board."""
        return [
            (when, fields[2])
            for when, who, fields in self.events
            if who == node and when >= since and _EVENT_NAMES[fields[0]] == event
        ]
