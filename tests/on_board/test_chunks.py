"""Long byte strings in pieces, and CBOR that is read from pieces."""

from expect import refused

from amu.core import limits
from amu.core.chunks import SHARED_BYTES_MIN, SIZE, Chunks, split
from amu.core.errors import CodecError
from amu.wire import cbor, codec, reading
from amu.wire.messages import Trace

LONG = reading.SHORT_BYTES_MAX + 1


def source(data, size):
    places = iter(range(0, len(data), size))

    def take():
        at = next(places, None)
        return b"" if at is None else data[at : at + size]

    return take


def pattern(count):
    return bytes([i * 7 % 251 for i in range(count)])


def test_pieces_are_full_but_the_last_however_the_bytes_come():
    for count in (0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE, 3 * SIZE + 5):
        data = pattern(count)
        for step in (1, 7, SIZE, 10 * SIZE):
            chunks = Chunks()
            for at in range(0, count, step):
                chunks.add(data[at : at + step])
            chunks.close()
            assert len(chunks) == count
            assert [len(piece) for piece in chunks.pieces[:-1]] == [SIZE] * (len(chunks.pieces) - 1)
            assert b"".join(chunks.pieces) == data
            assert chunks == split(data)
            assert split(chunks) is chunks
    assert split(b"a") != split(b"b")


def test_chunks_encode_as_one_byte_string():
    data = pattern(2 * SIZE + 3)
    assert cbor.encode([1, split(data), 2]) == cbor.encode([1, data, 2])
    written = bytearray()
    cbor.write([1, split(data), 2], written.extend)
    assert bytes(written) == cbor.encode([1, data, 2])


ITEMS = (
    0, -1, 23, 24, 1 << 40, None, True, False, "", "text", "\u00e9" * 100, b"", b"x" * 600,
    b"y" * reading.SHORT_BYTES_MAX,
    [], [[]], [1, [b"a", "b", [None, [True, -70000]]], []], list(range(300)), [[[[[[[[7]]]]]]]],
)  # fmt: skip


def test_reading_in_pieces_gives_the_decoded_item():
    for item in ITEMS:
        data = cbor.encode(item)
        for size in (1, 2, 9, 10, 64, SIZE, len(data)):
            assert reading.read(source(data, size)) == item == cbor.decode(data)


def test_long_byte_strings_come_as_chunks():
    item = reading.read(source(cbor.encode([b"s", pattern(LONG), b"t"]), 100))
    assert [item[0], item[2]] == [b"s", b"t"]
    assert type(item[1]) is Chunks
    assert item[1] == split(pattern(LONG))


def test_a_truncated_item_is_refused_at_every_byte():
    data = cbor.encode([1, b"x" * 30, "text", [1 << 20, pattern(LONG)], None])
    for end in range(len(data)):
        for size in (1, 600):
            refused(CodecError, "ends early", reading.read, source(data[:end], size))
    refused(CodecError, "bytes after", reading.read, source(data + b"\x00", 50))


def test_bytes_that_the_encoder_never_writes_are_refused():
    for data, part in (
        (b"\x18\x17", "longer than need be"),
        (b"\x98\x02\x01\x02", "longer than need be"),
        (b"\x58\x05hello", "longer than need be"),
        (b"\x9f\xff", "indefinite"),
        (b"\xa0", "map"),
        (b"\xc1\x00", "tag"),
        (b"\xfb" + bytes(8), "simple value"),
        (b"\x62\xc3\x28", "UTF-8"),
        (b"\x81" * (limits.CBOR_DEPTH_MAX + 1) + b"\x00", "nested deeper"),
        (b"\x79\x01\x00" + b"a" * 256, "long text"),
    ):
        for size in (1, len(data)):
            refused(CodecError, part, reading.read, source(data, size))


def test_a_trace_frame_of_encoded_events_is_the_message():
    events = [[20, 5, 1, b"v" * 32, b"d" * 32], [2, 6, 3, 1, None, [1, b"v" * 32], None, None, None, None], []]
    for some in ([], events):
        encoded = [cbor.encode(event) for event in some]
        message = Trace(1 << 21, 70_000, 300, some)
        assert codec.encode_trace(1 << 21, 70_000, 300, encoded) == codec.encode(0, message)
    most = [b"\xf6"] * limits.TRACE_EVENTS_PER_FRAME_MAX
    head = len(codec.encode_trace(limits.SLOT_MAX, limits.SLOT_MAX, limits.SLOT_MAX, most)) - len(most)
    assert head + limits.TRACE_BYTES_MAX == limits.PAYLOAD_BYTES_MAX


