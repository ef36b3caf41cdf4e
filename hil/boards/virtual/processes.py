"""Which processes are virtual boards: only the kernel is asked, so that a lost note cannot hide one.

A board's process works in its folder `node-<n>` and holds the file `lock` in it open, from its first instruction to its
last. Nothing else does both for longer than a moment.
"""

import os
import re
import select
import signal
from dataclasses import dataclass
from pathlib import Path

DEATH_SECONDS_MAX = 10.0  # between SIGKILL and the end of the process
_DELETED = " (deleted)"  # Linux adds this to the name of a deleted file
_HOME = re.compile(r"node-[0-9]+")


@dataclass(frozen=True)
class Found:
    """A board's process. `is_deleted`: it runs although its folder is gone. `since`: seconds since 1970."""

    pid: int
    home: Path
    since: float
    is_deleted: bool


def running() -> list[Found]:
    """The boards on this machine that we may inspect, by process id. Needs Linux's /proc."""
    numbers = sorted(int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [found for number in numbers if (found := look(number)) is not None]


def look(pid: int) -> Found | None:
    """The board behind the process, or None if it is not a board."""
    entry = Path(f"/proc/{pid}")
    try:
        folder = os.readlink(entry / "cwd")
        home = Path(folder.removesuffix(_DELETED))
        if _HOME.fullmatch(home.name) and _holds(entry, home / "lock"):
            return Found(pid, home, entry.stat().st_mtime, folder.endswith(_DELETED))
    except OSError:
        pass  # another user's, or gone meanwhile
    return None


def kill(pid: int, home: Path) -> None:
    """SIGKILL to the board of `home` if `pid` is still its process. A reused process id is left alone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        found = look(pid)
        if found is not None and found.home == home:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            select.select([descriptor], [], [], DEATH_SECONDS_MAX)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)


def _holds(process: Path, lock: Path) -> bool:
    names = (os.readlink(descriptor).removesuffix(_DELETED) for descriptor in (process / "fd").iterdir())
    return str(lock) in names
