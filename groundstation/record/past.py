"""Reads from a dead ground station's trace everything that the next ground station needs to know.

The trace is flushed before any board can act on it: an operation's `queued` line before its first uplink, the events of
a board before the frames behind them are passed on, the next step of the schedule before it is done. So everything that
the dead station did is in the trace. Only the last scheduled event may or may not have been done.
"""

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from amu.core import limits
from amu.core.errors import CodecError
from amu.core.types import Array
from amu.wire import cbor
from groundstation.record import operation as op
from groundstation.record.board_events import HARDWARE, LINE_LOST, LOST, name_of
from groundstation.record.line_log import RecorderError
from specs.checking.schema import BOOT_ENDS, Fields
from specs.checking.trace import Event, TraceError, parse
from specs.files import open_regular

# The trace event that shows that an action of the schedule was done.
DONE_BY = {
    "kill": "BoardKill",
    "start": "BoardStart",
    "restart": "BoardStart",
    "erase": "BoardStart",
    "power_cut": "BoardFault",
    "pause": "BoardFault",
    **dict.fromkeys(HARDWARE, "BoardFault"),
}


@dataclass
class PastOperation:
    """An operation in the record. `answer`: slot and result, once it was confirmed."""

    number: int
    command: Array
    queued: float
    state: str = op.QUEUED
    answer: op.Answer | None = None
    sender: str | None = None  # the person who asked for it; None: the scenario's workload

    @property
    def is_open(self) -> bool:
        """Whether it was neither confirmed nor given up."""
        return self.state not in op.TERMINAL


@dataclass(frozen=True)
class PastOrder:
    """An order that was taken at mission second `at`. number: of its first event in the schedule, if it has any."""

    at: float
    told: dict[str, object]
    number: int | None


@dataclass
class Past:
    """The content of a record, up to mission second `received`."""

    run: str = ""  # of the latest events
    received: float = 0.0
    operations: dict[int, PastOperation] = field(default_factory=dict)
    retries: int = 0
    contradictions: list[tuple[int, op.Answer, op.Answer]] = field(default_factory=list)
    up: set[int] = field(default_factory=set)  # boards that were on, as far as the ground station knew
    started: set[int] = field(default_factory=set)  # boards that were ever on
    armed: set[int] = field(default_factory=set)  # boards with an armed power cut
    crashed: list[int] = field(default_factory=list)
    board_events: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    begun: set[int] = field(default_factory=set)  # numbers of the schedule's events that were played
    orders: list[PastOrder] = field(default_factory=list)  # of people, that were taken
    _last: tuple[int, int, str] | None = None  # the latest, while it may not be done: number, board, action

    def _take(self, event: Event) -> None:
        if event.node == limits.GROUND:
            self._ground(event)

    def _ground(self, event: Event) -> None:
        name, fields = event.name, event.fields
        if name == "Telecommand":
            self._telecommand(fields)
        elif name == "Scheduled":
            self.begun.add(fields["number"])
            self._last = (fields["number"], fields["board"], fields["action"])
        elif name == "Order" and fields["outcome"] == "accepted":
            self.orders.append(
                PastOrder(self.received, cast("dict[str, object]", fields["told"]), fields.get("number"))
            )
        elif name == "Fault":
            self.fates.update(fields["counts"])
        elif name in ("BoardStart", "Attach"):
            self.up.add(fields["board"])
            self.started.add(fields["board"])
        elif name in BOOT_ENDS:
            self._ended(name_of(name, fields), fields["board"])
        elif name == LINE_LOST:
            self.board_events[name] += fields["status"] == LOST
        elif name == "BoardFault" and fields["kind"] == "power_cut":
            self.armed.add(fields["board"])
        elif name == "BoardFault":
            self.board_events[name_of(name, fields)] += 1
        if self._last is not None and self._last[1] == fields.get("board") and name == DONE_BY.get(self._last[2]):
            self._last = None

    def _ended(self, name: str, board: int) -> None:
        self.board_events[name] += 1
        self.up.discard(board)
        self.armed.discard(board)
        if name == "BoardCrash":
            self.crashed.append(board)

    def _telecommand(self, fields: Fields) -> None:
        number, stage = fields["operation"], fields["stage"]
        if stage == op.QUEUED:
            command = cbor.decode(bytes.fromhex(fields["encoded"]))
            self.operations[number] = PastOperation(number, command, self.received, sender=fields.get("sender"))
        elif stage == "uplinked":
            self.retries += fields["attempt"] > 1
        elif stage in op.TERMINAL:
            operation = self.operations[number]
            operation.state = stage
            if stage == op.CONFIRMED:
                operation.answer = (fields["slot"], fields["result"])
        elif stage == "contradiction":
            answer = self.operations[number].answer
            if answer is not None:
                self.contradictions.append((number, answer, (fields["slot"], fields["result"])))

    def _finish(self) -> None:
        """Play the latest event again if the trace does not show its effect. Killing a dead board does nothing."""
        if self._last is not None:
            self.begun.discard(self._last[0])


def read(
    path: Path, board_event: Callable[[Event], object], listener: Callable[[Mapping[str, Any]], object] | None = None
) -> Past:
    """The content of the trace at `path`. board_event: called with each event of a board. listener: with each line.

    Raises RecorderError, which says why, for a trace that cannot be continued.
    """
    past = Past()
    line = 0
    try:
        with io.TextIOWrapper(open_regular(path), encoding="utf-8") as file:
            for line, text in enumerate(file, 1):
                event = parse(text, line)
                found = json.loads(text)
                past.run, past.received = found["run"], max(past.received, float(found["received"]))
                if event.node != limits.GROUND:
                    board_event(event)
                past._take(event)
                if listener is not None:
                    listener(found)
    except (TraceError, CodecError, KeyError, TypeError, ValueError) as error:
        raise RecorderError(f"{path}: line {line}: cannot be continued: {error}") from error
    except OSError as error:
        raise RecorderError(f"{path}: cannot be read ({error.strerror})") from error
    if not line:
        raise RecorderError(f"{path}: there is nothing in it")
    past._finish()
    return past
