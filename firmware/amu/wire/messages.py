"""One class per message. Each names its kind, its fields in wire order and each field's shape.

On the wire a message is the CBOR array `[kind, lamport, field, field, ...]`, and a frame holds messages of one class:
the upper half of the kind. The shapes below and `firmware/amu/wire/wire.cddl` say the same thing; tests compare them.

A *register* is the last vote of some phase: `(view, value)`, or `None` when no such vote was cast.
A *value* is the SHA-256 digest of a proposal body; the body itself travels in `Proposal` and `Decided`.
"""

from amu.core import limits
from amu.core.errors import CodecError

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable
    from typing import ClassVar

    from amu.core.types import Array, Item, Register, Shape
    from amu.core.types import Fields as object

# Shapes: checks of one field. Each takes what CBOR gave and returns what the message holds, or raises CodecError.


def _uint(bound: int) -> "Callable[[Item], int]":
    def check(field: "Item") -> int:
        if type(field) is not int or field < 0 or field > bound:
            raise CodecError("want an unsigned integer up to %d" % bound)
        return field

    return check


def _blob(least: int, most: int) -> "Callable[[Item], bytes]":
    def check(field: "Item") -> bytes:
        if type(field) is not bytes or len(field) < least or len(field) > most:
            raise CodecError("want %d to %d bytes" % (least, most))
        return field

    return check


def _text(most: int) -> "Callable[[Item], str]":
    def check(field: "Item") -> str:
        if type(field) is not str or len(field.encode()) > most:
            raise CodecError("want a text of up to %d bytes of UTF-8" % most)
        return field

    return check


slot = _uint(limits.SLOT_MAX)
view = _uint(limits.VIEW_MAX)
_digest = _blob(limits.DIGEST_BYTES, limits.DIGEST_BYTES)
_latest: dict[bytes, bytes] = {}  # at most SHARED_VALUES_MAX values, each under itself: looked up only


def value(field: "Item") -> bytes:
    """A digest. Equal ones are one object: a swarm says each value dozens of times, and a board keeps all of it."""
    found = _latest.get(field) if type(field) is bytes else None
    if found is None:
        found = _digest(field)
        if len(_latest) >= limits.SHARED_VALUES_MAX:
            _latest.clear()
        _latest[found] = found
    return found


count = _uint(limits.SLOT_MAX)
lamport = _uint(limits.LAMPORT_MAX)
byte = _uint(255)
body = _blob(0, limits.BODY_BYTES_MAX)
_channel_item = _blob(0, limits.CHANNEL_ITEM_BYTES_MAX)


def phase(field: "Item") -> int:
    if type(field) is not int or field < 1 or field > 4:
        raise CodecError("want a phase 1 to 4")
    return field


def register(field: "Item") -> "Register":
    """null, or [view, value]."""
    if field is None:
        return None
    if type(field) is not list or len(field) != 2:
        raise CodecError("want null or [view, value]")
    return (view(field[0]), value(field[1]))


def optional_value(field: "Item") -> bytes | None:
    return None if field is None else value(field)


def optional_count(field: "Item") -> int | None:
    return None if field is None else count(field)


def channel_items(field: "Item") -> list[bytes]:
    """An array of up to CHANNEL_WINDOW_ITEMS byte strings."""
    if type(field) is not list or len(field) > limits.CHANNEL_WINDOW_ITEMS:
        raise CodecError("want an array of up to %d items" % limits.CHANNEL_WINDOW_ITEMS)
    return [_channel_item(item) for item in field]


def items(field: "Item") -> "Array":
    if type(field) is not list:
        raise CodecError("want an array")
    return field


class Message(object):
    """Base: positional constructor in wire order, equality by kind and fields, `fields()` for the codec."""

    KIND = 0
    SHAPE: "ClassVar[Shape]" = ()  # ((name, check), ...)

    def __init__(self, *fields: "Item") -> None:
        assert len(fields) == len(self.SHAPE), "message fields"
        i = 0
        for name, _ in self.SHAPE:
            setattr(self, name, fields[i])
            i += 1

    def fields(self) -> "Array":
        """Field values in wire order."""
        return [getattr(self, name) for name, _ in self.SHAPE]

    def __eq__(self, other: "Item") -> bool:
        return type(self) is type(other) and self.fields() == other.fields()

    def __hash__(self) -> int:
        return hash((self.KIND, repr(self.fields())))

    def __repr__(self) -> str:
        pairs = ["%s=%r" % (name, getattr(self, name)) for name, _ in self.SHAPE]
        return "%s(%s)" % (type(self).__name__, ", ".join(pairs))


# --- flight: replica to replica, routed by the ether ------------------------------------------


class Proposal(Message):
    """The leader of `view` proposes `body`; its digest is the value."""

    KIND = 0x10
    SHAPE = (("slot", slot), ("view", view), ("body", body))
    slot: int
    view: int
    body: bytes


