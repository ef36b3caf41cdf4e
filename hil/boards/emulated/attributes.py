"""Private attributes of flight code, named alike where they never meet.

A name costs a Pico 12 bytes of heap and more, and each class has names of its own for what it keeps. So an attribute
other than a method, whose name begins with an underscore, is called p0, p1 and so on, as parameters are (folding.py).
It is called the same wherever it stands, and two attributes share a name only if no object can have both: no class,
with those that it inherits from or that inherit from it, mentions both.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable


def shared(trees: Iterable[ast.Module]) -> dict[str, str]:
    """The new name of each private attribute of these modules, which are all that there are."""
    classes: dict[str, set[str]] = defaultdict(set)  # class -> private attributes that it mentions
    families: dict[str, str] = {}  # class -> another one that it is related to
    uses: Counter[str] = Counter()
    kept: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _is_private(node.attr):
                uses[node.attr] += 1
            elif isinstance(node, ast.FunctionDef):
                kept.add(node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                kept.add(node.value)  # `getattr` may ask for it
            elif isinstance(node, ast.ClassDef):
                _note(node, classes, families, kept)
    together: dict[str, set[str]] = defaultdict(set)
    for name, found in classes.items():
        together[_head(name, families)] |= found
    for attribute in uses:
        if not any(attribute in found for found in together.values()):
            kept.add(attribute)  # seen from outside only
    named: dict[str, str] = {}
    for attribute in sorted(set(uses) - kept, key=lambda each: (-uses[each], each)):
        near = {each for found in together.values() if attribute in found for each in found}
        taken = {named[each] for each in near if each in named}
        named[attribute] = next(f"p{number}" for number in range(len(uses)) if f"p{number}" not in taken)
    return named


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _note(node: ast.ClassDef, classes: dict[str, set[str]], families: dict[str, str], kept: set[str]) -> None:
    classes[node.name] |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    kept.update(each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
    for base in node.bases:
        name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
        if name not in ("", "object") and _head(name, families) != _head(node.name, families):
            families[_head(node.name, families)] = _head(name, families)


def _head(name: str, families: dict[str, str]) -> str:
    while name in families:
        name = families[name]
    return name
