"""Checks the seven prohibitions, as far as the source text can show a breach.

Tests check the rest at run time: the table of prohibitions in specs/decisions/README.md names them, and the audit
requires that they exist.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from specs.audit import records
from specs.audit.flags import BLOCK, Flag
from specs.audit.project import Project, parsed

FLIGHT = "firmware/amu/**/*.py"
LIMITS = "firmware/amu/core/limits.py"
BOARDS = "firmware/amu/boards/"  # the only place that may read a clock or a random number
OWN_FLASH = "firmware/amu/node/journal.py"  # may say that its own flash failed
CLOCKS = {"time", "utime", "datetime", "random", "urandom", "asyncio", "threading", "_thread"}
VERDICTS = re.compile(r"(^|_|\b)(failed|dead|crashed|died)(_|\b|$)", re.IGNORECASE)
GROW = {"append", "extend", "insert", "add", "setdefault", "appendleft"}
BOUND = re.compile(r"#.*\bat most (?P<bound>[^;,.()]+(?:\([^)]*\))?)")
TABLE = ("#", "Never", "Why", "Held by")


def check(project: Project) -> Iterator[Flag]:
    """A flag for every breach in the text, and for every prohibition that no test checks."""
    limits = frozenset(_limits(project))
    for path in project.glob(FLIGHT):
        yield from _breaches(path, project.text(path), limits)
    yield from _held(project)


@lru_cache(maxsize=256)  # an audit of a changed project checks only the changed files again
def _breaches(path: str, text: str, limits: frozenset[str]) -> tuple[Flag, ...]:
    """The breaches in one file of flight code."""
    tree, lines = parsed(text, path), text.split("\n")
    return (
        *(() if path.startswith(BOARDS) else _clocks(path, tree)),
        *(() if path == OWN_FLASH else _verdicts(path, tree)),
        *_unbounded(path, tree, lines, limits),
        *_silent(path, tree, lines),
    )


def _limits(project: Project) -> set[str]:
    body = project.tree(LIMITS).body
    names = {
        target.id
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return names | {node.name for node in body if isinstance(node, ast.FunctionDef)}


def _clocks(path: str, tree: ast.Module) -> Iterator[Flag]:
    """2 and 5: no clock and no random number outside boards/, so no decision depends on one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module]
        for module in modules:
            if module.split(".")[0] in CLOCKS:
                yield Flag(
                    BLOCK,
                    f"{path}:{node.lineno}",
                    f"imports {module}: prohibitions 2 and 5, no clock in the core",
                    "prohibition",
                )


def _docstrings(tree: ast.Module) -> set[int]:
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, holders)]
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


def _verdicts(path: str, tree: ast.Module) -> Iterator[Flag]:
    """3: flight code has no word for "this peer has failed", so it cannot conclude it."""
    docstrings = _docstrings(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute | ast.Constant) or id(node) in docstrings:
            continue
        word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else node.value
        if isinstance(word, str) and VERDICTS.search(word):
            yield Flag(
                BLOCK, f"{path}:{node.lineno}", f"`{word}`: prohibition 3, no answer is not a failure", "prohibition"
            )


def _self_attribute(node: ast.AST) -> str | None:
    is_self = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if is_self and isinstance(node, ast.Attribute) else None


def _empty_containers(tree: ast.Module) -> dict[str, list[int]]:
    """Attribute -> lines that set it to an empty list, dict or set."""
    found: dict[str, list[int]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for name, value in pairs:
                attribute = _self_attribute(name)
                if attribute and _is_empty(value):
                    found.setdefault(attribute, []).append(node.lineno)
    return found


def _is_empty(value: ast.expr) -> bool:
    if isinstance(value, ast.List | ast.Set):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in {"list", "dict", "set"}
        and not value.args
    )


def _grown(tree: ast.Module) -> set[str]:
    """Attributes that some line of the file makes longer."""
    grown: set[str] = set()
    for node in ast.walk(tree):
        attribute = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GROW:
            attribute = _self_attribute(node.func.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            attribute = _self_attribute(node.target)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Subscript):
                    attribute = _self_attribute(target.value)
        if attribute:
            grown.add(attribute)
    return grown


def _unbounded(path: str, tree: ast.Module, lines: list[str], limits: frozenset[str]) -> Iterator[Flag]:
    """4: an attribute that starts empty and grows names its bound beside or above an assignment: `# at most LIMIT`."""
    grown = _grown(tree)
    for attribute, where in sorted(_empty_containers(tree).items()):
        if attribute not in grown:
            continue
        above = [line - 1 for line in where if lines[line - 2].lstrip().startswith("#")]
        said = [match for line in (*where, *above) if (match := BOUND.search(lines[line - 1]))]
        if not said:
            yield Flag(
                BLOCK,
                f"{path}:{where[0]}",
                f"`{attribute}` grows and names no bound: prohibition 4; write `# at most <limit>`",
                "prohibition",
            )
            continue
        words = re.findall(r"[A-Za-z_][A-Za-z_0-9]*", said[0]["bound"])
        constants = [word for word in words if word.isupper() and len(word) > 3]
        if not re.search(r"\d", said[0]["bound"]) and not constants and "count" not in words:
            yield Flag(
                BLOCK,
                f"{path}:{where[0]}",
                f'`{attribute}`: "{said[0]["bound"].strip()}" is neither a number nor a limit',
                "prohibition",
            )
        for constant in constants:
            if constant not in limits and not any(line.startswith(f"{constant} =") for line in lines):
                yield Flag(BLOCK, f"{path}:{where[0]}", f"`{attribute}`: there is no limit {constant}", "prohibition")


def _silent(path: str, tree: ast.Module, lines: list[str]) -> Iterator[Flag]:
    """6: no error is dropped silently. A bare `pass` needs a comment with the reason."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        if all(isinstance(inner, ast.Pass) and "#" not in lines[inner.lineno - 1] for inner in node.body):
            issue = "an exception is swallowed without a reason: prohibition 6; count it, or comment why"
            yield Flag(BLOCK, f"{path}:{node.lineno}", issue, "prohibition")


def _held(project: Project) -> Iterator[Flag]:
    """Each prohibition names tests that exist."""
    rows = records.tables(project.text(records.INDEX), *TABLE) if project.exists(records.INDEX) else []
    numbers = {cells[0] for _, cells in rows}
    for number in range(1, records.PROHIBITIONS + 1):
        if str(number) not in numbers:
            yield Flag(
                BLOCK, records.INDEX, f"prohibition {number} has no row under `{' | '.join(TABLE)}`", "prohibition"
            )
    for line, cells in rows:
        yield from tests_exist(project, f"{records.INDEX}:{line}", f"prohibition {cells[0]}", cells[-1])


def tests_exist(project: Project, where: str, what: str, cell: str) -> Iterator[Flag]:
    """The tests in a cell of the form `path: test, test; path: test` exist."""
    groups = [group for group in cell.split(";") if group.strip()]
    if not groups:
        yield Flag(BLOCK, where, f"{what}: no test checks it", "evidence")
    for group in groups:
        path, _, names = group.replace("`", "").strip().partition(":")
        for name in (part.strip() for part in names.split(",")):
            if not project.exists(path) or not name or project.line_of(path, name) is None:
                yield Flag(BLOCK, where, f"{what}: {path} has no {name or 'test named here'}", "evidence")
