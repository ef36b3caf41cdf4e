from expect import refused, unhex

from amu.core.errors import CodecError
from amu.wire import cbor

# From RFC 8949 Appendix A where it has them; the others were made with another encoder.
SAME = (
    ("00", 0),
    ("17", 23),
    ("1818", 24),
    ("18ff", 255),
    ("190100", 256),
    ("19ffff", 65535),
    ("1a00010000", 65536),
    ("1a3fffffff", (1 << 30) - 1),
    ("1a40000000", 1 << 30),
    ("1affffffff", (1 << 32) - 1),
    ("1b0000000100000000", 1 << 32),
    ("1b3fffffffffffffff", (1 << 62) - 1),
    ("1bffffffffffffffff", (1 << 64) - 1),
    ("20", -1),
    ("37", -24),
    ("3818", -25),
    ("3903e7", -1000),
    ("3bffffffffffffffff", -(1 << 64)),
    ("40", b""),
    ("4401020304", b"\x01\x02\x03\x04"),
    ("60", ""),
    ("6449455446", "IETF"),
    ("62c3bc", "\u00fc"),
    ("63e6b0b4", "\u6c34"),
    ("64f0908591", "\U00010151"),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("80", []),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("a0", {}),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ("a5 0a01 186402 2003 616104 62616105", {"aa": 5, "a": 4, -1: 3, 100: 2, 10: 1}),
)

# Each with the offset at which it goes wrong.
REFUSED = (
    ("", "offset 0: ends early"),
    ("18", "offset 1: ends early"),
    ("1b00000001", "offset 0: ends early"),
    ("4401", "offset 0: byte string of 4 bytes ends early"),
    ("820161", "offset 2: text of 1 bytes ends early"),
    ("83 01", "offset 0: 3 elements end early"),
    ("9bffffffffffffffff", "offset 0: 18446744073709551615 elements end early"),
    ("5bffffffffffffffff", "offset 0: byte string of 18446744073709551615 bytes ends early"),
    ("0000", "offset 1: bytes after the item"),
    ("8201 1817", "offset 2: head longer than need be"),
    ("1900ff", "offset 0: head longer than need be"),
    ("1a0000ffff", "offset 0: head longer than need be"),
    ("1b00000000ffffffff", "offset 0: head longer than need be"),
    ("5801 00", "offset 0: head longer than need be"),
    ("9f01ff", "offset 0: indefinite length"),
    ("5f4100ff", "offset 0: indefinite length"),
    ("1c", "offset 0: reserved head"),
    ("81ff", "offset 1: float or simple value 0xff"),
    ("f93c00", "offset 0: float or simple value 0xf9"),
    ("f7", "offset 0: float or simple value 0xf7"),
    ("f8f4", "offset 0: float or simple value 0xf8"),
    ("81c000", "offset 1: tag"),
    ("a2 0201 0101", "offset 3: map key out of order or twice"),
    ("a2 0101 0102", "offset 3: map key out of order or twice"),
    ("a1f500", "offset 1: map key that is no integer, bytes or text"),
    ("a18000", "offset 1: map key that is no integer, bytes or text"),
    ("61ff", "offset 0: bad UTF-8"),
    ("62c080", "offset 0: bad UTF-8"),
    ("63e08080", "offset 0: bad UTF-8"),
    ("63eda080", "offset 0: bad UTF-8"),
    ("64f0808080", "offset 0: bad UTF-8"),
    ("64f4908080", "offset 0: bad UTF-8"),
    ("61c3", "offset 0: bad UTF-8"),
    ("818181818181818180", "offset 8: nested deeper than 8"),
    ("a100 a100 a100 a100 a100 a100 a100 a100 80".replace(" ", ""), "offset 16: nested deeper than 8"),
)


def test_same_bytes_both_ways():
    for text, item in SAME:
        assert cbor.encode(item) == unhex(text), text
        assert cbor.decode(unhex(text)) == item, text
        assert type(cbor.decode(unhex(text))) is type(item), text


def test_refusals_name_the_offset():
    for text, reason in REFUSED:
        refused(CodecError, reason, cbor.decode, unhex(text))


def test_tuples_encode_as_arrays():
    assert cbor.encode((1, (2, b"x"))) == unhex("8201 82 02 4178")


def test_every_truncation_is_refused():
    whole = cbor.encode([1, 1000, -70000, b"bytes", "text", [None, True], {"key": 1 << 40}])
    for length in range(len(whole)):
        refused(CodecError, "early", cbor.decode, whole[:length])


def test_items_that_cannot_be_encoded():
    for item in (1 << 64, -(1 << 64) - 1, bytearray(b"x"), {True: 1}, {None: 1}, {(1,): 1}, object()):
        refused(CodecError, "CBOR", cbor.encode, item)
    nested = []
    for _ in range(8):
        nested = [nested]
    refused(CodecError, "nested deeper", cbor.encode, nested)
    assert cbor.encode(nested[0]) == unhex("8181818181818180")
