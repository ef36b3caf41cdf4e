"""Trace events of the simulated world: made once, given to the checker and the oracles as they are, written as lines.

A line has the form that the ground station's recorder gives it (specs/checking/trace.py), so a simulated trace is read
by whatever reads a recorded one.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from amu.core.limits import GROUND
from amu.node.tracer import EVENTS
from specs.checking.trace import Event

RESTORE, SEND, RECEIVE = 2, 30, 31
PLAIN = frozenset({SEND, RECEIVE})  # events whose fields are integers: most of all events

Sink = Callable[[Event], None]
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def printable(field: Any) -> Any:
    """A field as the checker takes it: bytes in hexadecimal, a register as (view, value), other arrays as lists."""
    if isinstance(field, bytes):
        return field.hex()
    if isinstance(field, tuple):
        return tuple([printable(item) for item in field])
    if isinstance(field, list):
        return [printable(item) for item in field]
    return field


class EventLog:
    """Numbers events, makes `Event`s of them and hands them on. `now` is asked only where a line is written."""

    def __init__(self, now: Callable[[], float], sinks: list[Sink], file: TextIO | None = None) -> None:
        self.count = 0
        self.ground_time = 0
        self._now = now
        self._sinks = sinks
        self._file = file
        self._is_deaf = not sinks and file is None
        self._ground_seq = 0

    def flight(self, node: int, boot: int, first_seq: int, ticks: int, events: list[list[Any]]) -> None:
        """The events that a board has told, in their order."""
        if self._is_deaf:
            return
        seq = first_seq
        for told in events:
            code = told[0]
            name, names = EVENTS[code]
            fields: dict[str, Any]
            if code in PLAIN:
                fields = dict(zip(names, told[2:]))
            else:
                fields = {field: printable(value) for field, value in zip(names, told[2:])}
                if code == RESTORE:  # a register that came over the wire is a list
                    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
            self._hand_on(Event(self.count, node, boot, seq, told[1], name, fields), ticks)
            seq += 1

    def ground(self, name: str, time: int, fields: dict[str, Any]) -> None:
        """An event of the ground station at its Lamport time `time`."""
        self._hand_on(Event(self.count, GROUND, 0, self._ground_seq, time, name, fields), 0)
        self._ground_seq += 1

    def _hand_on(self, event: Event, ticks: int) -> None:
        self.count += 1
        event.line = self.count
        for sink in self._sinks:
            sink(event)
        if self._file is not None:
            self._file.write(_ENCODER.encode(self._line(event, ticks)) + "\n")

    def _line(self, event: Event, ticks: int) -> dict[str, Any]:
        return {
            "run": "sim",
            "node": event.node,
            "boot": event.boot,
            "seq": event.seq,
            "lamport": event.lamport,
            "ticks": ticks,
            "received": round(self._now(), 6),
            "event": event.name,
            **event.fields,
        }


def open_trace(path: Path) -> TextIO:
    """A trace file to write. Raises OSError."""
    return path.open("w", encoding="ascii")
