from amu.core.ring import Ring


def test_first_in_first_out_across_the_end():
    ring = Ring(8)
    assert ring.push(b"abcdef") == 6
    assert ring.pull(4) == b"abcd"
    assert ring.push(b"ghijkl") == 6
    assert len(ring) == 8
    assert ring.free() == 0
    assert ring.pull(3) == b"efg"
    assert ring.pull(100) == b"hijkl"
    assert ring.pull(1) == b""


def test_takes_what_fits_and_says_how_much():
    ring = Ring(5)
    assert ring.push(b"abc") == 3
    assert ring.push(b"defgh") == 2
    assert ring.push(b"x") == 0
    assert ring.pull(5) == b"abcde"


def test_every_split_of_a_long_stream():
    data = bytes([i & 255 for i in range(1000)])
    for step in range(1, 12):
        ring = Ring(7)
        sent = 0
        received = b""
        while len(received) < len(data):
            sent += ring.push(data[sent : sent + step])
            received += ring.pull(step // 2 + 1)
        assert received == data


def test_takes_any_kind_of_bytes():
    ring = Ring(6)
    assert ring.push(bytearray(b"ab")) == 2
    assert ring.push(memoryview(b"cd")) == 2
    assert type(ring.pull(4)) is bytes
