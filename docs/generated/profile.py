"""What `amu profile --json` told when it was run last: docs/generated/profile.json."""

import json
from pathlib import Path

from docs.generated.markdown import code, plain, table
from hil.profile import figures

_FIGURES = Path(__file__).with_suffix(".json")


def markdown() -> str:
    """The table of stages, the meaning of its columns, and the functions of a decision."""
    told = json.loads(_FIGURES.read_text())
    boards = f"{told['nodes']} emulated Picos, ticks of {told['tick_ms']} ms, journal in {told['journal']}"
    headings, rows = figures.stage_table(told)
    activities = "\n".join(f"- {plain(one['name'])}: {plain(one['meaning'])}" for one in told["activities"])
    (own, total, name), functions = figures.function_table(told)
    return "\n".join(
        [
            f"{boards}, image `{told['image']}`.\n",
            table(headings, [[plain(each) for each in row] for row in rows]),
            f"{activities}\n",
            table((name, own, total), [(_named(row[2]), row[0], row[1]) for row in functions]),
        ]
    )


def _named(function: str) -> str:
    return function if function.startswith("(") else code(function)
