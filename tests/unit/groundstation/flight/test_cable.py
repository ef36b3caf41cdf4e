"""A board's cable as the mission loop sees it, on a real pseudo-terminal."""

import os
import tty
from collections.abc import Iterator
from typing import Any

import pytest

from amu.core.limits import GROUND, TAG_BYTES
from amu.wire import codec, frames, messages
from amu.wire.framer import Text
from groundstation.flight.cable import READS_MAX, Cable
from groundstation.links.base import Link, LinkLost
from groundstation.links.serial_link import SerialLink


class _Board:
    """The part of a board that a cable asks for."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.opened: SerialLink | None = None

    def link(self) -> Link:
        self.opened = SerialLink(os.ttyname(self.slave))
        return self.opened

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()
        for descriptor in (self.master, self.slave):
            os.close(descriptor)


@pytest.fixture
def board() -> Iterator[_Board]:
    board = _Board()
    yield board
    board.close()


def _log(text: str) -> bytes:
    payload = codec.encode(1, messages.Log(1, text))
    return bytes(frames.build(frames.REPORT, 0, GROUND, b"", payload))


def _texts(items: list[Any]) -> list[str]:
    return [codec.decode(item.traffic, item.payload)[0][1].text for item in items if not isinstance(item, Text)]


def test_all_that_a_dead_board_said_is_read(board: _Board) -> None:
    cable: Any = Cable(board)  # type: ignore[arg-type]
    assert cable.open() is not None
    said = [f"line {number:04} " + "x" * 150 for number in range(40)]  # the line may take no more unread than 8 KB
    for text in said:  # more than one read of 4 KB gives out
        assert os.write(board.master, _log(text)) == len(_log(text))
    assert _texts(list(cable.last_frames())) == said


def test_flight_frames_come_with_the_bytes_that_were_sent(board: _Board) -> None:
    cable: Any = Cable(board)  # type: ignore[arg-type]
    cable.open()
    payload = codec.encode(1, messages.Fetch(3))
    sent = bytes(frames.build(frames.FLIGHT, 0, 1, bytes(TAG_BYTES), payload))
    os.write(board.master, b"text" + sent + _log("telemetry") + sent)
    text, first, log, second = cable.frames()
    assert (text.data, first.wire, second.wire) == (b"text", sent, sent)
    assert not hasattr(log, "wire")


def test_unfinished_frame_of_a_dead_board_does_not_spoil_the_next_boot(board: _Board) -> None:
    cable: Any = Cable(board)  # type: ignore[arg-type]
    cable.open()
    os.write(board.master, _log("whole") + _log("cut off")[:9])
    assert _texts(list(cable.last_frames())) == ["whole"]
    os.write(board.master, _log("next boot"))
    assert _texts(list(cable.frames())) == ["next boot"]


def test_last_words_without_an_end_are_reported(board: _Board) -> None:
    cable: Any = Cable(board)  # type: ignore[arg-type]
    cable.open()
    os.write(board.master, b"\x00MemoryError")
    [last] = cable.last_frames()
    assert isinstance(last, Text)
    assert last.data == b"MemoryError"


def test_talkative_board_is_read_a_bounded_number_of_times(board: _Board) -> None:
    cable: Any = Cable(board)  # type: ignore[arg-type]
    link: Any = cable.open()
    reads = 0

    def endless() -> bytes:
        nonlocal reads
        reads += 1
        return _log("again")

    link.read = endless
    assert _texts(list(cable.frames())) == ["again"] * READS_MAX
    assert reads == READS_MAX


def test_lost_line_is_silent_and_deaf_and_opened_again(board: _Board) -> None:
    cable: Any = Cable(board)  # type: ignore[arg-type]
    first: Any = cable.open()
    first.close()
    assert list(cable.frames()) == []
    assert cable.write(b"anything") == "link lost"
    assert cable.open() is not first
    assert cable.write(b"anything") is None


def test_board_without_a_line_is_not_an_error() -> None:
    class NoLine:
        def link(self) -> Link:
            raise LinkLost("board 0 has no serial line before its first start")

    cable: Any = Cable(NoLine())  # type: ignore[arg-type]
    assert cable.open() is None
    assert list(cable.frames()) == []
    assert cable.write(b"anything") == "link lost"
