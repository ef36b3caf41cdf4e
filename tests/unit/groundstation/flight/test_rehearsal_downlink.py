"""A board's cable as the mission loop sees it, on a real pseudo-terminal."""

import os
import tty
from collections.abc import Iterator
from typing import Any

import pytest

from amu.core.limits import GROUND
from amu.wire import codec, frames, messages
from amu.wire.framer import Text
from groundstation.flight.downlink import READS_MAX, Downlink
from groundstation.links.base import Link, LinkLost
from groundstation.links.serial_link import SerialLink


class _Cable:
    """The part of a board that a downlink asks for."""

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
def cable() -> Iterator[_Cable]:
    cable = _Cable()
    yield cable
    cable.close()


def _log(text: str) -> bytes:
    payload = codec.encode(1, messages.Log(1, text))
    return bytes(frames.build(messages.Log.KIND, 0, GROUND, b"", payload))


def _texts(items: list[Any]) -> list[str]:
    return [codec.decode(item.kind, item.payload)[1].text for item in items if not isinstance(item, Text)]


def test_all_that_a_dead_board_said_is_read(cable: _Cable) -> None:
    downlink: Any = Downlink(cable)  # type: ignore[arg-type]
    assert downlink.open() is not None
    said = [f"line {number:04} " + "x" * 150 for number in range(40)]  # the line may take no more unread than 8 KB
    for text in said:  # more than one read of 4 KB gives out
        assert os.write(cable.master, _log(text)) == len(_log(text))
    assert _texts(list(downlink.last_frames())) == said


def test_unfinished_frame_of_a_dead_board_does_not_spoil_the_next_boot(cable: _Cable) -> None:
    downlink: Any = Downlink(cable)  # type: ignore[arg-type]
    downlink.open()
    os.write(cable.master, _log("whole") + _log("cut off")[:9])
    assert _texts(list(downlink.last_frames())) == ["whole"]
    os.write(cable.master, _log("next boot"))
    assert _texts(list(downlink.frames())) == ["next boot"]


def test_last_words_without_an_end_are_told(cable: _Cable) -> None:
    downlink: Any = Downlink(cable)  # type: ignore[arg-type]
    downlink.open()
    os.write(cable.master, b"\x00MemoryError")
    [last] = downlink.last_frames()
    assert isinstance(last, Text)
    assert last.data == b"MemoryError"


def test_talkative_board_is_read_a_bounded_number_of_times(cable: _Cable) -> None:
    downlink: Any = Downlink(cable)  # type: ignore[arg-type]
    link: Any = downlink.open()
    reads = 0

    def endless() -> bytes:
        nonlocal reads
        reads += 1
        return _log("again")

    link.read = endless
    assert _texts(list(downlink.frames())) == ["again"] * READS_MAX
    assert reads == READS_MAX


def test_lost_line_is_silent_and_deaf_and_opened_anew(cable: _Cable) -> None:
    downlink: Any = Downlink(cable)  # type: ignore[arg-type]
    first: Any = downlink.open()
    first.close()
    assert list(downlink.frames()) == []
    assert downlink.write(b"anything") == "link lost"
    assert downlink.open() is not first
    assert downlink.write(b"anything") is None


def test_board_without_a_line_is_no_error() -> None:
    class NoLine:
        def link(self) -> Link:
            raise LinkLost("board 0 has no serial line before its first start")

    downlink: Any = Downlink(NoLine())  # type: ignore[arg-type]
    assert downlink.open() is None
    assert list(downlink.frames()) == []
    assert downlink.write(b"anything") == "link lost"
