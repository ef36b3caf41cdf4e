"""What flight code may not do, found in its syntax tree.

Flight code must give the same bytes on CPython and on MicroPython. MicroPython's dicts are not ordered by insertion and
its sets order otherwise than CPython's; its floats are single precision; modules and names are missing. Each rule takes
a parsed file and yields findings. Names are followed within one file only: the rules catch slips, not malice.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from hil.firmware_files import FOR_TYPES, GROUNDED

# Outside boards/ a module that is not listed here is an import of the world: a clock, a file, a random number.
CORE_MODULES = {"amu", "array", "binascii", "collections", "hashlib", "heapq", "micropython", "struct", "uctypes"}
BOARD_MODULES = CORE_MODULES | {
    "adversary", "errno", "gc", "io", "machine", "os", "rp2", "select", "sys", "time", "vfs",
}  # fmt: skip
CPYTHON_BOARD = "firmware/amu/boards/host.py"  # runs on CPython only
ORDERED = {"sorted", "min", "max", "sum", "len", "any", "all", "set", "frozenset", "dict"}  # give the same in any order
DISPLAYS = (ast.Dict, ast.Set, ast.DictComp, ast.SetComp)
VIEWS = {"items", "keys", "values"}
WORLD_CALLS = {"open", "print", "input", "eval", "exec", "float", "id"}
MISSING_ATTRIBUTES = {"hexdigest", "bit_length", "cast", "maketrans", "removeprefix", "removesuffix"}


@dataclass(frozen=True)
class Finding:
    """One breach: where, which rule, what to do."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def touches_the_world(path: str) -> bool:
    """Boards and the composition root may read clocks and files; nothing else may."""
    return "boards" in PurePosixPath(path).parts or path == "firmware/main.py"


def _called(node: ast.AST) -> str | None:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _is_unordered(node: ast.AST) -> bool:
    return isinstance(node, DISPLAYS) or _called(node) in {"dict", "set", "frozenset"}


def _is_view(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in VIEWS
        and not node.args
        and not node.keywords
    )


def _unordered_names(tree: ast.AST) -> set[str]:
    """Names and attributes that some assignment of this file binds to a dict or set."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_unordered(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(name for target in targets if (name := _name(target)))
    return names


def _iterated(tree: ast.AST) -> Iterator[ast.AST]:
    """Every expression whose order of iteration shows in a result."""
    harmless = {
        id(inner)
        for node in ast.walk(tree)
        if _called(node) in ORDERED
        for argument in node.args  # type: ignore[attr-defined]
        for inner in ([argument, *(g.iter for g in getattr(argument, "generators", ()))])
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.comprehension) and id(node.iter) not in harmless:
            yield node.iter
        elif _called(node) in {"list", "tuple", "enumerate", "iter", "next", "zip", "map", "filter", "reversed"}:
            yield from node.args  # type: ignore[attr-defined]
        elif isinstance(node, ast.Starred):
            yield node.value


def dict_iteration(path: str, tree: ast.AST) -> Iterator[Finding]:
    """No iteration over a dict or set: the order differs between MicroPython and CPython."""
    unordered = _unordered_names(tree)
    for node in _iterated(tree):
        if _is_unordered(node) or _is_view(node) or _name(node) in unordered:
            advice = f"iterates over `{ast.unparse(node)}`; keep a list, use range(), or sort it"
            yield Finding(path, node.lineno, "dict-iteration", advice)  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "popitem":
            yield Finding(path, node.lineno, "dict-iteration", "popitem takes whichever comes first")


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [] if node.level or node.module is None else [node.module.split(".")[0]]
    return []


def imports(path: str, tree: ast.AST) -> Iterator[Finding]:
    """Only modules that MicroPython has; clocks, files and devices in boards/ only; never an upper floor."""
    if path == CPYTHON_BOARD or is_for_typing(path):
        allowed = None
    elif touches_the_world(path):
        allowed = BOARD_MODULES
    else:
        allowed = CORE_MODULES
    for node in ast.walk(_without_guards(tree)):
        for module in _modules(node):
            if module in {"groundstation", "hil", "specs"}:
                yield Finding(path, node.lineno, "imports", f"flight code must not depend on {module}")  # type: ignore[attr-defined]
            elif allowed is not None and module not in allowed:
                text = f"{module} is not allowed here; allowed: {', '.join(sorted(allowed))}"
                yield Finding(path, node.lineno, "imports", text)  # type: ignore[attr-defined]


def _is_guard(node: ast.AST) -> bool:
    """`if "":`, whose block the type checker reads and every interpreter leaves out."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Constant) and node.test.value == ""


