"""Checks that each invariant of a proof is held on traces, or that the feature's properties say why it is not.

Theory. A proof is about a module, a trace about the code. What the proof rests on is an inductive invariant. Where it
is held in each state of a trace, too, the code is tied to the proof, not to the guards of the steps alone.

Rules
- `THEOREM T == Spec => []P` makes P such an invariant. Steps (`[][A]_v`) and lemmas are left out.
- The table under HEADING of properties.md has a row for each module of proofs: invariants, and where they are held; a
  cell that begins with "no" says why they are not. "all others" stands for those that no row of the module names.
- An invariant that is itself the operator of a property needs no row if that property has something in column Trace.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from specs.audit.flags import BLOCK, Flag
from specs.audit.project import Project

HEADING = "| Module of proofs | Invariants | Held on traces |"
OTHERS = "all others"
_THEOREM = re.compile(r"^THEOREM (\w+) == \w+ => \[\](?!\[)(.+)$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z]\w*")
_QUOTED = re.compile(r"`(\w+)`")
ROW = re.compile(r"^\| ?([A-Z]{3}-\d+) ?\|", re.MULTILINE)  # of a property


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    module: str
    invariants: str
    held: str

    @property
    def is_held(self) -> bool:
        return bool(self.held) and not self.held.startswith("no")

    @property
    def names(self) -> list[str]:
        return _QUOTED.findall(self.invariants)


def invariants(text: str) -> dict[str, list[str]]:
    """By theorem of a module of proofs, the names of what it says of each state; of an implication, what follows."""
    return {name: _NAME.findall(claim.rpartition("=>")[2]) for name, claim in _THEOREM.findall(text)}


def rows(text: str) -> list[Row]:
    """The rows of the table in a properties.md."""
    _, found, rest = text.partition(HEADING)
    lines = rest.strip().split("\n") if found else []
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[1 : _end(lines)]]
    return [Row(line[0].strip("`"), line[1], line[2] if len(line) > 2 else "") for line in cells]


def check(project: Project, folder: str) -> Iterator[Flag]:
    """Every flag of one feature."""
    path = f"{folder}/properties.md"
    text = project.text(path)
    traced = _traced(text)
    for module in project.glob(f"{folder}/*_proofs.tla"):
        name = module.rpartition("/")[2].removesuffix(".tla")
        mine = [row for row in rows(text) if row.module == name]
        named = {item for row in mine if row.held for item in row.names}
        rest = any(OTHERS in row.invariants and row.held for row in mine)
        claims = invariants(project.text(module))
        for theorem, items in claims.items():
            for item in items:
                if not (item in named or item in traced or rest):
                    issue = f"{theorem} of {name} proves {item}: say in `{HEADING}` where traces hold it, or why not"
                    yield Flag(BLOCK, path, issue, "feature")
        for item in sorted(named - {item for items in claims.values() for item in items}):
            yield Flag(BLOCK, path, f"says where `{item}` is held, which no theorem of {name} proves", "feature")


def _end(lines: list[str]) -> int:
    return next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))


def _traced(text: str) -> set[str]:
    """Operators of the properties that are checked on traces."""
    return {name for line, cell in column(text, "Trace") if cell for name in _QUOTED.findall(line)}


def column(text: str, name: str) -> Iterator[tuple[str, str]]:
    """The row of each property in the tables that have this column, and its cell there."""
    place = None
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.split("|")]
        if "Id" in cells:
            place = cells.index(name) if name in cells else None
        elif place is not None and ROW.match(line) and place < len(cells):
            yield line, cells[place]
