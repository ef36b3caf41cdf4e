"""Tables and code in Markdown, of texts that may hold its special characters."""

from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """`text` as code; nothing for an empty one."""
    return f"`{text}`" if text else ""


def cell(text: str) -> str:
    """`text` in one cell of a table. Inside backticks only the bar needs care."""
    return " ".join(text.split()).replace("|", "\\|")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; an empty text if it has no rows."""
    lines = ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings), *lines, ""])


def plain(text: str) -> str:
    """Prose of the code in Markdown: what could be taken for HTML or emphasis is escaped, backticks stay."""
    parts = text.split("`")
    for number in range(0, len(parts), 2):
        parts[number] = parts[number].replace("<", "&lt;").replace("*", "\\*").replace("[", "\\[")
    return "`".join(parts)
