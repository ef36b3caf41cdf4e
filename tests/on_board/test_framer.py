from expect import refused, unhex

from amu.core import limits
from amu.core.errors import BusyError, FrameError
from amu.wire import cobs, frames
from amu.wire.crc import crc32
from amu.wire.framer import NEED_BYTES, Framer, Text

TAG = bytes(range(16))
VOTE = frames.build(frames.FLIGHT, 0, 1, TAG, b"\x81\x01")
LOG = frames.build(frames.REPORT, 2, 255, b"", b"\x83\x00\x01\x60")


def pull_all(framer):
    """What the framer holds, in words."""
    found = []
    while True:
        item = framer.next()
        if item is NEED_BYTES:
            return found
        if isinstance(item, Text):
            found.append(item.data)
        else:
            found.append((item.traffic, item.source, item.destination, item.tag, item.payload))


def in_pieces(stream, step):
    framer = Framer()
    found = []
    for start in range(0, len(stream), step):
        framer.push(stream[start : start + step])
        found.extend(pull_all(framer))
    return found, [framer.errors[reason] for reason in frames.REASONS]


def unstuffed(header, rest):
    body = header + rest
    return body + crc32(body).to_bytes(4, "big")


def test_golden_frames():
    vote, log = VOTE, LOG
    assert vote == unhex("00 030201 020112 0102030405060708090a0b0c0d0e0f8101 04426051 00")
    assert log == unhex("00 06020402ff83 070160ffa1d34c 00")
    assert crc32(b"123456789") == 0xCBF43926


def test_frames_and_text_in_any_pieces():
    stream = b"boot ok\r\n" + VOTE + VOTE[1:] + b"Traceback:\n" + LOG + b"\xff\xfe\x00" + LOG
    vote = (frames.FLIGHT, 0, 1, TAG, b"\x81\x01")
    log = (frames.REPORT, 2, 255, b"", b"\x83\x00\x01\x60")
    want = [b"boot ok\r\n", vote, vote, b"Traceback:\n", log, log]
    for step in (1, 2, 3, 7, len(stream)):
        found, errors = in_pieces(stream, step)
        assert found == want, step
        assert errors == [0, 0, 1, 0, 0, 0], step


def test_each_refusal_is_counted_by_its_reason():
    log = bytes((2, 4, 0, 255))
    for reason, data in (
        (frames.TOO_SHORT, b"\x02\x04\x00"),
        (frames.TOO_SHORT, unstuffed(bytes((2, 1, 0, 1)), TAG[1:])),
        (frames.TOO_LONG, unstuffed(log, bytes(limits.PAYLOAD_BYTES_MAX + 1))),
        (frames.BAD_CRC, unstuffed(log, b"\x80")[:-1] + b"\xff"),
        (frames.BAD_VERSION, unstuffed(bytes((1, 0x50, 0, 255)), b"\x80")),
        (frames.BAD_VERSION, unstuffed(bytes((3, 4, 0, 255)), b"\x80")),
        (frames.BAD_CLASS, unstuffed(bytes((2, 0, 0, 255)), b"\x80")),
        (frames.BAD_CLASS, unstuffed(bytes((2, 5, 0, 255)), b"\x80")),
        (frames.BAD_CLASS, unstuffed(bytes((2, 0x11, 0, 255)), b"\x80")),
    ):
        refused(FrameError, reason, frames.parse, data)
        framer = Framer()
        framer.push(b"\x00" + cobs.encode(data) + b"\x00")
        assert framer.next() is NEED_BYTES
        assert [framer.errors[name] for name in frames.REASONS] == [int(name == reason) for name in frames.REASONS]


def test_longest_frame_passes():
    payload = bytes([1 + i % 255 for i in range(limits.PAYLOAD_BYTES_MAX)])
    wire = frames.build(frames.FLIGHT, 0, 1, TAG, payload)
    assert len(wire) <= limits.WIRE_BYTES_MAX
    assert in_pieces(wire, 100) == ([(frames.FLIGHT, 0, 1, TAG, payload)], [0] * 6)


def test_endless_garbage_is_bounded_and_counted_once():
    framer = Framer()
    for _ in range(50):
        framer.push(b"\xff" * 500)
        assert framer.next() is NEED_BYTES
    assert framer.errors[frames.TOO_LONG] == 1
    framer.push(VOTE)
    assert pull_all(framer) == [(frames.FLIGHT, 0, 1, TAG, b"\x81\x01")]
    assert framer.errors[frames.TOO_LONG] == 1


def test_endless_text_comes_out_in_pieces():
    text = b"0123456789" * 300
    for step in (64, 999, len(text)):
        found, errors = in_pieces(text + VOTE, step)
        assert b"".join(found[:-1]) == text, step
        assert max([len(piece) for piece in found[:-1]]) < limits.WIRE_BYTES_MAX
        assert errors == [0] * 6


def test_text_without_delimiter_waits_for_flush():
    framer = Framer()
    framer.push(b"last words")
    assert framer.next() is NEED_BYTES
    assert framer.flush().data == b"last words"
    assert framer.flush() is NEED_BYTES
    framer.push(VOTE[:9])
    assert framer.next() is NEED_BYTES
    assert framer.flush() is NEED_BYTES  # half a frame is not text, and stays
    framer.push(VOTE[9:])
    assert pull_all(framer) == [(frames.FLIGHT, 0, 1, TAG, b"\x81\x01")]


def test_push_without_next_is_refused():
    framer = Framer()
    framer.push(VOTE * 200)
    refused(BusyError, "call next() first", framer.push, VOTE)
    assert len(pull_all(framer)) == 200
    framer.push(VOTE)
    assert len(pull_all(framer)) == 1
