"""Deterministic CBOR: a subset of RFC 8949 under the core requirements of its section 4.2.1.

One item has one encoding and one encoding has one item, so digests and MACs of encoded items mean something, and a
forger has no second spelling to play with. The decoder therefore refuses what the encoder would not have written.

    integers -2**64 .. 2**64 - 1, shortest head       int
    byte string, text string (UTF-8)                  bytes (or, when long, Chunks), str
    array                                             list; a tuple encodes as an array
    map: keys integers, bytes or text, in the         dict
    bytewise order of their encodings
    false, true, null                                 False, True, None

Refused: tags, floats, other simple values, indefinite lengths, heads longer than need be, keys out of order or twice,
bad UTF-8, anything deeper than CBOR_DEPTH_MAX arrays or maps within each other, anything after the item.
"""

from amu.core import limits
from amu.core.chunks import Chunks
from amu.core.errors import CodecError

if "":  # for the type checker; see amu.core.types
    from typing import Any

    from amu.core.types import Item, Sink

PIECE_BYTES = 256  # `write` gathers small parts up to this


def encode(item: "Item") -> bytes:
    """The one encoding of `item`. Raises CodecError for what is outside the subset."""
    out = bytearray()
    _append(out, item, 0)
    return bytes(out)


def write(item: "Item", sink: "Sink") -> None:
    """What `encode` gives, piece by piece and in small memory: `sink(data)` is called with bytes, in order."""
    out = _Pieces(sink)
    _append(out, item, 0)
    out.flush()


def array_head(count: int) -> bytes:
    """What the encoding of an array of `count` items begins with; the encodings of the items follow."""
    if count < 24:
        return bytes((0x80 | count,))
    head = bytearray()
    _append_head(head, 0x80, count)
    return bytes(head)


def bytes_head(count: int) -> bytes:
    """The same of a byte string of `count` bytes."""
    head = bytearray()
    _append_head(head, 0x40, count)
    return bytes(head)


class _Pieces:
    """Takes what a bytearray takes, and passes it on before it gets long."""

    def __init__(self, sink: "Sink") -> None:
        self._sink = sink
        self._data = bytearray()

    def append(self, byte: int) -> None:
        if len(self._data) >= PIECE_BYTES:
            self.flush()
        self._data.append(byte)

    def extend(self, data: bytes) -> None:
        if len(self._data) + len(data) > PIECE_BYTES:
            self.flush()
        if len(data) > PIECE_BYTES:
            self._sink(data)  # in one piece already
        else:
            self._data.extend(data)

    def flush(self) -> None:
        if self._data:
            self._sink(bytes(self._data))
            self._data = bytearray()


def _append(out: bytearray | _Pieces, item: "Any", depth: int) -> None:
    kind = type(item)
    if kind is int:
        if item < 0:
            _append_head(out, 0x20, -1 - item)
        elif item < 24:
            out.append(item)
        else:
            _append_head(out, 0x00, item)
    elif kind is bytes:
        _append_head(out, 0x40, len(item))
        out.extend(item)
    elif item is None:
        out.append(0xF6)
    elif kind is list or kind is tuple:
        if depth == limits.CBOR_DEPTH_MAX:
            raise CodecError("CBOR: nested deeper than %d" % limits.CBOR_DEPTH_MAX)
        _append_head(out, 0x80, len(item))
        depth += 1
        append = out.append
        for element in item:  # most elements are small: spare them the call
            kind = type(element)
            if kind is int and 0 <= element < 0x10000:
                if element < 24:
                    append(element)
                elif element < 0x100:
                    append(24)
                    append(element)
                else:
                    append(25)
                    append(element >> 8)
                    append(element & 255)
            elif kind is bytes and 24 <= len(element) < 0x100:
                append(0x58)
                append(len(element))
                out.extend(element)
            elif element is None:
                append(0xF6)
            else:
                _append(out, element, depth)
    elif kind is str:
        _append_text(out, item)
    elif kind is bool:
        out.append(0xF5 if item else 0xF4)
    elif kind is Chunks:
        _append_head(out, 0x40, item.length)
        item.feed(out.extend)
    elif kind is dict:
        if depth == limits.CBOR_DEPTH_MAX:
            raise CodecError("CBOR: nested deeper than %d" % limits.CBOR_DEPTH_MAX)
        _append_map(out, item, depth)
    else:
        raise CodecError("CBOR: cannot encode a %s" % kind.__name__)


def _append_head(out: bytearray | _Pieces, major: int, argument: int) -> None:
    if argument < 24:
        out.append(major | argument)
    elif argument < 0x100:
        out.append(major | 24)
        out.append(argument)
    elif argument < 0x10000:
        out.append(major | 25)
        out.extend(argument.to_bytes(2, "big"))
    elif argument < 0x100000000:
        out.append(major | 26)
        out.extend(argument.to_bytes(4, "big"))
    elif argument < 0x10000000000000000:
        out.append(major | 27)
        out.extend(argument.to_bytes(8, "big"))
    else:
        raise CodecError("CBOR: an integer of more than 64 bits")


def _append_text(out: bytearray | _Pieces, text: str) -> None:
    try:
        data = text.encode()
    except UnicodeError:  # CPython: half of a surrogate pair
        raise CodecError("CBOR: text that has no UTF-8")
    _append_head(out, 0x60, len(data))
    out.extend(data)


