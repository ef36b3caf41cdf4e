"""Inner loops of the wire in machine code, by MicroPython's viper compiler, for a Pico.

Each function has a twin in Python, which every other board runs: `build` and `unpack` in `frames`, `equal` in `auth`,
`peek_vote` in `codec`, and `take_vote` there, beside which messages of all kinds are decoded. `install` puts these in
their place. Tests compare the twins. Viper checks no bounds: the callers below do.
"""

from array import array
from binascii import crc32

import micropython
from uctypes import addressof, bytes_at

from amu.core import limits
from amu.core.errors import FrameError
from amu.wire import auth, codec, frames, messages

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage, ptr8, ptr32

_plain = bytearray(limits.WIRE_BYTES_MAX)  # a frame without its COBS
_plain_view = memoryview(_plain)
_wire = bytearray(limits.WIRE_BYTES_MAX)
_plain_address = addressof(_plain)
_wire_address = addressof(_wire)
_numbers = array("I", [0] * 4)
_frame = frames.Frame(0, 0, 0, b"", b"")


def install() -> None:
    """From now on the functions of `frames`, `auth` and `codec` are these."""
    frames.build = build
    frames.unpack = unpack
    auth.equal = equal
    codec.take_vote = take_vote
    codec.peek_vote = peek_vote


@micropython.native
def build(traffic: int, source: int, destination: int, tag: bytes, payload: bytes) -> bytes:
    """As `frames.build`."""
    assert frames.FLIGHT <= traffic <= frames.REPORT, "traffic"
    assert len(tag) == (limits.TAG_BYTES if traffic < frames.REPORT else 0), "tag"
    assert len(payload) <= limits.PAYLOAD_BYTES_MAX, "payload"
    plain = _plain
    plain[0] = frames.VERSION
    plain[1] = traffic
    plain[2] = source
    plain[3] = destination
    end = _copy(payload, len(payload), plain, _copy(tag, len(tag), plain, limits.HEADER_BYTES))
    length: int = _stuff(plain, _put_word(crc32(_plain_view[:end]), plain, end), _wire)
    return bytes_at(_wire_address, length)  # type: ignore[no-any-return]


@micropython.native
def unpack(data: bytes | bytearray, start: int, end: int) -> frames.Frame:
    """As `frames.unpack`, but there is one Frame: a board is done with one when it takes the next."""
    assert 0 <= start <= end <= len(data), "bounds"
    if end - start > limits.WIRE_BYTES_MAX:
        raise FrameError(frames.TOO_LONG)
    plain = _plain
    count = _unstuff(data, start, end, plain)
    if count < 0:
        raise FrameError(frames.BAD_COBS)
    last = count - limits.CRC_BYTES
    if last < limits.HEADER_BYTES:
        raise FrameError(frames.TOO_SHORT)
    if not _is_word(crc32(_plain_view[:last]), plain, last):
        raise FrameError(frames.BAD_CRC)
    if plain[0] != frames.VERSION:
        raise FrameError(frames.BAD_VERSION)
    traffic = plain[1]
    if traffic < frames.FLIGHT or traffic > frames.REPORT:
        raise FrameError(frames.BAD_CLASS)
    first = limits.HEADER_BYTES + (limits.TAG_BYTES if traffic < frames.REPORT else 0)
    if first > last:
        raise FrameError(frames.TOO_SHORT)
    if last - first > limits.PAYLOAD_BYTES_MAX:
        raise FrameError(frames.TOO_LONG)
    frame = _frame
    frame.traffic = traffic
    frame.source = plain[2]
    frame.destination = plain[3]
    frame.tag = bytes_at(_plain_address + limits.HEADER_BYTES, first - limits.HEADER_BYTES)
    frame.payload = bytes_at(_plain_address + first, last - first)
    return frame


def equal(one: bytes, other: bytes) -> bool:
    """As `auth.equal`."""
    return len(one) == len(other) and _differences(one, other, len(one)) == 0


@micropython.native
def take_vote(payload: bytes, at: int, found: "list[tuple[int, AnyMessage]]") -> int:
    """As `codec.take_vote`, for votes of small numbers. Of anything else the general way says what it is."""
    numbers = _numbers
    at = _take_vote(payload, at, len(payload), numbers)
    if at == 0 or numbers[2] > limits.VIEW_MAX or numbers[3] < 1 or numbers[3] > 4:
        return 0
    value = messages.value(payload[at : at + limits.DIGEST_BYTES])
    found.append((numbers[0], messages.Vote(numbers[1], numbers[2], numbers[3], value)))
    return at + limits.DIGEST_BYTES


@micropython.viper
def _copy(source: ptr8, count: int, out: ptr8, at: int) -> int:
    """Copy `count` bytes to offset `at`. Returns the offset behind them."""
    i = 0
    while i < count:
        out[at] = source[i]
        at += 1
        i += 1
    return at


