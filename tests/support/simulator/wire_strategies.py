"""Hypothesis strategies for what travels on the wire: CBOR items of the subset, and messages of every kind."""

from typing import Any

from hypothesis import strategies as st

from amu.core import limits
from amu.wire import messages


def uints(most: int) -> st.SearchStrategy[int]:
    """0 .. most, both ends often."""
    edges = [edge for edge in (0, 23, 24, 255, most - 1, most) if edge <= most]
    return st.integers(0, most) | st.sampled_from(edges)


_EDGES = [sign * (1 << bits) + step for bits in (8, 16, 30, 32, 62) for sign in (1, -1) for step in (-1, 0, 1)]
INTEGERS = st.integers(-(1 << 64), (1 << 64) - 1) | st.sampled_from(_EDGES)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)  # surrogates have no UTF-8
KEYS = st.one_of(INTEGERS, st.binary(max_size=6), TEXTS)
ATOMS = st.one_of(st.none(), st.booleans(), INTEGERS, st.binary(max_size=40), TEXTS)


def items(leaves: int = 12) -> st.SearchStrategy[Any]:
    """Any item of the subset; nesting stays far below CBOR_DEPTH_MAX."""
    return st.recursive(
        ATOMS,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
        max_leaves=leaves,
    ).filter(lambda item: depth(item) <= limits.CBOR_DEPTH_MAX - 2)


def depth(item: Any) -> int:
    """Arrays and maps within each other."""
    if isinstance(item, dict):
        return 1 + max(map(depth, item.values()), default=0)
    return 1 + max(map(depth, item), default=0) if isinstance(item, list | tuple) else 0


DIGESTS = st.binary(min_size=limits.DIGEST_BYTES, max_size=limits.DIGEST_BYTES)
REGISTERS = st.none() | st.tuples(uints(limits.VIEW_MAX), DIGESTS)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=16).filter(lambda word: len(word.encode()) <= 16)
LAMPORTS = uints(limits.LAMPORT_MAX)

_BY_CHECK: dict[Any, st.SearchStrategy[Any]] = {
    messages.slot: uints(limits.SLOT_MAX),
    messages.view: uints(limits.VIEW_MAX),
    messages.count: uints(limits.SLOT_MAX),
    messages.byte: uints(255),
    messages.phase: st.integers(1, 4),
    messages.value: DIGESTS,
    messages.optional_value: st.none() | DIGESTS,
    messages.register: REGISTERS,
    messages.body: st.binary(max_size=limits.BODY_BYTES_MAX),
    messages.optional_count: st.none() | uints(limits.SLOT_MAX),
    messages.channel_items: st.lists(
        st.binary(max_size=limits.CHANNEL_ITEM_BYTES_MAX), max_size=limits.CHANNEL_WINDOW_ITEMS
    ),
    messages.items: st.lists(items(6), max_size=4),
}
_BY_NAME = {
    "action": WORDS,
    "version": WORDS,
    "mode": WORDS,
    "status": WORDS,
    "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    "data": st.binary(max_size=limits.CHUNK_BYTES_MAX),
}


def fields_of(cls: type[messages.Message]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Valid fields of one message class. A field of a new shape fails here: teach it above."""
    return st.tuples(*(_BY_CHECK[check] if check in _BY_CHECK else _BY_NAME[name] for name, check in cls.SHAPE))


def messages_of(cls: type[messages.Message]) -> st.SearchStrategy[messages.Message]:
    """Valid messages of one class."""
    return fields_of(cls).map(lambda fields: cls(*fields))


def any_message() -> st.SearchStrategy[messages.Message]:
    """Valid messages of every kind."""
    return st.sampled_from(messages.ALL).flatmap(messages_of)
