"""Consistent Overhead Byte Stuffing (S. Cheshire, M. Baker, IEEE/ACM Transactions on Networking 7(2), 1999).

Takes the zero bytes out of data, so that zero can delimit frames and a receiver finds the next frame after any garbage.
Data is cut into groups: a code byte, then code - 1 bytes that are not zero. A group stands for its bytes followed by a
zero, except that a full group (code 255) and the last one stand for their bytes alone. The overhead is one byte in 254,
and one.

Both directions work in place: codes and zeros change places in one copy of the data, and the interpreter's own search
finds the zeros. The cost on a board is a few bytecodes a zero, not a few bytecodes a byte.
"""

from amu.core.errors import FrameError

_FULL = 255  # code of a full group, and its length with the code


def encode(data: bytes) -> bytes:
    """`data` without zero bytes, delimiters not included. At most len(data) + len(data) // 254 + 1 bytes."""
    out = bytearray(1)
    out.extend(data)
    at = 0  # index of a zero that becomes the code of its group
    while True:
        zero = out.find(b"\x00", at + 1)
        length = (len(out) if zero < 0 else zero) - at
        if length > _FULL or (length == _FULL and zero >= 0):
            # The group is full, and a zero or more bytes follow: they need a code of their own.
            out[at] = _FULL
            at += _FULL
            out = out[:at] + b"\x00" + out[at:]
            continue
        out[at] = length
        if zero < 0:
            return bytes(out)
        at = zero


def decode(data: bytes) -> bytes:
    """The bytes that `encode` was given. Raises FrameError("bad COBS")."""
    length = len(data)
    if length == 0 or data.find(b"\x00") >= 0:
        raise FrameError("bad COBS")
    out = bytearray(data)
    cuts = [0]  # places of codes that stand for no zero: the first, and each behind a full group
    at = 0
    while True:
        code = out[at]
        out[at] = 0
        at += code
        if at >= length:
            break
        if code == _FULL:
            cuts.append(at)
    if at > length:
        raise FrameError("bad COBS")
    if len(cuts) == 1:
        return bytes(memoryview(out)[1:])
    cuts.append(length)
    return b"".join([bytes(out[cuts[i] + 1 : cuts[i + 1]]) for i in range(len(cuts) - 1)])
