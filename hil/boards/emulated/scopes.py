"""Modules of flight software as the linker sees them: what they define and take, and names of their variables."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
IMPORTS = (ast.Import, ast.ImportFrom)
BUILTINS = frozenset(dir(builtins))
_PACKAGE = "amu"
INTERNED_BELOW = 10  # characters: a string that is shorter is a name, of which there is one (mpconfig.h of MicroPython)
_OF_CONSTANTS = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Tuple, ast.List, ast.operator, ast.unaryop, ast.expr_context)


@dataclass
class Module:
    """`own`: names that it defines. `aliases`: name in it -> module. `taken`: name in it -> (module, name there).
    `foreign`: name in it -> what is imported from outside of the package, such as `struct.pack`."""

    name: str
    source: str
    body: list[ast.stmt]
    own: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    taken: dict[str, tuple[str, str]] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)  # modules that must have run before it


def read(name: str, source: str, known: Mapping[str, object]) -> Module:
    module = Module(name, source, ast.parse(source).body)
    for statement in module.body:
        if is_for_types(statement):
            continue
        module.own += stored([statement])
        for node in ast.walk(statement):
            if isinstance(node, IMPORTS):
                _note_import(module, node, known, node is statement)
    return module


def _note_import(
    module: Module, node: ast.Import | ast.ImportFrom, known: Mapping[str, object], is_first: bool
) -> None:
    source = node.module or "" if isinstance(node, ast.ImportFrom) else ""
    for each in node.names:
        alias, whole = each.asname or each.name, f"{source}.{each.name}".lstrip(".")
        is_flown = whole.partition(".")[0] == _PACKAGE
        if is_flown and whole in known:
            module.aliases[alias] = whole
        elif is_flown and source in known:
            module.taken[alias] = (source, each.name)
        elif not is_flown and is_first:
            module.foreign[alias] = whole
        if is_flown and is_first:
            module.needs.append(whole if whole in known else source)


def is_for_types(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and isinstance(statement.test, ast.Constant) and not statement.test.value


def stored(statements: Sequence[ast.AST]) -> list[str]:
    """Names that these statements define, those in functions and classes aside."""
    found: list[str] = []
    for node in inside(statements):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.append(node.name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.append(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.append(node.name)
    return list(dict.fromkeys(found))


def inside(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """These nodes and what is in them, but not what has a scope of its own."""
    for node in nodes:
        yield node
        if not isinstance(node, (*FUNCTIONS, *COMPREHENSIONS, ast.ClassDef)):
            yield from inside(list(ast.iter_child_nodes(node)))


def variables_of(node: ast.AST) -> set[str]:
    """Variables of a function, a lambda or a comprehension."""
    if isinstance(node, COMPREHENSIONS):
        targets = [each for generator in node.generators for each in ast.walk(generator.target)]
        return {each.id for each in targets if isinstance(each, ast.Name)}
    assert isinstance(node, FUNCTIONS)
    every = node.args
    found = {
        each.arg for each in (*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg) if each
    }
    if isinstance(node, ast.FunctionDef):
        found |= set(stored(node.body))
        for each in inside(node.body):
            if isinstance(each, (ast.Nonlocal, ast.Global)):
                found -= set(each.names)
    return found


def defined_alone(statement: ast.stmt) -> str:
    """The name of the function, class or constant that a statement defines, and does nothing else; or ""."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return statement.name
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        (target,) = statement.targets
        if isinstance(target, ast.Name) and all(isinstance(node, _OF_CONSTANTS) for node in ast.walk(statement.value)):
            return target.id
    return ""


def written_out(module: Module) -> dict[str, str]:
    """Integer constants of a module -> what can stand in their place. Strings would cost a decision 15 ms."""
    found: dict[str, str] = {}
    for statement in module.body:
        name = defined_alone(statement)
        if not name or not isinstance(statement, ast.Assign) or module.own.count(name) > 1:
            continue
        try:
            value = ast.literal_eval(statement.value)
        except ValueError:
            continue  # it is calculated
        if type(value) is int:
            found[name] = f"({value!r})"
    return found


def uncalled(groups: Iterable[list[ast.stmt]], beside: Iterable[str]) -> frozenset[str]:
    """Names of methods that no code and no string mentions. Only people ask for `__repr__`."""
    bodies = [*groups, *(ast.parse(source).body for source in beside)]
    methods: set[str] = set()
    mentioned: set[str] = set()
    for node in (each for body in bodies for statement in body for each in ast.walk(statement)):
        if isinstance(node, ast.ClassDef):
            methods |= {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        elif isinstance(node, ast.Attribute):
            mentioned.add(node.attr)
        elif isinstance(node, ast.Name):
            mentioned.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            mentioned.add(node.value)
    return frozenset(name for name in methods - mentioned if name == "__repr__" or not name.startswith("__"))


def all_variables(module: Module) -> set[str]:
    """Names of variables of its functions."""
    found = set()
    for statement in module.body:
        for node in ast.walk(statement):
            if isinstance(node, (*FUNCTIONS, *COMPREHENSIONS)):
                found |= variables_of(node)
            elif isinstance(node, IMPORTS) and node is not statement and not is_for_types(statement):
                found |= {each.asname or each.name for each in node.names}
    return found


def free_name(name: str, used: set[str]) -> str:
    free, number = name, 2
    while free in used:
        free, number = f"{name}{number}", number + 1
    used.add(free)
    return free
