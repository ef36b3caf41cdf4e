"""The codec and wire.cddl accept and refuse the same payloads."""

from pathlib import Path
from typing import Any

import cbor2
import pytest
from cddl_verifier import CBORDecodeError, Validator
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import amu.wire
from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import codec, frames, messages
from tests.support.simulator import wire_strategies
from tests.unit.firmware.test_cddl import kebab

SCHEMA = Validator((Path(amu.wire.__file__).parent / "wire.cddl").read_text(), strict_modules=True)
CLASSES = pytest.mark.parametrize("cls", messages.ALL, ids=lambda cls: cls.__name__)

# Outside the subset, or at a bound that some field has.
ODD = st.one_of(
    st.floats(allow_nan=False),
    st.just(cbor2.undefined),
    st.integers(0, 9).map(lambda n: cbor2.CBORTag(1, n)),
    st.sampled_from([-1, 0, 5, 256, limits.VIEW_MAX + 1, limits.SLOT_MAX + 1, limits.LAMPORT_MAX + 1]),
    st.sampled_from([0, 17, 31, 32, 33, limits.CHUNK_BYTES_MAX + 1, limits.BODY_BYTES_MAX + 1]).map(bytes),
    st.sampled_from([17, 32, 201]).map("x".__mul__),
    st.just("\u00e9" * 9),
    st.just([0]),
    st.just([b"", bytes(limits.CHANNEL_ITEM_BYTES_MAX)]),
    st.just([bytes(limits.CHANNEL_ITEM_BYTES_MAX + 1)]),
    st.just([b""] * (limits.CHANNEL_WINDOW_ITEMS + 1)),
    st.just([0, bytes(32), None]),
    st.just([limits.VIEW_MAX + 1, bytes(32)]),
    st.dictionaries(st.booleans(), st.integers(), min_size=1, max_size=1),
)


def contract_accepts(cls: type[messages.Message], payload: bytes) -> bool:
    try:
        return bool(SCHEMA.validate(payload, kebab(cls.__name__), require_deterministic=True).valid)
    except CBORDecodeError:
        return False


def codec_accepts(cls: type[messages.Message], payload: bytes) -> bool:
    try:
        found = codec.decode(frames.traffic_of(cls.KIND), payload)
    except CodecError:
        return False
    return len(found) == 1 and type(found[0][1]) is cls


@CLASSES
@settings(max_examples=10)
@given(data=st.data())
def test_encoded_messages_keep_the_contract(cls: type[messages.Message], data: st.DataObject) -> None:
    message = data.draw(wire_strategies.messages_of(cls))
    lamport = data.draw(wire_strategies.LAMPORTS)
    payload = codec.encode(lamport, message)
    assert contract_accepts(cls, payload)
    assert codec.decode(frames.traffic_of(cls.KIND), payload) == [(lamport, message)]


def mutated(data: st.DataObject, fields: list[Any]) -> list[Any]:
    """One field put in, left out or replaced by anything."""
    place = data.draw(st.integers(0, len(fields) - 1))
    item = data.draw(st.one_of(ODD, wire_strategies.items(4), st.sampled_from(fields)))
    how = data.draw(st.sampled_from(["replace", "replace", "replace", "insert", "remove"]))
    if how == "remove":
        return fields[:place] + fields[place + 1 :]
    return [*fields[:place], item, *fields[place + (how == "replace") :]]


@CLASSES
@settings(max_examples=20)
@given(data=st.data())
def test_both_judge_a_changed_message_equally(cls: type[messages.Message], data: st.DataObject) -> None:
    fields = mutated(data, [cls.KIND, data.draw(wire_strategies.LAMPORTS), *data.draw(wire_strategies.fields_of(cls))])
    payload = cbor2.dumps(fields, canonical=True)
    assume(len(payload) <= limits.PAYLOAD_BYTES_MAX)
    assert codec_accepts(cls, payload) == contract_accepts(cls, payload)


@CLASSES
@settings(max_examples=20)
@given(data=st.data())
def test_both_judge_changed_bytes_equally(cls: type[messages.Message], data: st.DataObject) -> None:
    payload = bytearray(codec.encode(data.draw(wire_strategies.LAMPORTS), data.draw(wire_strategies.messages_of(cls))))
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] = data.draw(st.integers(0, 255))
    assert codec_accepts(cls, bytes(payload)) == contract_accepts(cls, bytes(payload))


def test_the_contract_can_refuse() -> None:
    good = codec.encode(7, messages.Vote(1, 2, 3, bytes(32)))
    assert contract_accepts(messages.Vote, good)
    assert not contract_accepts(messages.Vote, cbor2.dumps([0x11, 7, 1, 2, 5, bytes(32)]))
    assert not contract_accepts(messages.Vote, b"\x86\x11\x18\x07" + good[3:])  # a head longer than need be
