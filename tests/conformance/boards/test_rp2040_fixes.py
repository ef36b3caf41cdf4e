"""Each fix of the emulated chip: the fault without it, and that it is gone with it.

A test that fails "without" says that the library has been mended: then the fix can go.
"""

from pathlib import Path
from typing import Any

import pytest

from hil.boards.emulated import pico_chip, pico_files
from hil.boards.emulated.pico_chip import PicoChip

MILLISECOND = 1_000_000
BOOT_MILLISECONDS = 60
FACTS = b"""
import machine, os
with open("out", "wb") as file:
    file.write(machine.unique_id() + os.urandom(8))
"""
SERIAL = b"""
import machine
machine.UART(0)
with open("out", "wb") as file:
    file.write(b"done")
"""


def chip(image: Path, program: bytes, name: str = "AMU-0001", start: int = 1) -> PicoChip:
    return PicoChip(image, pico_files.make({"main.py": program}), name, start, lambda most: b"")


def written(board: PicoChip) -> bytes | None:
    """The content of the file `out`, written by the program."""
    board.advance(BOOT_MILLISECONDS * MILLISECOND)
    return pico_files.read(board.files, "out")


def ignore(*arguments: object) -> None:
    """Stands in for a fix: changes nothing."""


class NoSerialHost:
    """Stands in for SerialHost: the library's own host answers."""

    def __init__(self, *arguments: object) -> None:
        pass

    def look(self) -> None:
        pass


def usb_reads(board: PicoChip) -> int:
    """How often the device asks the host for bytes in 20 ms of idling at the prompt."""
    board.advance(BOOT_MILLISECONDS * MILLISECOND)
    usb: Any = board._chip.usb_ctrl
    count = 0
    answer = usb.on_endpoint_read

    def counted(endpoint: int, size: int) -> None:
        nonlocal count
        count += 1
        answer(endpoint, size)

    usb.on_endpoint_read = counted
    board.advance(20 * MILLISECOND)
    return count


def test_an_idle_line_is_silent(pico_image: Path) -> None:
    assert usb_reads(chip(pico_image, b"")) == 0


def test_without_the_fix_an_idle_line_is_a_storm(pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pico_chip, "SerialHost", NoSerialHost)
    assert usb_reads(chip(pico_image, b"")) > 100


def test_a_serial_port_can_be_made(pico_image: Path) -> None:
    assert written(chip(pico_image, SERIAL)) == b"done"


def test_without_the_fix_making_a_serial_port_never_ends(pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pico_chip, "quiet_uart", ignore)
    assert written(chip(pico_image, SERIAL)) is None


def test_boards_have_names_and_draw_numbers_of_their_own(pico_image: Path) -> None:
    first, again, later, other = (
        written(chip(pico_image, FACTS, name, start))
        for name, start in (("AMU-0001", 1), ("AMU-0001", 1), ("AMU-0001", 2), ("AMU-0002", 1))
    )
    assert first is not None
    assert later is not None
    assert other is not None
    assert first == again
    assert (first[:8], later[:8], other[:8]) == (b"AMU-0001", b"AMU-0001", b"AMU-0002")
    assert len({first[8:], later[8:], other[8:]}) == 3


def test_without_the_fixes_all_boards_are_one(pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pico_chip, "give_unique_id", ignore)
    monkeypatch.setattr(pico_chip, "give_noise", ignore)
    first = written(chip(pico_image, FACTS, "AMU-0001", 1))
    assert first is not None
    assert first[:8] == b"\xff" * 8
    assert first == written(chip(pico_image, FACTS, "AMU-0002", 2))


def test_a_torn_operation_is_half_done_and_the_last(pico_image: Path) -> None:
    whole, torn = chip(pico_image, FACTS), chip(pico_image, FACTS)
    before = whole.files
    assert written(whole) is not None
    torn.cut_power_at(1)
    torn.advance(BOOT_MILLISECONDS * MILLISECOND)
    assert not torn.powered
    assert torn.flash_operations == 1
    after = torn.files
    assert sum(a != b for a, b in zip(before, after)) <= pico_chip.BLOCK_BYTES // 2
    assert not pico_files.read(torn.files, "out")  # absent or empty: the file system is whole
    stopped_at = torn.nanos
    torn.advance(MILLISECOND)
    assert torn.nanos == stopped_at
