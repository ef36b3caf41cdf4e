"""Decision records: complete, with an evidence level, and listed."""

import re
from collections.abc import Iterator

from tests.style.flight_rules import Finding

FOLDER = "specs/decisions/"
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
)


def record(path: str, text: str) -> Iterator[Finding]:
    """What one record lacks."""
    for section in SECTIONS:
        if not re.search(rf"^#+ {re.escape(section)}\s*$", text, re.MULTILINE | re.IGNORECASE):
            yield Finding(path, 1, "decisions", f"no section `{section}`")
    rows = dict(re.findall(r"^\| \*\*([^*|]+)\*\* \| (.+) \|$", text, re.MULTILINE))
    for field in FIELDS:
        if not rows.get(field, "").strip():
            yield Finding(path, 1, "decisions", f"no row `{field}` in the decision record")
    if not re.search(r"level [0-5]", rows.get("Provenance", ""), re.IGNORECASE):
        yield Finding(path, 1, "decisions", "Provenance names no evidence level")


def listing(index: str, names: list[str]) -> Iterator[Finding]:
    """Records that README.md leaves out, and links of it that lead nowhere."""
    linked = set(re.findall(r"\]\((\w+\.md)\)", index))
    for name in sorted(set(names) - linked):
        yield Finding(FOLDER + name, 1, "decisions", "not listed in README.md")
    for name in sorted(linked - set(names)):
        yield Finding(FOLDER + "README.md", 1, "decisions", f"lists {name}, which does not exist")
