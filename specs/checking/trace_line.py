"""Writes trace events; `specs.checking.trace` reads them.

Everything that writes a trace uses this: the ground station's recorder, the simulator, swarms in memory, behaviours of
a module that are written as a run, the scripts of tests.

    decode_event(event)   name, Lamport time and fields of an event as a board sends it
    line(...)             a line of a trace; head(...) the members that every line has
    encode(line)          its text
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from amu.core.errors import CodecError
from amu.node.events import EVENTS

ENVELOPE = ("run", "node", "boot", "seq", "lamport", "ticks", "received", "event")

for _name, _fields in EVENTS.values():
    assert not set(_fields) & set(ENVELOPE), _name  # a field would overwrite the line's own

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


Told: TypeAlias = Mapping[str, Any]  # an event's fields by name, as a board tells them: CBOR items


def decode_event(event: object) -> tuple[str, object, Told]:
    """(name, Lamport time, fields by name) of a trace event in wire form. Raises CodecError if it is malformed."""
    if not isinstance(event, list | tuple) or len(event) < 2:
        raise CodecError("trace event: want an array [code, lamport, field, ...]")
    code, lamport = event[:2]
    if type(code) is not int or code not in EVENTS:
        raise CodecError(f"trace event: unknown code {code!r}")
    name, names = EVENTS[code]
    if len(event) != 2 + len(names):
        raise CodecError(f"trace event {name}: want {len(names)} fields, have {len(event) - 2}")
    return name, lamport, dict(zip(names, event[2:]))


def line(
    run: str,
    node: int,
    boot: int,
    seq: int,
    lamport: object,
    ticks: int,
    received: float,
    event: str,
    fields: Mapping[str, object],
) -> dict[str, object]:
    """An event as a line. `fields`: by name, with the values that a board sends."""
    assert not fields.keys() & set(ENVELOPE), fields
    printed = {name: printable(field) for name, field in fields.items()}
    return head(run, node, boot, seq, lamport, ticks, received, event) | printed


def head(
    run: str, node: int, boot: int, seq: int, lamport: object, ticks: int, received: float, event: str
) -> dict[str, object]:
    """The members that every line begins with. seq: within its boot. received: mission seconds, to the microsecond."""
    return dict(zip(ENVELOPE, (run, node, boot, seq, lamport, ticks, round(received, 6), event)))


def printable(item: object) -> object:
    """A CBOR item in JSON's types: bytes as hex, arrays as lists, a map with any key but text as a list of pairs."""
    if isinstance(item, bytes):
        return item.hex()
    if isinstance(item, list | tuple):
        return [printable(element) for element in item]
    if isinstance(item, dict) and all(isinstance(key, str) for key in item):
        return {key: printable(value) for key, value in item.items()}
    if isinstance(item, dict):
        return [[printable(key), printable(value)] for key, value in item.items()]
    return item


def encode(line: Mapping[str, object]) -> str:
    """A line's text: compact and in ASCII. Raises ValueError for infinities, which JSON does not have."""
    return _ENCODER.encode(line)
