"""Reading frames from a port that blocks until its buffer is full and does not say how much has arrived: a Pico's USB.

Byte by byte such a port costs 29 us a byte. But COBS says what must still come: behind a code byte c stand c - 1 bytes
that are not zero, and then the next code or the delimiter. So a frame is read group by group, each in one piece.

A damaged code byte announces bytes that may never come. Then the read waits, and the port that made the reader must
end the wait by delivering zeros: delimiters, after which the stream is in step again. Reading ahead loses nothing,
since the framer cuts the same bytes at the same zeros. A group with a zero in it is not one: from there to the next
zero bytes are read one by one. So one damaged frame brings at most one wait.
"""

from amu.core import limits

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable

_UNGUIDED_BYTES_MAX = 64  # read one by one at a time


class GuidedReader:
    """`has_more()`: has a byte arrived? `fill(view)` waits until it has filled a memoryview with what arrives."""

    def __init__(self, has_more: "Callable[[], bool]", fill: "Callable[[memoryview], object]") -> None:
        self._has_more = has_more
        self._fill = fill
        self._buffer = bytearray(limits.READ_BYTES_MAX)
        self._view = memoryview(self._buffer)
        self._first = self._view[:1]
        self._second = self._view[1:2]

    def read(self) -> bytes:
        """Bytes to the end of a frame at most. One has arrived already: ask before."""
        buffer, fill = self._buffer, self._fill
        fill(self._first)
        if buffer[0]:
            return self._read_unguided(1)
        if not self._has_more():
            return b"\x00"
        fill(self._second)
        view = self._view
        at = 1  # of the latest code; 0 is a delimiter
        while buffer[at]:
            end = at + buffer[at]  # behind the group: of the next code
            if end >= limits.READ_BYTES_MAX:
                break
            fill(view[at + 1 : end + 1])
            if buffer.find(b"\x00", at + 1, end) >= 0:
                return bytes(view[: end + 1])
            at = end
        return bytes(view[: at + 1])

    def _read_unguided(self, count: int) -> bytes:
        """Not from the beginning of a frame: bytes as they have arrived, up to a zero. `count` are read already."""
        while count < _UNGUIDED_BYTES_MAX and self._has_more():
            self._fill(self._view[count : count + 1])
            count += 1
            if not self._buffer[count - 1]:
                break
        return bytes(self._view[:count])
