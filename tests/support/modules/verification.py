"""Small features in a temporary folder, for tests of the verification pipeline."""

import json
from pathlib import Path
from typing import Any

COUNTER = """---- MODULE counter ----
EXTENDS Integers, limits
VARIABLE x
Up == x < Last /\\ x' = x + 1
Reset == x > {reset_above} /\\ x' = 0
Next == Up \\/ Reset
Init == x = 0
Spec == Init /\\ [][Next]_x
{formulas}
====
"""
LIMITS = "---- MODULE limits ----\nEXTENDS Integers\nLast == {last}\n====\n"
PHASES = ("plan", "happy path", "behaviour", "properties", "model", "checking")


def run(**members: Any) -> dict[str, Any]:
    """A run of module counter as plan.json has it."""
    standard = {"name": "all", "module": "counter.tla", "config": "counter.cfg", "tier": "gate", "bounds": "to Last"}
    return {**standard, "walks": 5, "depth": 10, **members}


def plan(*runs: dict[str, Any], **members: Any) -> dict[str, Any]:
    phases = [{"phase": n, "name": name, "files": ["plan.json"], "status": "done"} for n, name in enumerate(PHASES)]
    standard = {"feature": "counter", "title": "Counts", "record": "record.md", "code": [], "tests": []}
    return {**standard, "phases": phases, "runs": list(runs) or [run()], **members}


def write_feature(
    specs: Path,
    formulas: str = "Small == x < 10",
    checked: str = "INVARIANT Small",
    *runs: dict[str, Any],
    reset_above: int = 2,
    last: int = 4,
) -> Path:
    """Feature `counter` under `specs`: x goes from 0 to `last`, and back to 0 from above `reset_above`."""
    folder = specs / "counter"
    folder.mkdir(exist_ok=True)
    (folder / "counter.tla").write_text(COUNTER.format(formulas=formulas, reset_above=reset_above))
    (folder / "limits.tla").write_text(LIMITS.format(last=last))
    (folder / "counter.cfg").write_text(f"SPECIFICATION Spec\n{checked}\n")
    (folder / "plan.json").write_text(json.dumps(plan(*runs)))
    return folder
