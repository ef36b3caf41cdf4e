"""A long byte string as a list of short ones, so that no part of the flight software needs a large block of heap.

The heap of a board that has flown for a while is in pieces: 100 KB may be free and none of it in a run of 3.
"""

from amu.core import limits

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Sink, Source

SIZE = limits.CHUNK_BYTES_MAX


class Chunks:
    """Bytes in `pieces` of SIZE each, the last one shorter. `add` what there is, then `close`, then read."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []  # at most STATE_BYTES_MAX // SIZE + 1
        self.length = 0
        self._open = bytearray(SIZE)  # the piece that is being filled; None once closed
        self._filled = 0

    def add(self, data: bytes) -> None:
        """Append `data`."""
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

    def close(self) -> "Chunks":
        """Nothing more will be added. Returns self."""
        if self._filled:
            self.pieces.append(bytes(self._open[: self._filled]))
        self._open = None  # type: ignore[assignment]
        self._filled = 0
        return self

    def feed(self, sink: "Sink") -> None:
        """Give all of it to `sink(data)`, piece by piece."""
        for piece in self.pieces:
            sink(piece)

    def source(self) -> "Source":
        """A function that gives the next piece, b"" at the end."""
        pieces = iter(self.pieces)
        return lambda: next(pieces, b"")

    def drain(self) -> "Source":
        """As `source`, and each piece is let go of as it is given: nobody may need the bytes any more."""
        pieces = self.pieces
        pieces.reverse()
        self.pieces = []
        self.length = 0
        return lambda: pieces.pop() if pieces else b""

    def __len__(self) -> int:
        return self.length

    def __eq__(self, other: object) -> bool:
        """The same bytes, as Chunks or as one byte string."""
        return isinstance(other, (Chunks, bytes)) and self.pieces == split(other).pieces


def split(data: bytes | Chunks) -> Chunks:
    """`data`, bytes or Chunks, as Chunks."""
    if isinstance(data, Chunks):
        return data
    chunks = Chunks()
    chunks.add(data)
    return chunks.close()
