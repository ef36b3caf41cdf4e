"""The framer: no good frame is ever lost, and the cuts depend on the bytes alone."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from amu.core import limits
from amu.wire import frames
from amu.wire.framer import NEED_BYTES, Framer, Text

Summary = tuple[Any, ...]


def summary(frame: frames.Frame) -> Summary:
    return (frame.traffic, frame.source, frame.destination, frame.tag, frame.payload)


def pull(framer: Framer) -> tuple[list[Summary], bytes]:
    """All frames and all text that wait."""
    found, text = [], b""
    while (item := framer.next()) is not NEED_BYTES:
        if isinstance(item, Text):
            text += item.data
        else:
            found.append(summary(item))
    return found, text


def run(stream: bytes, sizes: list[int], short: bool = False) -> tuple[list[Summary], bytes, dict[str, int]]:
    """Push `stream` in pieces of these sizes, the last one over and over. `short`: by the short way, where it leads."""
    framer, found, text, start = Framer(), [], b"", 0
    for i in range(len(stream) + 1):
        piece = stream[start : start + sizes[min(i, len(sizes) - 1)]]
        if not piece:
            break
        start += len(piece)
        frame = framer.only(piece) if short else None
        if frame is not None:
            found.append(summary(frame))
            continue
        framer.push(piece)
        frames_now, text_now = pull(framer)
        found += frames_now
        text += text_now
        assert framer.waiting() <= limits.WIRE_BYTES_MAX  # held back: one frame's length at most
    return found, text, framer.errors


@st.composite
def sealed(draw: st.DrawFn) -> tuple[Summary, bytes]:
    """A frame as it should come out, and its wire bytes."""
    traffic = draw(st.integers(frames.FLIGHT, frames.REPORT))
    size = frames.tag_bytes(traffic)
    tag = draw(st.binary(min_size=size, max_size=size))
    payload = draw(st.binary(max_size=60) | st.integers(0, limits.PAYLOAD_BYTES_MAX).map(b"\x07".__mul__))
    fields = (traffic, draw(st.integers(0, 255)), draw(st.integers(0, 255)), tag, payload)
    return fields, frames.build(*fields)


# Whole garbage, halves of frames, text, and stretches longer than any frame.
GARBAGE = st.one_of(
    st.binary(max_size=80),
    st.text(st.characters(codec="ascii"), max_size=30).map(str.encode),
    st.tuples(sealed(), st.integers(1, 40)).map(lambda pair: pair[0][1][: -pair[1]]),
    st.tuples(sealed(), st.integers(1, 40)).map(lambda pair: pair[0][1][pair[1] :]),
    st.integers(0, 3000).map(b"\xaa".__mul__),
    st.integers(0, 3000).map(b"x".__mul__),
)
STREAMS = st.lists(st.tuples(GARBAGE, sealed()), min_size=1, max_size=5)


@settings(max_examples=120)
@given(STREAMS, GARBAGE, st.lists(st.integers(1, 2000), min_size=1, max_size=8))
def test_garbage_between_frames_loses_no_frame(
    parts: list[tuple[bytes, tuple[Summary, bytes]]], tail: bytes, sizes: list[int]
) -> None:
    stream = b"".join(garbage + wire for garbage, (_, wire) in parts) + tail
    found, _, _ = run(stream, sizes)
    good = iter(found)
    # In order, each of ours; a garbage that happens to hold a whole frame may come in between.
    assert all(any(fields == candidate for candidate in good) for _, (fields, _) in parts)


@settings(max_examples=120)
@given(STREAMS, GARBAGE, st.lists(st.integers(1, 2000), min_size=1, max_size=8))
def test_pieces_make_no_difference(
    parts: list[tuple[bytes, tuple[Summary, bytes]]], tail: bytes, sizes: list[int]
) -> None:
    stream = b"".join(garbage + wire for garbage, (_, wire) in parts) + tail
    assert run(stream, sizes) == run(stream, [max(1, len(stream))])


@settings(max_examples=120)
@given(STREAMS, st.lists(st.integers(0, 40), min_size=10, max_size=10))
def test_the_short_way_makes_no_difference(parts: list[tuple[bytes, tuple[Summary, bytes]]], cuts: list[int]) -> None:
    """Pieces as a reader gives that knows where frames end, some of them cut again."""
    pieces = [piece for garbage, (_, wire) in parts for piece in (garbage, wire)]
    stream = b"".join(pieces)
    sizes: list[int] = []
    for piece, cut in zip(pieces, cuts, strict=False):
        cut = cut if cut % 2 else 0
        sizes += [size for size in (min(cut, len(piece)), len(piece) - min(cut, len(piece))) if size]
    sizes = [part for size in sizes for part in ([2000, size - 2000] if size > 2000 else [size])]
    assert run(stream, sizes, short=True) == run(stream, [max(1, len(stream))])


def test_a_frame_alone_goes_the_short_way() -> None:
    framer, wire = Framer(), frames.build(frames.REPORT, 0, limits.GROUND, b"", b"\x83\x00\x01\x60")
    frame = framer.only(wire)
    assert frame is not None
    assert frame.payload == b"\x83\x00\x01\x60"
    for other in (b"", b"\x00", wire[1:], wire[:-1], wire + wire, wire + b"\x00", b"\x00" + wire, b"\x00\x05\x00"):
        assert framer.only(other) is None, other
    framer.push(b"held")
    assert framer.only(wire) is None


def test_ten_thousand_frames_round_trip() -> None:
    draw = random.Random(4231)
    framer = Framer()
    for _ in range(10_000):
        traffic = draw.randint(frames.FLIGHT, frames.REPORT)
        tag = draw.randbytes(frames.tag_bytes(traffic))
        payload = draw.randbytes(draw.choice((0, 1, 40, 60, 254, draw.randrange(limits.PAYLOAD_BYTES_MAX + 1))))
        fields = (traffic, draw.randrange(256), draw.randrange(256), tag, payload)
        wire = frames.build(*fields)
        assert len(wire) <= limits.WIRE_BYTES_MAX
        assert 0 not in wire[1:-1]
        framer.push(wire)
        item = framer.next()
        assert summary(item) == fields
    assert framer.next() is NEED_BYTES
    assert sum(framer.errors.values()) == 0


def test_a_reader_who_never_catches_up_does_not_make_it_grow() -> None:
    framer, wire = Framer(), frames.build(frames.REPORT, 0, limits.GROUND, b"", b"\x83\x00\x01\x60")
    framer.push(wire)
    size = len(framer._bytes)
    for _ in range(2_000):
        framer.push(wire)
        assert isinstance(framer.next(), frames.Frame)
        assert len(framer._bytes) == size


@settings(max_examples=120)
@given(st.lists(sealed(), min_size=1, max_size=4), st.data())
def test_one_damaged_frame_costs_at_most_itself(parts: list[tuple[Summary, bytes]], data: st.DataObject) -> None:
    victim = data.draw(st.integers(0, len(parts) - 1))
    wires = [wire for _, wire in parts]
    place = data.draw(st.integers(1, len(wires[victim]) - 2))
    damaged = bytearray(wires[victim])
    damaged[place] ^= data.draw(st.integers(1, 255))
    wires[victim] = bytes(damaged)
    found, _, _ = run(b"".join(wires), [4096])
    assert found == [fields for i, (fields, _) in enumerate(parts) if i != victim]