class Vote(Message):
    """A vote of `phase` 1 to 4 for `value` in `view`."""

    KIND = 0x11
    SHAPE = (("slot", slot), ("view", view), ("phase", phase), ("value", value))
    slot: int
    view: int
    phase: int
    value: bytes

    def __init__(self, slot: int, view: int, phase: int, value: bytes) -> None:
        self.slot = slot
        self.view = view
        self.phase = phase
        self.value = value

    def fields(self) -> "Array":
        return [self.slot, self.view, self.phase, self.value]


class Suggest(Message):
    """To the leader of `view` on entering it: the registers of phases 2 and 3."""

    KIND = 0x12
    SHAPE = (("slot", slot), ("view", view), ("hi2", register), ("second2", register), ("hi3", register))
    slot: int
    view: int
    hi2: "Register"
    second2: "Register"
    hi3: "Register"


class Proof(Message):
    """To everybody on entering `view`: the registers of phases 1 and 4."""

    KIND = 0x13
    SHAPE = (("slot", slot), ("view", view), ("hi1", register), ("second1", register), ("hi4", register))
    slot: int
    view: int
    hi1: "Register"
    second1: "Register"
    hi4: "Register"


class ViewChange(Message):
    """The sender wishes that the slot's instance enters `view`."""

    KIND = 0x14
    SHAPE = (("slot", slot), ("view", view))
    slot: int
    view: int


class Status(Message):
    """The sender's whole state of an open slot, sent again: one idempotent frame against loss.

    `hi1` .. `hi4`, `second1`, `second2` are the registers as they stood when `view` was entered (proof and suggest);
    `vote1` .. `vote4` are the values voted for in `view`, or null.
    """

    KIND = 0x15
    SHAPE = (
        ("slot", slot),
        ("view", view),
        ("wish", view),
        ("hi1", register),
        ("second1", register),
        ("hi2", register),
        ("second2", register),
        ("hi3", register),
        ("hi4", register),
        ("vote1", optional_value),
        ("vote2", optional_value),
        ("vote3", optional_value),
        ("vote4", optional_value),
    )
    slot: int
    view: int
    wish: int
    hi1: "Register"
    second1: "Register"
    hi2: "Register"
    second2: "Register"
    hi3: "Register"
    hi4: "Register"
    vote1: bytes | None
    vote2: bytes | None
    vote3: bytes | None
    vote4: bytes | None


class Progress(Message):
    """How far the sender is: last applied slot, and its last checkpoint's slot and digest.

    `nonce` answers a `Probe`, or is 0.
    """

    KIND = 0x16
    SHAPE = (("applied_slot", slot), ("checkpoint_slot", slot), ("checkpoint_digest", value), ("nonce", count))
    applied_slot: int
    checkpoint_slot: int
    checkpoint_digest: bytes
    nonce: int


class Fetch(Message):
    """Asks for the decision of `slot`, with its body."""

    KIND = 0x17
    SHAPE = (("slot", slot),)
    slot: int


class Decided(Message):
    """The sender has decided `value` in `slot`. `body` may be empty: the digest alone counts as a reply."""

    KIND = 0x18
    SHAPE = (("slot", slot), ("value", value), ("body", body))
    slot: int
    value: bytes
    body: bytes


class FetchState(Message):
    """Asks for the checkpoint of `slot`, from byte `offset` on."""

    KIND = 0x19
    SHAPE = (("slot", slot), ("offset", count))
    slot: int
    offset: int


class StateChunk(Message):
    """Bytes `offset` .. of the checkpoint of `slot`, `total` bytes long."""

    KIND = 0x1A
    SHAPE = (("slot", slot), ("offset", count), ("total", count), ("data", _blob(0, limits.CHUNK_BYTES_MAX)))
    slot: int
    offset: int
    total: int
    data: bytes


class Probe(Message):
    """A replica that lost its memory asks how far the others are; `nonce` tells fresh answers from old ones."""

    KIND = 0x1B
    SHAPE = (("nonce", count),)
    nonce: int


class FetchBody(Message):
    """Asks for the proposal body behind `value` of an open slot."""

    KIND = 0x1C
    SHAPE = (("slot", slot), ("value", value))
    slot: int
    value: bytes


class Body(Message):
    """Answer to `FetchBody`; its digest says which value it belongs to."""

    KIND = 0x1D
    SHAPE = (("slot", slot), ("body", body))
    slot: int
    body: bytes


