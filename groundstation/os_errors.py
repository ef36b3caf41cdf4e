"""Explains errors of the operating system to the operator: where, what, and what to do."""

import errno
import os

_ADVICE = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
    errno.EFBIG: "allow larger files (ulimit -f)",
    errno.EMFILE: "allow more open files (ulimit -n)",
    errno.ENFILE: "close other programs",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EROFS: "choose another folder",
    errno.EACCES: "choose another folder, or allow it",
    errno.ENOMEM: "free memory",
}


NO_MEMORY = "out of memory; free memory, or allow more (ulimit -v)"


def explained(error: OSError, otherwise: str = "") -> str:
    """One line of text. `otherwise`: what to add if there is no advice for this error."""
    where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    advice = _ADVICE.get(error.errno or 0, otherwise)
    return f"{where}{error.strerror or error}{'; ' if advice else ''}{advice}"