def _without_guards(tree: ast.AST) -> ast.AST:
    """The tree that an interpreter runs."""

    class Pruner(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if _is_guard(node) else self.generic_visit(node)

    return Pruner().visit(copy.deepcopy(tree))  # type: ignore[no-any-return]


def is_for_typing(path: str) -> bool:
    """Files that only the type checker reads."""
    return PurePosixPath(path).name in FOR_TYPES


def typing_imports(path: str, tree: ast.AST) -> Iterator[Finding]:
    """Flight code imports a module that boards lack only for the type checker."""
    if PurePosixPath(path).name in GROUNDED:
        return
    for node in ast.walk(_without_guards(tree)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("amu.") and f"{name.rpartition('.')[2]}.py" in GROUNDED:
                yield Finding(path, node.lineno, "typing", f'{name} is not on boards: import it behind `if "":`')  # type: ignore[attr-defined]


def annotations(path: str, tree: ast.AST) -> Iterator[Finding]:
    """Every function has annotations; mypy requires that, too, and checks that they are true."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.args, *node.args.kwonlyargs, *filter(None, (node.args.vararg, node.args.kwarg))]
            bare = [argument.arg for argument in given if argument.annotation is None]
            if node.returns is None or [name for name in bare if name not in {"self", "cls"}]:
                yield Finding(path, node.lineno, "annotations", f"{node.name} is not annotated")


def floats(path: str, tree: ast.AST) -> Iterator[Finding]:
    """No float in the core: single precision on a Pico, double elsewhere."""
    if touches_the_world(path):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield Finding(path, node.lineno, "floats", f"float {node.value}; use integers with the unit in the name")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield Finding(path, node.lineno, "floats", "`/` gives a float; use `//`")


def world(path: str, tree: ast.AST) -> Iterator[Finding]:
    """No I/O and no built-in that differs from board to board in the core."""
    if touches_the_world(path):
        return
    for node in ast.walk(tree):
        if (name := _called(node)) in WORLD_CALLS:
            yield Finding(path, node.lineno, "world", f"{name}() does not belong into the core")  # type: ignore[attr-defined]


def language(path: str, tree: ast.AST) -> Iterator[Finding]:
    """Only what MicroPython 1.28 understands and what means the same there."""
    if path == CPYTHON_BOARD:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in MISSING_ATTRIBUTES:
            yield Finding(path, node.lineno, "language", f".{node.attr} is missing on a board")
        elif isinstance(node, ast.Match):
            yield Finding(path, node.lineno, "language", "match is missing on a board")
        elif isinstance(node, ast.arguments) and node.posonlyargs:
            yield Finding(path, node.posonlyargs[0].lineno, "language", "positional-only `/` is missing on a board")
        elif isinstance(node, ast.Call) and _name(node.func) in {"to_bytes", "from_bytes"} and node.keywords:
            yield Finding(path, node.lineno, "language", "to_bytes and from_bytes take no keywords on a board")
        elif isinstance(node, ast.AsyncFunctionDef | ast.Global):
            yield Finding(path, node.lineno, "language", "one loop, no hidden state: neither async nor global")


RULES = (dict_iteration, imports, typing_imports, annotations, floats, world, language)


def check(path: str, source: str) -> list[Finding]:
    """All findings in one file; `path` is relative to the project and decides which rules are lenient."""
    tree = ast.parse(source, path)
    return [finding for rule in RULES for finding in rule(path, tree)]
