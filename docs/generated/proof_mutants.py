"""Planted mistakes, and which obligation is not proved beside each.

`python -m tests.spec_mutants.proofs --write` makes proof_mutants.json.
"""

import json
from pathlib import Path

from docs.generated.markdown import plain, table

FILE = Path(__file__).with_name("proof_mutants.json")


def markdown() -> str:
    """A row for each mistake."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return table(
        ("feature", "kind", "planted mistake", "first obligation that is not proved", "z3"),
        [
            (row["feature"], row["kind"], plain(row["name"]), plain(row["obligation"]), plain(row["verdict"]))
            for row in rows
        ],
    )
