"""Where the flight software lies: in a checkout, or installed from a wheel.

A checkout keeps `main.py` beside the package `amu`. A wheel must not put a module called `main` at the top of
site-packages, so it keeps `main.py` in `hil/firmware/`. The functions below hide the difference.
"""

from pathlib import Path

import amu

FOR_TYPES = frozenset({"seams.py", "types.py"})  # names of modules that only the type checker reads
# names of all modules of `amu` that no board has; host.py: boards in memory, events.py: what the ground calls fields
GROUNDED = FOR_TYPES | {"host.py", "events.py"}


def package_path() -> Path:
    """Folder of the flight package `amu`. Its parent must not be staged: installed, that is all of site-packages."""
    return Path(amu.__file__).resolve().parent


def firmware_root() -> Path:
    """Folder that, put on a module search path, makes `amu` importable."""
    return package_path().parent


def main_path() -> Path:
    """The composition root `main.py`. Raises FileNotFoundError when the installation is broken."""
    beside_package = firmware_root() / "main.py"
    in_wheel = Path(__file__).resolve().parent / "firmware" / "main.py"
    for candidate in (in_wheel, beside_package):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"flight software: neither {in_wheel} nor {beside_package} exists; reinstall amu-swarm")


def package_files() -> list[tuple[str, Path]]:
    """Modules of `amu` that fly, as (path on the board such as `amu/core/limits.py`, file), sorted by board path."""
    package = package_path()
    flown = [path for path in package.rglob("*.py") if path.name not in GROUNDED]
    return sorted((f"amu/{path.relative_to(package).as_posix()}", path) for path in flown)
