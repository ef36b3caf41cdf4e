"""RFC 8949 Appendix A: examples inside the subset decode and encode to the same bytes, the others are refused."""

import pytest

from amu.core.errors import CodecError
from amu.wire import cbor

INSIDE = [
    ("00", 0),
    ("01", 1),
    ("0a", 10),
    ("17", 23),
    ("1818", 24),
    ("1819", 25),
    ("1864", 100),
    ("1903e8", 1000),
    ("1a000f4240", 1000000),
    ("1b000000e8d4a51000", 1000000000000),
    ("1bffffffffffffffff", 18446744073709551615),
    ("3bffffffffffffffff", -18446744073709551616),
    ("20", -1),
    ("29", -10),
    ("3863", -100),
    ("3903e7", -1000),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("40", b""),
    ("4401020304", b"\x01\x02\x03\x04"),
    ("60", ""),
    ("6161", "a"),
    ("6449455446", "IETF"),
    ("62225c", '"\\'),
    ("62c3bc", "\u00fc"),
    ("63e6b0b4", "\u6c34"),
    ("64f0908591", "\U00010151"),
    ("80", []),
    ("83010203", [1, 2, 3]),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("98190102030405060708090a0b0c0d0e0f101112131415161718181819", list(range(1, 26))),
    ("a0", {}),
    ("a201020304", {1: 2, 3: 4}),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ("826161a161626163", ["a", {"b": "c"}]),
    ("a56161614161626142616361436164614461656145", {"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}),
]

FLOATS = (
    "f90000 f98000 f93c00 fb3ff199999999999a f93e00 f97bff fa47c35000 fa7f7fffff fb7e37e43c8800759c f90001 f90400 "
    "f9c400 fbc010666666666666 f97c00 f97e00 f9fc00 fa7f800000 fa7fc00000 faff800000 fb7ff0000000000000 "
    "fb7ff8000000000000 fbfff0000000000000"
)
SIMPLE = "f7 f0 f8ff"
TAGS = (
    "c249010000000000000000 c349010000000000000000 c074323031332d30332d32315432303a30343a30305a c11a514b67b0 "
    "c1fb41d452d9ec200000 d74401020304 d818456449455446 d82076687474703a2f2f7777772e6578616d706c652e636f6d"
)
INDEFINITE = (
    "5f42010243030405ff 7f657374726561646d696e67ff 9fff 9f018202039f0405ffff 9f01820203820405ff 83018202039f0405ff "
    "83019f0203ff820405 9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff bf61610161629f0203ffff "
    "826161bf61626163ff bf6346756ef563416d7421ff"
)
OUTSIDE = [
    (text, reason)
    for texts, reason in (
        (FLOATS, "float or simple"),
        (SIMPLE, "float or simple"),
        (TAGS, "tag"),
        (INDEFINITE, "indefinite length"),
    )
    for text in texts.split()
]


def test_no_example_is_missing() -> None:
    assert len(INSIDE) + len(OUTSIDE) == 81


@pytest.mark.parametrize(("text", "item"), INSIDE)
def test_inside_the_subset(text: str, item: object) -> None:
    decoded = cbor.decode(bytes.fromhex(text))
    assert decoded == item
    assert type(decoded) is type(item)
    assert cbor.encode(item).hex() == text


@pytest.mark.parametrize(("text", "reason"), OUTSIDE)
def test_outside_the_subset(text: str, reason: str) -> None:
    with pytest.raises(CodecError, match=f"CBOR offset [0-9]+: {reason}"):
        cbor.decode(bytes.fromhex(text))
