"""Parsers and checks of options that several commands share."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

COUNT_MAX = 1_000_000_000  # of anything that a command counts: more than any machine finishes
PROCESSES_MAX = 1024
DIGITS_MAX = 20  # of SEED_MAX
TEXT_MAX = 80  # characters of a wrong value that an error quotes

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def finite(value: float | None) -> float | None:
    """Rejects inf and nan."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"want a number, have {value}")
    return value


def integer(least: int, most: int) -> Callable[[str | int], int]:
    """Parser of an option: plain digits from `least` to `most`, as in a scenario file. typer's own accepts 4.0."""

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
    """Rejects a file that cannot be created, before the work is done."""
    if path is not None:
        if os.path.isdir(path):
            raise typer.BadParameter(f"{path}: is a directory; want a file in it")
        if not os.path.isdir(path.parent):
            raise typer.BadParameter(f"{path}: there is no folder {path.parent}; create it, or choose another")
    return path


def require_apart(out: Path | None, read: Path, option: str = "--out") -> None:
    """Rejects an output that is the input file, which would be overwritten."""
    if out is not None and os.path.exists(out) and os.path.exists(read) and os.path.samefile(out, read):
        raise typer.BadParameter(f"{option} {out}: is the input file, and would be overwritten; choose another")


def whole(text: str) -> int | None:
    """The number in a text of at most DIGITS_MAX plain digits. None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX else None
