"""Asks the package index whether everything that amu-swarm depends on has wheels for another machine.

    python -m tests.wheels_for [--machine aarch64] [--python 3.11] [EXTRA ...]

Nothing is installed: `pip install --dry-run` resolves the dependencies of pyproject.toml, their own among them, as on a
Linux machine of that kind with glibc 2.36 (Raspberry Pi OS 12), wheels only. EXTRA: without one, those of a bench. One
line per package. Exit code 1 if something has no wheel. Needs the network, so no test runs it.

Environment markers are those of the other machine for our own dependencies, and of this one for theirs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from tests import ROOT

BENCH = ("bench", "console", "emulated")  # what a computer beside Picos installs
GLIBC_MINOR_MAX = 36
NO_EXTRA = ""


def wanted(machine: str, python: str, extras: Sequence[str]) -> list[str]:
    """Requirements of amu-swarm, without those whose markers leave them out on a Linux machine of that kind."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"]]
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    here = {"platform_machine": machine, "sys_platform": "linux", "python_version": python, "extra": NO_EXTRA}
    requirements = [Requirement(text) for text in texts]
    return [f"{one.name}{one.specifier}" for one in requirements if one.marker is None or one.marker.evaluate({**here})]


def resolved(requirements: Sequence[str], machine: str, python: str) -> tuple[list[str], str]:
    """(wheels, what pip complains about) for these requirements and all that they need."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(17, GLIBC_MINOR_MAX + 1)]
    platforms = [
        word for tag in (*tags, f"manylinux2014_{machine}", f"linux_{machine}") for word in ("--platform", tag)
    ]
    version = f"cp{python.replace('.', '')}"
    abis = [word for abi in (version, "abi3", "none") for word in ("--abi", abi)]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--target", folder, "--only-binary=:all:", "--report", str(report)]
        command += ["--implementation", "cp", "--python-version", python, *abis, *platforms, *requirements]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not report.exists():
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            return [], "\n".join(errors) or done.stderr
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return sorted(entry["download_info"]["url"].rsplit("/", 1)[-1] for entry in found), ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machine", default="aarch64")
    parser.add_argument("--python", default="3.11")
    parser.add_argument("extras", nargs="*", default=BENCH, metavar="EXTRA")
    options = parser.parse_args()
    requirements = wanted(options.machine, options.python, options.extras)
    wheels, problem = resolved(requirements, options.machine, options.python)
    print("\n".join(wheels))
    print(f"{len(requirements)} requirements, {len(wheels)} wheels for {options.machine}", problem, sep="\n", end="")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
