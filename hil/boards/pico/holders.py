"""Why a serial line cannot be opened: which program holds it, or who may.

A program that has opened a line exclusively keeps others out by TIOCEXCL (the kernel then answers EBUSY) or by a lock
on the device (flock, EAGAIN). Neither error names it; /proc does, for the processes that this user may inspect.
"""

import contextlib
import errno
import grp
import os
from pathlib import Path

_TRY_ALL = ("ModemManager", "brltty")  # they try every new line


def holder(device: Path) -> tuple[int, str] | None:
    """(process id, name) of another process that has the line open, as far as /proc shows it."""
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(process / "fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(process / "fd" / descriptor) == str(device):
                        return int(process.name), (process / "comm").read_text().strip()
    return None


def may_open(device: Path) -> bool:
    """Whether this process may read and write it."""
    return os.access(device, os.R_OK | os.W_OK)


def why(device: Path, error: Exception) -> str:
    """Why `error` came when the line was opened, and what to do."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return "it is gone; is the cable in?"
    if number == errno.EACCES or not may_open(device):
        return f"no permission; {group_advice(device)}"
    found = holder(device)
    if found is not None:
        return f"process {found[0]} ({found[1]}) holds it; {holder_advice(found[1])}"
    if number in (errno.EBUSY, errno.EAGAIN):
        return f"another user's program holds it; this names it: sudo fuser -v {device}"
    return f"{error}; is the cable in?"


def group_advice(device: Path) -> str:
    """How to get the permission."""
    try:
        group = grp.getgrgid(device.stat().st_gid).gr_name
    except (OSError, KeyError):
        group = "dialout"
    if group == "root":
        return 'no group may; a udev rule gives it to one: SUBSYSTEM=="tty", GROUP="dialout", MODE="0660"'
    return f"add yourself to its group, and log in again: sudo usermod -aG {group} $USER"


def holder_advice(name: str) -> str:
    """How to get rid of the program."""
    if name in _TRY_ALL:
        return f"stop it, or let it ignore the board: sudo systemctl disable --now {name}"
    return "end it; if it is a ground station: amu ps, amu stop"
