"""Where MicroPython's garbage collector lies in an image: found by running a program with it and without.

An image has no symbols. But a program that collects executes instructions that the same program without a collection
does not. They are the collector's; gaps between them are branches of its functions that this heap did not take.
"""

from pathlib import Path

from groundstation.boards.base import BoardError
from hil.boards.emulated import pico_files
from hil.boards.emulated.pico_chip import PicoChip

_WITHOUT, _WITH, _END = "without", "with", "done"
_PROGRAM = f"""
import gc, time
gc.threshold(-1)
lists = [[str(number)] * (number % 7) for number in range(200)]
file = open("main.py")

def work(how):
    for number in range(20):
        kept = [str(number), {{number: bytes(number)}}, number * 0.5]
        how()
        try:
            {{}}[number]
        except KeyError:
            pass
        time.sleep_ms(1)  # the line's interrupts belong to both halves

work(gc.collect)
for word, how in (("{_WITHOUT}", gc.isenabled), ("{_WITH}", gc.collect), ("{_END}", gc.isenabled)):
    print(word)
    time.sleep_ms(5)  # until the word has been read
    work(how)
"""
_MILLISECOND = 1_000_000
_BOOT_MILLISECONDS_MAX = 1_000
_INSTRUCTION_NANOS = 8
_GAP_BYTES_MAX = 64


def addresses(image: Path) -> list[tuple[int, int]]:
    """(first, end) of each stretch of the collector's code, in order. Raises BoardError when `image` does not run."""
    chip = PicoChip(image, pico_files.make({"main.py": _PROGRAM.encode()}), "AMU-0000", 1, lambda most: b"")
    try:
        _until(chip, _WITHOUT)
        chip.sample(nanos=_INSTRUCTION_NANOS, addressesOnly=True)
        _until(chip, _WITH)
        without = set(chip.sample(nanos=_INSTRUCTION_NANOS, addressesOnly=True)["addresses"])
        _until(chip, _END)
        found = chip.sample()["addresses"]
    finally:
        chip.power_off()
    return stretches([address for address in found if address not in without], without)


def stretches(found: list[int], without: set[int]) -> list[tuple[int, int]]:
    """Addresses of instructions, in order, joined where the gap is short and holds none of `without`."""
    joined: list[tuple[int, int]] = []
    for address in found:
        end = address + 2
        if joined and address - joined[-1][1] <= _GAP_BYTES_MAX:
            first, last = joined[-1]
            if not any(between in without for between in range(last, address, 2)):
                joined[-1] = (first, end)
                continue
        joined.append((address, end))
    return joined


def _until(chip: PicoChip, word: str) -> None:
    said = b""
    for _ in range(_BOOT_MILLISECONDS_MAX):
        chip.advance(_MILLISECOND)
        said += chip.receive()
        if word.encode() in said:
            return
    raise BoardError(f"the MicroPython image does not say {word!r} but {said[-200:]!r}; want 1.28 or later")
