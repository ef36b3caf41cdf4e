"""A module that runs as a process of its own beside the console, and that ends with all that it has started."""

import contextlib
import os
import signal
import subprocess
import sys


def start_child(module: str, *arguments: str, said: int, errors: int | None = None) -> subprocess.Popen[bytes]:
    """Run `python -m module arguments`. said, errors: where its standard output and error go, as `Popen` takes them."""
    return subprocess.Popen(
        (sys.executable, "-m", module, *arguments),
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=errors,
        start_new_session=True,
    )


def end_child(process: subprocess.Popen[bytes]) -> None:
    """End it, with the children that it has, whatever they do."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