def test_drained_chunks_give_their_bytes_once():
    data = bytes(range(256)) * 5
    chunks = split(data)
    take = chunks.drain()
    assert len(chunks) == 0
    found = b""
    while True:
        piece = take()
        if not piece:
            break
        found += piece
    assert found == data
    assert take() == b""
    assert chunks.drain()() == b""


class Packed:
    """A piece in another form."""

    def __init__(self, data):
        self._data = data

    def __len__(self):
        return len(self._data)

    def unpacked(self):
        return bytes(self._data)


def everything(take):
    found = b""
    while True:
        piece = take()
        if not piece:
            return found
        found += piece


def mixed():
    """The same bytes in pieces of their own, and in one piece."""
    chunks = Chunks()
    whole = b""
    for piece in (b"a", pattern(SHARED_BYTES_MIN), b"", Packed(pattern(300)), pattern(700), Packed(b"short"), b"end"):
        if len(piece) == 1:
            chunks.add(piece)
        else:
            chunks.share(piece)
        whole += piece if type(piece) is bytes else piece.unpacked()
    return chunks.close(), whole


def test_shared_pieces_are_the_same_bytes():
    chunks, whole = mixed()
    assert len(chunks) == len(whole)
    assert chunks == whole == everything(chunks.source())
    assert chunks == split(whole)
    assert split(whole) == chunks
    assert chunks != whole[:-1] + b"x"
    assert cbor.encode([chunks]) == cbor.encode([whole])
    gathered = bytearray()
    chunks.feed(gathered.extend)
    assert bytes(gathered) == whole
    assert everything(chunks.drain()) == whole


def test_a_part_may_begin_and_end_anywhere():
    chunks, whole = mixed()
    for offset in (0, 1, 2, 64, 65, 300, 365, 366, len(whole) - 1, len(whole), len(whole) + 9):
        for count in (1, 63, 64, 65, SIZE, len(whole)):
            assert chunks.part(offset, count) == whole[offset : offset + count]


def test_pieces_that_another_state_has_too_exist_once():
    one, other = split(pattern(3 * SIZE + 9)), Chunks()
    for piece in (pattern(3 * SIZE)[SIZE : 2 * SIZE], b"new" * 40):
        other.share(bytes(bytearray(piece)))
    other.close()
    length = len(other)
    assert other.pieces[0] is not one.pieces[1]
    other.share_with(one)
    assert other.pieces[0] is one.pieces[1]
    assert other.pieces[1] == b"new" * 40
    assert len(other) == length


def test_a_reader_gives_items_one_by_one_and_what_is_left():
    reader = reading.Reader(source(cbor.encode([5, b"bytes", [1, "two"]]), 3))
    assert reader.array() == 3
    assert reader.item() == 5
    assert reader.string() == 5
    assert reader.position() == 3
    rest = everything(reader.rest)
    assert rest == b"bytes" + cbor.encode([1, "two"])
    reader.end()
    for read in ("array", "string"):
        refused(CodecError, "want an item", getattr(reading.Reader(source(b"\x05", 1)), read))
        refused(CodecError, "ends early", getattr(reading.Reader(source(b"", 1)), read))
    refused(CodecError, "ends early", reading.Reader(source(b"\x98", 1)).array)
    refused(CodecError, "longer than need be", reading.Reader(source(b"\x98\x02", 1)).array)


class Skipper:
    """Notes the byte strings that a reader passes over, and goes on behind them."""

    def __init__(self, data, size):
        self.data, self.size = data, size
        self.passed = []

    def skip(self, at, count):
        self.passed.append(self.data[at : at + count])
        return len(self.passed), source(self.data[at + count :], self.size)


def test_a_long_byte_string_may_be_passed_over():
    item = [1, pattern(LONG), [b"short", pattern(3 * LONG)], 7]
    data = cbor.encode(item)
    for size in (1, 50, len(data)):
        skipper = Skipper(data, size)
        assert reading.read(source(data, size), skipper.skip) == [1, 1, [b"short", 2], 7]
        assert skipper.passed == [item[1], item[2][1]]
