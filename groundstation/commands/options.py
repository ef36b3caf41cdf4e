"""Checks that several commands' options share."""

import math

import typer

COUNT_MAX = 1_000_000_000  # of what a command counts: far beyond what any machine finishes
PROCESSES_MAX = 1024
SEED_MAX = (1 << 64) - 1
DIGITS_MAX = 20  # as many as SEED_MAX has


def finite(value: float | None) -> float | None:
    """Refuses inf and nan, which stand in no range."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"want a number, have {value}")
    return value


def whole(text: str) -> int | None:
    """The number that a text of a few plain digits is; None of any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX else None
