"""CBOR against cbor2, an encoder that others wrote, and against itself."""

from typing import Any

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amu.core.errors import CodecError
from amu.wire import cbor
from tests.support.simulator.wire_strategies import KEYS, items


def same(one: Any, other: Any) -> bool:
    """Equal, and of equal types: True is not 1 here."""
    return bool(one == other) and repr(one) == repr(other)


@settings(max_examples=200)
@given(items(30))
def test_encodes_as_cbor2_does(item: Any) -> None:
    encoded = cbor.encode(item)
    assert encoded == canonical(item)
    assert cbor.encode(cbor.decode(encoded)) == encoded
    assert cbor.decode(encoded) == item
    assert same(cbor.decode(encoded), cbor2.loads(encoded))
    pieces: list[bytes] = []
    cbor.write(item, pieces.append)
    assert b"".join(pieces) == encoded


def canonical(item: Any) -> bytes:
    """Through cbor2, with maps laid out by hand: cbor2's canonical order is RFC 7049's, shorter keys first."""
    if isinstance(item, dict):
        pairs = sorted((cbor2.dumps(key), canonical(value)) for key, value in item.items())
        head = bytearray(cbor2.dumps([None] * len(pairs))[: -len(pairs) or None])
        head[0] |= 0x20  # an array's head and a map's differ in one bit
        return bytes(head) + b"".join(key + value for key, value in pairs)
    if isinstance(item, list):
        head = cbor2.dumps([None] * len(item))[: -len(item) or None]
        return head + b"".join(map(canonical, item))
    return cbor2.dumps(item)


@settings(max_examples=200)
@given(st.dictionaries(KEYS, st.none(), max_size=40))
def test_keys_stand_in_bytewise_order(item: dict[Any, None]) -> None:
    encoded = [cbor.encode(key) for key in cbor2.loads(cbor.encode(item))]
    assert encoded == sorted(encoded)
    assert len(encoded) == len(item)


@settings(max_examples=250)
@given(st.one_of(st.binary(max_size=40), items(10).map(cbor2.dumps), items(10).map(cbor.encode)), st.data())
def test_decoder_takes_nothing_that_it_would_not_write(data: bytes, draw: st.DataObject) -> None:
    if data:
        place = draw.draw(st.integers(0, len(data) - 1))
        data = data[:place] + bytes([draw.draw(st.integers(0, 255))]) + data[place + 1 :]
    try:
        item = cbor.decode(data)
    except CodecError as error:
        reason = str(error)
    else:
        reason = "CBOR offset: none"
        assert cbor.encode(item) == data
        assert same(item, cbor2.loads(data))
    assert reason.startswith("CBOR offset")


@pytest.mark.parametrize("value", [1.5, 1 << 64, -(1 << 64) - 1, bytearray(b"x"), {True: 1}, {1.5: 1}, {(): 1}, set()])
def test_refuses_what_is_outside_the_subset(value: Any) -> None:
    with pytest.raises(CodecError, match="CBOR: "):
        cbor.encode([value])


@example("\ud800")
@given(st.text(st.characters(categories=["Cs"]), min_size=1))
def test_refuses_text_that_has_no_utf8(text: str) -> None:
    with pytest.raises(CodecError, match="no UTF-8"):
        cbor.encode(text)


@given(st.binary(max_size=8))
def test_text_is_taken_as_strictly_as_by_cpython(data: bytes) -> None:
    head = bytes([0x60 + len(data)])
    try:
        text = data.decode()
    except UnicodeDecodeError:
        with pytest.raises(CodecError, match="offset 0: bad UTF-8"):
            cbor.decode(head + data)
    else:
        assert cbor.decode(head + data) == text
