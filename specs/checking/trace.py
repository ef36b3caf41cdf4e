"""The trace of a run: its schema, a reader, and what is missing from it.

A trace is a file of lines, one JSON object (one event) a line, in the order in which the ground station received them.
Every event has `run` (text), `node` (number of a replica or, above those, of a learner; 255 for the ground station),
`boot` (number of the node's boot: higher ones later, but a board that lost its memory starts anew somewhere above
2**20), `seq` (0, 1, 2, ... within the boot), `lamport` (Lamport time), `ticks` (board ticks when the trace frame left),
`received` (mission seconds at the ground), `event` (its name), and the fields of that event.

Flight events and their fields are those of amu.node.tracer.EVENTS; FIELDS says what each field holds. Ground events are
those of GROUND_EVENTS; they may carry further fields. Bytes are hexadecimal text; a register is null or [view, value].

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

Rules. A line that is no event is a TraceError that names the line; only the last line may be cut off, for the ground
station may have died while writing it. A hole in a boot's numbers means that events are missing: what was not seen is
never taken for granted, so such a trace is incomplete. A boot that was killed may lack its tail: events are sent before
the messages that they explain, so nobody can have acted on what is missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from amu.core.limits import (
    CHANNEL_QUEUE_ITEMS_MAX,
    CHANNEL_SEQUENCE_MAX,
    DIGEST_BYTES,
    GROUND,
    LAMPORT_MAX,
    LEARNER_LAST,
    LEVEL_MILLI_MAX,
    REPLICAS_MAX,
    REPLICAS_MIN,
    SILENT_TICKS_MAX,
    SLOT_MAX,
    VIEW_MAX,
)
from amu.node.tracer import EVENTS
from specs import files, strict_json
from specs.escape import escaped
from specs.seeds import SEED_MAX

LINE_BYTES_MAX = 2**20  # of an event; a snapshot of the largest swarm takes a tenth
WINDOW_SLOTS_MAX = 64  # the log's module remembers some windows of slots
RECEIVED_SECONDS_MAX = 10**10  # three hundred years of a mission
FOUND_CHARACTERS_MAX = 80


class TraceError(Exception):
    """The file is no trace. The message names file and line, what was found and what is wanted."""


@dataclass(slots=True)
class Event:
    """One line. `fields` holds the event's own fields; registers in it are (view, value) or None.

    Nobody changes an event. It is not frozen for a trace has many, and a frozen one takes three times as long to make.
    """

    line: int
    node: int
    boot: int
    seq: int
    lamport: int
    name: str
    fields: dict[str, Any]

    def __str__(self) -> str:
        fields = " ".join(f"{escaped(name)}={_brief(value)}" for name, value in self.fields.items())
        return (
            f"line {self.line}: node {self.node} boot {self.boot} at Lamport time {self.lamport}: {self.name} {fields}"
        )


def _brief(value: Any) -> str:
    text = escaped(value)
    return text if len(text) <= 16 else text[:8] + ".."


def _found(value: Any) -> str:
    """A value as it stood, for an error."""
    text = escaped(repr(value))
    return text if len(text) <= FOUND_CHARACTERS_MAX else text[:FOUND_CHARACTERS_MAX] + ".."


# --- schema ---------------------------------------------------------------------------------------

Check = Callable[[Any], Any]


class _Wrong(Exception):
    """What a field should have been."""


def _uint(bound: int) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not int or not 0 <= value <= bound:
            raise _Wrong(f"an integer from 0 to {bound}")
        return value

    return check


def _text(value: Any) -> Any:
    if type(value) is not str:
        raise _Wrong("a text")
    return value


def _digest(value: Any) -> Any:
    if type(value) is not str or len(value) != 2 * DIGEST_BYTES or not _is_hexadecimal(value):
        raise _Wrong(f"{DIGEST_BYTES} bytes in lower-case hexadecimal")
    return value


def _is_hexadecimal(text: str) -> bool:
    try:
        return bytes.fromhex(text).hex() == text
    except ValueError:
        return False


def _register(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is not list or len(value) != 2:
        raise _Wrong("null or [view, value]")
    return _uint(VIEW_MAX)(value[0]), _digest(value[1])


def _optional_boot(value: Any) -> Any:
    return None if value is None else _uint(2 * SLOT_MAX)(value)


def _list(value: Any) -> Any:
    if type(value) is not list:
        raise _Wrong("a list")
    return value


def _counts(value: Any) -> Any:
    return [_uint(LAMPORT_MAX)(count) for count in _list(value)]


def _map(value: Any) -> Any:
    if type(value) is not dict:
        raise _Wrong("an object")
    return value


def _replicas(value: Any) -> Any:
    return [_uint(REPLICAS_MAX - 1)(replica) for replica in _list(value)]


def _window(value: Any) -> Any:
    if type(value) is not int or not 1 <= value <= WINDOW_SLOTS_MAX:
        raise _Wrong(f"an integer from 1 to {WINDOW_SLOTS_MAX}")
    return value


def _seconds(value: Any) -> Any:
    if type(value) not in (int, float) or not 0 <= value <= RECEIVED_SECONDS_MAX:
        raise _Wrong(f"seconds from 0 to {RECEIVED_SECONDS_MAX}")
    return value


def _replica_count(value: Any) -> Any:
    if type(value) is not int or not REPLICAS_MIN <= value <= REPLICAS_MAX:
        raise _Wrong(f"an integer from {REPLICAS_MIN} to {REPLICAS_MAX}")
    return value


FIELDS: Mapping[str, Check] = {
    "slot": _uint(SLOT_MAX),  # place in the log, from 1
    "view": _uint(VIEW_MAX),  # leadership attempt within the slot, from 0
    "value": _digest,  # what is voted for and decided: SHA-256 of the proposal's body
    "hi1": _register,  # last vote of each phase ...
    "hi2": _register,
    "hi3": _register,
    "hi4": _register,
    "second1": _register,  # ... and the last one for another value
    "second2": _register,
    "digest": _digest,  # SHA-256 of the ledger's state
    "floor": _uint(SLOT_MAX),  # the node votes above this slot only
    "applied_slot": _uint(SLOT_MAX),  # last slot in the ledger
    "version": _text,  # of the flight software
    "journal": _text,  # what was found on flash: fresh, ok, torn, blank (no memory), unreadable
    "reason": _text,
    "heap_free": _uint(SLOT_MAX),  # bytes of free heap, 0 if unknown ...
    "heap_run": _uint(SLOT_MAX),  # ... and of its longest run
    "client": _uint(255),  # (client, operation) names a telecommand
    "operation": _uint(SLOT_MAX),
    "command": _list,  # ledger command
    "result": _list,  # ["ok", ...] or ["refused", reason]
    "to": _uint(255),  # destination of a message; 254: every other replica
    "from": _uint(255),  # its sender
    "sent": _uint(LAMPORT_MAX),  # Lamport time of its sending
    "kind": _uint(255),  # message kind, see amu.wire.messages; of an item of a service, see amu.services.items
    "peer": _uint(REPLICAS_MAX - 1),
    "boot": _uint(2 * SLOT_MAX),
    "peer_boot": _optional_boot,  # the peer's incarnation that a channel leads to, null while none is adopted
    "sequence": _uint(CHANNEL_SEQUENCE_MAX),  # number of an item in its connection, from 1
    "undelivered": _uint(CHANNEL_QUEUE_ITEMS_MAX),  # items handed back that the former incarnation has not acknowledged
    "time": _uint(LAMPORT_MAX),  # Lamport time of an event of the mutex
    "initiator": _uint(REPLICAS_MAX - 1),  # (initiator, number) names a snapshot
    "number": _uint(LAMPORT_MAX),
    "state": _list,  # what a board recorded of itself
    "sent_counts": _counts,  # items given to each channel before a board recorded
    "received_counts": _counts,  # items delivered by each channel before a board recorded
    "received_count": _uint(LAMPORT_MAX),  # items that stood before a marker
    "channels": _list,  # for each sender, the items that were on their way
    "silent_ticks": _uint(SILENT_TICKS_MAX),  # how long nothing of a peer was heard
    "level_milli": _uint(LEVEL_MILLI_MAX),  # suspicion of a peer in thousandths
}

ENVELOPE: Mapping[str, Check] = {
    "node": _uint(GROUND),
    "boot": _uint(2 * SLOT_MAX),
    "seq": _uint(LAMPORT_MAX),
    "lamport": _uint(LAMPORT_MAX),
    "event": _text,
}

FLIGHT_EVENTS: Mapping[str, tuple[tuple[str, Check], ...]] = {
    name: tuple((field_name, FIELDS[field_name]) for field_name in fields) for name, fields in EVENTS.values()
}

_BOARD = ("board", _uint(LEARNER_LAST))  # the board that an event of the ground station is about
GROUND_EVENTS: Mapping[str, tuple[tuple[str, Check], ...]] = {
    # First event of a run; `byzantine` boards are recorded, but not held to anything. An optional field `learners` says
    # how many nodes there are beyond the replicas: see `learner_count`.
    "RunStart": (
        ("scenario", _text),
        ("seed", _uint(SEED_MAX)),
        ("versions", _map),
        ("replica_count", _replica_count),
        ("byzantine", _replicas),
        ("window_slots", _window),
    ),
    # "complete", "no progress", "interrupted"; an optional field `waits_for` lists in words what was not done.
    "RunEnd": (("reason", _text),),
    # The ground station of run `resumed` is gone; another goes on from here. Every line before this one is that run's
    # record, word for word, its RunEnd included if it came to that. An `Attach` follows for each board that is alive,
    # and everything that such a board did in between is told after it.
    "Resume": (("resumed", _text),),
    # The run joins a board that was running already: what it did before is known from before a `Resume`, or not at all.
    # An optional field `checked_from` names the last slot that must not be judged for that reason; without it the
    # checker finds a safe one.
    "Attach": (_BOARD,),
    "BoardStart": (_BOARD,),
    # The process died at once, what had not been sent yet is lost. An optional field `reason`: why, if the mission did
    # not have it killed.
    "BoardKill": (_BOARD,),
    "PowerCut": (_BOARD,),  # as BoardKill, in the middle of a write to flash
    # The board ended by itself. An optional field `reason`: what it printed last, several lines, such as a traceback.
    "BoardCrash": (_BOARD,),
    "BoardMode": (),  # a board said that it votes, is silent or rejoins
    # A board's report of itself: ticks since its boot, free heap and its longest run in bytes (0 if unknown).
    "Health": (
        _BOARD,
        ("board_ticks", _uint(SLOT_MAX)),
        ("heap_free", FIELDS["heap_free"]),
        ("heap_run", FIELDS["heap_run"]),
        ("applied_slot", FIELDS["applied_slot"]),
    ),
    "Control": (_BOARD, ("action", _text)),  # a command to a board itself: exit or reset
    "Erase": (_BOARD,),  # its flash was wiped
    "BoardFault": (_BOARD, ("kind", _text)),  # the scenario does something to it: "pause", "clock_jump", ...
    # What the schedule of board faults does next, told before it is done: event `number` of the scenario, in its order.
    "Scheduled": (_BOARD, ("action", _text), ("number", FIELDS["number"])),
    "Fault": (),  # counts of what the ether did to frames, by name of the fault
    "Telecommand": (("client", FIELDS["client"]), ("operation", FIELDS["operation"]), ("stage", _text)),
    "TraceError": (("reason", _text),),  # a board sent a trace frame that could not be read
}

BOOT_ENDS = frozenset({"BoardKill", "PowerCut", "BoardCrash", "Erase"})


_ENVELOPE = tuple(ENVELOPE.items())
_raw_decode = strict_json.PLAIN_DECODER.raw_decode


def _json(text: str, line: int) -> Any:
    """What is on a line, read as specs.strict_json reads it.

    Its way takes twice as long, and there are many lines. So a line without escapes is read the fast way, and what it
    gives is taken if it has as many members as the line has colons: then no name stands twice, and nothing is nested in
    objects. Lists are few levels deep.
    """
    try:
        if "\\" not in text:
            found, end = _raw_decode(text)
            is_plain = type(found) is dict and text.count(":") == len(found) and text[end:] in ("\n", "")
            if is_plain and found.get("node") != GROUND and text.count("[") <= strict_json.DEPTH_MAX:
                return found
        return strict_json.loads(text)
    except strict_json.JsonError as error:
        raise TraceError(f"line {line}: {error}") from None
    except ValueError as error:
        raise TraceError(f"line {line}: not JSON: {error}") from None
    except RecursionError:
        raise TraceError(f"line {line}: nested more than {strict_json.DEPTH_MAX} deep") from None


def parse(text: str, line: int) -> Event:
    """The event on a line. Raises TraceError."""
    found = _json(text, line)
    if type(found) is not dict:
        raise TraceError(f"line {line}: want a JSON object")
    return _event(found, line)


def require_readable(found: dict[str, Any], text: str) -> None:
    """Raise TraceError unless `parse` takes `text`, which `found` was written as."""
    if "\\u" in text or text.count("[") + text.count("{") > strict_json.DEPTH_MAX:
        parse(text, 0)  # what JSON is read strictly for
    else:
        _event(found, 0)


def _event(found: dict[str, Any], line: int) -> Event:
    try:
        node, boot, seq, lamport, name = [check(found[name]) for name, check in _ENVELOPE]
        received = found.get("received", 0)
        if not (type(received) is float or type(received) is int) or not 0 <= received <= RECEIVED_SECONDS_MAX:
            raise _Wrong
        ticks = found.get("ticks", 0)
        if type(ticks) is not int or not 0 <= ticks <= SLOT_MAX:
            raise _Wrong
        table = GROUND_EVENTS[name] if node == GROUND else FLIGHT_EVENTS[name]
        fields = {field_name: check(found[field_name]) for field_name, check in table}
    except (KeyError, _Wrong):
        raise _problem(found, line) from None  # most lines are right: what is wrong is looked for afterwards
    if node == GROUND:
        extra = found.keys() - fields.keys() - ENVELOPE.keys() - {"run", "ticks", "received"}
        fields.update((field_name, found[field_name]) for field_name in sorted(extra))
    return Event(line, node, boot, seq, lamport, name, fields)


def learner_count(run_start: Event) -> int:
    """How many learners a run has: nodes from the replica count up. Raises TraceError."""
    count, replica_count = run_start.fields.get("learners", 0), run_start.fields["replica_count"]
    try:
        return int(_uint(LEARNER_LAST + 1 - replica_count)(count))
    except _Wrong as wrong:
        raise TraceError(f"line {run_start.line}: RunStart.learners: want {wrong}, have {_found(count)}") from None


def _problem(found: dict[str, Any], line: int) -> TraceError:
    """What is wrong with a line, in words."""
    for field_name, check in _ENVELOPE:
        problem = _field_problem(found, field_name, check, "every event")
        if problem is not None:
            return TraceError(f"line {line}: {problem}")
    for field_name, check in (("received", _seconds), ("ticks", _uint(SLOT_MAX))):
        problem = _field_problem({field_name: 0, **found}, field_name, check, "every event")
        if problem is not None:
            return TraceError(f"line {line}: {problem}")
    node, name = found["node"], found["event"]
    table = GROUND_EVENTS if node == GROUND else FLIGHT_EVENTS
    if name not in table:
        return TraceError(
            f"line {line}: node {node} has no event {_found(name)}; see the tables of specs.checking.trace"
        )
    problems = [_field_problem(found, field_name, check, name) for field_name, check in table[name]]
    return TraceError(f"line {line}: {next(problem for problem in problems if problem is not None)}")


def _field_problem(found: dict[str, Any], name: str, check: Check, event: str) -> str | None:
    if name not in found:
        return f"{event} needs a field {name!r}"
    try:
        check(found[name])
    except _Wrong as wrong:
        return f"{event}.{name}: want {wrong}, have {_found(found[name])}"
    return None


class Reader:
    """The events of a trace file, in the file's order. `truncated`, after the last one: the last line was cut off.

    `position` of `size` bytes have been read so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.truncated = False
        self.position = self.size = 0

    def __iter__(self) -> Iterator[Event]:
        try:
            with files.open_regular(self.path) as file:
                self.size = os.fstat(file.fileno()).st_size
                for number, raw in enumerate(iter(partial(file.readline, LINE_BYTES_MAX + 1), b""), 1):
                    self.position += len(raw)
                    if len(raw) > LINE_BYTES_MAX:
                        raise TraceError(f"{self.path}: line {number}: longer than {LINE_BYTES_MAX} bytes")
                    if not raw.endswith(b"\n"):
                        # Only a finished line ends so. Whatever is on this one, its writer died before it was done.
                        self.truncated = True
                        return
                    yield self._event(raw.removeprefix(files.BYTE_ORDER_MARK) if number == 1 else raw, number)
        except (OSError, files.FileError) as error:
            raise TraceError(f"{self.path}: cannot be read: {error}") from None

    def _event(self, raw: bytes, number: int) -> Event:
        try:
            return parse(raw.decode("utf-8"), number)
        except (TraceError, UnicodeDecodeError) as error:
            reason = f"line {number}: not UTF-8" if isinstance(error, UnicodeDecodeError) else error
            raise TraceError(f"{self.path}: {reason}") from None
