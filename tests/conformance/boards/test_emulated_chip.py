"""The emulated chip under MicroPython: flash, names, random numbers, line and resets; each fix, and the library's fault
without it; and that fast instructions change nothing.
"""

from pathlib import Path

from hil.boards.emulated import pico_chip, pico_files
from hil.boards.emulated.pico_chip import PicoChip

MILLISECOND = 1_000_000
BOOT_MILLISECONDS = 60
IDLE_MILLISECONDS = 20
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
RESETS = b"""
import machine
with open("out", "ab") as file:
    file.write(bytes([machine.reset_cause()]))
if machine.reset_cause() == machine.PWRON_RESET:
    machine.reset()
"""
POWER_ON, WATCHDOG_RESET = 1, 3  # of machine.reset_cause; machine.reset is done by the watchdog
WORK = b"""
import hashlib, os, time, gc
seen = {}
for number in range(300):
    seen[number % 17] = [number, str(number * number), (number, -number / 3), bytes(number % 50)]
    if number % 50 == 0:
        gc.collect()
        with open("out", "ab") as file:
            file.write(hashlib.sha256(repr(sorted(seen.items())).encode()).digest() + os.urandom(2))
            file.write(str(time.ticks_us()).encode())
        print(number, time.ticks_us())
time.sleep_ms(5)
try:
    seen["nothing"]
except KeyError as error:
    print(repr(error), time.ticks_us())
"""
WORK_MILLISECONDS = 600


def chip(
    image: Path, program: bytes, name: str = "AMU-0001", start: int = 1, **for_tests: list[str] | bool
) -> PicoChip:
    files = pico_files.make({"main.py": program})
    return PicoChip(image, files, name, start, lambda most: b"", **for_tests)  # type: ignore[arg-type]


def written(board: PicoChip) -> bytes | None:
    """The content of the file `out`, written by the program."""
    board.advance(BOOT_MILLISECONDS * MILLISECOND)
    return pico_files.read(board.files, "out")


def usb_reads(board: PicoChip) -> int:
    """How often the board asks the host for bytes while it is idle at the prompt."""
    board.advance(BOOT_MILLISECONDS * MILLISECOND)
    before = board.usb_reads
    board.advance(IDLE_MILLISECONDS * MILLISECOND)
    return board.usb_reads - before


def test_fast_instructions_change_no_byte_and_no_time(pico_image: Path) -> None:
    runs = []
    for is_plain in (False, True):
        board = chip(pico_image, WORK, is_plain=is_plain)
        board.advance(WORK_MILLISECONDS * MILLISECOND)
        runs.append((board.receive(), board.files, board.nanos, board.idle_nanos, board.flash_operations))
    assert b"KeyError" in runs[0][0]
    assert runs[0] == runs[1]


def test_steps_of_any_length_give_the_same_run(pico_image: Path) -> None:
    runs = []
    for milliseconds in (1, 7, BOOT_MILLISECONDS):
        board = chip(pico_image, WORK)
        for begin in range(0, BOOT_MILLISECONDS, milliseconds):
            board.advance((min(begin + milliseconds, BOOT_MILLISECONDS)) * MILLISECOND - board.nanos)
        runs.append((board.receive(), board.files, board.flash_operations))
    assert runs[0] == runs[1] == runs[2]


def test_an_idle_line_is_silent(pico_image: Path) -> None:
    assert usb_reads(chip(pico_image, b"")) <= 1


def test_without_the_fix_an_idle_line_is_busy(pico_image: Path) -> None:
    assert usb_reads(chip(pico_image, b"", without=["host"])) > 100


def test_a_serial_port_can_be_made(pico_image: Path) -> None:
    assert written(chip(pico_image, SERIAL)) == b"done"


def test_without_the_fix_making_a_serial_port_never_ends(pico_image: Path) -> None:
    assert written(chip(pico_image, SERIAL, without=["uart"])) is None


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


def test_without_the_fixes_all_boards_are_one(pico_image: Path) -> None:
    without = ["identity", "noise"]
    first = written(chip(pico_image, FACTS, "AMU-0001", 1, without=without))
    assert first is not None
    assert first[:8] == b"\xff" * 8
    assert first == written(chip(pico_image, FACTS, "AMU-0002", 2, without=without))


def test_a_reset_keeps_flash_and_says_why(pico_image: Path) -> None:
    board = chip(pico_image, RESETS)
    board.advance(BOOT_MILLISECONDS * MILLISECOND)
    assert written(board) == bytes([POWER_ON, WATCHDOG_RESET])
    assert board.resets == 1
    assert board.powered


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
