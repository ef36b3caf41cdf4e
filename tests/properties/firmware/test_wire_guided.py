"""Reading guided by COBS: the same bytes as they came, no wait on a sound line, one at most for a damaged frame."""

from hypothesis import given
from hypothesis import strategies as st

from amu.boards.guided import GuidedReader
from amu.core import limits
from amu.wire import frames
from amu.wire.framer import Framer
from tests.properties.firmware.test_wire_framer import GARBAGE, Summary, pull, sealed

LONGEST = frames.build(1, 1, 2, b"t" * 16, b"\xff" * limits.PAYLOAD_BYTES_MAX)


class Line:
    """Bytes arrive in bursts, each when all before were read. A read that waits for more gets zeros instead."""

    def __init__(self, bursts: list[bytes]) -> None:
        self._bursts = list(bursts)
        self._arrived = b""
        self._reader = GuidedReader(self._has_more, self._fill)
        self.waits = 0

    def _has_more(self) -> bool:
        return bool(self._arrived)

    def _fill(self, view: memoryview) -> None:
        part = self._arrived[: len(view)]
        self._arrived = self._arrived[len(view) :]
        self.waits += len(part) < len(view)
        view[:] = part.ljust(len(view), b"\x00")

    def reads(self) -> list[bytes]:
        """What each read gives, burst by burst."""
        found = []
        for burst in self._bursts:
            self._arrived = burst
            while self._has_more():
                found.append(self._reader.read())
        return found


def framed(pieces: list[bytes]) -> list[Summary]:
    framer, found = Framer(), []
    for piece in pieces:
        framer.push(piece)
        found += pull(framer)[0]
    return found


@given(st.lists(st.lists(sealed(), max_size=4), max_size=4))
def test_a_sound_line_is_read_as_it_came_and_never_waited_for(bursts: list[list[tuple[Summary, bytes]]]) -> None:
    line = Line([b"".join(wire for _, wire in burst) for burst in bursts])
    pieces = line.reads()
    assert line.waits == 0
    assert b"".join(pieces) == b"".join(wire for burst in bursts for _, wire in burst)
    assert framed(pieces) == [fields for burst in bursts for fields, _ in burst]


def test_the_longest_frame_takes_two_reads_and_more() -> None:
    line = Line([LONGEST])
    pieces = line.reads()
    assert line.waits == 0
    assert b"".join(pieces) == LONGEST
    assert max(map(len, pieces)) <= limits.READ_BYTES_MAX


@given(st.lists(sealed(), min_size=1, max_size=6), st.data())
def test_one_damaged_byte_costs_its_frame_and_one_wait(
    stream: list[tuple[Summary, bytes]], data: st.DataObject
) -> None:
    hit = data.draw(st.integers(0, len(stream) - 1))
    wire = bytearray(stream[hit][1])
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != wire[at]))
    burst = b"".join(bytes(wire) if i == hit else stream[i][1] for i in range(len(stream)))
    line = Line([burst])
    pieces = line.reads()
    assert line.waits <= 1
    assert b"".join(pieces).startswith(burst)
    found = framed(pieces)
    for i, (fields, _) in enumerate(stream):
        assert i == hit or fields in found


def test_a_damage_with_a_whole_group_behind_it_brings_no_wait() -> None:
    wire = frames.build(1, 1, 2, b"tag of a message", b"\x01\x00" * 12 + b"\xc8" * 60)
    behind = wire * 4
    assert len(behind) > 255
    for at in range(len(wire)):
        for byte in range(0, 256, 5):
            line = Line([wire[:at] + bytes([byte]) + wire[at + 1 :] + behind])
            assert framed(line.reads())[-3:] == [(1, 1, 2, b"tag of a message", b"\x01\x00" * 12 + b"\xc8" * 60)] * 3
            assert line.waits == 0, (at, byte)


def test_a_delimiter_alone_is_not_waited_on() -> None:
    line = Line([b"\x00", b"\x00\x00"])
    assert b"".join(line.reads()) == bytes(3)
    assert line.waits == 0


@given(st.lists(st.lists(GARBAGE | sealed().map(lambda pair: pair[1]), max_size=5).map(b"".join), max_size=4))
def test_whatever_comes_is_read_with_one_wait_a_pause(bursts: list[bytes]) -> None:
    line = Line(bursts)
    pieces = line.reads()
    assert line.waits <= len(bursts)
    assert all(0 < len(piece) <= limits.READ_BYTES_MAX for piece in pieces)
    left = b"".join(pieces)
    for burst in bursts:  # between the bursts there are zeros, perhaps
        assert left.lstrip(b"\x00").startswith(burst.strip(b"\x00"))
        left = left[left.index(burst) + len(burst) :] if burst else left
    assert not left.strip(b"\x00")
