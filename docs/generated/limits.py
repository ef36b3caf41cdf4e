"""The bounds of the flight software, from the file that holds them."""

import inspect

from amu.core import limits
from docs.generated import comments
from docs.generated.markdown import code, plain, table


def markdown() -> str:
    """A section for each part of the file."""
    entries = comments.of_constants(inspect.getsource(limits))
    parts = []
    for section in dict.fromkeys(entry.section for entry in entries):
        rows = [
            (code(entry.name), f"{getattr(limits, entry.name):,}", plain(entry.comment))
            for entry in entries
            if entry.section == section
        ]
        parts.append(f"## {section.capitalize()}\n\n{table(('bound', 'value', 'meaning'), rows)}")
    return "\n".join(parts)
