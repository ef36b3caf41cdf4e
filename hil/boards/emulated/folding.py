"""Constants of flight code, written out as numbers before it is compiled for a Pico.

A name costs a Pico 17 bytes of heap, each use of `limits.NAME` two look-ups in a dict, and each name that a module
brings makes every import after it slower: the interpreter searches its names one by one. So `limits.NAME` becomes its
number, as does a module's own constant whose name begins with an underscore; names and assertions of `limits` then stay
on the ground, where they have been checked. Lines stay where they are: a traceback tells the same line.
"""

import ast
import operator
from collections.abc import Callable

from amu.consensus import records
from amu.core import limits

_MODULES = {"limits": vars(limits), "records": vars(records)}
_PATHS = {"amu.core.limits": "limits", "amu.consensus.records": "records"}
_CODE = (ast.FunctionDef, ast.ClassDef)
_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
}
Edit = tuple[int, int, int, str]  # line from 0, columns from and to, new text


def folded(path: str, source: str) -> str:
    """`source` of the module that lies at `path`, such as amu/core/limits.mpy, with its constants written out."""
    tree = ast.parse(source)
    module = path.rpartition(".")[0].replace("/", ".")
    if module in _PATHS:
        known = _constants(_MODULES[_PATHS[module]])
        gone = [node for node in tree.body if not isinstance(node, _CODE)]
    else:
        known = _own(tree)
        gone = [node for node in tree.body if _assigned(node) in known and _assigned(node).startswith("_")]
        known |= _imported(tree)
    source = _without(source, gone)
    tree.body = [node for node in tree.body if node not in gone]
    edits = _Finder(known).find(tree)
    lines = source.split("\n")
    for line, start, end, text in sorted(edits, reverse=True):
        raw = lines[line].encode()
        lines[line] = (raw[:start] + text.encode() + raw[end:]).decode()
    return _without_imports("\n".join(lines))


def _constants(names: dict[str, object]) -> dict[str, int]:
    return {name: value for name, value in names.items() if name.isupper() and type(value) is int}


def _imported(tree: ast.Module) -> dict[str, int]:
    """Constants that `from amu.core.limits import NAME` brings."""
    found: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in _PATHS:
            constants = _constants(_MODULES[_PATHS[node.module]])
            found |= {each.name: constants[each.name] for each in node.names if each.name in constants}
    return found


def _assigned(node: ast.stmt) -> str:
    """The name that a statement `NAME = ...` assigns, or ""."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def _own(tree: ast.Module) -> dict[str, int]:
    """The module's own constants: `NAME = number`, and no other assignment to that name anywhere."""
    stored = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    found: dict[str, int] = {}
    for node in tree.body:
        name = _assigned(node)
        if name.isupper() and stored.count(name) == 1:
            assert isinstance(node, ast.Assign)
            value = _number(node.value, found)
            if value is not None:
                found[name] = value
    return found


def _number(expression: ast.expr, known: dict[str, int]) -> int | None:
    """Value of an expression of numbers, constants of `limits` and `known` names; None if it is another one."""
    if isinstance(expression, ast.Constant):
        return expression.value if type(expression.value) is int else None
    if isinstance(expression, ast.Name):
        return known.get(expression.id)
    if isinstance(expression, ast.Attribute):
        return _of_module(expression)
    if isinstance(expression, ast.BinOp):
        left, right = _number(expression.left, known), _number(expression.right, known)
        operator_of = _OPERATORS.get(type(expression.op))
        if left is not None and right is not None and operator_of is not None:
            return int(operator_of(left, right))
    return None


def _of_module(node: ast.Attribute) -> int | None:
    if isinstance(node.value, ast.Name) and node.value.id in _MODULES:
        return _constants(_MODULES[node.value.id]).get(node.attr)
    return None


class _Finder(ast.NodeVisitor):
    """What to write in place of constants."""

    def __init__(self, known: dict[str, int]) -> None:
        self._known = known
        self._edits: list[Edit] = []

    def find(self, tree: ast.AST) -> list[Edit]:
        self.visit(tree)
        return self._edits

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._replace(node, _of_module(node))
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._replace(node, self._known.get(node.id))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """The parser does not know where the parts of such a string lie."""

    def _replace(self, node: ast.expr, value: int | None) -> None:
        if value is not None and node.end_col_offset is not None:
            self._edits.append((node.lineno - 1, node.col_offset, node.end_col_offset, f"({value})"))


def _without(source: str, statements: list[ast.stmt]) -> str:
    """`source` with the lines of these statements empty."""
    lines = source.split("\n")
    for node in statements:
        for number in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[number] = ""
    return "\n".join(lines)


def _without_imports(source: str) -> str:
    """Without imports of constants, and of modules whose constants were all that was used."""
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    needless = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            names = {each.asname or each.name for each in node.names}
            is_of_constants = node.module in _PATHS or names <= set(_MODULES)
            if is_of_constants and not names & used:
                needless.append(node)
    return _without(source, list(needless))