@micropython.viper
def _put_word(word: int, out: ptr8, at: int) -> int:
    """Write `word` as four bytes, big endian. Returns the offset behind them."""
    out[at] = word >> 24
    out[at + 1] = word >> 16
    out[at + 2] = word >> 8
    out[at + 3] = word
    return at + 4


@micropython.viper
def _is_word(word: int, data: ptr8, at: int) -> bool:
    """Do the four bytes from `at` on say `word`?"""
    found = (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]
    return found == word  # type: ignore[no-any-return]


@micropython.viper
def _stuff(source: ptr8, count: int, out: ptr8) -> int:
    """COBS of `count` bytes between two delimiters. Returns how many bytes that gave."""
    out[0] = 0
    at = 1  # of the code of the present group
    o = 2
    i = 0
    code = 1
    while i < count:
        if code == 255:
            out[at] = 255
            at = o
            o += 1
            code = 1
        byte = source[i]
        i += 1
        if byte:
            out[o] = byte
            code += 1
        else:
            out[at] = code
            at = o
            code = 1
        o += 1
    out[at] = code
    out[o] = 0
    return o + 1


@micropython.viper
def _unstuff(source: ptr8, start: int, stop: int, out: ptr8) -> int:
    """Decode the COBS of the bytes from `start` to `stop`. Returns how many bytes that gave, -1 if it is not COBS."""
    i = start
    o = 0
    if i == stop:
        return -1
    while i < stop:
        code = source[i]
        i += 1
        end = i + code - 1
        if code == 0 or end > stop:
            return -1
        while i < end:
            byte = source[i]
            if byte == 0:
                return -1
            out[o] = byte
            o += 1
            i += 1
        if code < 255 and i < stop:
            out[o] = 0
            o += 1
    return o


@micropython.viper
def _differences(one: ptr8, other: ptr8, count: int) -> int:
    """0 if the first `count` bytes are equal. Takes the same time wherever they differ."""
    found = 0
    i = 0
    while i < count:
        found |= one[i] ^ other[i]
        i += 1
    return found


@micropython.viper
def _take_vote(source: ptr8, at: int, count: int, numbers: ptr32) -> int:
    """Read at offset `at` of `count` bytes an array: a vote's kind, four unsigned integers below 2**28, each in its
    shortest form, and 32 bytes. Returns where these bytes begin, 0 for anything else.
    """
    if count - at < 40 or source[at] != 0x86 or source[at + 1] != 0x11:
        return 0
    at += 2
    k = 0
    while k < 4:
        head = source[at]
        value = head
        if head < 24:
            at += 1
        elif head == 24:
            value = source[at + 1]
            if value < 24:
                return 0
            at += 2
        elif head == 25:
            value = (source[at + 1] << 8) | source[at + 2]
            if value < 256:
                return 0
            at += 3
        elif head == 26:
            if source[at + 1] > 15:
                return 0
            value = (source[at + 1] << 24) | (source[at + 2] << 16) | (source[at + 3] << 8) | source[at + 4]
            if value < 65536:
                return 0
            at += 5
        else:
            return 0
        numbers[k] = value
        k += 1
    if source[at] != 0x58 or source[at + 1] != 32 or count < at + 34:
        return 0
    return at + 2


@micropython.viper
def peek_vote(source: ptr8, at: int, count: int, numbers: ptr32) -> int:
    """As `codec.peek_vote`: an array of a vote's kind, an unsigned integer, three below 2**30, and 32 bytes, each in
    its shortest form."""
    if count - at < 40 or source[at] != 0x86 or source[at + 1] != 0x11:
        return 0
    at += 2
    k = 0
    while k < 4:
        head = source[at]
        if head < 24:
            numbers[k] = head
            at += 1
        elif head == 24:
            numbers[k] = source[at + 1]
            if source[at + 1] < 24:
                return 0
            at += 2
        elif head == 25:
            numbers[k] = (source[at + 1] << 8) | source[at + 2]
            if source[at + 1] == 0:
                return 0
            at += 3
        elif head == 26:
            if source[at + 1] > 63:
                if k:
                    return 0
            else:
                numbers[k] = (source[at + 1] << 24) | (source[at + 2] << 16) | (source[at + 3] << 8) | source[at + 4]
            if source[at + 1] | source[at + 2] == 0:
                return 0
            at += 5
        elif head == 27 and k == 0:
            if source[at + 1] | source[at + 2] | source[at + 3] | source[at + 4] == 0:
                return 0
            at += 9
        else:
            return 0
        k += 1
    if source[at] != 0x58 or source[at + 1] != 32 or count < at + 34:
        return 0
    if numbers[2] > 0xFFFFF or numbers[3] < 1 or numbers[3] > 4:
        return 0
    numbers[0] = at + 2
    return 1


assert limits.VIEW_MAX == 0xFFFFF
