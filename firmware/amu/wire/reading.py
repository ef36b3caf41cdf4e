"""Deterministic CBOR that is read in small memory: long items come piece by piece and are never in one piece.

As `amu.wire.cbor`, but for long byte strings, which come as Chunks or are passed over, and maps,
which are refused.
"""

from amu.core import limits
from amu.core.chunks import Chunks
from amu.core.errors import CodecError
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable
    from typing import Any

    from amu.core.types import Sink, Source

SHORT_BYTES_MAX = limits.PAYLOAD_BYTES_MAX  # `read` gives longer byte strings as Chunks
_TEXT_BYTES_MAX = 255  # in what `read` reads
_HEAD_BYTES_MAX = 9


def read(source: "Source", skip: "Callable[[int, int], tuple[Any, Source]] | None" = None) -> "Any":
    """The item whose encoding comes piece by piece: `source()` gives bytes, b"" at the end. Raises CodecError.

    As `decode`, but for byte strings of more than SHORT_BYTES_MAX, which come as Chunks, and maps, which are refused.
    With `skip` such a string is not read: `skip(offset, length)` gives what stands for it, and a source of the bytes
    behind it.
    """
    reader = Reader(source, skip)
    item = reader.item()
    reader.end()
    return item


class Reader:
    """Reads items one after another. The bytes in sight: `data` from offset `at` on."""

    def __init__(self, source: "Source", skip: "Callable[[int, int], tuple[Any, Source]] | None" = None) -> None:
        self._source = source
        self._skip = skip
        self._taken = 0  # bytes from the source
        self.data = b""
        self.at = 0

    def item(self) -> "Any":
        """The next item, as `read` gives it."""
        return _read(self, 0)

    def array(self) -> int:
        """How many elements the array has that is next; they follow. CodecError if none is."""
        return self._head(4)

    def string(self) -> int:
        """Length of the byte string that is next; its bytes follow. CodecError if none is."""
        return self._head(2)

    def row(self) -> bytes:
        """The next item, a byte string of less than 256 bytes. CodecError if it is another one."""
        self.need(2)
        length, head = self.data[self.at] - 0x40 if self.at < len(self.data) else 0, 1
        if length == 24 and self.at + 1 < len(self.data):
            length, head = self.data[self.at + 1], 2
        if not 0 <= length < 0x100 or (head == 2) != (length >= 24):
            raise CodecError("CBOR: want a short byte string")
        self.need(head + length)
        start = self.at + head
        self.at = start + length
        if self.at > len(self.data):
            raise CodecError("CBOR: ends early")
        return self.data[start : self.at]

    def end(self) -> None:
        """Raise CodecError if anything is left."""
        self.need(1)
        if self.at < len(self.data):
            raise CodecError("CBOR: bytes after the item")

    def position(self) -> int:
        """Offset of the next byte."""
        return self._taken - len(self.data) + self.at

    def rest(self) -> bytes:
        """The next piece of the bytes that are left, as a source gives it."""
        data = self.data[self.at :]
        if not data:
            data = self._source()
            self._taken += len(data)
        self.data = b""
        self.at = 0
        return data

    def far(self, count: int) -> "Any":
        """What stands for the next `count` bytes, a byte string; None if they are to be read."""
        if self._skip is None:
            return None
        at = self.position()
        item, self._source = self._skip(at, count)
        self._taken = at + count
        self.data = b""
        self.at = 0
        return item

    def _head(self, major: int) -> int:
        self.need(_HEAD_BYTES_MAX)
        data, at = self.data, self.at
        if at == len(data):
            raise CodecError("CBOR: ends early")
        if data[at] >> 5 != major:
            raise CodecError("CBOR: want an item of type %d" % major)
        argument, self.at = data[at] & 31, at + 1
        if argument >= 24:
            try:
                argument, self.at = cbor._long_argument(data, argument, at + 1)
            except IndexError:
                raise CodecError("CBOR: ends early")
        return argument

    def need(self, count: int) -> None:
        """Have `count` bytes in sight, or all that are left."""
        while len(self.data) - self.at < count:
            piece = self._source()
            if not piece:
                return
            self._taken += len(piece)
            self.data = self.data[self.at :] + piece
            self.at = 0

    def take(self, count: int, sink: "Sink") -> None:
        """Give the next `count` bytes to `sink`, as they come."""
        while count:
            self.need(1)
            part = self.data[self.at : self.at + count]
            if not part:
                raise CodecError("CBOR: byte string ends early")
            sink(part)
            self.at += len(part)
            count -= len(part)


def _read(reader: Reader, depth: int) -> "Any":
    reader.need(_HEAD_BYTES_MAX)
    data, at = reader.data, reader.at
    if at == len(data):
        raise CodecError("CBOR: ends early")
    major = data[at] >> 5
    if major == 2 or major == 3 or major == 4:
        argument, start = data[at] & 31, at + 1
        if argument >= 24:
            try:
                argument, start = cbor._long_argument(data, argument, start)
            except IndexError:
                raise CodecError("CBOR: ends early")
        if major == 3:
            if argument > _TEXT_BYTES_MAX:
                raise CodecError("CBOR: a long text in a long item")
            reader.need(start - at + argument)
        elif major == 2:
            reader.at = start
            return _read_bytes(reader, argument)
        elif major == 4:
            reader.at = start
            if depth == limits.CBOR_DEPTH_MAX:
                raise CodecError("CBOR: nested deeper than %d" % limits.CBOR_DEPTH_MAX)
            array = []
            for _ in range(argument):
                array.append(_read(reader, depth + 1))
            return array
    elif major == 5:
        raise CodecError("CBOR: a map in a long item")
    try:
        item, reader.at = cbor._item(reader.data, reader.at, depth)
    except IndexError:
        raise CodecError("CBOR: ends early")
    return item


def _read_bytes(reader: Reader, count: int) -> "Any":
    if count > SHORT_BYTES_MAX:
        item = reader.far(count)
        if item is not None:
            return item
        chunks = Chunks()
        reader.take(count, chunks.add)
        return chunks.close()
    if len(reader.data) - reader.at >= count:
        data = reader.data[reader.at : reader.at + count]
        reader.at += count
        return data
    gathered = bytearray()
    reader.take(count, gathered.extend)
    return bytes(gathered)
