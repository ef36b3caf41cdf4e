"""Frames: what travels between two delimiters of the serial line.

    0x00 COBS( version, class, source, destination, tag, payload, CRC-32 ) 0x00

Header: one byte each. Class: what kinds of message are inside, the upper half of each kind. Tag: TAG_BYTES of HMAC (see
`auth`) for classes that are authenticated, else nothing. Payload: one message or more (see `codec`). CRC-32: big
endian, of all before it. Both delimiters: a board prints text into the same line, and that must not cost the frame
after it.

A FrameError carries one of REASONS and nothing else, so that counters by reason stay bounded. A bad frame is counted
and forgotten: it has no known sender who could be answered.
"""

from amu.core import limits
from amu.core.errors import FrameError
from amu.wire import cobs
from amu.wire.crc import crc32

VERSION = 2

# Classes
FLIGHT = 1  # replica to replica: routed by the ether, subject to its faults
TELECOMMAND = 2  # ground station to board
TELEMETRY = 3  # board to ground station
REPORT = 4  # the same way, without a tag: trace and log go over the board's own serial line and are never acted on

TOO_LONG = "too long"
TOO_SHORT = "too short"
BAD_COBS = "bad COBS"
BAD_CRC = "bad CRC-32"
BAD_VERSION = "bad version"
BAD_CLASS = "unknown class"
REASONS = (TOO_LONG, TOO_SHORT, BAD_COBS, BAD_CRC, BAD_VERSION, BAD_CLASS)


class Frame:
    """A frame whose CRC-32 and header are good. Its tag has not been checked."""

    def __init__(self, traffic: int, source: int, destination: int, tag: bytes, payload: bytes) -> None:
        self.traffic = traffic  # the class
        self.source = source
        self.destination = destination
        self.tag = tag
        self.payload = payload

    def __repr__(self) -> str:
        return "Frame(class %d, %d->%d, %d bytes)" % (self.traffic, self.source, self.destination, len(self.payload))


def traffic_of(kind: int) -> int:
    """The class of frames that carry messages of `kind`."""
    return kind >> 4


def tag_bytes(traffic: int) -> int:
    """Length of the tag of a class."""
    return limits.TAG_BYTES if traffic < REPORT else 0


def header(traffic: int, source: int, destination: int) -> bytes:
    """The four bytes that begin a frame and that its tag covers."""
    return bytes((VERSION, traffic, source, destination))


def build(traffic: int, source: int, destination: int, tag: bytes, payload: bytes) -> bytes:
    """Wire bytes of a frame, both delimiters included. `tag` is `b""` for a class without one."""
    assert FLIGHT <= traffic <= REPORT, "traffic"
    assert len(tag) == tag_bytes(traffic), "tag"
    assert len(payload) <= limits.PAYLOAD_BYTES_MAX, "payload"
    body = header(traffic, source, destination) + tag + payload
    return b"\x00" + cobs.encode(body + crc32(body).to_bytes(4, "big")) + b"\x00"


def unpack(data: bytes | bytearray, start: int, end: int) -> Frame:
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
    traffic = data[1]
    if traffic < FLIGHT or traffic > REPORT:
        raise FrameError(BAD_CLASS)
    start = limits.HEADER_BYTES + tag_bytes(traffic)
    if start > end:
        raise FrameError(TOO_SHORT)
    if end - start > limits.PAYLOAD_BYTES_MAX:
        raise FrameError(TOO_LONG)
    return Frame(traffic, data[2], data[3], data[limits.HEADER_BYTES : start], data[start:end])
