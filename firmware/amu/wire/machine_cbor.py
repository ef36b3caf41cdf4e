"""The CBOR encoder in machine code, by MicroPython's viper compiler, for a Pico.

It knows what a board says all the time: arrays of small integers, byte strings, ASCII, booleans, null and such arrays,
up to _OUT_BYTES. Anything else it leaves to its twin in `cbor`. Tests compare the two.
"""

import micropython
from micropython import const
from uctypes import addressof, bytes_at

from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from typing import Any

    from amu.core.types import Item, ptr8

_OUT_BYTES = const(512)
_HEAD_BYTES_MAX = const(5)
_DEPTH_MAX = 4  # of arrays within each other: a stack is short
_out = bytearray(_OUT_BYTES)  # each item is encoded here first
_address = addressof(_out)
_encode = cbor.encode

# Objects: viper takes `int` for a type of machine words, and a number for such a word.
_OBJECTS: "Any" = (type, len, int, bytes, tuple, list, str, None, True, False, 28, 0)


def install() -> None:
    """From now on `cbor.encode` is this one."""
    cbor.encode = encode


@micropython.native
def encode(item: "Item") -> bytes:
    """As `cbor.encode`."""
    kind = type(item)
    if kind is tuple or kind is list:
        end = _put(item, _out, 0, _DEPTH_MAX)
        if end > 0:
            return bytes_at(_address, end)  # type: ignore[no-any-return]
    else:
        end = _put((item,), _out, 0, _DEPTH_MAX)
        if end > 0:
            return bytes_at(_address + 1, end - 1)  # type: ignore[no-any-return]  # without the head of the array
    return _encode(item)


@micropython.viper
def _put(items: object, out_object: object, at: int, depth: int) -> int:
    """Write the encoding of an array from offset `at` on. Returns the offset behind it, -1 to leave it to the twin."""
    out = ptr8(out_object)
    type_of, length, integer, byte_string, array, other_array, text, null, true, false, small_bits, zero = _OBJECTS
    count = int(length(items))
    if depth == 0 or count >= 24 or at == _OUT_BYTES:
        return -1
    out[at] = 0x80 | count
    at += 1
    k = 0
    while k < count:
        item = items[k]  # type: ignore[index]
        kind = type_of(item)
        k += 1
        if at + _HEAD_BYTES_MAX > _OUT_BYTES:
            return -1
        major = 0
        if kind is integer:
            if (item >> small_bits) is not zero:
                return -1
            number = int(item)
        elif kind is byte_string:
            major = 0x40
            number = int(length(item))
        elif kind is array or kind is other_array:
            at = int(_put(item, out_object, at, depth - 1))
            if at < 0:
                return -1
            continue
        elif kind is text:
            major = 0x60
            number = int(length(item))  # of characters, and of bytes if all of them are ASCII
        elif item is null:
            out[at] = 0xF6
            at += 1
            continue
        elif item is true:
            out[at] = 0xF5
            at += 1
            continue
        elif item is false:
            out[at] = 0xF4
            at += 1
            continue
        else:
            return -1
        if number < 24:
            out[at] = major | number
            at += 1
        elif number < 0x100:
            out[at] = major | 24
            out[at + 1] = number
            at += 2
        elif number < 0x10000:
            out[at] = major | 25
            out[at + 1] = number >> 8
            out[at + 2] = number
            at += 3
        else:
            out[at] = major | 26
            out[at + 1] = number >> 24
            out[at + 2] = number >> 16
            out[at + 3] = number >> 8
            out[at + 4] = number
            at += 5
        if major:
            end = at + number
            if end > _OUT_BYTES:
                return -1
            source = ptr8(item)
            i = 0
            while at < end:
                byte = source[i]
                if byte > 0x7F and major == 0x60:
                    return -1
                out[at] = byte
                at += 1
                i += 1
    return at
