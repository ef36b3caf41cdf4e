"""Values of TLA+ as first-order logic sees them, and their shapes. What one can do with them: `meanings`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from specs.proof.translation import terms
from specs.proof.translation.terms import BOOL, INT, Term

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

    def __post_init__(self) -> None:
        if isinstance(self.element, UnionShape) and not self.parts:
            raise Outside("a set of records of several kinds, of which it does not show which are in it")


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


@dataclass(frozen=True)
class Only:
    """One literal, and no other value: the kind of a message."""

    literal: Term


@dataclass(frozen=True, eq=False)
class UnionShape:
    """A value that has one of several shapes: records with different fields, or with different literals in a field.

    A set of such values has `parts` that are of one shape each.
    """

    cases: tuple[Shape, ...]


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
    Basic
    | Only
    | FunctionShape
    | PartialShape
    | SetShape
    | RecordShape
    | OptionalShape
    | UnionShape
    | TupleShape
    | SequenceShape
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
    if isinstance(shape, TupleShape):
        return all(is_flat(item) for item in shape.items)
    return isinstance(shape, Basic | Only)


def either(left: Shape | None, right: Shape | None) -> Shape | None:
    """The shape of values of which each has one of two."""
    if left is None or right is None:
        return left or right
    cases: list[Shape] = []
    for case in (*_cases(left), *_cases(right)):
        if not any(_alike(case, known) for known in cases):
            cases.append(case)
    return cases[0] if len(cases) == 1 else UnionShape(tuple(cases))


def _cases(shape: Shape) -> tuple[Shape, ...]:
    return shape.cases if isinstance(shape, UnionShape) else (shape,)


def _alike(one: Shape, other: Shape) -> bool:
    """Whether two shapes may be taken as one: not if records have different fields, or different literals in one."""
    if isinstance(one, Only) or isinstance(other, Only):
        return one == other
    if not (isinstance(one, RecordShape) and isinstance(other, RecordShape)):
        return True
    return one.fields.keys() == other.fields.keys() and all(
        _alike(item, other.fields[name]) for name, item in one.fields.items()
    )


def truth(value: Value) -> Term:
    if isinstance(value, Term) and value.sort == BOOL:
        return value
    raise Outside(f"a {kind(value)} where a truth is wanted")


def number(value: Value) -> Term:
    if isinstance(value, Term) and value.sort == INT:
        return value
    raise Outside(f"a {kind(value)} where a number is wanted")


def ranging(picked: Callable[[str, list[Term]], tuple[Value, Term]]) -> Quantifier:
    """The quantifier over what `picked` gives: a value, and that it is in the set."""

    def over(universal: bool, body: Body, name: str) -> Term:
        with terms.deeper() as depth:
            variables: list[Term] = []
            value, inside = picked(f"{name}.{depth}", variables)
            inner = body(value)
        return within(universal, inside, inner, variables)

    return over


def within(universal: bool, inside: Term, inner: Term, variables: Iterable[Term] = ()) -> Term:
    """`\\A variables : inside => inner`, or `\\E variables : inside /\\ inner`."""
    if universal:
        return terms.forall(variables, terms.implication(inside, inner))
    return terms.exists(variables, terms.conjunction([inside, inner]))


def quantified(universal: bool, domain: SetValue, body: Body, name: str = "x") -> Term:
    """`\\A name \\in domain : body`, or `\\E`."""
    return domain.over(universal, body, name)


def are_records(found: SetValue) -> bool:
    """Whether the elements are written out, and are records."""
    return found.items is not None and all(isinstance(item, RecordValue) for item in found.items)


def between(low: Term, term: Term, high: Term) -> Term:
    return terms.conjunction([terms.order("<=", low, term), terms.order("<=", term, high)])


def tag(case: Shape, at: int) -> str:
    """Tells one case of a union from the others: by its literals, or by its place."""
    fields = case.fields.values() if isinstance(case, RecordShape) else ()
    literals = [item.literal.name.removeprefix("str.") for item in fields if isinstance(item, Only)]
    return "-".join(literals) or str(at)


def optional_shape(many: SetValue, one: SetValue) -> OptionalShape | None:
    """The shape of `many \\cup {none}`, where `none` has other fields than the records in `many`."""
    none = one.items[0] if one.items is not None and len(one.items) == 1 else None
    if not isinstance(many.element, RecordShape) or not isinstance(none, RecordValue):
        return None
    return None if many.element.fields.keys() == none.fields.keys() else OptionalShape(many.element, none)


def included(left: SetValue, right: SetValue) -> Term:
    """`left \\subseteq right`"""
    return quantified(True, left, right.has)


def is_alike(value: Value, shape: Shape) -> bool:
    """Whether records stand where the shape has records with these fields, and tuples where it has tuples."""
    if isinstance(shape, RecordShape):
        return (
            isinstance(value, RecordValue)
            and value.fields.keys() == shape.fields.keys()
            and all(is_alike(value.fields[name], item) for name, item in shape.fields.items())
        )
    if isinstance(shape, TupleShape):
        return (
            isinstance(value, TupleValue)
            and len(value.items) == len(shape.items)
            and all(is_alike(*pair) for pair in zip(value.items, shape.items))
        )
    return isinstance(value, Term)
