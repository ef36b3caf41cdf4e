from expect import refused, unhex

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import cbor, codec, frames, messages

DIGEST = bytes(range(32))
DIGEST_CBOR = "5820 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
GOLDEN = (
    (messages.Vote(3, 0, 2, DIGEST), 7, "86 11 07 03 00 02" + DIGEST_CBOR),
    (messages.ViewChange((1 << 30) - 1, (1 << 20) - 1), 1, "84 14 01 1a3fffffff 1a000fffff"),
    (
        messages.Status(1, 2, 3, (1, DIGEST), None, None, None, None, None, DIGEST, None, None, None),
        1 << 40,
        "8f 15 1b0000010000000000 01 02 03 82 01" + DIGEST_CBOR + "f6f6f6f6f6" + DIGEST_CBOR + "f6f6f6",
    ),
    (
        messages.Request(1, 2, ["lease-acquire", "dock/1", "\u00e9", -5]),
        1 << 40,
        "85 1821 1b0000010000000000 01 02 84 6d6c656173652d61637175697265 66646f636b2f31 62c3a9 24",
    ),
    (messages.Log(1, "\u00b5"), 0, "84 1841 00 01 62c2b5"),
)


def test_golden_payloads():
    for message, lamport, text in GOLDEN:
        payload = codec.encode(lamport, message)
        assert payload == unhex(text), message
        assert codec.decode(frames.traffic_of(message.KIND), payload) == [(lamport, message)]
        assert codec.first_kind(payload) == message.KIND


def test_refusals_name_message_and_field():
    vote = [0x11, 7, 3, 0, 2, DIGEST]
    for place, field, reason in (
        (1, -1, "lamport: want an unsigned"),
        (1, limits.LAMPORT_MAX + 1, "lamport: want an unsigned"),
        (2, limits.SLOT_MAX + 1, "Vote.slot: want an unsigned"),
        (3, None, "Vote.view: want an unsigned"),
        (3, True, "Vote.view: want an unsigned"),
        (4, 5, "Vote.phase: want a phase"),
        (5, DIGEST[1:], "Vote.value: want 32 to 32 bytes"),
        (5, "x" * 32, "Vote.value: want 32 to 32 bytes"),
    ):
        fields = list(vote)
        fields[place] = field
        refused(CodecError, reason, codec.decode, frames.FLIGHT, cbor.encode(fields))
    refused(CodecError, "Vote: want 4 fields, have 3", codec.decode, frames.FLIGHT, cbor.encode(vote[:5]))
    refused(
        CodecError,
        "Vote: want 4 fields, have 5",
        codec.decode,
        frames.FLIGHT,
        cbor.encode((0x11, 0, 0, 0, 1, DIGEST, 0)),
    )
    refused(CodecError, "unknown message kind 0x1f", codec.decode, frames.FLIGHT, cbor.encode([0x1F, 7, 3]))
    for payload in (b"", b"\x80", b"\x81\x11", b"\xa0", b"\x01"):
        refused(CodecError, "", codec.decode, frames.FLIGHT, payload)


def test_a_payload_is_a_sequence_of_messages_of_one_class():
    payload = b""
    for message, lamport, _ in GOLDEN[:3]:
        payload += codec.encode(lamport, message)
    found = codec.decode(frames.FLIGHT, payload)
    assert found == [(lamport, message) for message, lamport, _ in GOLDEN[:3]]
    assert codec.first_kind(payload) == messages.Vote.KIND
    request = codec.encode(1, messages.Request(1, 2, ["noop"]))
    refused(CodecError, "kind 33 in a frame of class 1", codec.decode, frames.FLIGHT, payload + request)
    refused(CodecError, "kind 17 in a frame of class 2", codec.decode, frames.TELECOMMAND, request + payload)
    refused(CodecError, "end early", codec.decode, frames.FLIGHT, payload + payload[:5])
    refused(CodecError, "not an array", codec.decode, frames.FLIGHT, payload + b"\x00")
    refused(CodecError, "no message", codec.decode, frames.FLIGHT, b"")


def test_one_bad_message_refuses_all():
    good = codec.encode(7, messages.Vote(3, 0, 2, DIGEST))
    bad = cbor.encode([0x11, 7, 3, 0, 5, DIGEST])
    for payload in (bad, good + bad, bad + good, good + good + bad):
        refused(CodecError, "Vote.phase", codec.decode, frames.FLIGHT, payload)


def test_messages_of_a_payload_are_bounded():
    wish = codec.encode(1, messages.ViewChange(3, 1))
    assert len(codec.decode(frames.FLIGHT, wish * limits.MESSAGES_PER_FRAME_MAX)) == limits.MESSAGES_PER_FRAME_MAX
    refused(CodecError, "more than 16", codec.decode, frames.FLIGHT, wish * (limits.MESSAGES_PER_FRAME_MAX + 1))


def test_the_first_kind_of_what_cannot_be_read():
    for payload in (b"", b"\x86", b"\x86\x11", b"\xff\x11\x00", b"\x86\x19\x11\x00", b"\x86\x20\x00"):
        assert codec.first_kind(payload) == codec.NO_KIND
    assert codec.first_kind(b"\x86\x18\xff") == 255


def test_payload_length_is_bounded_both_ways():
    refused(CodecError, "Reply: 1038 bytes", codec.encode, 1, messages.Reply(1, 1, 1, ["ok", bytes(1024)]))
    refused(
        CodecError, "at most 1024", codec.decode, frames.TELEMETRY, cbor.encode([0x32, 1, 1, 1, 1, ["ok", bytes(1024)]])
    )


def test_equal_values_are_one_object_and_a_flood_of_others_is_bounded():
    payload = codec.encode(1, messages.Vote(3, 0, 1, b"v" * 32))
    first = codec.decode(frames.FLIGHT, payload)[0][1].value
    assert codec.decode(frames.FLIGHT, payload)[0][1].value is first
    for i in range(3 * limits.SHARED_VALUES_MAX):
        vote = messages.Vote(3, 0, 1, bytes([i]) + b"w" * 31)
        other = codec.decode(frames.FLIGHT, codec.encode(1, vote))[0][1].value
        assert other == bytes([i]) + b"w" * 31
        assert len(messages._latest) <= limits.SHARED_VALUES_MAX
    assert codec.decode(frames.FLIGHT, payload)[0][1].value == first
