"""A long byte string as a list of short ones, so that no part of the flight software needs a large block of heap.

The heap of a board that has flown for a while is in pieces: 100 KB may be free and none of it in a run of 3.
"""

from amu.core import limits

if "":  # for the type checker; see amu.core.types
    from amu.core.seams import Packed
    from amu.core.types import Sink, Source

SIZE = limits.CHUNK_BYTES_MAX
SHARED_BYTES_MIN = 64  # a shorter piece would cost more than the copy


class Chunks:
    """Bytes in `pieces`. Call `add` and `share` with what there is, then `close`, then read.

    `add` copies into pieces of SIZE. `share` makes a byte string a piece as it is: two states of which most is equal
    then take little more than one.
    """

    def __init__(self) -> None:
        self.pieces: list[bytes | Packed] = []  # at most STATE_BYTES_MAX // SIZE and one for each that is shared
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

    def share(self, piece: "bytes | Packed") -> None:
        """Append `piece` without a copy, unless it is short."""
        if len(piece) < SHARED_BYTES_MIN:
            self.add(whole(piece))
            return
        self.cut()
        self.pieces.append(piece)
        self.length += len(piece)

    def cut(self) -> None:
        """What is added next begins a new piece."""
        if self._filled:
            self.pieces.append(bytes(self._open[: self._filled]))
            self._filled = 0

    def close(self) -> "Chunks":
        """Nothing more will be added. Returns self."""
        self.cut()
        self._open = None  # type: ignore[assignment]
        return self

    def share_with(self, other: "Chunks") -> None:
        """Let go of each piece that `other` has, too, and keep the other's."""
        pieces, theirs = self.pieces, other.pieces
        for i in range(len(pieces)):
            try:
                pieces[i] = theirs[theirs.index(pieces[i])]
            except ValueError:
                pass  # the other does not have it

    def part(self, offset: int, count: int) -> bytes:
        """The bytes from `offset` on, at most `count`."""
        found = b""
        for piece in self.pieces:
            if offset >= len(piece):
                offset -= len(piece)
                continue
            found += whole(piece)[offset : offset + count - len(found)]
            if len(found) == count:
                break
            offset = 0
        return found

    def feed(self, sink: "Sink") -> None:
        """Give all of it to `sink(data)`, piece by piece."""
        for piece in self.pieces:
            sink(whole(piece))

    def source(self) -> "Source":
        """A function that gives the next piece, b"" at the end."""
        pieces = iter(self.pieces)
        return lambda: whole(next(pieces, b""))

    def drain(self) -> "Source":
        """As `source`, and each piece is let go of as it is given: nobody may need the bytes any more."""
        pieces = self.pieces
        pieces.reverse()
        self.pieces = []
        self.length = 0
        return lambda: whole(pieces.pop()) if pieces else b""

    def __len__(self) -> int:
        return self.length

    def __eq__(self, other: object) -> bool:
        """The same bytes, as Chunks or as one byte string."""
        if not isinstance(other, (Chunks, bytes)) or len(other) != self.length:
            return False
        theirs = split(other)
        at = 0
        for piece in self.pieces:
            if theirs.part(at, len(piece)) != whole(piece):
                return False
            at += len(piece)
        return True


def whole(piece: "bytes | Packed") -> bytes:
    """The bytes of a piece."""
    return piece if isinstance(piece, bytes) else piece.unpacked()


class Stream:
    """`length` bytes that come from elsewhere, and can be read once."""

    def __init__(self, length: int, source: "Source") -> None:
        self.length = length
        self._source = source

    def source(self) -> "Source":
        """A function that gives the next piece, b"" at the end."""
        return self._source

    def __len__(self) -> int:
        return self.length


def split(data: bytes | Chunks) -> Chunks:
    """`data`, bytes or Chunks, as Chunks."""
    if isinstance(data, Chunks):
        return data
    chunks = Chunks()
    chunks.add(data)
    return chunks.close()