class Segment(Message):
    """Of the channel from incarnation `boot` to incarnation `peer_boot`, null while none is known (`services.channel`).

    `items` are number `first` and those after it, `first` is 0 in a handshake; number `acknowledged` and all before it
    have arrived. `challenge` asks for its echo, and `echo` answers one; 0: no challenge.
    """

    KIND = 0x1E
    SHAPE = (
        ("boot", count),
        ("peer_boot", optional_count),
        ("challenge", count),
        ("echo", count),
        ("first", count),
        ("acknowledged", count),
        ("items", channel_items),
    )
    boot: int
    peer_boot: int | None
    challenge: int
    echo: int
    first: int
    acknowledged: int
    items: list[bytes]


# --- telecommand: ground station to board -----------------------------------------------------


class Hello(Message):
    """The ground station asks who is there. `nonce` comes back in `Identity`."""

    KIND = 0x20
    SHAPE = (("nonce", count),)
    nonce: int


class Request(Message):
    """Operation `operation` of `client`: a ledger command. (client, operation) makes it idempotent."""

    KIND = 0x21
    SHAPE = (("client", byte), ("operation", count), ("command", items))
    client: int
    operation: int
    command: "Array"


class Control(Message):
    """A command to the board itself, not to the swarm: `exit` leaves the flight loop for the REPL, `reset` reboots."""

    KIND = 0x22
    SHAPE = (("action", _text(16)),)
    action: str


# --- telemetry: board to ground station -------------------------------------------------------


class Identity(Message):
    """Answer to `Hello`. `mode` is `voting`, `silent` (vote state unreadable) or `rejoining`."""

    KIND = 0x30
    SHAPE = (
        ("nonce", count),
        ("replica", byte),
        ("replica_count", byte),
        ("boot", count),
        ("version", _text(16)),
        ("mode", _text(16)),
        ("applied_slot", slot),
    )
    nonce: int
    replica: int
    replica_count: int
    boot: int
    version: str
    mode: str
    applied_slot: int


class Receipt(Message):
    """The outcome of a `Request` on arrival: `queued`, `busy` (refused, try again), `stale` or `malformed`."""

    KIND = 0x31
    SHAPE = (("client", byte), ("operation", count), ("status", _text(16)))
    client: int
    operation: int
    status: str


class Reply(Message):
    """Operation applied in `slot` with `result`: `["ok", ...]` or `["refused", reason]`.

    Counts on f+1 equal replies.
    """

    KIND = 0x32
    SHAPE = (("client", byte), ("operation", count), ("slot", slot), ("result", items))
    client: int
    operation: int
    slot: int
    result: "Array"


class Health(Message):
    """Board health: ticks since boot, free heap and its longest run in bytes (0 if unknown), and frame counters."""

    KIND = 0x33
    SHAPE = (
        ("ticks", count),
        ("heap_free", count),
        ("heap_run", count),
        ("applied_slot", slot),
        ("frames_in", count),
        ("frames_bad", count),
        ("frames_refused", count),
        ("frames_surplus", count),
        ("records", count),
    )
    ticks: int
    heap_free: int
    heap_run: int
    applied_slot: int
    frames_in: int
    frames_bad: int
    frames_refused: int
    frames_surplus: int
    records: int


class Trace(Message):
    """Trace events `first_seq` .. of `boot`: `[code, lamport, field, ...]` each; see `amu.node.tracer`."""

    KIND = 0x40
    SHAPE = (("boot", count), ("first_seq", count), ("ticks", count), ("events", items))
    boot: int
    first_seq: int
    ticks: int
    events: "Array"


class Log(Message):
    """An operator report: severity 0 debug, 1 information, 2 warning, 3 alarm."""

    KIND = 0x41
    SHAPE = (("severity", byte), ("text", _text(200)))
    severity: int
    text: str


ALL: "tuple[type[Message], ...]" = (
    Proposal, Vote, Suggest, Proof, ViewChange, Status, Progress, Fetch, Decided, FetchState, StateChunk,
    Probe, FetchBody, Body, Segment,
    Hello, Request, Control, Identity, Receipt, Reply, Health, Trace, Log,
)  # fmt: skip

BY_KIND = {m.KIND: m for m in ALL}  # looked up only, never iterated


def is_flight(kind: int) -> bool:
    """Replica to replica: routed by the ether, subject to its faults."""
    return 0x10 <= kind < 0x20


def make(kind: int, fields: "Array") -> Message:
    """Message of `kind` from its CBOR fields. Raises CodecError, naming message and field."""
    cls = BY_KIND.get(kind)
    if cls is None:
        raise CodecError("unknown message kind 0x%02x" % kind)
    if len(fields) != len(cls.SHAPE):
        raise CodecError("%s: want %d fields, have %d" % (cls.__name__, len(cls.SHAPE), len(fields)))
    checked: "Array" = []
    try:
        for _, check in cls.SHAPE:
            checked.append(check(fields[len(checked)]))
    except CodecError as error:
        raise CodecError("%s.%s: %s" % (cls.__name__, cls.SHAPE[len(checked)][0], error))
    return cls(*checked)
