"""Checks the chain of evidence: paper -> record -> module -> code -> test -> mutant. Each link is named and exists.

From the records down: every record has its sections, its level with citations, its ticked prohibitions, and evidence of
each kind. From the references: each is cited, and each citation exists. From the code up: some record claims every file
in which replicas coordinate, so a mechanism without a record is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from specs.audit import records
from specs.audit.flags import BLOCK, INFO, WARN, Flag
from specs.audit.project import Project
from specs.audit.records import CHAIN, Record, Reference

# Files in which boards and ground coordinate. EXCUSED lists helpers that decide nothing, each with a reason.
COORDINATION = (
    "firmware/amu/consensus/*.py",
    "firmware/amu/ledger/*.py",
    "firmware/amu/services/*.py",
    "firmware/amu/core/lamport.py",
    "firmware/amu/node/*.py",
    "firmware/amu/wire/auth.py",
    "firmware/amu/wire/frame*.py",
    "groundstation/station/client.py",
    "groundstation/station/telecommand.py",
    "groundstation/record/operation.py",
)
EXCUSED = {
    "__init__.py": "holds no code",
    "firmware/amu/consensus/seams.py": "for the type checker alone",
    "firmware/amu/consensus/records.py": "names of journal records",
    "firmware/amu/ledger/commands.py": "shapes of commands, checked against wire.cddl",
    "firmware/amu/ledger/encoding.py": "encoding of the tables",
    "firmware/amu/node/effects.py": "gathers effects in order; the order is node.py's",
    "firmware/amu/node/events.py": "fields of trace events",
    "firmware/amu/node/seams.py": "for the type checker alone",
    "firmware/amu/node/tracer.py": "names of trace events",
}
IDENTIFIER = re.compile(
    r"^(doi:10\.\d{4,9}/\S+|arXiv:\d{4}\.\d{4,5}(v\d+)?|RFC \d{1,5}|ISBN [\d-]{10,17}X?|CCSDS [\d.]+-[A-Z]-\d+\S*|https://\S+)$"
)
STRONG_LEVEL = 3  # production, peer review, machine check; a lower level gets a warning


@dataclass(frozen=True)
class Pattern:
    """One row of the table of patterns."""

    name: str
    location: str
    invariant: str
    references: str
    violation: str
    verification: str


def read_records(project: Project) -> list[Record]:
    paths = [path for path in project.glob(f"{records.FOLDER}/*.md") if path not in records.NOT_RECORDS]
    return [records.parse(path, project.text(path)) for path in paths]


def read_references(project: Project) -> list[Reference]:
    return records.references(project.text(records.REFERENCES)) if project.exists(records.REFERENCES) else []


def check(project: Project) -> Iterator[Flag]:
    """Every flag of the chain."""
    found = read_records(project)
    known = {reference.key: reference for reference in read_references(project)}
    for record in found:
        yield from check_record(project, record, known)
    index = project.text(records.INDEX) if project.exists(records.INDEX) else ""
    for key in sorted(set(records.KEY.findall(index)) - set(known)):
        yield Flag(BLOCK, records.INDEX, f"cites [{key}], which {records.REFERENCES} does not have", "citation")
    yield from _references(found, index, read_references(project))
    yield from _index(index, found)
    yield from _unclaimed(project, found)


def check_record(project: Project, record: Record, known: Mapping[str, Reference]) -> Iterator[Flag]:
    """Every flag of one record. `known`: the references by key."""
    yield from _form(record)
    yield from _provenance(record, known)
    yield from _evidence(project, record)


def patterns(project: Project, found: Sequence[Record]) -> Iterator[Pattern]:
    """One pattern per place in the code that a record claims."""
    for record in found:
        tests = ", ".join(f"{test.path}::{test.name}".removesuffix("::") for test in record.named("Test"))
        violation = "; ".join(record.evidence.get("Violation", []))
        for code in record.named("Code"):
            line = project.line_of(code.path, code.name) if code.name else 1
            name = f"{record.title}: {code.name}" if code.name else record.title
            yield Pattern(
                name,
                f"{code.path}:{line or '?'}",
                record.fields.get("Safety invariant", ""),
                ", ".join(record.keys),
                violation,
                tests,
            )


def missing(found: Sequence[Record]) -> Iterator[tuple[str, str, str]]:
    """(record, link, reason) for each link that, by the record, cannot exist."""
    for record in found:
        for link in CHAIN:
            reason = record.reason_for_none(link)
            if reason is not None:
                yield record.path, link, reason


def _form(record: Record) -> Iterator[Flag]:
    for section in records.SECTIONS:
        if section not in record.sections:
            yield Flag(BLOCK, record.path, f"no section `{section}`", "record")
    for name in records.FIELDS:
        if not record.fields.get(name, "").strip():
            yield Flag(BLOCK, record.path, f"no row `{name}` in the decision table", "record")
    ticked = re.findall(r"^- \[x\] ", record.text, re.MULTILINE)
    open_boxes = re.findall(r"^- \[ \] (.+)$", record.text, re.MULTILINE)
    for box in open_boxes:
        yield Flag(BLOCK, record.path, f"unticked: {box}", "prohibition")
    if len(ticked) + len(open_boxes) < records.PROHIBITIONS:
        yield Flag(
            BLOCK,
            record.path,
            f"ticks {len(ticked)} boxes; the {records.PROHIBITIONS} prohibitions each want one",
            "record",
        )
    if not record.evidence.get("Violation"):
        yield Flag(WARN, record.path, "no `Violation` row: what would happen, concretely, if this broke?", "record")


def _provenance(record: Record, known: Mapping[str, Reference]) -> Iterator[Flag]:
    levels = record.levels
    if not levels:
        yield Flag(BLOCK, record.path, "Provenance names no level 0 to 5", "provenance")
        return
    for key in record.keys:
        if key not in known:
            yield Flag(BLOCK, record.path, f"cites [{key}], which {records.REFERENCES} does not have", "citation")
    provenance = record.fields.get("Provenance", "")
    cited = [key for key in record.keys if f"[{key}]" in provenance]
    papers = [key for cell in record.evidence.get("Paper", []) for key in re.findall(r"\[(\w+)\]", cell)]
    if max(levels) > 0 and not (cited or papers):
        yield Flag(
            BLOCK, record.path, f"claims level {max(levels)} without a citation: NOVEL/UNJUSTIFIED", "provenance"
        )
    if 0 in levels and not record.named("Module"):
        yield Flag(
            BLOCK,
            record.path,
            "level 0, and no module in its evidence: our own composition must be model checked",
            "provenance",
        )
    if 0 < max(levels) < STRONG_LEVEL:
        yield Flag(WARN, record.path, f"evidence level {max(levels)} only: look for a stronger source", "provenance")


def _evidence(project: Project, record: Record) -> Iterator[Flag]:
    for link in CHAIN:
        reason = record.reason_for_none(link)
        if reason is not None:
            if not reason:
                yield Flag(BLOCK, record.path, f"`{link}`: none, without a reason", "evidence")
            else:
                yield Flag(INFO, record.path, f"no {link.lower()}: {reason}", "evidence")
        elif not record.evidence.get(link):
            yield Flag(BLOCK, record.path, f"the evidence names no {link.lower()}", "evidence")
    for link in ("Module", "Code", "Test"):
        for named in record.named(link):
            if not project.exists(named.path):
                yield Flag(BLOCK, record.path, f"{link.lower()} {named.path} does not exist", "evidence")
            elif named.name and project.line_of(named.path, named.name) is None:
                yield Flag(BLOCK, record.path, f"{link.lower()} {named.path} has no {named.name}", "evidence")
            elif link == "Test" and not named.name:
                yield Flag(BLOCK, record.path, f"name the tests of {named.path} that hold this", "evidence")
    if record.reason_for_none("Mutant") is None and record.evidence.get("Mutant") and not record.mutants():
        yield Flag(BLOCK, record.path, 'mutants are named in double quotes: "quorum off by one"', "evidence")
    for name in record.mutants():
        if name not in project.mutants:
            yield Flag(BLOCK, record.path, f'no mutant "{name}" in tests/mutants or tests/spec_mutants', "evidence")


def _references(found: list[Record], index: str, known: list[Reference]) -> Iterator[Flag]:
    cited = {key for record in found for key in record.keys} | set(records.KEY.findall(index))
    for reference in known:
        where = f"{records.REFERENCES}:{reference.line}"
        if reference.key not in cited:
            yield Flag(BLOCK, where, f"[{reference.key}] is cited by no record", "citation")
        if not IDENTIFIER.match(reference.identifier):
            yield Flag(
                BLOCK,
                where,
                f"[{reference.key}]: `{reference.identifier}`: want a DOI, arXiv, RFC, ISBN, CCSDS or https identifier",
                "citation",
            )
        if not all((reference.title, reference.authors, reference.where, reference.why)):
            yield Flag(BLOCK, where, f"[{reference.key}]: a cell is empty", "citation")
    keys = [reference.key for reference in known]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield Flag(BLOCK, records.REFERENCES, f"[{key}] occurs twice", "citation")


def _index(index: str, found: list[Record]) -> Iterator[Flag]:
    linked = {f"{records.FOLDER}/{name}" for name in re.findall(r"\]\((\w+\.md)\)", index)}
    existing = {record.path for record in found} | set(records.NOT_RECORDS)
    for record in found:
        if record.path not in linked:
            yield Flag(BLOCK, record.path, f"not listed in {records.INDEX}", "record")
    for path in sorted(linked - existing):
        yield Flag(BLOCK, records.INDEX, f"lists {path}, which does not exist", "record")


def _unclaimed(project: Project, found: list[Record]) -> Iterator[Flag]:
    claimed = {named.path for record in found for named in record.named("Code")}
    for pattern in COORDINATION:
        for path in project.glob(pattern):
            if path in claimed or path in EXCUSED or path.rpartition("/")[2] in EXCUSED:
                continue
            yield Flag(BLOCK, path, "no citation: no record claims this file (NOVEL/UNJUSTIFIED)", "pattern")
