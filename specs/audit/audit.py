"""The whole audit: the chain of evidence, the prohibitions, the hard invariants, the features' plans.

    audit(root) -> Audit

Evidence levels, tables and severities: specs/decisions/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from specs.audit import chain, features, monotonicity, prohibitions
from specs.audit.chain import Pattern
from specs.audit.flags import BLOCK, INFO, WARN, Flag
from specs.audit.project import Project

SEVERITIES = (BLOCK, WARN, INFO)


@dataclass(frozen=True)
class Audit:
    """The result: patterns of coordination, flags (most severe first), and links of the chain that cannot exist."""

    records: int
    references: int
    patterns: tuple[Pattern, ...]
    flags: tuple[Flag, ...]
    missing: tuple[tuple[str, str, str], ...]

    @property
    def passed(self) -> bool:
        return not any(flag.severity == BLOCK for flag in self.flags)

    def count(self, severity: str) -> int:
        return sum(flag.severity == severity for flag in self.flags)

    def as_dict(self) -> dict[str, object]:
        return {
            "passed": self.passed,
            "records": self.records,
            "references": self.references,
            "counts": {severity: self.count(severity) for severity in SEVERITIES},
            "patterns": [vars(pattern) for pattern in self.patterns],
            "flags": [flag.as_dict() for flag in self.flags],
            "missing_coverage": [dict(zip(("record", "link", "reason"), row, strict=True)) for row in self.missing],
        }

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), indent=2)


def audit(root: Path, changed: Mapping[str, str | None] | None = None) -> Audit:
    """Audit the checkout at `root`. `changed` replaces or deletes (None) files, for tests. Raises AuditError."""
    project = Project(root, changed)
    flags = [
        *chain.check(project),
        *prohibitions.check(project),
        *monotonicity.check(project),
        *features.check(project),
    ]
    flags.sort(key=lambda flag: (SEVERITIES.index(flag.severity), flag.location, flag.issue))
    found = chain.read_records(project)
    return Audit(
        records=len(found),
        references=len(chain.read_references(project)),
        patterns=tuple(chain.patterns(project, found)),
        flags=tuple(flags),
        missing=tuple(chain.missing(found)),
    )
