"""Pauses that grow: each one in the code is a row of docs/reference/timers.md, and each row is one in the code.

A pause that grows and never returns to its start makes a board deaf for minutes because of trouble that ended long ago.
So nobody adds one without saying where it starts, where it ends and what sets it back. The rule looks for a shift by an
amount that is not a constant, and for a name that is set to a multiple of itself.
"""

import ast
from collections.abc import Iterator

from tests.style.flight_rules import Finding

TABLE = "docs/reference/timers.md"
HEADING = "# Timers that grow"
FILES = ("firmware/", "groundstation/", "swarm_sim/world/")
NOT_TIMERS = {
    "firmware/amu/ledger/operations.py": "bits of a group, lengths of integers",
    "firmware/amu/wire/cbor.py": "lengths of integers",
    "groundstation/faults/kinds.py": "bits of a frame",
    "groundstation/faults/rule.py": "fractions of a draw",
}


def _is_growth(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift):
        return not all(isinstance(leaf, ast.Constant) or _is_constant(leaf) for leaf in _leaves(node.right))
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.LShift | ast.Mult)
    if isinstance(node, ast.Assign):
        names = {ast.unparse(target) for target in node.targets}
        return any(
            isinstance(part, ast.BinOp)
            and isinstance(part.op, ast.Mult | ast.LShift)
            and (ast.unparse(part.left) in names or ast.unparse(part.right) in names)
            for part in ast.walk(node.value)
        )
    return False


def _leaves(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        yield from _leaves(node.left)
        yield from _leaves(node.right)
    else:
        yield node


def _is_constant(node: ast.AST) -> bool:
    """A module's constant is in capitals."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.isupper()


def _functions(tree: ast.AST, outer: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield f"{outer}{node.name}", node


def growing(path: str, source: str) -> set[str]:
    """Functions in which something grows by multiplication, as "path: Class.function"."""
    if path in NOT_TIMERS or not path.startswith(FILES):
        return set()
    return {
        f"{path}: {name}"
        for name, function in _functions(ast.parse(source))
        if any(_is_growth(node) for node in ast.walk(function))
    }


def told(page: str) -> set[str]:
    """The code that the table names, in its second column."""
    section = page.partition(HEADING)[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("|")]
    return {row[2].strip().strip("`") for row in rows[2:]}


def breaches(sources: dict[str, str], page: str) -> Iterator[Finding]:
    """Timers that the table does not have, and rows without a timer."""
    found = {place for path, source in sources.items() for place in growing(path, source)}
    table = told(page)
    for place in sorted(found - table):
        path, _, name = place.partition(": ")
        text = f"{name} lets something grow: add it to {TABLE}, or make it no pause"
        yield Finding(path, 1, "timers", text)
    for place in sorted(table - found):
        yield Finding(TABLE, 1, "timers", f"nothing grows in {place}")
