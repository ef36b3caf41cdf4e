"""A line's bytes survive the ground station's death after any read, any record and any half of a clearing-up."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from amu.wire import frames
from amu.wire.framer import NEED_BYTES, Framer, Text
from groundstation.links.intake import INTAKE_BYTES, ROOM_BYTES, Intake
from groundstation.links.serial_link import SerialLink

FRAMES = 100
LONGEST = 200


class Line:
    """A pipe in place of a cable."""

    def __init__(self) -> None:
        self.out, self._in = os.pipe()
        os.set_blocking(self.out, False)

    def say(self, data: bytes) -> None:
        assert os.write(self._in, data) == len(data)

    def close(self) -> None:
        os.close(self.out)
        os.close(self._in)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def _frame(number: int, size: int) -> bytes:
    payload = number.to_bytes(4, "big") + bytes(size)
    wire: bytes = frames.build(frames.REPORT, 0, 255, b"", payload)
    return wire


def _numbers(framer: Framer, data: bytes) -> list[int]:
    found = []
    for start in range(0, len(data), 2048):
        framer.push(data[start : start + 2048])
        while (item := framer.next()) is not NEED_BYTES:
            if not isinstance(item, Text):
                found.append(int.from_bytes(item.payload[:4], "big"))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_no_frame_is_lost_when_the_ground_station_dies_at_any_moment(seed: int, tmp_path: Path, line: Line) -> None:
    draw = random.Random(seed)
    said = b"".join(_frame(number, draw.randrange(LONGEST)) for number in range(FRAMES))
    recorded: set[int] = set()
    intake, framer = Intake(tmp_path / "intake"), Framer()
    at = 0
    while at < len(said):
        piece = said[at : at + draw.randrange(1, 900)]
        line.say(piece)
        at += len(piece)
        assert intake.receive(line.out) == len(piece)
        step = draw.randrange(6)
        if step == 0:  # dies after the read
            intake, framer = Intake(tmp_path / "intake"), Framer()
            continue
        heard = _numbers(framer, intake.take())
        if step == 1:  # dies before the record
            intake, framer = Intake(tmp_path / "intake"), Framer()
            continue
        recorded.update(heard)
        if step > 2:
            intake.settle()
        if step == 3:
            intake, framer = Intake(tmp_path / "intake"), Framer()
    recorded.update(_numbers(framer, intake.take()))
    assert recorded == set(range(FRAMES))


def test_settled_bytes_do_not_come_again(tmp_path: Path, line: Line) -> None:
    intake = Intake(tmp_path / "intake")
    line.say(_frame(1, 10) + _frame(2, 10)[:9])
    intake.receive(line.out)
    assert _numbers(Framer(), intake.take()) == [1]
    intake.settle()
    line.say(_frame(2, 10)[9:] + _frame(3, 10)[:-1])  # but for its delimiter
    intake.receive(line.out)
    after, framer = Intake(tmp_path / "intake"), Framer()
    assert _numbers(framer, after.take()) == [2, 3]
    line.say(b"\x00panic")
    after.receive(line.out)
    assert _numbers(framer, after.take()) == []
    after.settle()
    assert Intake(tmp_path / "intake").take().endswith(b"panic")


@pytest.mark.parametrize("cut", [0, 1, 300])
def test_a_move_to_the_front_that_was_cut_short_loses_and_invents_nothing(cut: int, tmp_path: Path, line: Line) -> None:
    class Dead(Exception):
        pass

    intake = Intake(tmp_path / "intake")
    framer = Framer()
    whole = _frame(7, 500)
    while intake._used <= INTAKE_BYTES // 2:
        line.say(_frame(1, 600) * 8)
        intake.receive(line.out)
        _numbers(framer, intake.take())
    line.say(whole[:400])
    intake.receive(line.out)
    intake.take()
    clear = intake._clear

    def clear_once(start: int, end: int) -> None:
        if start:  # the second clearing: what stood behind
            clear(start, start + cut)
            raise Dead
        clear(start, end)

    intake._clear = clear_once  # type: ignore[method-assign]
    with pytest.raises(Dead):
        intake.settle()
    after = Intake(tmp_path / "intake")
    line.say(whole[400:])
    after.receive(line.out)
    assert _numbers(Framer(), after.take()) == [7]


def test_garbage_without_an_end_is_not_kept(tmp_path: Path, line: Line) -> None:
    intake = Intake(tmp_path / "intake")
    for _ in range(2 * INTAKE_BYTES // ROOM_BYTES):
        line.say(b"\x81" * ROOM_BYTES)
        assert intake.has_room
        intake.receive(line.out)
        intake.take()
        intake.settle()
    line.say(_frame(3, 5))
    intake.receive(line.out)
    assert _numbers(Framer(), intake.take()) == [3]


def test_nothing_is_read_for_which_there_is_no_room(tmp_path: Path, line: Line) -> None:
    intake = Intake(tmp_path / "intake")
    while intake.has_room:
        line.say(b"\x00" + b"x" * 999)
        intake.receive(line.out)
    assert len(intake.take()) > INTAKE_BYTES - ROOM_BYTES
    intake.settle()
    assert intake.has_room


def test_file_is_private(tmp_path: Path) -> None:
    Intake(tmp_path / "intake")
    assert (tmp_path / "intake").stat().st_mode & 0o777 == 0o600


def test_a_link_whose_device_is_gone_gives_what_the_last_ground_station_had_read(tmp_path: Path, line: Line) -> None:
    line.say(_frame(5, 20))
    Intake(tmp_path / "intake").receive(line.out)
    link = SerialLink("/dev/amu-none", Intake(tmp_path / "intake"))
    assert link.fileno() is None
    assert _numbers(Framer(), link.read()) == [5]
    with pytest.raises(Exception, match="/dev/amu-none: cannot open"):
        link.read()
