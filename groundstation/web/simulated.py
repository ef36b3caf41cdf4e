"""A failure of a campaign, or any scenario, flown by the simulator into the folder of a run, for the console to replay.

The simulator is above this floor, so it is asked by its commands, as processes: `amu sim` and `amu campaign --report`.
"""

import datetime
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from groundstation.record import run_directory
from groundstation.web.flights import AMU
from specs.escape import MultilineError, escaped, escaped_lines
from specs.files import open_regular

SQLITE = b"SQLite format 3\x00"  # how the store of a campaign begins
TOLD_CHARACTERS_MAX = 2000
FOLDERS_MAX = 1000
SIMULATE = ["amu", "sim"]


class SimulationError(MultilineError):
    """There is no flight to replay. Says why."""


def is_store(path: Path) -> bool:
    """Whether a file is a database, as the store of a campaign is."""
    try:
        with open_regular(path) as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


def failure(store: Path, seed: int | None) -> list[str]:
    """The arguments of `amu sim` for `seed` of a campaign, or for the smallest seed of its most frequent failure.
    Raises SimulationError."""
    ran = _run("campaign", "--store", str(store), "--report", "--json")
    try:
        causes = json.loads(ran.stdout)["causes"]
    except (ValueError, LookupError, TypeError):
        raise SimulationError(f"{escaped(store)}: {_words(ran)}") from None
    if not causes:
        raise SimulationError(
            f"{escaped(store)}: no seed of this campaign has failed; amu sim SEED --folder DIR flies any"
        )
    command = shlex.split(causes[0]["replay"])
    if command[:2] != SIMULATE:
        again = causes[0]["replay"]
        raise SimulationError(f"{escaped(store)}: amu sim alone did not fly its seeds; {again} repeats the failure")
    return command[2:] if seed is None else [str(seed), *command[3:]]


def fly(arguments: list[str], out: Path) -> Path:
    """Fly with these arguments of `amu sim` into a new folder in `out`. Returns the folder. Raises SimulationError."""
    folder = _new(out)
    ran = _run("sim", *arguments, "--folder", str(folder))
    if not (folder / run_directory.VERDICT).exists():
        raise SimulationError(_words(ran))
    return folder.resolve()


def _new(out: Path) -> Path:
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S")
    names = (f"simulated-{stamp}{'' if number == 1 else f'-{number}'}" for number in range(1, FOLDERS_MAX))
    return next(out / name for name in names if not os.path.lexists(out / name))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", AMU, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="backslashreplace",
    )


def _words(ran: subprocess.CompletedProcess[str]) -> str:
    said = (ran.stderr.strip() or ran.stdout.strip())[-TOLD_CHARACTERS_MAX:]
    return escaped_lines(said.removeprefix("amu sim: ")) or f"it ended with exit code {ran.returncode}"
