"""The flight software of a run, copied beside its boards, so that the run records what flew.

A run may be resumed much later. Its boards fly the copies, so the copies must not change while the run exists.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

from groundstation.boards.base import BoardError
from groundstation.record.run_directory import write_private
from groundstation.record.versions import digest_of_files
from hil import firmware_files
from specs import files

FIRMWARE = "firmware"
BYZANTINE = "byzantine"
SEAL = "flown.sha256"


def stage_firmware(directory: Path) -> None:
    """Copy main.py and the package `amu` to `directory`/firmware, unless this run already has them."""
    directory /= FIRMWARE
    if directory.exists():
        return
    sources = [("main.py", firmware_files.main_path()), *firmware_files.package_files()]
    for name, source in sources:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def stage_adversary(directory: Path) -> None:
    """Copy the package `swarm_sim.adversary` to `directory`/byzantine/adversary, the name that it has on a board."""
    spec = find_spec("swarm_sim.adversary")
    if spec is None or not spec.submodule_search_locations:
        raise BoardError("the package swarm_sim.adversary is missing: install amu-swarm whole to fly Byzantine boards")
    target = directory / BYZANTINE / "adversary"
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted(Path(spec.submodule_search_locations[0]).glob("*.py")):
        shutil.copyfile(source, target / source.name)


def seal(directory: Path) -> None:
    """Write down the digest of what was staged. Raises OSError."""
    write_private(directory / SEAL, _digest(directory).encode())


def require_sealed(directory: Path) -> None:
    """Raise BoardError if what was staged has changed. Runs without a seal are not checked."""
    path = directory / SEAL
    if not path.exists():
        return
    try:
        is_same = files.read_text(path).strip() == _digest(directory)
    except OSError as error:
        raise BoardError(f"{directory}: the flight software of its boards cannot be read: {error}") from error
    if not is_same:
        raise BoardError(
            f"{directory}: the flight software in {FIRMWARE}/ or {BYZANTINE}/ is not what its boards began with; "
            "put it back, or fly the run again from the start (--replay)"
        )


def _digest(directory: Path) -> str:
    staged = [path for folder in (FIRMWARE, BYZANTINE) for path in (directory / folder).rglob("*.py")]
    for path in staged:
        files.open_regular(path).close()
    return digest_of_files((path.relative_to(directory).as_posix(), path) for path in staged)
