"""What does each identifier in a verdict mean? Reads the sentences from specs/*/properties.md.

A table has the columns Id and Property, and one row per property. Rules without a table row are list items below it:
`- ORD-1: its sentence`. A table row takes precedence over a list item.
"""

import re
from dataclasses import dataclass
from functools import cache

from specs import FOLDER

_IDENTIFIER = r"[A-Z]{3}-\d+"
_ROW = re.compile(rf"^\|\s*({_IDENTIFIER})\s*\|(.*)\|\s*$")
_LISTED = re.compile(rf"^- ({_IDENTIFIER}): (.+)$")
STATEMENT_LINES_MAX = 24
NO_SENTENCE = "(no sentence is kept for it)"
_QUOTED = re.compile(r"`([A-Za-z]\w*)`")
_DEFINITION = re.compile(r"([A-Za-z]\w*)(?:\([^)]*\))? ==")
_HEADING = re.compile(r"^\|\s*Id\s*\|(.*)\|\s*$")


@dataclass(frozen=True, slots=True)
class Property:
    """`on_traces`: how it is checked on traces; empty if it is not. `by_model`: the model checker checks it.

    `proofs`: the theorems that say it without bounds, if any.

    operators: of the feature's modules, that state it.
    """

    identifier: str
    sentence: str
    feature: str
    on_traces: str
    by_model: bool
    operators: tuple[str, ...] = ()
    proofs: str = ""


@cache
def read() -> dict[str, Property]:
    """Every property of every feature, by identifier."""
    found: dict[str, Property] = {}
    listed: dict[str, Property] = {}
    for path in sorted(FOLDER.glob("*/properties.md")):
        columns: list[str] = []
        for line in path.read_text(encoding="utf-8").split("\n"):
            if heading := _HEADING.match(line):
                columns = _cells(heading[1])
            elif row := _ROW.match(line):
                cells = dict(zip(columns, _cells(row[2])))
                operators = tuple(_QUOTED.findall(row[2]))
                found[row[1]] = Property(
                    row[1],
                    cells["Property"],
                    path.parent.name,
                    cells.get("Trace", ""),
                    bool(cells.get("Model")),
                    operators,
                    cells.get("Proof", ""),
                )
            elif entry := _LISTED.match(line):
                listed[entry[1]] = Property(entry[1], _plain(entry[2]), path.parent.name, "each event", False)
    return listed | found


@cache
def places(one: Property) -> list[tuple[str, int]]:
    """(module, line) of the definition of each operator that states the property, relative to specs/."""
    found = []
    for path in sorted((FOLDER / one.feature).glob("*.tla")):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            defined = _DEFINITION.match(line)
            if defined is not None and defined[1] in one.operators:
                found.append((f"{one.feature}/{path.name}", number))
    return found


def statement(module: str, line: int) -> list[tuple[int, str]]:
    """The lines of a module, relative to specs/, from `line` on to the end of the definition there, with numbers."""
    lines = (FOLDER / module).read_text(encoding="utf-8").split("\n")
    found = []
    for number, text in enumerate(lines[line - 1 : line - 1 + STATEMENT_LINES_MAX], line):
        if number > line and (not text.strip() or _DEFINITION.match(text)):
            break
        found.append((number, text))
    return found


def order(identifier: str) -> tuple[str, int]:
    """Sort key: CON-2 comes before CON-10."""
    prefix, _, number = identifier.rpartition("-")
    return prefix, int(number) if number.isdigit() else 0


def _cells(text: str) -> list[str]:
    return [_plain(cell) for cell in text.split("|")]


def _plain(text: str) -> str:
    return text.strip().replace("`", "").replace("*", "")
