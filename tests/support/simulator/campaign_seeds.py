"""Functions for campaigns to run: seeds that pass, fail, crash, kill their process or hang."""

import itertools
import os
import signal
import time
from pathlib import Path

from swarm_sim.outcome import CRASH, INCOMPLETE, NO_PROGRESS, PASS, VIOLATION, Outcome

CODE = ()  # nothing else decides these outcomes, so others may be edited while the tests run
FOLDER = "AMU_TEST_FOLDER"  # where functions that need a memory beyond their process leave marks


def passes(seed: int, nodes: int, slots: int) -> Outcome:
    marks = ("reboot", "view change") if seed % 2 else ("view change",)
    return Outcome(seed, PASS, counts={"deliveries": seed * nodes, "slots": slots}, marks=marks)


def mixed(seed: int, nodes: int, slots: int) -> Outcome:
    """Every fifth seed passes, the others fail in one of four ways."""
    verdict, oracle, cause = (
        (PASS, "", ""),
        (VIOLATION, "CON-4", "two values in one slot"),
        (NO_PROGRESS, "liveness", "quorum connected, nothing decided"),
        (INCOMPLETE, "trace", "events missing"),
        (CRASH, "exception", "AssertionError at replica.py:1 step"),
    )[seed % 5]
    return Outcome(seed, verdict, oracle, cause, f"in slot {seed}" if cause else "", {"deliveries": 1})


def raises_at_3(seed: int, nodes: int, slots: int) -> Outcome:
    if seed % 10 == 3:
        raise RuntimeError(f"planted in seed {seed}")
    return passes(seed, nodes, slots)


def exits_at_3(seed: int, nodes: int, slots: int) -> Outcome:
    if seed == 3:
        raise SystemExit(0)
    return passes(seed, nodes, slots)


def aborts_at_3(seed: int, nodes: int, slots: int) -> Outcome:
    if seed == 3:
        os.abort()
    return passes(seed, nodes, slots)


def kills_at_3(seed: int, nodes: int, slots: int) -> Outcome:
    """As a kernel that has no memory for seed 3."""
    if seed == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return passes(seed, nodes, slots)


def kills_once_at_3(seed: int, nodes: int, slots: int) -> Outcome:
    """Dies at seed 3 in the first worker that comes to it, as of a lack of memory; never again."""
    if seed == 3 and _visit(seed) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return passes(seed, nodes, slots)


def hangs_at_3(seed: int, nodes: int, slots: int) -> Outcome:
    if seed == 3:
        _hang()
    return passes(seed, nodes, slots)


def hangs_once_at_5(seed: int, nodes: int, slots: int) -> Outcome:
    """Hangs at seed 5 the first time, so that a test can find it there and end what it wants to end."""
    if seed == 5 and _visit(seed) == 1:
        _hang()
    return passes(seed, nodes, slots)


def hangs_twice_at_5(seed: int, nodes: int, slots: int) -> Outcome:
    if seed == 5 and _visit(seed) <= 2:
        _hang()
    return passes(seed, nodes, slots)


def answers_for_another(seed: int, nodes: int, slots: int) -> Outcome:
    return passes(seed + 1, nodes, slots)


def talks(seed: int, nodes: int, slots: int) -> Outcome:
    print("noise")
    return passes(seed, nodes, slots)


def mark_of(folder: Path, seed: int, visit: int = 1) -> Path:
    """The file that a visit to `seed` leaves: numbers of its process and of that one's parent."""
    return folder / f"seed-{seed}.{visit}"


def _visit(seed: int) -> int:
    """Which visit to `seed` this is, over all processes; from 1."""
    folder = Path(os.environ[FOLDER])
    unfinished = folder / f"unfinished-{os.getpid()}"
    unfinished.write_text(f"{os.getpid()} {os.getppid()}\n", encoding="utf-8")
    for visit in itertools.count(1):
        try:
            os.link(unfinished, mark_of(folder, seed, visit))  # whole or not at all, and once
        except FileExistsError:
            continue
        unfinished.unlink()
        return visit
    raise AssertionError


def _hang() -> None:
    while True:
        time.sleep(0.01)