def _append_map(out: bytearray | _Pieces, item: "dict[Item, Item]", depth: int) -> None:
    # Distinct keys have distinct encodings, so the keys themselves are never compared.
    pairs = sorted([(_encode_key(key), key) for key in item.keys()])
    _append_head(out, 0xA0, len(pairs))
    for encoded, key in pairs:
        out.extend(encoded)
        _append(out, item[key], depth + 1)


def _encode_key(key: "Item") -> bytes:
    if not _may_be_key(key):
        raise CodecError("CBOR: a map key that is a %s" % type(key).__name__)
    return encode(key)


def _may_be_key(item: "Item") -> bool:
    """Not bool: True and 1 would be the same key of a dict."""
    kind = type(item)
    return kind is int or kind is bytes or kind is str


def decode(data: bytes, depth_max: int = limits.CBOR_DEPTH_MAX, start: int = 0) -> "Any":
    """The item that `data` (bytes) encodes from offset `start` on, all of it. Raises CodecError, naming the offset.

    `depth_max`: arrays or maps within each other, for callers whose stack is deep already.
    """
    item, end = item_at(data, start, depth_max)
    if end != len(data):
        raise _error(end, "bytes after the item")
    return item


def item_at(data: bytes, at: int, depth_max: int) -> "tuple[Any, int]":
    """(item, offset behind it) of the item at offset `at`. `depth_max`: as of `decode`."""
    try:
        return _item(data, at, limits.CBOR_DEPTH_MAX - depth_max)
    except IndexError:
        raise _error(len(data), "ends early")


def array_at(data: bytes, at: int) -> tuple[int, int]:
    """(number of items, offset of the first one) of the array at offset `at`."""
    try:
        head = data[at]
        if head >> 5 != 4:
            raise _error(at, "no array")
        count = head & 31
        return (count, at + 1) if count < 24 else _long_argument(data, count, at + 1)
    except IndexError:
        raise _error(len(data), "ends early")


def _error(at: int, what: str) -> CodecError:
    return CodecError("CBOR offset %d: %s" % (at, what))


def _item(data: bytes, at: int, depth: int) -> "tuple[Any, int]":
    """(item, offset behind it) of the item at offset `at`, inside `depth` arrays and maps."""
    head = data[at]
    major = head >> 5
    argument = head & 31
    start = at
    at += 1
    if major == 7:
        return _simple(head, start), at
    if argument >= 24:
        argument, at = _long_argument(data, argument, at)
    if major == 0:
        return argument, at
    if major == 2:
        end = at + argument
        if end > len(data):
            raise _error(start, "byte string of %d bytes ends early" % argument)
        return data[at:end], end
    if major == 1:
        return -1 - argument, at
    if major == 3:
        end = at + argument
        if end > len(data):
            raise _error(start, "text of %d bytes ends early" % argument)
        return _text(data[at:end], start), end
    if major == 6:
        raise _error(start, "tag")
    if depth == limits.CBOR_DEPTH_MAX:
        raise _error(start, "nested deeper than %d" % limits.CBOR_DEPTH_MAX)
    # Each element takes a byte at least: refuse before the loop what cannot be there.
    if argument > len(data) - at:
        raise _error(start, "%d elements end early" % argument)
    if major == 5:
        return _map(data, at, depth + 1, argument)
    array = []
    for _ in range(argument):  # here, not in a function of its own: a stack is short
        head = data[at]
        item: Any
        if head < 24:  # most fields are small integers: spare them the call
            item = head
            at += 1
        elif head == 0xF6:
            item = None
            at += 1
        else:
            item, at = _item(data, at, depth + 1)
        array.append(item)
    return array, at


def _long_argument(data: bytes, information: int, at: int) -> tuple[int, int]:
    """(argument, offset behind it) of a head whose argument follows it."""
    if information == 24:
        argument = data[at]
        if argument < 24:
            raise _error(at - 1, "head longer than need be")
        return argument, at + 1
    if information > 27:
        raise _error(at - 1, "indefinite length" if information == 31 else "reserved head")
    size = 1 << (information - 24)
    end = at + size
    if end > len(data):
        raise _error(at - 1, "ends early")
    argument = int.from_bytes(data[at:end], "big")
    if argument >> (size * 4) == 0:  # would have fitted in half the bytes
        raise _error(at - 1, "head longer than need be")
    return argument, end


def _simple(head: int, at: int) -> bool | None:
    if head == 0xF6:
        return None
    if head == 0xF4:
        return False
    if head == 0xF5:
        return True
    raise _error(at, "float or simple value 0x%02x" % head)


def _text(data: bytes, at: int) -> str:
    try:
        text = str(data, "utf-8")
    except UnicodeError:
        raise _error(at, "bad UTF-8")
    if len(text) != len(data):
        _check_utf8(text, len(data), at)
    return text


def _check_utf8(text: str, length: int, at: int) -> None:
    """MicroPython decodes overlong forms and surrogates: refuse them there too (RFC 3629 section 3)."""
    shortest = 0
    for character in text:
        code = ord(character)
        if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            raise _error(at, "bad UTF-8")
        shortest += 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    if shortest != length:
        raise _error(at, "bad UTF-8")


def _map(data: bytes, at: int, depth: int, count: int) -> "tuple[Any, int]":
    result = {}
    previous = b""
    for _ in range(count):
        start = at
        key, at = _item(data, at, depth)
        if not _may_be_key(key):
            raise _error(start, "map key that is no integer, bytes or text")
        encoded = data[start:at]
        if encoded <= previous:
            raise _error(start, "map key out of order or twice")
        previous = encoded
        result[key], at = _item(data, at, depth)
    return result, at
