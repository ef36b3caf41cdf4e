"""Which Picos fly, and for which folder: what this user's ground stations have noted.

    $AMU_STATE/flights, or amu-swarm/flights in the user's state folder ($XDG_STATE_HOME, ~/.local/state)
        <serial number>.json

A Pico has no process, and one that flies cannot be asked for whom without taking what it has to say. So each flight is
noted before it begins, and the note goes when the board is seen at its prompt. It has the one frame that ends this
flight, so a board can be stopped even if the folder with its keys is gone; it is private, and worth nothing else.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from groundstation.record.run_directory import RunDirectoryError, read_as, write_private

STATE_VARIABLE = "AMU_STATE"


class Flight(TypedDict):
    """One board's flight. home: its folder. since: seconds since 1970. exit: the frame that ends it, hexadecimal."""

    kind: str
    serial_number: str
    baud: int
    node: int
    home: str
    since: float
    exit: str


def note(flight: Flight) -> None:
    """The board is about to fly. A note that cannot be kept costs `amu ps` its knowledge, not the flight."""
    with contextlib.suppress(OSError):
        _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(_path(flight["serial_number"]), json.dumps(flight).encode())


def forget(serial_number: str) -> None:
    """The board was seen at its prompt, or its power is off."""
    with contextlib.suppress(OSError):
        _path(serial_number).unlink(missing_ok=True)


def noted(kind: str) -> list[Flight]:
    """The flights of boards of this kind, by serial number. Files that are not notes are left out."""
    found = []
    for path in sorted(_folder().glob("*.json")):
        with contextlib.suppress(RunDirectoryError):
            flight = read_as(path, Flight)
            if flight["kind"] == kind:
                found.append(flight)
    return found


def _folder() -> Path:
    state = os.environ.get(STATE_VARIABLE)
    if state:
        return Path(state) / "flights"
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "amu-swarm" / "flights"


def _path(serial_number: str) -> Path:
    return _folder() / f"{quote(serial_number.upper(), safe='')}.json"
