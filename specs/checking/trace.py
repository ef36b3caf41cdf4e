"""The trace of a run, and a reader.

A trace is a text file. Each line is one event, a JSON object, in the order in which the ground station received them.
Every event has these members, and the fields of its kind:

    run        text
    node       number of a replica or, above those, of a learner; 255 for the ground station
    boot       number of the node's boot. It grows, but a board that lost its memory starts somewhere above 2**20
    seq        0, 1, 2, ... within the boot
    lamport    Lamport time
    ticks      board ticks when the trace frame left
    received   mission seconds at the ground
    event      name

`specs.checking.schema` lists the events and their fields. Bytes are hexadecimal text; a register is null or [view,
value].

Specification, trace and code name the same things:

    tetrabft.tla             trace                             code (firmware/amu)
    p                        node                              Replica.me
    (one instance)           slot                              Instance.slot
    v                        view                              Instance.view
    val                      value (SHA-256 of the body)       value_of(slot, body)
    leader[v]                (derived from Propose events)     Replica.leader(slot, view)
    view[p]                  EnterView.view                    Instance.view
    proposal[v]              Propose.value                     Instance.proposed_view, _proposals[me]
    votes[p][k][v]           Vote<k>.value                     Registers.hi[k], Registers.second[k]
    HighestVote, SecondVote  Restore.hi1 .. hi4, second1, 2    Registers.as_list()
    decided[p]               Decide.value, Learn.value         Instance.decision
    SafeAt                   (evaluated at Propose, Vote1)     rules.safe_at

Rules. A line that is not an event raises a TraceError that names the line. Only the last line may be cut off: the
ground station may have died while writing it. A hole in a boot's numbers means that events are missing. Nothing is
assumed about them, so such a trace is incomplete. A boot that was killed may lack its last events: a board sends events
before the messages that they explain, so no other node can have acted on the missing ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from amu.core.limits import GROUND, LEARNER_LAST, SLOT_MAX
from specs import files, strict_json
from specs.checking.schema import (
    ENVELOPE,
    FLIGHT_EVENTS,
    GROUND_EVENTS,
    RECEIVED_SECONDS_MAX,
    Check,
    Fields,
    Wrong,
    link_counts,
    seconds,
    uint,
    words,
)
from specs.escape import escaped

LINE_BYTES_MAX = 2**20  # per event; a snapshot of the largest swarm takes a tenth of it
FOUND_CHARACTERS_MAX = 80
_Field = TypeVar("_Field")
WANTED = "want one event, a JSON object in UTF-8, on each line"
OTHER_FILES = {  # how they begin: what they are
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"(\xb5/\xfd": "compressed with zstd: unpack it first",
    b"PK\3\4": "a zip archive: unpack it first",
    b"\xff\xfe": "in UTF-16",
    b"\xfe\xff": "in UTF-16",
}


class TraceError(Exception):
    """The file is not a trace. The message names the line, what was found and what is wanted; callers add the file."""


@dataclass(slots=True)
class Event:
    """One line. `fields` holds the event's own fields; registers in it are (view, value) or None.

    Treat it as immutable. It is not frozen because a trace has many events, and a frozen dataclass takes three times
    as long to construct.
    """

    line: int
    node: int
    boot: int
    seq: int
    lamport: int
    name: str
    fields: Fields
    ticks: int | None = None  # of the board, when the trace frame left; None if the line does not say
    run: str | None = None  # None if the line does not say
    received: float | None = None  # mission seconds at the ground; None if the line does not say

    def right_after(self, before: Event | None) -> Event | None:
        """`before`, an earlier event of the same board, if this is the next one of its life. Else None."""
        is_next = before is not None and before.boot == self.boot and before.seq + 1 == self.seq
        return before if is_next else None

    def __str__(self) -> str:
        fields = " ".join(f"{escaped(name)}={_brief(value)}" for name, value in self.fields.items())
        return (
            f"line {self.line}: node {self.node} boot {self.boot} at Lamport time {self.lamport}: {self.name} {fields}"
        )


def _brief(value: object) -> str:
    text = escaped(value)
    return text if len(text) <= 16 else text[:8] + ".."


def _found(value: object) -> str:
    """A value as it was written, for an error."""
    text = escaped(repr(value))
    return text if len(text) <= FOUND_CHARACTERS_MAX else text[:FOUND_CHARACTERS_MAX] + ".."


_ENVELOPE = tuple(ENVELOPE.items())
_raw_decode = strict_json.PLAIN_DECODER.raw_decode


def _json(text: str, line: int) -> object:
    """The JSON value of a line, with the checks of specs.strict_json, which takes twice as long as the plain decoder.

    So a line without escapes goes through the plain decoder. Its result is used if it has as many members as the line
    has colons: then no name occurs twice, no object is nested, and lists are few levels deep.
    """
    try:
        if "\\" not in text:
            found, end = _raw_decode(text)
            is_plain = type(found) is dict and text.count(":") == len(found) and text[end:] in ("\n", "")
            if is_plain and found.get("node") != GROUND and text.count("[") <= strict_json.DEPTH_MAX:
                return found
    except (ValueError, RecursionError):
        pass  # the strict decoder says why
    try:
        return strict_json.loads(text.rstrip("\n"))
    except strict_json.JsonError as error:
        why = str(error).replace("line 1 column", "column") if text.strip() else "an empty line"
        raise TraceError(f"line {line}: {why}; {WANTED}") from None


def parse(text: str, line: int) -> Event:
    """The event on a line. Raises TraceError."""
    found = _json(text, line)
    if type(found) is not dict:
        raise TraceError(f"line {line}: have {_found(found)}; {WANTED}")
    return _event(found, line)


def parse_bytes(raw: bytes, line: int) -> Event:
    """The event on a line of a file. Raises TraceError."""
    try:
        return parse(raw.decode("utf-8"), line)
    except UnicodeDecodeError as error:
        kind = next((kind for start, kind in OTHER_FILES.items() if raw.startswith(start)), None)
        what = kind or f"not UTF-8 (byte {raw[error.start]:#04x}, number {error.start + 1} of the line)"
        raise TraceError(f"line {line}: {what}; {WANTED}") from None


def require_readable(found: dict[str, object], text: str) -> None:
    """Raise TraceError unless `parse` accepts `text`, the encoding of `found`."""
    if "\\u" in text or text.count("[") + text.count("{") > strict_json.DEPTH_MAX:
        parse(text, 0)  # these are the cases that strict JSON checks
    else:
        _event(found, 0)


def _event(found: dict[str, object], line: int) -> Event:
    try:
        node, boot, seq, lamport, name = [check(found[name]) for name, check in _ENVELOPE]
        received: Any = None
        if "received" in found:
            received = found["received"]
            if not (type(received) is float or type(received) is int) or not 0 <= received <= RECEIVED_SECONDS_MAX:
                raise Wrong
        ticks: Any = None
        if "ticks" in found:
            ticks = found["ticks"]
            if type(ticks) is not int or not 0 <= ticks <= SLOT_MAX:
                raise Wrong
        run = found.get("run")
        if not (type(run) is str or (run is None and "run" not in found)):
            raise Wrong
        table = GROUND_EVENTS[name] if node == GROUND else FLIGHT_EVENTS[name]
        # Made as its table has them, so they are its Fields.
        fields: Any = {field_name: check(found[field_name]) for field_name, check in table}
    except (KeyError, Wrong):
        raise _problem(found, line) from None  # most lines are right: find the reason only when one is not
    if node == GROUND:
        extra = found.keys() - fields.keys() - ENVELOPE.keys() - {"run", "ticks", "received"}
        fields.update((field_name, found[field_name]) for field_name in sorted(extra))
    return Event(line, node, boot, seq, lamport, name, fields, ticks, run, received)


def learner_count(run_start: Event) -> int:
    """How many learners a run has: nodes from the replica count up. Raises TraceError."""
    return _optional(run_start, "learners", uint(LEARNER_LAST + 1 - run_start.fields["replica_count"]), 0)


def says(run_start: Event, name: str) -> bool | None:
    """What a RunStart says in an optional field that is true or false; None: nothing. Raises TraceError."""
    told = run_start.fields.get(name)
    if told is not None and type(told) is not bool:
        raise TraceError(f"line {run_start.line}: RunStart.{name}: want true or false, have {_found(told)}")
    return told


def tick_seconds(run_start: Event) -> float:
    """Mission seconds of a board's tick, 0 if a RunStart does not say. Raises TraceError."""
    return _optional(run_start, "tick_seconds", seconds, 0.0)


