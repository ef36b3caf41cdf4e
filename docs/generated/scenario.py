"""Every table and field of a scenario file, from the models that read it."""

import re

from docs.generated.markdown import code, plain, table
from groundstation.scenario import reference
from groundstation.scenario.reference import LEFT_OUT, NEEDED, Field, Table

_BOUNDS = re.compile(r"(>=? \S+) (<=? \S+)")
GROUPS = (
    ("[[faults]]", "Faults of frames"),
    ("[[board_faults]]", "Faults of boards"),
    ("[[byzantine]]", "Byzantine boards"),
)


def markdown() -> str:
    """A section for each table; those of one kind of fault or adversary below their group."""
    parts, group = [], ""
    for found in reference.tables():
        header, _, kind = found.header.partition(" ")
        told = next((title for prefix, title in GROUPS if header == prefix), "")
        if told and told != group:
            parts.append(f"## {told}\n\nTables `{header}`.\n")
        group = told
        parts.append(_section(found, kind if told else ""))
    return "\n".join(parts)


def _section(found: Table, kind: str) -> str:
    if found.header == "at the top":
        heading = "## Top of the file"
    elif kind in {"", "all"}:
        heading = f"## `{found.header}`" if not kind else ""
    else:
        heading = f"### `{kind}`"
    rows = [row(field) for field in found.fields if not (kind not in {"", "all"} and field.name == "fault")]
    body = table(("field", "values", "unit", "default", "meaning"), rows)
    return "\n\n".join(part for part in (heading, plain(found.meaning), body) if part) + "\n"


def row(field: Field) -> tuple[str, str, str, str, str]:
    """The cells of one field."""
    default = field.default if field.default in (NEEDED, LEFT_OUT) else code(field.default)
    values = code(_BOUNDS.sub(r"\1 and \2", field.values))
    return code(field.name), values, field.unit, default, plain(field.meaning)
