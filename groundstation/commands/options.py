"""Checks that several commands' options share."""

import math
from collections.abc import Callable

import typer

COUNT_MAX = 1_000_000_000  # of what a command counts: far beyond what any machine finishes
PROCESSES_MAX = 1024
SEED_MAX = (1 << 64) - 1
DIGITS_MAX = 20  # as many as SEED_MAX has
TEXT_MAX = 80  # characters of a wrong value that are told


def finite(value: float | None) -> float | None:
    """Refuses inf and nan, which stand in no range."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"want a number, have {value}")
    return value


def integer(least: int, most: int) -> Callable[[str | int], int]:
    """Parser of an option: plain digits from `least` to `most`, as in a scenario file. typer's own takes 4.0 for 4."""

    def parse(text: str | int) -> int:
        value = whole(str(text))
        if value is None or not least <= value <= most:
            raise typer.BadParameter(f"want a whole number from {least} to {most}, have {str(text)[:TEXT_MAX]!r}")
        return value

    return parse


def whole(text: str) -> int | None:
    """The number that a text of a few plain digits is; None of any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX else None
