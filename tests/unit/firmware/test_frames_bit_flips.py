"""Every single-bit flip of a frame is refused, for every kind, whether the line or the memory behind it slipped."""

import pytest

from amu.core.errors import FrameError
from amu.core.limits import GROUND
from amu.wire import cobs, codec, frames, messages
from amu.wire.framer import NEED_BYTES, Framer

DIGEST = bytes(range(32))
PAYLOADS = [
    (messages.Vote, codec.encode(70_000, messages.Vote(3, 0, 2, DIGEST))),
    (messages.Proposal, codec.encode(1, messages.Proposal(1, 0, bytes(300)))),
    (messages.Hello, codec.encode(0, messages.Hello(0))),
    (messages.Trace, codec.encode(9, messages.Trace(1, 2, 3, [[12, 9, 1, 0, DIGEST]]))),
    (messages.Log, codec.encode(5, messages.Log(1, "journal is torn"))),
]


def built(cls: type[messages.Message], payload: bytes) -> bytes:
    tag = bytes(range(frames.tag_bytes(frames.traffic_of(cls.KIND))))
    return frames.build(frames.traffic_of(cls.KIND), 2, GROUND, tag, payload)


def flips(data: bytes) -> list[bytes]:
    number = int.from_bytes(data)
    return [(number ^ (1 << bit)).to_bytes(len(data)) for bit in range(8 * len(data))]


@pytest.mark.parametrize(("cls", "payload"), PAYLOADS, ids=lambda it: getattr(it, "__name__", ""))
def test_on_the_line(cls: type[messages.Message], payload: bytes) -> None:
    wire = built(cls, payload)
    for flipped in flips(wire):
        framer = Framer()
        framer.push(b"\x00" + flipped + b"\x00")
        while (item := framer.next()) is not NEED_BYTES:
            assert not isinstance(item, frames.Frame), flipped.hex()


@pytest.mark.parametrize(("cls", "payload"), PAYLOADS, ids=lambda it: getattr(it, "__name__", ""))
def test_after_unstuffing(cls: type[messages.Message], payload: bytes) -> None:
    body = cobs.decode(built(cls, payload)[1:-1])
    assert frames.parse(body).payload == payload
    for flipped in flips(body):
        with pytest.raises(FrameError):
            frames.parse(flipped)
