"""Consistent Overhead Byte Stuffing (S. Cheshire, M. Baker, IEEE/ACM Transactions on Networking 7(2), 1999).

Takes the zero bytes out of data, so that zero can delimit frames and a receiver finds the next frame after any garbage.
Data is cut into groups: a code byte, then code - 1 bytes that are not zero. A group stands for its bytes followed by a
zero, except that a full group (code 255) and the last one stand for their bytes alone. The overhead is one byte in 254,
and one.

Both directions cut and join slices, which the interpreter does in C: on a board three times faster than byte by byte.
"""

from amu.core.errors import FrameError

_FULL = 254  # bytes in a full group


def encode(data):
    """`data` without zero bytes, delimiters not included. At most len(data) + len(data) // 254 + 1 bytes."""
    out = bytearray()
    parts = data.split(b"\x00")
    last = len(parts) - 1
    for i in range(len(parts)):
        part = parts[i]
        length = len(part)
        if length < _FULL:
            out.append(length + 1)
            out.extend(part)
            continue
        start = 0
        while length - start >= _FULL:
            out.append(255)
            out.extend(part[start : start + _FULL])
            start += _FULL
        # A full group at the very end needs nothing after it; elsewhere the zero that was cut out is still owed.
        if start < length or i < last:
            out.append(length - start + 1)
            out.extend(part[start:])
    return bytes(out)


def decode(data):
    """The bytes that `encode` was given. Raises FrameError("bad COBS")."""
    length = len(data)
    if length == 0 or data.find(b"\x00") >= 0:
        raise FrameError("bad COBS")
    out = bytearray()
    at = 0
    while True:
        code = data[at]
        end = at + code
        if end > length:
            raise FrameError("bad COBS")
        out.extend(data[at + 1 : end])
        if end == length:
            return bytes(out)
        if code != 255:
            out.append(0)
        at = end
