"""Frames: what travels between two delimiters of the serial line.

    0x00 COBS( version, kind, source, destination, tag, payload, CRC-32 ) 0x00

Header: one byte each. Tag: TAG_BYTES of HMAC (see `auth`) for kinds that are authenticated, else nothing. CRC-32: big
endian, of all before it. Both delimiters: a board prints text into the same line, and that must not cost the frame
after it.

A FrameError carries one of REASONS and nothing else, so that counters by reason stay bounded. A bad frame is counted
and forgotten: it has no known sender who could be answered.
"""

from amu.core import limits
from amu.core.errors import FrameError
from amu.wire import cobs, messages
from amu.wire.crc import crc32

VERSION = 1

TOO_LONG = "too long"
TOO_SHORT = "too short"
BAD_COBS = "bad COBS"
BAD_CRC = "bad CRC-32"
BAD_VERSION = "bad version"
BAD_KIND = "unknown kind"
REASONS = (TOO_LONG, TOO_SHORT, BAD_COBS, BAD_CRC, BAD_VERSION, BAD_KIND)


class Frame:
    """A frame whose CRC-32 and header are good. Its tag has not been checked."""

    def __init__(self, kind: int, source: int, destination: int, tag: bytes, payload: bytes) -> None:
        self.kind = kind
        self.source = source
        self.destination = destination
        self.tag = tag
        self.payload = payload

    def __repr__(self) -> str:
        return "Frame(kind=0x%02x, %d->%d, %d bytes)" % (self.kind, self.source, self.destination, len(self.payload))


def header(kind: int, source: int, destination: int) -> bytes:
    """The four bytes that begin a frame and that its tag covers."""
    return bytes((VERSION, kind, source, destination))


def build(kind: int, source: int, destination: int, tag: bytes, payload: bytes) -> bytes:
    """Wire bytes of a frame, both delimiters included. `tag` is `b""` for kinds without one."""
    assert kind in messages.BY_KIND, "frame kind"
    assert len(tag) == (limits.TAG_BYTES if messages.is_authenticated(kind) else 0), "frame tag"
    assert len(payload) <= limits.PAYLOAD_BYTES_MAX, "frame payload"
    body = header(kind, source, destination) + tag + payload
    return b"\x00" + cobs.encode(body + crc32(body).to_bytes(4, "big")) + b"\x00"


def unpack(data: bytearray, start: int, end: int) -> Frame:
    """Frame in what lies from `start` to `end` of `data`, between two delimiters. Raises FrameError."""
    return parse(cobs.decode(bytes(memoryview(data)[start:end])))


def parse(data: bytes) -> Frame:
    """Frame in `data`, the bytes of a frame out of their COBS. Raises FrameError with one of REASONS."""
    end = len(data) - limits.CRC_BYTES
    if end < limits.HEADER_BYTES:
        raise FrameError(TOO_SHORT)
    if crc32(data[:end]) != int.from_bytes(data[end:], "big"):
        raise FrameError(BAD_CRC)
    if data[0] != VERSION:
        raise FrameError(BAD_VERSION)
    kind = data[1]
    if kind not in messages.BY_KIND:
        raise FrameError(BAD_KIND)
    start = limits.HEADER_BYTES
    if messages.is_authenticated(kind):
        start += limits.TAG_BYTES
    if start > end:
        raise FrameError(TOO_SHORT)
    if end - start > limits.PAYLOAD_BYTES_MAX:
        raise FrameError(TOO_LONG)
    return Frame(kind, data[2], data[3], data[limits.HEADER_BYTES : start], data[start:end])
