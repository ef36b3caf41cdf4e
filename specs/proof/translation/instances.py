"""`A == INSTANCE M WITH x <- e`: the definitions of M under names `A!Name`, with `e` in place of `x`.

Theory. `A!F` is F with each constant and variable of M replaced by an expression of the outer module (Lamport,
Specifying Systems, section 17.8). A prime of a variable becomes a prime of its expression, which is right for an
expression that speaks of one state. So a definition of M becomes one of the outer module, and needs no translation of
its own. What M assumes of its constants is not known outside: a module of proofs assumes it again.

Rules. A constant or variable that no WITH names stands for the one with the same name. A bound name of M that is also
the name of something else could catch it: an error. Instances with parameters, or without a name, give no definitions,
so that to use one is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from specs.proof.translation.context import applications, refused
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression

T = TypeVar("T")
_Change = Callable[[tree.Apply], Expression]
_PARTS = (Expression, tree.Bound, tree.Update, tree.Definition, tree.Assumption)


def flat(node: T) -> T:
    """A part of a tree where `A!Name(x)` is an operator named "A!Name"."""
    found: T = _changed(node, _named)
    return found


def _named(node: tree.Apply) -> Expression:
    if not node.path or any(step.arguments for step in node.path):
        return node
    return replace(node, name="!".join([*[step.name for step in node.path], node.name]), path=())


def definitions(
    instance: tree.Instance, inner: Mapping[str, tree.Definition], outer: Mapping[str, Expression | None]
) -> Iterator[tree.Definition]:
    """The definitions `inner` of the module, for the outer one.

    `outer`: what stands for each constant and variable of the module; None: the one with the same name.
    """
    given = {name: value for name, value in outer.items() if value is not None}
    foreign = {item.name for value in given.values() for item in applications(value)}

    def change(node: tree.Apply) -> Expression:
        if node.name in inner:
            return replace(node, name=f"{instance.name}!{node.name}")
        if node.name in given:
            if node.arguments:
                raise refused(node.place, f"an operator {node.name} that stands for another one")
            return given[node.name]
        return node

    for definition in inner.values():
        for name in bound(definition):
            if name in inner or name in foreign or name in outer:
                raise refused(definition.place, f"the bound name {name}, which is that of something else, too")
        found = _changed(definition, change)
        yield replace(found, name=f"{instance.name}!{definition.name}")


def bound(definition: tree.Definition) -> Iterator[str]:
    """The names that a definition binds in itself. Raises Unsupported: an INSTANCE in a LET."""
    waiting: list[Any] = [*definition.parameters, definition.body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple):
            waiting += item
        elif isinstance(item, tree.Parameter):
            yield item.name
        elif isinstance(item, tree.Instance):
            raise refused(item.place, "an INSTANCE in a LET")
        elif isinstance(item, _PARTS):
            if isinstance(item, tree.Bound):
                yield from item.names
            elif isinstance(item, tree.Definition):
                yield item.name
            waiting += [getattr(item, part.name) for part in fields(item)]


def _changed(node: Any, change: _Change) -> Any:
    """The tree with each operator changed; what stays as it is stays the same object."""
    if isinstance(node, tuple):
        items = tuple([_changed(item, change) for item in node])
        return node if all(one is other for one, other in zip(items, node)) else items
    if not isinstance(node, _PARTS):
        return node
    parts = {part.name: getattr(node, part.name) for part in fields(node)}
    found = {name: _changed(value, change) for name, value in parts.items()}
    given = {name: value for name, value in found.items() if value is not parts[name]}
    made = replace(node, **given) if given else node
    return change(made) if isinstance(made, tree.Apply) else made
