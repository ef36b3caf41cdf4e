"""Messages to payloads and back: deterministic CBOR arrays `[lamport, field, ...]`; the frame's header names the kind.

The shapes are those of `messages` and of `wire.cddl`. Decode a payload only after its frame's tag was checked: then
nothing that a stranger sends is parsed. `peek_vote` alone looks into payloads that may be anybody's.
"""

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import cbor, messages

if "":  # for the type checker; see amu.core.types
    from array import array

    from amu.core.types import AnyMessage
    from amu.wire.messages import Message, Vote

_VOTE_HEAD = 0x85  # an array of five items
_LONG_HEADS = ((1, 24), (2, 256), (4, 65536), (8, 4294967296))  # bytes of the number, and the least that needs them
_VALUE_HEAD = b"\x58\x20"  # a string of 32 bytes
VOTE_BYTES_MIN = 1 + 4 + len(_VALUE_HEAD) + limits.DIGEST_BYTES


def take_vote(payload: bytes) -> "tuple[int, Vote] | None":
    """A short way for votes, where there is one."""
    return None


def peek_vote(payload: bytes, at: int, numbers: "array[int]") -> int:
    """Offset of the value in what looks like a vote, encoded from offset `at` on; 0 if it is anything else.

    Puts slot, view and phase into `numbers` 1 to 3; the Lamport time is passed over. Makes nothing that stays.
    """
    if len(payload) - at < VOTE_BYTES_MIN or payload[at] != _VOTE_HEAD:
        return 0
    at += 1
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
            numbers[k] = number
    if numbers[2] > limits.VIEW_MAX or numbers[3] < 1 or numbers[3] > 4:
        return 0
    if payload[at : at + 2] != _VALUE_HEAD or len(payload) < at + 2 + limits.DIGEST_BYTES:
        return 0
    return at + 2


def encode(lamport: int, message: "Message") -> bytes:
    """Payload of `message` sent at `lamport`. Raises CodecError if it is too long or holds what CBOR cannot."""
    fields = [lamport]
    fields.extend(message.fields())
    payload = cbor.encode(fields)
    if len(payload) > limits.PAYLOAD_BYTES_MAX:
        raise CodecError(
            "%s: payload of %d bytes, at most %d" % (type(message).__name__, len(payload), limits.PAYLOAD_BYTES_MAX)
        )
    return payload


def encode_trace(boot: int, first_seq: int, ticks: int, encoded_events: list[bytes]) -> bytes:
    """Payload of a `Trace` message sent at Lamport time 0, of events that are encoded already."""
    parts = [cbor.array_head(5), cbor.encode(0), cbor.encode(boot), cbor.encode(first_seq), cbor.encode(ticks)]
    parts.append(cbor.array_head(len(encoded_events)))
    parts.extend(encoded_events)
    payload = b"".join(parts)
    assert len(payload) <= limits.PAYLOAD_BYTES_MAX, "trace events exceed a frame"
    return payload


def decode(kind: int, payload: bytes) -> "tuple[int, AnyMessage]":
    """(lamport, message) of a payload of `kind`. Raises CodecError, naming the offset or the field."""
    if len(payload) > limits.PAYLOAD_BYTES_MAX:
        raise CodecError("payload of %d bytes, at most %d" % (len(payload), limits.PAYLOAD_BYTES_MAX))
    if kind == messages.Vote.KIND:  # most messages are votes
        vote = take_vote(payload)
        if vote is not None:
            return vote
    fields = cbor.decode(payload)
    if type(fields) is not list or not fields:
        raise CodecError("payload is not an array [lamport, field, ...]")
    try:
        lamport = messages.lamport(fields[0])
    except CodecError as error:
        raise CodecError("lamport: %s" % error)
    return lamport, messages.make(kind, fields[1:])
