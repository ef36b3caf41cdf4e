"""A bounded byte queue between a serial port and the framer.

It never grows: what does not fit is not taken, and the caller is told how much was. Bytes are moved in at most two
slices a call, never one by one, and the storage is allocated once, at start, before the heap has holes.
"""

from amu.core import limits


class Ring:
    """First in, first out. Holds up to `size` bytes."""

    def __init__(self, size=limits.RING_BYTES):
        assert size > 0, "ring size"
        self._bytes = bytearray(size)
        self._view = memoryview(self._bytes)
        self._size = size
        self._first = 0  # place of the oldest byte
        self._count = 0

    def __len__(self):
        """Bytes held."""
        return self._count

    def free(self):
        """Bytes that `push` would take now."""
        return self._size - self._count

    def push(self, data):
        """Add the beginning of `data`, as much as fits. Returns the number of bytes taken."""
        taken = min(len(data), self._size - self._count)
        if taken == 0:
            return 0
        source = memoryview(data)
        start = (self._first + self._count) % self._size
        before_end = min(taken, self._size - start)
        self._view[start : start + before_end] = source[:before_end]
        if before_end < taken:
            self._view[: taken - before_end] = source[before_end:taken]
        self._count += taken
        return taken

    def pull(self, most):
        """Take out up to `most` of the oldest bytes."""
        taken = min(most, self._count)
        end = self._first + taken
        if end <= self._size:
            data = bytes(self._view[self._first : end])
        else:
            data = bytes(self._view[self._first :]) + bytes(self._view[: end - self._size])
        self._count -= taken
        # An empty ring starts over at 0, so that the next pull is one slice.
        self._first = end % self._size if self._count else 0
        return data
