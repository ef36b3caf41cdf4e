"""What a Pico must be able to do before it flies, tried at its prompt."""

from dataclasses import dataclass
from typing import Any

from hil.bench import clock
from hil.boards.pico import deploy
from hil.boards.pico.deploy import Found
from hil.boards.pico.repl import Repl

FLASH_BYTES_MIN = 256 * 1024  # free: another tree, the ring of pages, checkpoints
HEAP_BYTES_MIN = 180 * 1024  # free at an empty prompt
RESET = "unplug it and plug it in; if its ticks still do not move, replace the board"
_BLOCK = bytes(range(256)) * 4

_CODE = """
import gc, os, time
def flash_free():
    room = os.statvfs("/")
    return room[0] * room[3]
def heap_free():
    gc.collect()
    return gc.mem_free()
def flash_works(block):
    with open("/self_test", "wb") as file:
        file.write(block)
    with open("/self_test", "rb") as file:
        same = file.read() == block
    os.remove("/self_test")
    return same
"""


@dataclass(frozen=True)
class Check:
    """One thing that was tried. `advice`: what to do if it failed."""

    name: str
    passed: bool
    detail: str
    advice: str = ""


def run(repl: Repl, serial_number: str) -> list[Check]:
    """Try everything on the board at whose prompt we are. Raises BoardError if it does not answer.

    serial_number: of its USB line, "" if it has none: an adapter's says nothing about the board.
    """
    found = deploy.look(repl)
    repl.run(_CODE)
    return [
        _image(found),
        _identity(repl.ask("__import__('machine').unique_id()"), serial_number),
        _heap(repl.ask("heap_free()")),
        _flash_room(repl.ask("flash_free()")),
        _flash(repl.ask(f"flash_works({_BLOCK!r})")),
        _clock(repl),
    ]


def _image(found: Found) -> Check:
    detail = f"MicroPython {found.micropython[0]}.{found.micropython[1]}, bytecode {found.mpy[0]}.{found.mpy[1]}"
    problem = deploy.image_problem(found)
    return Check("image", problem is None, f"{found.machine}: {detail}", problem or "")


def _identity(unique_id: Any, serial_number: str) -> Check:
    told = unique_id.hex() if isinstance(unique_id, bytes) else "?"
    is_same = serial_number.lower() in ("", told.lower())
    return Check(
        "identity",
        is_same,
        f"unique id {told}",
        "" if is_same else f"the line's serial number is {serial_number}: is it an adapter's? Then the kind is uart",
    )


def _heap(free: int) -> Check:
    return Check("heap", free >= HEAP_BYTES_MIN, f"{free} bytes free", "use an image without extra modules")


def _flash_room(free: int) -> Check:
    advice = "remove files that are not the bench's, or erase the flash"
    return Check("flash room", free >= FLASH_BYTES_MIN, f"{free} bytes free", advice)


def _flash(is_same: bool) -> Check:
    detail = "a block reads back as written" if is_same else "a block does not read back as written"
    return Check("flash", bool(is_same), detail, "the flash is worn or broken: replace the board")


def _clock(repl: Repl) -> Check:
    ppm_max = clock.EMULATED_DRIFT_PPM_MAX if repl.is_emulated else clock.DRIFT_PPM_MAX
    measured = clock.measure(lambda: int(repl.ask("time.ticks_us()")), ppm_max)
    advice = "its crystal is off: replace the board" if measured.moves else RESET
    return Check("clock", measured.is_right(ppm_max), str(measured), advice)
