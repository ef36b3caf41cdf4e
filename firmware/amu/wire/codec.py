"""Messages to payloads and back: deterministic CBOR arrays `[lamport, field, ...]`; the frame's header names the kind.

The shapes are those of `messages` and of `wire.cddl`. Decode a payload only after its frame's tag was checked: then
nothing that a stranger sends is parsed.
"""

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import cbor, messages

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage
    from amu.wire.messages import Message, Vote


def take_vote(payload: bytes) -> "tuple[int, Vote] | None":
    """A short way for votes, where there is one."""
    return None


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
