"""The debrief as PDF: Chromium prints the page, without a window and without a network.

The page has no script and names no other file. It is printed to a folder of its own, and moved to its place when it is
whole.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from groundstation.debrief import write as pages
from groundstation.os_errors import explained
from groundstation.record import run_directory

NAMES = ("chromium", "chromium-browser", "google-chrome")
VARIABLE = "AMU_CHROMIUM"
GIVE_UP_SECONDS = 300
PAGE, PRINTED = "debrief.html", "debrief.pdf"
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
)
LACKS = f"a PDF needs Chromium: install it (apt install chromium), or name it in {VARIABLE}; without --pdf it is HTML"


class PrintError(Exception):
    """The PDF cannot be made. One line, with what to do."""


def write(path: Path, out: Path | None = None) -> Path:
    """Print the debrief of a run or a trace, to its folder or to `out`. Returns its path.

    Raises RunDirectoryError, PrintError.
    """
    browser = _browser()
    target = out or _default(path)
    try:
        with tempfile.TemporaryDirectory(prefix="amu-debrief-") as folder:
            page = pages.write(path, Path(folder) / PAGE, always=True)
            data = _printed(browser, page, Path(folder))
            with run_directory.replacing(target) as temporary:
                temporary.write_bytes(data)
    except OSError as error:
        raise PrintError(f"{target}: cannot be written: {explained(error, 'choose another --out')}") from error
    return target


def _default(path: Path) -> Path:
    if run_directory.is_trace(path):
        return path.with_suffix(".pdf")
    return (run_directory.find(path) / run_directory.REPORT).with_suffix(".pdf")


def _browser() -> str:
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise PrintError(f"{VARIABLE}: {named} is not a program; {LACKS}")
        return found
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise PrintError(f"none of {', '.join(NAMES)} is on PATH; {LACKS}")
    return found


def _printed(browser: str, page: Path, folder: Path) -> bytes:
    """The bytes of the PDF. Raises PrintError."""
    target = folder / PRINTED
    flags = [*FLAGS, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={target}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium has none for root
    command = [browser, *flags, page.as_uri()]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=GIVE_UP_SECONDS)
    except subprocess.TimeoutExpired:
        raise PrintError(f"{browser}: printed nothing within {GIVE_UP_SECONDS} s; {LACKS}") from None
    except OSError as error:
        raise PrintError(f"{browser}: cannot be started: {error.strerror}; {LACKS}") from error
    data = target.read_bytes() if target.is_file() else b""
    if done.returncode or not data.startswith(b"%PDF-") or b"%%EOF" not in data[-1024:]:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise PrintError(f"{browser}: printed no PDF (exit code {done.returncode}): {said}")
    return data
