"""The comments of a table in source code: what stands above an entry and behind it.

Tables of the code say in comments what each entry means. Here they are read as they stand, so that a page of reference
says what the code says.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SECTION = re.compile(r"#\s*-{3}\s*(.*?)\s*-{3,}")


@dataclass(frozen=True)
class Entry:
    """One entry: its name, and the comments above it and behind it, joined."""

    name: str
    comment: str
    section: str


def of_dictionary(source: str, name: str) -> list[Entry]:
    """The entries of the dictionary literal, or of the TypedDict, that `source` binds to `name`; keys as they are
    written."""
    for node in ast.parse(source).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(one, ast.Name) and one.id == name for one in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            table = node.value.args[1] if isinstance(node.value, ast.Call) else node.value
            assert isinstance(table, ast.Dict)
            pairs = zip(table.keys, table.values)
            return list(
                _entries(source, [(ast.unparse(key), key.lineno, value.end_lineno) for key, value in pairs if key])
            )
    raise LookupError(f"no table {name}")


def of_constants(source: str) -> list[Entry]:
    """The module's constants: names in capitals that it binds at its top."""
    found = [
        (node.targets[0].id, node.lineno, node.end_lineno)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
    ]
    return list(_entries(source, found))


def _entries(source: str, places: Sequence[tuple[str, int, int | None]]) -> Iterator[Entry]:
    behind, alone = _comments(source)
    section, before = "", 0
    for name, first, last in places:
        for line in range(before + 1, first):
            if match := _SECTION.match(alone.get(line, "")):
                section = match[1]
        above: list[str] = []
        line = first - 1
        while line in alone and not _SECTION.match(alone[line]):
            above.insert(0, alone[line].lstrip("# "))
            line -= 1
        told = [behind[line].lstrip("# ") for line in range(first, (last or first) + 1) if line in behind]
        before = last or first
        yield Entry(name, " ".join(above + told), section)


def _comments(source: str) -> tuple[dict[int, str], dict[int, str]]:
    """Comments by line: those behind code, and those that have a line of their own."""
    behind: dict[int, str] = {}
    alone: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            (behind if token.line[: token.start[1]].strip() else alone)[token.start[0]] = token.string
    return behind, alone
