from expect import refused, unhex

from amu.core.errors import FrameError
from amu.wire import cobs

# Data and its encoding; ("61", 254) stands for 254 times "a".
A = "61"
PAIRS = (
    ("", "01"),
    ("00", "0101"),
    ("0000", "010101"),
    ("112200 33", "03112202 33"),
    ("11223344", "0511223344"),
    ("11000000", "0211010101"),
    (A * 253, "fe" + A * 253),
    (A * 254, "ff" + A * 254),
    (A * 255, "ff" + A * 254 + "02" + A),
    (A * 254 + "00", "ff" + A * 254 + "0101"),
    (A * 253 + "00", "fe" + A * 253 + "01"),
    ("00" + A * 254, "01ff" + A * 254),
    (A * 254 + "00" + A, "ff" + A * 254 + "0102" + A),
    (A * 508, ("ff" + A * 254) * 2),
)


def test_known_encodings():
    for data, encoded in PAIRS:
        assert cobs.encode(unhex(data)) == unhex(encoded), data
        assert cobs.decode(unhex(encoded)) == unhex(data), encoded


def test_every_length_round_trips():
    for length in range(0, 600, 7):
        data = bytes([(i * 37 + length) & 255 for i in range(length)])
        encoded = cobs.encode(data)
        assert b"\x00" not in encoded
        assert len(encoded) <= length + length // 254 + 1
        assert cobs.decode(encoded) == data


def test_bytes_that_are_not_an_encoding_are_refused():
    for bad in ("", "02", "0511", "0211 05", "00", "021100", "0100"):
        refused(FrameError, "bad COBS", cobs.decode, unhex(bad))
