"""Attributes of flight code, named alike where they never meet.

A name costs a Pico 12 bytes of heap and more, and each class has names of its own for what it keeps. So an attribute
that a class assigns to `self` is called p0, p1 and so on, as parameters are (folding.py). It is called the same
wherever it stands, and two attributes share a name only if no object can have both: no class, with those that it
inherits from or that inherit from it, mentions both.

A name stays if a string, a function or a module has it, if it is called and not private, or if an object of the
interpreter's own may have it.
"""

import ast
import builtins
from collections import Counter, defaultdict
from collections.abc import Iterable


def shared(trees: Iterable[ast.Module]) -> dict[str, str]:
    """The new name of each such attribute of these modules, which are all that there are."""
    classes: dict[str, set[str]] = defaultdict(set)  # class -> attributes that it mentions
    families: dict[str, str] = {}  # class -> another one that it is related to
    uses: Counter[str] = Counter()
    own: set[str] = set()  # assigned to `self`
    kept = {name for each in vars(builtins).values() for name in dir(each)}
    for tree in trees:
        kept |= _names_of(tree.body)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                uses[node.attr] += 1
                if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self":
                    own.add(node.attr)
            elif isinstance(node, ast.alias):
                kept |= {*node.name.split("."), node.asname or ""}
            elif isinstance(node, ast.Call):
                if isinstance(node.func, ast.Attribute) and not _is_private(node.func.attr):
                    kept.add(node.func.attr)
            elif isinstance(node, ast.FunctionDef):
                kept.add(node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                kept.add(node.value)  # `getattr` may ask for it
            elif isinstance(node, ast.ClassDef):
                kept |= _names_of(node.body)
                _note(node, classes, families)
    together: dict[str, set[str]] = defaultdict(set)
    for name, found in classes.items():
        together[_head(name, families)] |= found
    named: dict[str, str] = {}
    for attribute in sorted(own - kept, key=lambda each: (-uses[each], each)):
        near = {each for found in together.values() if attribute in found for each in found}
        taken = {named[each] for each in near if each in named}
        named[attribute] = next(f"p{number}" for number in range(len(uses)) if f"p{number}" not in taken)
    return named


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _names_of(body: list[ast.stmt]) -> set[str]:
    """Names that a module or a class assigns, those in functions aside."""
    outside = [node for node in body if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    every = (each for node in outside for each in ast.walk(node))
    return {each.id for each in every if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _note(node: ast.ClassDef, classes: dict[str, set[str]], families: dict[str, str]) -> None:
    classes[node.name] |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    for base in node.bases:
        name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
        if name not in ("", "object") and _head(name, families) != _head(node.name, families):
            families[_head(node.name, families)] = _head(name, families)


def _head(name: str, families: dict[str, str]) -> str:
    while name in families:
        name = families[name]
    return name
