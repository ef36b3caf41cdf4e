"""Where an expression is translated: what its names mean, in which state, and what is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias

from specs.proof.translation.meanings import Value
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, Unsupported


@dataclass(frozen=True, eq=False)
class State:
    """Gives each variable its value."""

    get: Callable[[str], Value]


@dataclass(frozen=True, eq=False)
class Closure:
    """An operator with the names that it sees."""

    parameters: tuple[tree.Parameter, ...]
    body: Expression
    context: Context


Named: TypeAlias = Value | Closure


@dataclass(frozen=True, eq=False)
class Context:
    """What names mean. `after`: the next state, for primes. `old`: what @ means.

    `moving`: names of arguments that speak of variables, each with the state in which it was worked out.
    """

    state: State
    after: State | None = None
    names: Mapping[str, Named] = field(default_factory=dict)
    old: Value | None = None
    hidden: frozenset[str] = frozenset()
    moving: Mapping[str, State] = field(default_factory=dict)

    def with_names(self, names: Mapping[str, Named], moving: Iterable[str] = ()) -> Context:
        """Names with their values. `moving`: those whose value is of this state, and may be another in the next."""
        kept = {name: state for name, state in self.moving.items() if name not in names}
        return replace(self, names={**self.names, **names}, moving={**kept, **dict.fromkeys(moving, self.state)})


def refused(place: tree.Place, what: object) -> Unsupported:
    return Unsupported(f"{place}: outside what is translated for solvers: {what}: {place.text[:100]}")


def expressions(node: object) -> Iterator[Expression]:
    """An expression and all those in it."""
    if isinstance(node, tuple):
        for item in node:
            yield from expressions(item)
    elif isinstance(node, (Expression, tree.Bound, tree.Update, tree.Definition)):
        if isinstance(node, Expression):
            yield node
        for part in fields(node):
            yield from expressions(getattr(node, part.name))


def applications(node: Expression) -> Iterator[tree.Apply]:
    """All operators with their arguments in an expression."""
    return (item for item in expressions(node) if isinstance(item, tree.Apply))
