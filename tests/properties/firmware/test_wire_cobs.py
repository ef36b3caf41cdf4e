"""COBS against the `cobs` package, CRC-32 against zlib, HMAC-SHA256 against the standard library."""

import hmac
import zlib

import pytest
from cobs import cobs as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from amu.core.errors import FrameError
from amu.wire import auth, cobs, crc

# Runs around the group length of 254, and zeros in between.
RUNS = st.lists(
    st.one_of(
        st.sampled_from([b"\x00", b"a" * 253, b"b" * 254, b"c" * 255, b"d" * 508]),
        st.binary(max_size=20),
        st.integers(0, 600).map(b"\xff".__mul__),
    ),
    max_size=6,
).map(b"".join)


@settings(max_examples=300)
@given(RUNS)
def test_encodes_as_the_package_does(data: bytes) -> None:
    encoded = cobs.encode(data)
    assert encoded == reference.encode(data)
    assert len(encoded) <= len(data) + len(data) // 254 + 1
    assert cobs.decode(encoded) == data


@settings(max_examples=300)
@given(st.binary(min_size=1, max_size=12) | RUNS.map(cobs.encode), st.data())
def test_refuses_what_the_package_refuses(encoded: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded = encoded[:place] + bytes([data.draw(st.integers(0, 255))]) + encoded[place + 1 :]
    try:
        decoded = reference.decode(encoded)
    except reference.DecodeError:
        with pytest.raises(FrameError, match="bad COBS"):
            cobs.decode(encoded)
    else:
        assert cobs.decode(encoded) == decoded


def test_nothing_is_the_encoding_of_nothing() -> None:
    """Here the package is lenient: it decodes an empty string, which its encoder never writes."""
    assert reference.decode(b"") == b""
    with pytest.raises(FrameError, match="bad COBS"):
        cobs.decode(b"")


@given(st.binary(max_size=2000))
def test_crc_is_zlibs(data: bytes) -> None:
    assert crc.crc32(data) == zlib.crc32(data)


@settings(max_examples=300)
@given(st.binary(max_size=200), st.lists(st.binary(max_size=100), max_size=4), st.binary(max_size=100))
def test_hmac_is_the_standard_librarys(key: bytes, parts: list[bytes], rest: bytes) -> None:
    mac = auth.Mac(key)
    for part in parts:
        mac = mac.begun(part)
    assert mac.digest(rest) == hmac.digest(key, b"".join(parts) + rest, "sha256")
