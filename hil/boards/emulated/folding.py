"""Constants of flight code, written out as numbers before it is compiled for a Pico.

A name costs a Pico 17 bytes of heap, each use of `limits.NAME` two look-ups in a dict, and each name that a module
brings makes every import after it slower: the interpreter searches its names one by one. So `limits.NAME` becomes its
number, as does a module's own constant whose name begins with an underscore; names and assertions of `limits` then stay
on the ground, where they have been checked. So do the classes of frames, and `KIND` of a message that is named. A
parameter whose name stands for nothing else anywhere is called p0, p1 and so on in each module: no other name of a
variable takes room. Lines stay where they are: a traceback tells the same line.
"""

import ast
import builtins
import functools
import operator
from collections.abc import Callable
from pathlib import Path

import swarm_sim.adversary
from amu.consensus import records
from amu.core import limits
from amu.wire import frames, messages
from hil import firmware_files
from hil.boards.emulated import attributes

_MODULES = {"limits": vars(limits), "records": vars(records)}
_ALSO = {"frames": vars(frames)}  # it has functions, too
_MESSAGES = "amu.wire.messages"
_PATHS = {"amu.core.limits": "limits", "amu.consensus.records": "records"}
_CODE = (ast.FunctionDef, ast.ClassDef)
_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
}
# By module: what a board calls for each frame and whose state is long. Machine code keeps it on the stack; an
# interpreted call takes it from the heap, which costs 17 us and brings the next collection nearer. A function takes
# some 500 bytes more.
NATIVE = {
    "boards.runtime": ("_take", "_hand_over", "_write"),
    "boards.outbox": ("add",),
    "consensus.surplus": ("is_surplus",),
    "node.effects": ("receive", "send"),
    "node.node": ("step",),
}
Edit = tuple[int, int, int, str]  # line from 0, columns from and to, new text


def folded(path: str, source: str) -> str:
    """`source` of the module that lies at `path`, such as amu/core/limits.mpy, with its constants written out."""
    tree = ast.parse(source)
    module = path.rpartition(".")[0].replace("/", ".")
    if module in _PATHS:
        known = _constants(_MODULES[_PATHS[module]])
        gone, kinds = [node for node in tree.body if not isinstance(node, _CODE)], set()
    else:
        kinds = _kinds(tree)
        known = _own(tree)
        gone = [node for node in tree.body if _assigned(node) in known and _assigned(node).startswith("_")]
        known |= _imported(tree)
    source = _without(source, gone)
    tree.body = [node for node in tree.body if node not in gone]
    finder = _Finder(known, _parameters(tree), kinds)
    edits = finder.find(tree)
    lines = source.split("\n")
    for line, start, end, text in sorted(edits, reverse=True):
        raw = lines[line].encode()
        lines[line] = (raw[:start] + text.encode() + raw[end:]).decode()
    return _natively(module, _without_imports("\n".join(lines)))


def _natively(module: str, source: str) -> str:
    """With the decorator of MicroPython's native compiler on the empty line before each function of NATIVE."""
    wanted = NATIVE.get(module.removeprefix("amu."), ())
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name in wanted:
            assert not lines[node.lineno - 2].strip(), f"{module}: no empty line before {node.name}"
            lines[node.lineno - 2] = " " * node.col_offset + "@micropython.native"
    return "\n".join(lines)


@functools.cache
def _all_trees() -> tuple[ast.Module, ...]:
    """Flight code and adversaries."""
    adversaries = sorted(Path(swarm_sim.adversary.__file__ or "").parent.glob("*.py"))
    flown = [path for _, path in firmware_files.package_files()]
    return tuple(ast.parse(path.read_text()) for path in (firmware_files.main_path(), *flown, *adversaries))


@functools.cache
def _attributes() -> dict[str, str]:
    return attributes.shared(_all_trees())


@functools.cache
def _taken() -> frozenset[str]:
    """Names of flight code and adversaries that stand for anything but a parameter or a variable of a function."""
    found = set(dir(builtins))
    for tree in _all_trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr not in _attributes():
                found.add(node.attr)
            elif isinstance(node, ast.keyword):
                found.add(node.arg or "")
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.alias):
                found.add((node.asname or node.name).split(".")[0])
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                found.update(node.names)
            elif isinstance(node, ast.ExceptHandler):
                found.add(node.name or "")
            elif isinstance(node, ast.JoinedStr):  # where its names stand is not known
                found.update(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
        for body in (tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))):
            found.update(_stored(body))
    return frozenset(found)


def _stored(statements: list[ast.stmt]) -> set[str]:
    """Names that these statements assign, but for those inside functions and classes."""
    outside = [node for node in statements if not isinstance(node, _CODE)]
    return {
        each.id
        for node in outside
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    }


def _parameters(tree: ast.Module) -> dict[str, str]:
    """New names of parameters."""
    names = sorted({node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} - _taken())
    return {name: f"p{number}" for number, name in enumerate(names)}


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


def _kinds(tree: ast.Module) -> set[str]:
    """How a module names the messages' own module, and the classes that it imports from there."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == _MESSAGES:
            found |= {each.name for each in node.names if each.asname is None}
        elif isinstance(node, ast.ImportFrom) and node.module == _MESSAGES.rpartition(".")[0]:
            found |= {each.asname or each.name for each in node.names if each.name == "messages"}
    return found


def _kind(node: ast.Attribute, names: set[str]) -> int | None:
    """The number that `messages.Vote.KIND` or `Vote.KIND` stands for."""
    if node.attr != "KIND":
        return None
    owner = node.value
    if isinstance(owner, ast.Attribute):
        if not isinstance(owner.value, ast.Name) or owner.value.id not in names:
            return None
        name = owner.attr
    elif isinstance(owner, ast.Name) and owner.id in names:
        name = owner.id
    else:
        return None
    return getattr(vars(messages).get(name), "KIND", None)


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
    if isinstance(node.value, ast.Name):
        return _constants(_MODULES.get(node.value.id) or _ALSO.get(node.value.id) or {}).get(node.attr)
    return None


class _Finder(ast.NodeVisitor):
    """What to write in place of constants, and of the names of parameters."""

    def __init__(self, known: dict[str, int], parameters: dict[str, str], kinds: set[str]) -> None:
        self._known = known
        self._kinds = kinds
        self._parameters = parameters
        self._edits: list[Edit] = []

    def find(self, tree: ast.AST) -> list[Edit]:
        self.visit(tree)
        return self._edits

    def visit_Attribute(self, node: ast.Attribute) -> None:
        kind = _kind(node, self._kinds)
        self._replace(node, _of_module(node) if kind is None else kind)
        renamed = _attributes().get(node.attr)
        if renamed is not None and node.end_lineno is not None and node.end_col_offset is not None:
            end = node.end_col_offset
            self._edits.append((node.end_lineno - 1, end - len(node.attr.encode()), end, renamed))
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self._parameters:
            self._rename(node, node.id)
        elif isinstance(node.ctx, ast.Load):
            self._replace(node, self._known.get(node.id))

    def visit_arg(self, node: ast.arg) -> None:
        if node.arg in self._parameters:
            self._rename(node, node.arg)
        self.generic_visit(node)

    def _rename(self, node: ast.Name | ast.arg, name: str) -> None:
        start = node.col_offset
        self._edits.append((node.lineno - 1, start, start + len(name.encode()), self._parameters[name]))

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
