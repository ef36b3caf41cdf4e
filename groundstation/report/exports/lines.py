"""Exports a trace as its own lines, each with the mission second of its tick by estimate.

    estimated    mission second at which the board's counter reached `ticks`; null: not known, or not a board's event
    error        the estimate is at most so many seconds off, as long as the clock's rate was steady

The other times of an event are in its line: `ticks`, `lamport`, `received`. Lines are in the order of the trace.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from groundstation.report.exports.causality import Step, times


def log(trace: Path, steps: list[Step]) -> Iterator[str]:
    """The lines of `steps`, which were read from `trace`."""
    by_line = {step.event.line: step for step in steps}
    with trace.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            step = by_line.get(number)
            if step is not None:
                told = times(step)
                line = json.loads(text.removeprefix("\ufeff")) | {name: told[name] for name in ("estimated", "error")}
                yield json.dumps(line, separators=(",", ":")) + "\n"
