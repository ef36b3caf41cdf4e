"""HMACs that go on from a hash of which the beginning is known, for a Pico.

The padded key is a block of its own in both hashes of an HMAC, so two of five blocks of a vote's tag are the same each
time. MicroPython cannot copy a hash object, but it can copy its memory. A state is such a copy, and `finish` puts it
into the one object there is. How long an object is, is seen from some that lie in a row. `install` tries whether copies
work: if not, the twins in `auth` stay. Tests compare them.
"""

from hashlib import sha256

import micropython
from uctypes import bytes_at

from amu.wire import auth

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable

    from amu.core.types import ptr32

_STATE_BYTES_MAX = 128  # on a Pico, and on Linux
_WORD_BYTES = 4
_ROW = 24


def _object_bytes() -> int:
    """How many bytes of heap a hash takes: the least distance of two that were made one after the other. 0: unknown.

    More than it has must never be copied: two in a row have nothing between them, and of _ROW some lie in a row.
    """
    row: "list[object]" = [None] * _ROW
    for k in range(_ROW):
        row[k] = sha256()
    least = _STATE_BYTES_MAX + 1
    for k in range(_ROW - 1):
        size = id(row[k + 1]) - id(row[k])
        if 0 < size < least:
            least = size
    return least if least <= _STATE_BYTES_MAX else 0


_hash = sha256()
_size = _object_bytes()
_address = id(_hash)
_words = _size // _WORD_BYTES
_update = _hash.update
_digest: "Callable[[], bytes]" = _hash.digest


def install() -> None:
    """From now on `auth.begin` and `auth.finish` are these, if they do the same."""
    if _size and _works():
        auth.begin = begin
        auth.finish = finish


def begin(data: bytes) -> bytes:
    """As `auth.begin`."""
    made = sha256(data)  # it must stay until the copy is made
    state: bytes = bytes_at(id(made), _size)
    return state


def finish(begun: tuple[bytes, bytes], rest: bytes) -> bytes:
    """As `auth.finish`."""
    _load(begun[0], _address, _words)
    _update(rest)
    inner = _digest()
    _load(begun[1], _address, _words)
    _update(inner)
    return _digest()


def _works() -> bool:
    heads = (b"inner", bytes(64))
    states = begin(heads[0]), begin(heads[1])
    for length in (100, 0):
        rest = bytes(length)
        if finish(states, rest) != auth.finish(heads, rest):
            return False
    return True


@micropython.viper
def _load(state: ptr32, address: ptr32, words: int) -> int:
    """Copy so many words of a state to where the hash lies."""
    i = 0
    while i < words:
        address[i] = state[i]
        i += 1
    return i
