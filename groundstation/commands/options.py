"""Checks that several commands' options share."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

COUNT_MAX = 1_000_000_000  # of what a command counts: far beyond what any machine finishes
PROCESSES_MAX = 1024
DIGITS_MAX = 20  # as many as SEED_MAX has
TEXT_MAX = 80  # characters of a wrong value that are told

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


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


def number(name: str, text: str, least: int, most: int = COUNT_MAX, metavar: str = "N") -> Any:
    """Option `name`, a whole number from `least` to `most`, with the help `text`."""
    return typer.Option(name, help=text, metavar=metavar, parser=integer(least, most))


def output(path: Path | None) -> Path | None:
    """Refuses a file that cannot be made, before the work is done that it is to hold."""
    if path is not None:
        if os.path.isdir(path):
            raise typer.BadParameter(f"{path}: is a directory; want a file in it")
        if not os.path.isdir(path.parent):
            raise typer.BadParameter(f"{path}: there is no folder {path.parent}; make it, or choose another")
    return path


def require_apart(out: Path | None, read: Path) -> None:
    """Refuses an output that is the file which is read: what it held would be lost."""
    if out is not None and os.path.exists(out) and os.path.exists(read) and os.path.samefile(out, read):
        raise typer.BadParameter(f"--out {out}: is the file that is read, and would be overwritten; choose another")


def whole(text: str) -> int | None:
    """The number that a text of a few plain digits is; None of any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX else None
