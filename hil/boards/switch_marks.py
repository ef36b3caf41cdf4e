"""Marks in a board's folder: `running` from its start on, then `stopped` once somebody switched it off.

A board that is off without the mark `stopped` has died by itself. The change is a rename: it needs no room on a full
disk.
"""

import contextlib
from pathlib import Path

_ON, _OFF = "running", "stopped"


def on(home: Path) -> None:
    """The board is about to be started. Raises OSError."""
    (home / _OFF).unlink(missing_ok=True)
    (home / _ON).touch()


def off(home: Path) -> None:
    """Somebody switches it off."""
    with contextlib.suppress(OSError):
        (home / _ON).replace(home / _OFF)


def still_on(home: Path) -> None:
    """It runs: who noted that it is off died before he switched it off."""
    with contextlib.suppress(FileNotFoundError):
        (home / _OFF).replace(home / _ON)


def is_on(home: Path) -> bool:
    """Whether it was started, and not switched off since."""
    return (home / _ON).exists()


def is_off(home: Path) -> bool:
    """Whether somebody has switched it off."""
    return (home / _OFF).exists()
