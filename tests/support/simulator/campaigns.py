"""Campaigns of the functions in `campaign_seeds`: as tasks, and as a command in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from swarm_sim.campaign.store import Store
from swarm_sim.campaign.task import Task, fingerprint
from swarm_sim.outcome import Outcome
from tests.style.tree_rules import ROOT

SEEDS = "tests.support.simulator.campaign_seeds"
ALL = range(2**62)
PATIENCE_SECONDS = 120.0  # then what must happen has not happened
# The checkout's folder is appended, so that installed packages come first. A shell makes background commands ignore
# Ctrl-C; this command must not.
AMU = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.append(sys.argv.pop(1))
from groundstation.cli import main
main()
"""


def task_of(name: str, seconds_max: float = 600.0) -> Task:
    function = f"{SEEDS}:{name}"
    return Task(function, nodes=4, slots=7, seconds_max=seconds_max, fingerprint=fingerprint(function))


def start_campaign(function: str, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """`amu campaign` with this function of `campaign_seeds`, both outputs kept."""
    command = [sys.executable, "-P", "-c", AMU, str(ROOT), "campaign", "--function", f"{SEEDS}:{function}", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )


def outcomes_of(path: Path) -> list[Outcome]:
    """Everything in a store, by seed."""
    store = Store(path)
    try:
        return list(store.outcomes(ALL))
    finally:
        store.close()


def wait_for(path: Path, process: subprocess.Popen[str]) -> str:
    """The text of a file that `process`, or one that works for it, is going to make; fails if it ends without."""

    def is_there() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"ended without {path.name}: {process.stderr.read() if process.stderr else ''}")
        return path.exists()

    wait_until(is_there, f"no {path.name}")
    return path.read_text(encoding="utf-8")


def wait_until(is_so: Callable[[], bool], else_said: str) -> None:
    """Wait for an event that must happen; fail after a generous time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, else_said
        time.sleep(0.02)


def is_gone(process: int) -> bool:
    """Whether a process, not necessarily a child of this one, has ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"  # ended, but nobody has asked how


def wait_until_gone(process: int) -> None:
    wait_until(lambda: is_gone(process), f"process {process} is still there")
