"""Finds the MicroPython interpreter and runs a script in it, with the flight software on its path."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import amu

FIRMWARE = Path(amu.__file__).resolve().parents[1]
HEAP = "400k"  # objects of the 64-bit port are larger: this much stands for a Pico's heap


def micropython() -> Path:
    """The interpreter that AMU_MICROPYTHON names, else the one beside this Python, else the one on PATH.

    Raises FileNotFoundError: a test that needs it must fail, not pass without having run.
    """
    named = os.environ.get("AMU_MICROPYTHON")
    if named:
        if not os.access(named, os.X_OK):
            raise FileNotFoundError(f"AMU_MICROPYTHON={named}: no such program; name a MicroPython >= 1.28 interpreter")
        return Path(named)
    beside = Path(sys.executable).with_name("micropython")
    if os.access(beside, os.X_OK):
        return beside
    found = shutil.which("micropython")
    if found:
        return Path(found)
    raise FileNotFoundError(
        f"no MicroPython interpreter: neither {beside} nor `micropython` on PATH; "
        "run `make venv`, or set AMU_MICROPYTHON to one of version 1.28 or later"
    )


def run_micropython(
    script: Path,
    *arguments: str,
    folders: tuple[Path, ...] = (),
    timeout_seconds: float = 120,
    heap: str = HEAP,
) -> subprocess.CompletedProcess[str]:
    """Run `script`; its output and errors come back together in `stdout`. `folders` are searched for imports."""
    command = [str(micropython()), "-X", f"heapsize={heap}", str(script), *arguments]
    return _run(command, {"MICROPYPATH": ":".join(map(str, (".frozen", *folders, FIRMWARE)))}, timeout_seconds)


def run_until_power_cut(script: Path, *arguments: str, cut_at: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run `script` in its folder, on a FlashImage whose power fails at operation `cut_at`: exit status -9 if it did."""
    if cut_at is not None:
        (script.parent / "power_cut").write_text(str(cut_at))
    ended = subprocess.run(
        [str(micropython()), str(script), *arguments],
        cwd=script.parent,
        env={"MICROPYPATH": f".frozen:{FIRMWARE}", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode in (0, -9), ended.stdout
    return ended


def run_cpython(script: Path, *arguments: str, timeout_seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """The same under this interpreter, in a process of its own."""
    return _run([sys.executable, str(script), *arguments], {"PYTHONPATH": str(FIRMWARE)}, timeout_seconds)


def _run(command: list[str], variables: dict[str, str], timeout_seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
