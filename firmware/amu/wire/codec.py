"""Messages to payloads and back. A payload is a CBOR sequence (RFC 8742) of messages `[kind, lamport, field, ...]`.

A sequence is its items one after the other, so messages are encoded once, whatever frames they share, and joined. All
messages of a payload are of the frame's class, and a payload is taken whole or not at all: one bad message
refuses the frame.

The shapes are those of `messages` and of `wire.cddl`. Decode a payload only after its frame's tag was checked: then
nothing that a stranger sends is parsed. `peek_vote` alone looks into payloads that may be anybody's.
"""

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import cbor, frames, messages

if "":  # for the type checker; see amu.core.types
    from array import array

    from amu.core.types import AnyMessage, Array
    from amu.wire.messages import Message

NO_KIND = 0  # what `first_kind` says of bytes that begin with no kind


_VOTE_HEAD = b"\x86\x11"  # an array of six items, of a vote's kind
_TRACE_HEAD = b"\x86"  # an array of six items
_LONG_HEADS = ((1, 24), (2, 256), (4, 65536), (8, 4294967296))  # bytes of the number, and the least that needs them
_VALUE_HEAD = b"\x58\x20"  # a string of 32 bytes
VOTE_BYTES_MIN = len(_VOTE_HEAD) + 4 + len(_VALUE_HEAD) + limits.DIGEST_BYTES


def take_vote(payload: bytes, at: int, found: "list[tuple[int, AnyMessage]]") -> int:
    """A short way for votes, where there is one: append to `found` what starts at `at`.

    Returns the offset behind it, 0 if the short way does not lead there.
    """
    return 0


def peek_vote(payload: bytes, at: int, count: int, vote: "array[int]") -> int:
    """Whether `payload`, of `count` bytes, has at offset `at` what looks like a vote: 0 if it has anything else.

    Puts the offset of its value, slot, view and phase into `vote`; the Lamport time is passed over.
    """
    if count - at < VOTE_BYTES_MIN or payload[at : at + 2] != _VOTE_HEAD:
        return 0
    at += 2
    for k in range(4):
        number = payload[at]
        at += 1
        if number > 23:
            if number > 27:
                return 0
            size, least = _LONG_HEADS[number - 24]
            number = int.from_bytes(payload[at : at + size], "big")
            if number < least:
                return 0  # there is a shorter form
            at += size
        if k > 0:
            if number > limits.SLOT_MAX:
                return 0
            vote[k] = number
    if vote[2] > limits.VIEW_MAX or vote[3] < 1 or vote[3] > 4:
        return 0
    at += len(_VALUE_HEAD)
    if payload[at - len(_VALUE_HEAD) : at] != _VALUE_HEAD or count < at + limits.DIGEST_BYTES:
        return 0
    vote[0] = at
    return 1


def encode(lamport: int, message: "Message") -> bytes:
    """`message` sent at `lamport`: a payload, or a part of one. Raises CodecError if it is longer than a payload may
    be, or holds what CBOR cannot."""
    fields = [message.KIND, lamport]
    fields.extend(message.fields())
    data = cbor.encode(fields)
    if len(data) > limits.PAYLOAD_BYTES_MAX:
        raise CodecError("%s: %d bytes, at most %d" % (type(message).__name__, len(data), limits.PAYLOAD_BYTES_MAX))
    return data


def encode_trace(boot: int, first_seq: int, ticks: int, encoded_events: list[bytes]) -> bytes:
    """Payload of a `Trace` message sent at Lamport time 0, of events that are encoded already."""
    fields = cbor.encode((messages.Trace.KIND, 0, boot, first_seq, ticks))
    parts = [_TRACE_HEAD, fields[1:], cbor.array_head(len(encoded_events))]
    parts.extend(encoded_events)
    payload = b"".join(parts)
    assert len(payload) <= limits.PAYLOAD_BYTES_MAX, "trace events exceed a frame"
    return payload


def decode(traffic: int, payload: bytes) -> "list[tuple[int, AnyMessage]]":
    """[(lamport, message), ...] of a payload of the class `traffic`. Raises CodecError, naming the offset or the
    field."""
    if len(payload) > limits.PAYLOAD_BYTES_MAX:
        raise CodecError("payload of %d bytes, at most %d" % (len(payload), limits.PAYLOAD_BYTES_MAX))
    found: "list[tuple[int, AnyMessage]]" = []
    at = 0
    while at < len(payload):
        if len(found) == limits.MESSAGES_PER_FRAME_MAX:
            raise CodecError("more than %d messages" % limits.MESSAGES_PER_FRAME_MAX)
        end = take_vote(payload, at, found) if traffic == frames.FLIGHT else 0  # most messages are votes
        if end == 0:
            fields, end = cbor.item_at(payload, at, limits.CBOR_DEPTH_MAX)
            found.append(_message(traffic, fields))
        at = end
    if not found:
        raise CodecError("no message")
    return found


def _message(traffic: int, fields: "Array") -> "tuple[int, AnyMessage]":
    if type(fields) is not list or len(fields) < 2:
        raise CodecError("a message is not an array [kind, lamport, field, ...]")
    kind = fields[0]
    if type(kind) is not int or frames.traffic_of(kind) != traffic:
        raise CodecError("kind %r in a frame of class %d" % (kind, traffic))
    try:
        lamport = messages.lamport(fields[1])
    except CodecError as error:
        raise CodecError("lamport: %s" % error)
    return lamport, messages.make(kind, fields[2:])


def first_kind(payload: bytes) -> int:
    """What the first message of a payload says its kind is, NO_KIND if nothing. For people: it may not be authentic."""
    if len(payload) < 3 or payload[0] >> 5 != 4:
        return NO_KIND
    return payload[1] if payload[1] < 24 else payload[2] if payload[1] == 24 else NO_KIND
