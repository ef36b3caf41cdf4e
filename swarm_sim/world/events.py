"""Trace events of the simulated world: made once, passed to the checker and the oracles, written as lines.

A line is written as the ground station's recorder writes it (specs/checking/trace_line.py).
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from amu.core.limits import GROUND
from amu.core.types import TraceEvent
from amu.node.events import EVENTS
from specs.checking import trace_line
from specs.checking.schema import Fields
from specs.checking.trace import Event

RESTORE, SEND, RECEIVE = 2, 30, 31

# Most of all events, and so made without the table.
assert EVENTS[SEND] == ("Send", ("to", "kind", "slot", "view"))
assert EVENTS[RECEIVE] == ("Receive", ("from", "sent", "kind"))


class TraceNotWritten(OSError):
    """The trace cannot be written. This is not a fault of the swarm."""


Sink = Callable[[Event], None]


@lru_cache(maxsize=1024)
def _hexadecimal(data: bytes) -> str:
    """Digests repeat: a text that is the same object is quick to compare and to look up."""
    return data.hex()


def as_read(field: object) -> object:
    """A field as specs.checking.trace reads it from a line: bytes in hexadecimal, a register as (view, value), other
    arrays as lists."""
    if isinstance(field, bytes):
        return _hexadecimal(field)
    if isinstance(field, tuple):
        return tuple([as_read(item) for item in field])
    if isinstance(field, list):
        return [as_read(item) for item in field]
    return field


class EventLog:
    """Numbers events, makes `Event`s of them and hands them on. `now` is asked only where a line is written.

    `sinks` get every event, `step_sinks` all but Send and Receive.
    """

    def __init__(
        self, now: Callable[[], float], sinks: list[Sink], file: TextIO | None = None, step_sinks: Sequence[Sink] = ()
    ) -> None:
        self.count = 0
        self.ground_time = 0
        self._now = now
        self._sinks = sinks
        self._all_sinks = [*step_sinks, *sinks]
        self._file = file
        self._is_deaf = not self._all_sinks and file is None
        self._ground_seq = 0

    def flight(self, node: int, boot: int, first_seq: int, ticks: int, events: Sequence[TraceEvent]) -> None:
        """The events that a board reports, in order."""
        if self._is_deaf:
            return
        seq = first_seq
        for told in events:
            code, lamport = told[0], told[1]
            fields: Any  # as the event's table has them: those that `specs.checking.trace` reads from the line
            if code == RECEIVE:
                fields = {"from": told[2], "sent": told[3], "kind": told[4]}
                self._hand_on(Event(0, node, boot, seq, lamport, "Receive", fields), ticks, self._sinks)
            elif code == SEND:
                fields = {"to": told[2], "kind": told[3], "slot": told[4], "view": told[5]}
                self._hand_on(Event(0, node, boot, seq, lamport, "Send", fields), ticks, self._sinks)
            else:
                name, names = EVENTS[code]
                fields = {field: as_read(value) for field, value in zip(names, told[2:])}
                if code == RESTORE:  # a register that came over the wire is a list
                    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
                self._hand_on(Event(0, node, boot, seq, lamport, name, fields), ticks, self._all_sinks)
            seq += 1

    def ground(self, name: str, time: int, fields: Fields) -> None:
        """An event of the ground station at its Lamport time `time`."""
        self._hand_on(Event(0, GROUND, 0, self._ground_seq, time, name, fields), 0, self._all_sinks)
        self._ground_seq += 1

    def _hand_on(self, event: Event, ticks: int, sinks: list[Sink]) -> None:
        self.count += 1
        event.line, event.ticks = self.count, ticks
        for sink in sinks:
            sink(event)
        if self._file is not None:
            self._write(trace_line.encode(self._line(event, ticks)) + "\n")

    def _write(self, line: str) -> None:
        assert self._file is not None
        try:
            self._file.write(line)
        except OSError as error:
            raise TraceNotWritten(*error.args) from error

    def _line(self, event: Event, ticks: int) -> dict[str, object]:
        at = (event.node, event.boot, event.seq, event.lamport)
        return trace_line.head("sim", *at, ticks, self._now(), event.name) | event.fields


def open_trace(path: Path) -> TextIO:
    """A trace file to write. Raises OSError."""
    return path.open("w", encoding="ascii")
