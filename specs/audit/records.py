"""Parses decision records and references from Markdown.

A record is specs/decisions/<name>.md: six sections with a decision table and an evidence table, whose rows are

    | Paper | [Key], [Key] |                                  keys of references.md
    | Module | specs/x/x.tla: Operator, Operator |
    | Code | firmware/amu/x.py: Class.method, function |
    | Test | tests/x/test_x.py: test_a, test_b |
    | Mutant | "name", "name" |                               planted bugs, of the code or of the module
    | Violation | what would happen, concretely, if it broke |

Rows may be repeated. `none: reason` marks evidence that cannot exist; the audit repeats the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FOLDER = "specs/decisions"
REFERENCES = f"{FOLDER}/references.md"
INDEX = f"{FOLDER}/README.md"
NOT_RECORDS = (REFERENCES, INDEX)
FIELDS = (
    "Problem",
    "Approach",
    "Provenance",
    "Fit",
    "Trade-offs",
    "Safety invariant",
    "Liveness invariant",
    "Verification",
)
SECTIONS = (
    "Locked decisions check",
    "Anti-pattern check",
    "Decision record",
    "Alternatives considered",
    "Open questions",
    "Evidence",
)
CHAIN = ("Paper", "Module", "Code", "Test", "Mutant")
PROHIBITIONS = 7
NONE = "none:"

_ROW = re.compile(r"^\|(.+)\|\s*$", re.MULTILINE)
_FIELD = re.compile(r"^\| \*\*([^*|]+)\*\* \| (.+) \|$", re.MULTILINE)
KEY = re.compile(r"\[([A-Z][A-Za-z]*\d{4}[a-z]?|RFC\d+)\](?!\()")
_LEVEL = re.compile(r"level\s+([0-5])", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """A reference of a record to `name` in the file `path`."""

    path: str
    name: str


@dataclass
class Record:
    """One decision record. `evidence` maps a link of the chain to the cells that name it."""

    path: str
    title: str
    text: str
    fields: dict[str, str]
    sections: set[str]
    evidence: dict[str, list[str]] = field(default_factory=dict)

    @property
    def levels(self) -> list[int]:
        return [int(level) for level in _LEVEL.findall(self.fields.get("Provenance", ""))]

    @property
    def keys(self) -> list[str]:
        """Keys that the record cites anywhere, in order of first use."""
        return list(dict.fromkeys(KEY.findall(self.text)))

    def reason_for_none(self, link: str) -> str | None:
        """The reason in `none: reason`, if the record has one for `link`."""
        cells = self.evidence.get(link, [])
        first = cells[0].strip() if len(cells) == 1 else ""
        return first[len(NONE) :].strip() if first.lower().startswith(NONE) else None

    def named(self, link: str) -> list[Named]:
        """The references in the cells of a link. A cell without names refers to the file itself."""
        return (
            []
            if self.reason_for_none(link) is not None
            else [n for cell in self.evidence.get(link, []) for n in _named(cell)]
        )

    def mutants(self) -> list[str]:
        if self.reason_for_none("Mutant") is not None:
            return []
        return [name for cell in self.evidence.get("Mutant", []) for name in re.findall(r'"([^"]+)"', cell)]


@dataclass(frozen=True)
class Reference:
    """One row of references.md."""

    key: str
    title: str
    authors: str
    where: str
    identifier: str
    why: str
    line: int


def _named(cell: str) -> list[Named]:
    path, _, names = cell.replace("`", "").partition(":")
    listed = [name.strip() for name in names.split(",") if name.strip()]
    return [Named(path.strip(), name) for name in listed] or [Named(path.strip(), "")]


def parse(path: str, text: str) -> Record:
    """The record in `text`. Missing parts stay empty."""
    title = text.split("\n")[0].lstrip("# ").removeprefix("Distributed systems decision:").strip() if text else path
    headings = re.findall(r"^#+ (.+?)\s*$", text, re.MULTILINE)
    sections = {section for section in SECTIONS if section.lower() in (heading.lower() for heading in headings)}
    record = Record(path, title, text, dict(_FIELD.findall(text)), sections)
    for row in _ROW.findall(_section(text, "Evidence")):
        cells = [cell.strip() for cell in row.split("|", 1)]
        link = cells[0].strip("* ")
        if len(cells) == 2 and link in (*CHAIN, "Violation"):
            record.evidence.setdefault(link, []).append(cells[1])
    return record


def _section(text: str, name: str) -> str:
    found = re.search(rf"^#+ {name}\s*$(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return found.group(1) if found else ""


def tables(text: str, *head: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of each row of the tables with the header `head`."""
    rows: list[tuple[int, list[str]]] = []
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif [cell.lower() for cell in cells] == [cell.lower() for cell in head]:
            inside = True
        elif inside and not set("".join(cells)) <= set("-: "):
            rows.append((number, cells))
    return rows


def references(text: str) -> list[Reference]:
    rows = tables(text, "Key", "Title", "Authors", "Where", "Identifier", "Why it matters here")
    found = []
    for line, cells in rows:
        key, title, authors, where, identifier, why = (cells + [""] * 6)[:6]
        found.append(Reference(key, title, authors, where, identifier, why, line))
    return found
