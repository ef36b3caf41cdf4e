"""A bounded byte queue between a serial port and the framer.

It never grows: `push` takes what fits and returns how much that was. Each call moves bytes in at most two slices, never
one by one. The storage is allocated once, at start, before the heap has holes.
"""

from amu.core import limits


class Ring:
    """First in, first out. Holds up to `size` bytes."""

    def __init__(self, size: int = limits.RING_BYTES) -> None:
        assert size > 0, "ring size"
        self._bytes = bytearray(size)
        self._view = memoryview(self._bytes)
        self._size = size
        self._first = 0  # index of the oldest byte
        self._count = 0

    def __len__(self) -> int:
        """Bytes held."""
        return self._count

    def free(self) -> int:
        """Bytes that `push` would take now."""
        return self._size - self._count

    def push(self, data: bytes | memoryview) -> int:
        """Add the beginning of `data`, as much as fits. Returns the number of bytes taken."""
        taken = len(data)
        if taken > self._size - self._count:
            taken = self._size - self._count
            data = memoryview(data)[:taken]
        start = (self._first + self._count) % self._size
        end = start + taken
        if end <= self._size:
            self._bytes[start:end] = data
        else:
            source = memoryview(data)
            self._bytes[start:] = source[: self._size - start]
            self._bytes[: end - self._size] = source[self._size - start :]
        self._count += taken
        return taken

    def pull(self, most: int) -> bytes:
        """Take out up to `most` of the oldest bytes."""
        taken = self._count if most > self._count else most
        end = self._first + taken
        if end <= self._size:
            data = bytes(self._view[self._first : end])
        else:
            data = bytes(self._bytes[self._first :] + self._bytes[: end - self._size])
        self._count -= taken
        # An empty ring starts over at 0, so that the next pull is one slice.
        self._first = end % self._size if self._count else 0
        return data
