"""Plants each bug of the catalogue, one at a time, and shows which check catches it.

    python -m tests.mutants [PART_OF_A_NAME ...]

One line per mutant: name, caught by, seconds. Exit code 1 if any survives, 2 if the catalogue no longer fits the code.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import ROOT
from tests.mutants.catalogue import ALL, Mutant
from tests.mutants.checks import CHECKS

COPIED = ("firmware", "specs", "groundstation", "swarm_sim", "hil", "tests")
CHECK_SECONDS_MAX = 300


def module_path(tree: Path) -> dict[str, str]:
    """The environment in which the code in `tree` comes first."""
    return os.environ | {"PYTHONPATH": f"{tree / 'firmware'}{os.pathsep}{tree}", "PYTHONDONTWRITEBYTECODE": "1"}


def run_check(tree: Path, check: str) -> str | None:
    """None if the check passes in `tree`, else what it said, in one line."""
    try:
        done = subprocess.run(
            CHECKS[check], cwd=tree, env=module_path(tree), capture_output=True, text=True, timeout=CHECK_SECONDS_MAX
        )
    except subprocess.TimeoutExpired:
        return f"no end after {CHECK_SECONDS_MAX} s"
    if done.returncode == 0:
        return None
    return told(done.stdout + done.stderr)


def told(output: str) -> str:
    """The line of a failed check that says the most."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for start in ("FAILED", "ERROR"):
        for line in lines:
            if line.startswith(start):
                return line.removeprefix(start).strip()
    return lines[-1] if lines else "failed without a word"


def plant(mutant: Mutant, tree: Path) -> None:
    """Copy the project to `tree` and put the bug in."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    path = tree / mutant.file
    path.write_text(path.read_text().replace(mutant.before, mutant.after))


def fly(mutant: Mutant) -> tuple[Mutant, str | None, str, float]:
    """(mutant, check that caught it, what it said, seconds)."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="amu-mutant-") as folder:
        tree = Path(folder)
        plant(mutant, tree)
        for check in mutant.checks:
            said = run_check(tree, check)
            if said is not None:
                return mutant, check, said, time.monotonic() - began
    return mutant, None, "", time.monotonic() - began


def main(parts: list[str]) -> int:
    chosen = [mutant for mutant in ALL if not parts or any(part in mutant.name for part in parts)]
    for mutant in chosen:
        if (ROOT / mutant.file).read_text().count(mutant.before) != 1:
            print(f"{mutant.name}: its place in {mutant.file} has changed; bring the catalogue up to date")
            return 2
    for check in sorted({check for mutant in chosen for check in mutant.checks}):
        said = run_check(ROOT, check)
        if said is not None:
            print(f"the check {check!r} fails on sound code: {said}")
            return 2
    survivors = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, check, said, seconds in pool.map(fly, chosen):
            survivors += check is None
            caught = f"caught by {check}" if check else "SURVIVES"
            print(f"{mutant.name:60} {caught:24} {seconds:6.1f} s  {said[:160]}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