def links(fault: Event) -> list[list[int]]:
    """Of a Fault: [source, destination, accepted, delivered, on the way] of each link. Raises TraceError."""
    return _optional(fault, "links", link_counts, [])


def _optional(event: Event, name: str, check: Callable[[object], _Field], default: _Field) -> _Field:
    """A field of an event, or `default` if it has none. Raises TraceError."""
    fields: Mapping[str, object] = event.fields
    if name not in fields:
        return default
    problem = _field_problem(fields, name, check, event.name)
    if problem is not None:
        raise TraceError(f"line {event.line}: {problem}")
    return check(fields[name])


def _problem(found: dict[str, object], line: int) -> TraceError:
    """What is wrong with a line, in words."""
    for field_name, check in _ENVELOPE:
        problem = _field_problem(found, field_name, check)
        if problem is not None:
            return TraceError(f"line {line}: {problem}")
    for field_name, check in (("received", seconds), ("ticks", uint(SLOT_MAX)), ("run", words)):
        problem = _field_problem(found, field_name, check) if field_name in found else None
        if problem is not None:
            return TraceError(f"line {line}: {problem}")
    node, name = found["node"], found["event"]
    table = GROUND_EVENTS if node == GROUND else FLIGHT_EVENTS
    if not isinstance(name, str) or name not in table:
        return TraceError(
            f"line {line}: node {node} has no event {_found(name)}; see the tables of specs.checking.schema"
        )
    problems = [_field_problem(found, field_name, check, name) for field_name, check in table[name]]
    return TraceError(f"line {line}: {next(problem for problem in problems if problem is not None)}")


