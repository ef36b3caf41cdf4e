"""Small missions on boards in this process, in virtual time."""

from pathlib import Path
from typing import Any

from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Flight, Plan
from groundstation.record import run_directory
from groundstation.scenario.model import parse


def fly(folder: Path, **document: Any) -> Flight:
    """Fly a scenario of these tables; its run is kept in `folder`."""
    named = {"name": "small", "description": "A small mission for a test.", **document}
    return rehearsal.fly(Plan(parse(named, "test"), "host", folder), SilentDisplay())


def judge(run: Path) -> None:
    """Give the run in a folder a verdict: it is over."""
    told = {"verdict": "pass", "lines": ["x"], "findings": [], "violations": [], "not_checked": {}, "invariants": {}}
    run_directory.write_json(run / run_directory.VERDICT, told)
