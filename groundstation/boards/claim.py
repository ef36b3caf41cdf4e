"""Which ground station flies a folder of boards, and in which run: one at a time.

    boards/station.lock    locked while a ground station lives
    boards/station.json    its process, the run that the boards fly in, and the numbers that are used up

Boards outlive their ground station, and a run may be resumed repeatedly, each time in a new folder. So the owner is
recorded in the folder of the boards, which stays. A copy of a run, or a run that was resumed since, must not fly them.

No number may be used twice under the same keys. Operation numbers and nonces are reserved here, in blocks, before the
first one of a block is used. The next ground station starts above them: the record of the earlier run may be gone, or
lack its end without any sign of that.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from groundstation.os_errors import explained
from groundstation.record.run_directory import RunDirectoryError, read_json, write_private

LOCK = "station.lock"
STATION = "station.json"
# Numbers per block. Operations: few compared with OPERATIONS_PER_CLIENT_MAX, because boards forget older ones.
RESERVED_OPERATIONS = 16
RESERVED_NONCES = 1024
ANYWAY = "`amu ps` lists boards that still run, `amu stop` stops them"


@dataclass(frozen=True)
class Holder:
    """The content of station.json. `inode` is that of the folder of the boards: a copy has another."""

    run: str
    directory: str
    pid: int
    inode: int
    operations: int  # operation numbers below this one may have been used
    nonces: int  # so may nonces


def holder(boards: Path) -> Holder | None:
    """The last ground station that flew the boards in this folder, or None. Raises RunDirectoryError."""
    path = boards / STATION
    if not path.exists():
        return None
    found = read_json(path)
    kinds = {field.name: field.type for field in fields(Holder)}
    if not isinstance(found, dict) or {name: type(found.get(name)).__name__ for name in kinds} != kinds:
        raise RunDirectoryError(f"{path}: is not what a ground station wrote; {ANYWAY}")
    return Holder(**{name: found[name] for name in kinds})


def is_held(boards: Path) -> bool:
    """Whether a ground station flies them now."""
    try:
        descriptor = os.open(boards / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Claim:
    """This ground station's lock on the boards in `boards`. Raises RunDirectoryError while another one holds it."""

    def __init__(self, boards: Path) -> None:
        self.boards = boards
        try:
            boards.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(boards / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RunDirectoryError(f"{boards}: cannot be written to ({error.strerror})") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.before = holder(boards)
        except BlockingIOError as error:
            os.close(self._lock)
            raise RunDirectoryError(_held(boards)) from error
        except RunDirectoryError:
            os.close(self._lock)
            raise
        self._holder: Holder | None = None

    @property
    def first_operation(self) -> int:
        """The first operation number that was certainly never used."""
        return 0 if self.before is None else self.before.operations

    @property
    def first_nonce(self) -> int:
        """The first nonce that was certainly never used."""
        return 0 if self.before is None else self.before.nonces

    def take(self, run: Path) -> None:
        """From now on the boards fly in `run`. Raises RunDirectoryError."""
        self._holder = Holder(
            run=run.name,
            directory=str(run),
            pid=os.getpid(),
            inode=self.boards.stat().st_ino,
            operations=self.first_operation,
            nonces=self.first_nonce,
        )
        self._write()

    def reserve(self, operation: int, nonce: int) -> None:
        """Numbers below these two are about to be used. Raises RunDirectoryError."""
        mine = self._mine()
        operations = mine.operations if operation <= mine.operations else operation + RESERVED_OPERATIONS
        nonces = mine.nonces if nonce <= mine.nonces else nonce + RESERVED_NONCES
        if (operations, nonces) != (mine.operations, mine.nonces):
            self._holder = replace(mine, operations=operations, nonces=nonces)
            self._write()

    def close(self) -> None:
        """Release the boards. station.json still names the last ground station."""
        os.close(self._lock)

    def _mine(self) -> Holder:
        assert self._holder is not None, "take() comes first"
        return self._holder

    def _write(self) -> None:
        path = self.boards / STATION
        try:
            write_private(path, json.dumps(asdict(self._mine())).encode())
        except OSError as error:
            raise RunDirectoryError(f"cannot be written: {explained(error)}") from error


def resume(run: Path, name: str, boards: Path) -> Claim:
    """The claim on the boards of the run `name`, found in `run`, for a ground station that resumes it.

    Raises RunDirectoryError, which says what to do, if a living ground station holds the boards, if a later run has
    taken them over, or if the folder is a copy.
    """
    if not boards.is_dir():
        raise RunDirectoryError(f"{run}: its boards were in {boards}, and are not: moved, or deleted? {ANYWAY}")
    claim = Claim(boards)
    try:
        _require_same(run, name, claim)
    except RunDirectoryError:
        claim.close()
        raise
    return claim


def _require_same(run: Path, name: str, claim: Claim) -> None:
    before = claim.before
    if before is None:
        raise RunDirectoryError(f"{claim.boards}: no ground station has flown these boards; fly {run} with --replay")
    if before.inode != claim.boards.stat().st_ino:
        raise RunDirectoryError(
            f"{run}: is a copy of {before.directory}, or was moved to another disk, and boards cannot be copied; "
            f"resume the original, or fly it again from the start: amu rehearse --replay {run}"
        )
    home = Path(before.directory)
    if before.run != name and home.is_dir():
        raise RunDirectoryError(f"{run}: its boards fly on in a later run; resume that one: {home}")
    if before.run == name and home != run and home.is_dir():
        raise RunDirectoryError(f"{run}: is a copy; its boards belong to {home}: resume that one")


def _held(boards: Path) -> str:
    who = holder(boards)
    by = "another ground station" if who is None else f"the ground station of run {who.directory} (process {who.pid})"
    return f"{boards}: {by} flies these boards; end it first"