def _field_problem(found: Mapping[str, object], name: str, check: Check, event: str = "") -> str | None:
    """`event`: the one that has the field; every event has if empty."""
    if name not in found:
        return f"{event or 'every event'} needs a field {name!r}"
    try:
        check(found[name])
    except Wrong as wrong:
        return f"{f'{event}.' if event else ''}{name}: want {wrong}, have {_found(found[name])}"
    return None


class Reader:
    """The events of a trace file, in the file's order. `position` of `size` bytes have been read so far.

    `truncated`, once the last event is read: the last line was cut off. `raw`: the line of the latest event.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw = b""
        self.truncated = False
        self.position = self.size = 0

    def __iter__(self) -> Iterator[Event]:
        try:
            with files.open_regular(self.path) as file:
                self.size = os.fstat(file.fileno()).st_size
                for number, raw in enumerate(iter(partial(file.readline, LINE_BYTES_MAX + 1), b""), 1):
                    self.position += len(raw)
                    if len(raw) > LINE_BYTES_MAX:
                        raise TraceError(f"line {number}: longer than {LINE_BYTES_MAX} bytes; {WANTED}")
                    if not raw.endswith(b"\n"):
                        # The writer died before it had finished this line, whatever it holds.
                        self.truncated = True
                        return
                    self.raw = raw.removeprefix(files.BYTE_ORDER_MARK) if number == 1 else raw
                    yield parse_bytes(self.raw, number)
        except (OSError, files.FileError) as error:
            raise TraceError(f"cannot be read: {error}") from None
