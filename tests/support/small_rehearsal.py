"""A small rehearsal that a person starts and commands."""

from pathlib import Path

from groundstation.web.flights import Flight

SCENARIO = """
name = "small"
description = "A small rehearsal, flown by a person."
[mission]
slots = 4
no_progress_seconds = 60
[workload]
operations = 4
in_flight = 2
"""


def small(folder: Path, kind: str = "virtual", text: str = SCENARIO) -> Flight:
    """The rehearsal, on boards of a kind. text: of the scenario file."""
    scenario = folder / "small.toml"
    scenario.write_text(text)
    return Flight([str(scenario), "--out", str(folder / "runs"), "--kind", kind, "--no-tlc"])
