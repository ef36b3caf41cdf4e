"""A body read with what a board holds is the body decoded; how many requests wait is what counting them gives."""

from hypothesis import given
from hypothesis import strategies as st

from amu.consensus import bodies
from amu.consensus.pending import Pending
from amu.core import limits
from amu.core.errors import CodecError
from amu.core.types import Array

FIELDS = st.one_of(st.integers(0, 300), st.binary(max_size=3), st.text(max_size=3), st.none(), st.booleans())
REQUESTS = st.tuples(st.integers(0, 2), st.integers(0, 300), st.lists(FIELDS, max_size=3)).map(list)


def outcome(call: object, body: bytes) -> object:
    try:
        return call(body)  # type: ignore[operator]
    except CodecError as error:
        return str(error)


@given(st.lists(REQUESTS, max_size=6), st.lists(REQUESTS, max_size=6), st.data())
def test_reading_is_decoding(held: list[Array], others: list[Array], data: st.DataObject) -> None:
    pending = Pending()
    for request in held:
        pending.add(*request)
    carried = data.draw(st.lists(st.sampled_from(held + others), max_size=8)) if held + others else []
    body = bytearray(bodies.encode(data.draw(st.integers(0, 30)), carried))
    if data.draw(st.booleans()):
        body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    del body[len(body) - data.draw(st.sampled_from([0, 0, 0, 1])) :]
    read = outcome(pending.read, bytes(body))
    if isinstance(read, tuple):
        view, requests, entries = read
        read = (view, requests)
        for request, entry in zip(requests, entries, strict=True):
            found = pending.find(request[0], request[1])
            is_held = found is not None and bodies.encode(0, [found.request]) == bodies.encode(0, [request])
            assert entry is (found if is_held else None)
    assert read == outcome(bodies.decode, bytes(body))


SMALL = st.tuples(st.just(1), st.integers(0, 40), st.sampled_from([["noop"], [bytes(100)]])).map(list)
SLOTS = st.integers(1, 3)


@given(st.lists(st.tuples(st.sampled_from("aaaaaabsf"), SLOTS, st.lists(SMALL, max_size=4)), max_size=40))
def test_waiting_requests_are_counted(acts: list[tuple[str, int, list[Array]]]) -> None:
    pending = Pending()
    for act, slot, requests in acts:
        _, carried, entries = pending.read(bodies.encode(0, requests))
        if act == "a":
            for request in requests:
                pending.add(*request)
        elif act == "b":
            pending.assign(slot, entries)
        elif act == "s":
            pending.settle(slot, carried, entries)
        else:
            pending.forget(lambda client, operation, slot=slot: operation % 3 == slot - 1)
        waiting = [entry for entry in pending._entries if entry.slot == 0]
        assert pending.waiting() == len(waiting)
        size = 16 + sum(len(entry.data) for entry in waiting)
        assert pending.fill_a_body() == (len(waiting) >= limits.BATCH_REQUESTS_MAX or size > limits.BODY_BYTES_MAX)
        assert all(entry.slot >= 0 for entry in pending._entries)
