"""A long byte string as a list of short ones, so that no part of the flight software needs a large block of heap.

The heap of a board that has flown for a while is in pieces: 100 KB may be free and none of it in a run of 3.
"""

from amu.core import limits

SIZE = limits.CHUNK_BYTES_MAX


class Chunks:
    """Bytes in `pieces` of SIZE each, the last one shorter. `add` what there is, then `close`, then read."""

    def __init__(self):
        self.pieces = []  # at most STATE_BYTES_MAX // SIZE + 1
        self.length = 0
        self._open = bytearray(SIZE)  # the piece that is being filled; None once closed
        self._filled = 0

    def add(self, data):
        """Put `data` behind what is there."""
        at = 0
        self.length += len(data)
        while at < len(data):
            end = min(len(data), at + SIZE - self._filled)
            part = data if end - at == len(data) else data[at:end]
            self._open[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            at = end
            if self._filled == SIZE:
                self.pieces.append(bytes(self._open))
                self._filled = 0

    def close(self):
        """Nothing more will be added. Returns self."""
        if self._filled:
            self.pieces.append(bytes(self._open[: self._filled]))
        self._open = None
        self._filled = 0
        return self

    def feed(self, sink):
        """Give all of it to `sink(data)`, piece by piece."""
        for piece in self.pieces:
            sink(piece)

    def source(self):
        """A function that gives the next piece, b"" when there is none."""
        pieces = iter(self.pieces)
        return lambda: next(pieces, b"")

    def __len__(self):
        return self.length

    def __eq__(self, other):
        """The same bytes, as Chunks or as one byte string."""
        return type(other) in (Chunks, bytes) and self.pieces == split(other).pieces


def split(data):
    """`data`, bytes or Chunks, as Chunks."""
    if type(data) is Chunks:
        return data
    chunks = Chunks()
    chunks.add(data)
    return chunks.close()
