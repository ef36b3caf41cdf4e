"""Values of TLA+ as first-order logic sees them, and their shapes. What one can do with them: `meanings`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from specs.proof import terms
from specs.proof.terms import BOOL, INT, Term

STRING = "Text"


class Outside(Exception):
    """A construct outside the fragment; the translator adds the place."""


@dataclass(frozen=True, eq=False)
class FunctionValue:
    domain: SetValue
    at: Callable[[Value], Value]


@dataclass(frozen=True, eq=False)
class SetValue:
    """A set, by its elements' shape (None: of {}) and by membership.

    `over(universal, body, name)` is the quantifier over it. `items`: its elements, if they are written out. `limits`:
    it is part of low..high. `family`: it is any set for which a hidden operator holds. `subsets_of`: of SUBSET.
    `listed`: its elements contain functions; they are the values of a function of a sort of their own. `parts`: it is
    their union. `ends`: it is low..high. `within`: the constant set that it is a part of.
    """

    element: Shape | None
    has: Callable[[Value], Term]
    over: Quantifier
    items: tuple[Value, ...] | None = None
    limits: tuple[Term, Term] | None = None
    family: tuple[str, Term] | None = None
    subsets_of: SetValue | None = None
    listed: Listed | None = None
    parts: tuple[SetValue, ...] = ()
    ends: tuple[Term, Term] | None = None
    within: str | None = None


@dataclass(frozen=True, eq=False)
class Listed:
    """The elements of a set: `at` the elements of `sort` for which `inside` holds. `image`: of another such set."""

    sort: str
    inside: Callable[[Term], Term]
    at: Callable[[Term], Value]
    image: bool = False

    def picked(self, name: str, found: list[Term]) -> tuple[Value, Term]:
        """One of them, and that it is one; its variable is added to `found`."""
        which = terms.variable(name, self.sort)
        found.append(which)
        return self.at(which), self.inside(which)


@dataclass(frozen=True, eq=False)
class RecordValue:
    fields: dict[str, Value]


@dataclass(frozen=True, eq=False)
class OptionalValue:
    """The record `some` where `there` holds, else the record `none`, which has other fields.

    `some` has its fields always: where the value is `none`, those that `none` lacks are any values, as in TLA+.
    """

    there: Term
    some: RecordValue
    none: RecordValue


@dataclass(frozen=True, eq=False)
class TupleValue:
    items: tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class SequenceValue:
    length: Term
    at: Callable[[Term], Value]
    element: Shape | None


Body: TypeAlias = "Callable[[Value], Term]"
Quantifier: TypeAlias = Callable[[bool, Body, str], Term]
Value: TypeAlias = Term | FunctionValue | SetValue | RecordValue | OptionalValue | TupleValue | SequenceValue


@dataclass(frozen=True)
class Basic:
    """A sort of the solver."""

    sort: str


@dataclass(frozen=True, eq=False)
class FunctionShape:
    domain: SetValue
    range: Shape


@dataclass(frozen=True, eq=False)
class PartialShape:
    """A function whose domain is a part of the state."""

    key: Shape
    range: Shape


@dataclass(frozen=True, eq=False)
class SetShape:
    element: Shape


@dataclass(frozen=True, eq=False)
class RecordShape:
    fields: dict[str, Shape]


@dataclass(frozen=True, eq=False)
class OptionalShape:
    """A record, or one certain record with other fields, such as `[number |-> 0]`."""

    some: RecordShape
    none: RecordValue


@dataclass(frozen=True, eq=False)
class TupleShape:
    items: tuple[Shape, ...]


@dataclass(frozen=True, eq=False)
class SequenceShape:
    element: Shape


Shape: TypeAlias = (
    Basic | FunctionShape | PartialShape | SetShape | RecordShape | OptionalShape | TupleShape | SequenceShape
)


def kind(value: Value) -> str:
    """What a value is, in words."""
    return value.sort if isinstance(value, Term) else type(value).__name__.removesuffix("Value").lower()


def flat(value: Value) -> tuple[Term, ...]:
    """The terms that make up a value without functions, sets and sequences."""
    if isinstance(value, Term):
        return (value,)
    if isinstance(value, RecordValue):
        return tuple([term for item in value.fields.values() for term in flat(item)])
    if isinstance(value, TupleValue):
        return tuple([term for item in value.items for term in flat(item)])
    raise Outside(f"a {kind(value)} as the argument of a function, or as an element of a set")


def is_flat(shape: Shape) -> bool:
    """Whether values of this shape are a few terms: without functions, sets and sequences."""
    if isinstance(shape, RecordShape):
        return all(is_flat(item) for item in shape.fields.values())
    return all(is_flat(item) for item in shape.items) if isinstance(shape, TupleShape) else isinstance(shape, Basic)


def truth(value: Value) -> Term:
    if isinstance(value, Term) and value.sort == BOOL:
        return value
    raise Outside(f"a {kind(value)} where a truth is wanted")


def number(value: Value) -> Term:
    if isinstance(value, Term) and value.sort == INT:
        return value
    raise Outside(f"a {kind(value)} where a number is wanted")
