from expect import refused, unhex

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import cbor, codec, messages

DIGEST = bytes(range(32))
DIGEST_CBOR = "5820 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
GOLDEN = (
    (messages.Vote(3, 0, 2, DIGEST), 7, "85 07 03 00 02" + DIGEST_CBOR),
    (messages.ViewChange((1 << 30) - 1, (1 << 20) - 1), 1, "83 01 1a3fffffff 1a000fffff"),
    (
        messages.Status(1, 2, 3, (1, DIGEST), None, None, None, None, None, DIGEST, None, None, None),
        1 << 40,
        "8e 1b0000010000000000 01 02 03 82 01" + DIGEST_CBOR + "f6f6f6f6f6" + DIGEST_CBOR + "f6f6f6",
    ),
    (
        messages.Request(1, 2, ["lease-acquire", "dock/1", "\u00e9", -5]),
        1 << 40,
        "84 1b0000010000000000 01 02 84 6d6c656173652d61637175697265 66646f636b2f31 62c3a9 24",
    ),
    (messages.Log(1, "\u00b5"), 0, "83 00 01 62c2b5"),
)


def test_golden_payloads():
    for message, lamport, text in GOLDEN:
        payload = codec.encode(lamport, message)
        assert payload == unhex(text), message
        assert codec.decode(message.KIND, payload) == (lamport, message)


def test_refusals_name_message_and_field():
    vote = [7, 3, 0, 2, DIGEST]
    for place, field, reason in (
        (0, -1, "lamport: want an unsigned"),
        (0, limits.LAMPORT_MAX + 1, "lamport: want an unsigned"),
        (1, limits.SLOT_MAX + 1, "Vote.slot: want an unsigned"),
        (2, None, "Vote.view: want an unsigned"),
        (2, True, "Vote.view: want an unsigned"),
        (3, 5, "Vote.phase: want a phase"),
        (4, DIGEST[1:], "Vote.value: want 32 to 32 bytes"),
        (4, "x" * 32, "Vote.value: want 32 to 32 bytes"),
    ):
        fields = list(vote)
        fields[place] = field
        refused(CodecError, reason, codec.decode, 0x11, cbor.encode(fields))
    refused(CodecError, "Vote: want 4 fields, have 3", codec.decode, 0x11, cbor.encode(vote[:4]))
    refused(CodecError, "Vote: want 4 fields, have 5", codec.decode, 0x11, cbor.encode((0, 0, 0, 1, DIGEST, 0)))
    refused(CodecError, "unknown message kind 0x1f", codec.decode, 0x1F, cbor.encode(vote))
    for payload in (b"", b"\x80", b"\xa0", b"\x01"):
        refused(CodecError, "", codec.decode, 0x11, payload)


def test_payload_length_is_bounded_both_ways():
    refused(CodecError, "Reply: payload of", codec.encode, 1, messages.Reply(1, 1, 1, ["ok", bytes(1024)]))
    refused(CodecError, "at most 1024", codec.decode, 0x32, cbor.encode([1, 1, 1, 1, ["ok", bytes(1024)]]))


def test_equal_values_are_one_object_and_a_flood_of_others_is_bounded():
    payload = codec.encode(1, messages.Vote(3, 0, 1, b"v" * 32))
    first = codec.decode(messages.Vote.KIND, payload)[1].value
    assert codec.decode(messages.Vote.KIND, payload)[1].value is first
    for i in range(3 * limits.SHARED_VALUES_MAX):
        other = codec.decode(messages.Vote.KIND, codec.encode(1, messages.Vote(3, 0, 1, bytes([i]) + b"w" * 31)))[
            1
        ].value
        assert other == bytes([i]) + b"w" * 31
        assert len(messages._latest) <= limits.SHARED_VALUES_MAX
    assert codec.decode(messages.Vote.KIND, payload)[1].value == first
