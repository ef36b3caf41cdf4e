"""What TLA+ values mean in first-order logic.

Theory. A function, set, record or sequence of TLA+ is not a term of the solver. It is kept as what one can ask of it: a
function is asked for its value at an argument, a set whether it has an element. What is asked in the end is a truth or
a number, so the solvers see first-order formulas only. A variable `votes \\in [Replica -> [View -> Value]]` becomes a
function symbol of a replica and a view; a variable with records, one symbol for each field.

Rules. A function's symbol is total; outside the domain its value is any, as in TLA+. Functions are equal if they agree
on the domain. A shape says of which kind a value is, so that a quantifier knows what it ranges over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

from specs.proof.translation import terms
from specs.proof.translation.terms import BOOL, FALSE, INT, TRUE, Term
from specs.proof.translation.values import (
    STRING,
    Basic,
    Body,
    FunctionShape,
    FunctionValue,
    Listed,
    Only,
    OptionalShape,
    OptionalValue,
    Outside,
    PartialShape,
    Quantifier,
    RecordShape,
    RecordValue,
    SequenceShape,
    SequenceValue,
    SetShape,
    SetValue,
    Shape,
    TupleShape,
    TupleValue,
    UnionShape,
    Value,
    are_records,
    between,
    either,
    flat,
    included,
    is_alike,
    is_flat,
    kind,
    number,
    optional_shape,
    quantified,
    ranging,
    tag,
    truth,
    within,
)

__all__ = (  # of `values`, which this module stands for
    "STRING", "Basic", "Body", "FunctionShape", "FunctionValue", "Listed", "Only", "OptionalShape",
    "OptionalValue", "Outside", "PartialShape", "Quantifier", "RecordShape", "RecordValue", "SequenceShape",
    "SequenceValue", "SetShape", "SetValue", "Shape", "TupleShape", "TupleValue", "UnionShape", "Value",
    "flat", "included", "is_flat", "kind", "number", "quantified", "truth", "within",
)  # fmt: skip

_Sequences = SequenceValue | TupleValue | FunctionValue  # what may stand for a sequence


def shape_of(value: Value) -> Shape:
    """The shape of a value; raises Outside where it does not show."""
    if isinstance(value, Term):
        return Basic(value.sort)
    if isinstance(value, RecordValue):
        return RecordShape({name: shape_of(item) for name, item in value.fields.items()})
    if isinstance(value, OptionalValue):
        some = shape_of(value.some)
        assert isinstance(some, RecordShape)
        return OptionalShape(some, value.none)
    if isinstance(value, TupleValue):
        return TupleShape(tuple([shape_of(item) for item in value.items]))
    if isinstance(value, SetValue) and value.element is not None:
        return SetShape(value.element)
    if isinstance(value, SequenceValue) and value.element is not None:
        return SequenceShape(value.element)
    if isinstance(value, FunctionValue) and value.domain.element is not None:
        inside = value.domain.items[0] if value.domain.items else symbol(value.domain.element, "any", ())
        return FunctionShape(value.domain, shape_of(value.at(inside)))
    raise Outside(f"a {kind(value)} whose elements are not known")


def _like(value: Value, shape: Shape) -> tuple[Term, ...]:
    """The terms of a value that must have this shape, without those that have but one value."""
    wanted, found = flat(symbol(shape, "any", ())), flat(value)
    if not is_alike(value, shape) or [item.sort for item in found] != [item.sort for item in wanted]:
        raise Outside(f"a {kind(value)} where another kind of value is wanted")
    return tuple([item for item, want in zip(found, wanted) if not terms.is_literal(want)])


def _fits(value: Value, shape: Shape) -> Term:
    """Whether a value has this shape, as far as fields and literals tell; `_like` tells the rest."""
    if isinstance(shape, Only):
        return equal(value, shape.literal)
    if isinstance(shape, RecordShape) and isinstance(value, RecordValue):
        if value.fields.keys() != shape.fields.keys():
            return FALSE
        return terms.conjunction([_fits(value.fields[name], item) for name, item in shape.fields.items()])
    if isinstance(shape, TupleShape) and isinstance(value, TupleValue) and len(value.items) == len(shape.items):
        return terms.conjunction([_fits(*pair) for pair in zip(value.items, shape.items)])
    return TRUE


def symbol(shape: Shape, name: str, args: tuple[Term, ...]) -> Value:
    """Any value of this shape: symbols with `name`, applied to `args`."""
    return _made(shape, name, lambda part, sort: terms.apply(part, args, sort), args)


def bound(shape: Shape, name: str, found: list[Term]) -> Value:
    """A value of this shape for a quantifier, whose variables are added to `found`."""

    def make(part: str, sort: str) -> Term:
        found.append(terms.variable(part, sort))
        return found[-1]

    return _made(shape, name, make, None)


def _made(shape: Shape, name: str, make: Callable[[str, str], Term], args: tuple[Term, ...] | None) -> Value:
    if isinstance(shape, Basic | Only):
        return make(name, shape.sort) if isinstance(shape, Basic) else shape.literal
    if isinstance(shape, UnionShape):
        raise Outside("a value that has one of several shapes, other than as an element of a set")
    if isinstance(shape, RecordShape):
        return RecordValue({key: _made(item, f"{name}.{key}", make, args) for key, item in shape.fields.items()})
    if isinstance(shape, OptionalShape):
        some = _made(shape.some, name, make, args)
        assert isinstance(some, RecordValue)
        return OptionalValue(make(f"{name}.?", BOOL), some, shape.none)
    if isinstance(shape, TupleShape):
        return TupleValue(tuple([_made(item, f"{name}.{at}", make, args) for at, item in enumerate(shape.items, 1)]))
    if args is None:
        what = type(shape).__name__.removesuffix("Shape").lower()
        raise Outside(f"a quantifier over values that contain a {what}")
    if isinstance(shape, SetShape):
        element = shape.element
        if isinstance(element, UnionShape):
            return joined([_any_set(case, f"{name}.{tag(case, at)}", args) for at, case in enumerate(element.cases)])
        return _any_set(element, name, args) if is_flat(element) else _listed_set(element, name, args)
    if isinstance(shape, SequenceShape):
        length = terms.apply(f"{name}.len", args, INT)
        return SequenceValue(length, lambda at: symbol(shape.element, f"{name}.at", (*args, at)), shape.element)
    if isinstance(shape, PartialShape):
        key, inner = shape.key, shape.range
        domain = plain_set(key, lambda value: terms.apply(f"{name}.dom", (*args, *_like(value, key)), BOOL))
        return FunctionValue(domain, lambda value: symbol(inner, name, (*args, *_like(value, key))))
    return FunctionValue(shape.domain, _function(shape, name, args))


def _any_set(element: Shape, name: str, args: tuple[Term, ...]) -> SetValue:
    """Any set of values without functions."""

    def has(value: Value) -> Term:
        if _fits(value, element) is FALSE:
            return FALSE
        return terms.conjunction([_fits(value, element), terms.apply(name, (*args, *_like(value, element)), BOOL)])

    return plain_set(element, has)


def _listed_set(element: Shape, name: str, args: tuple[Term, ...]) -> SetValue:
    """Any set of values that contain functions. Its elements have a sort of their own: they need not be all values."""
    listed = Listed(
        f"{name}.each",
        lambda which: terms.apply(f"{name}.dom", (*args, which), BOOL),
        lambda which: symbol(element, f"{name}.each", (*args, which)),
    )
    return replace(mapped(ranging(listed.picked), element), listed=listed)


def picked(domain: SetValue, name: str, found: list[Term]) -> tuple[Value, Term]:
    """An element of the set, and that it is one; its variables are added to `found`."""
    if domain.listed is not None:
        return domain.listed.picked(name, found)
    if domain.element is None:
        raise Outside("an element of an empty set")
    value = bound(domain.element, name, found)
    return value, domain.has(value)


def _function(shape: FunctionShape, name: str, args: tuple[Term, ...]) -> Callable[[Value], Value]:
    """A domain of few literals gives a symbol to each of them: solvers find votes of phase 2 by name."""
    items, element = shape.domain.items, shape.domain.element
    literal = items is not None and all(isinstance(item, Term) and terms.is_literal(item) for item in items)

    def at(value: Value) -> Value:
        if not literal or items is None:
            return symbol(shape.range, name, (*args, *(flat(value) if element is None else _like(value, element))))
        found: Value | None = None
        for item in reversed(items):
            assert isinstance(item, Term)
            part = symbol(shape.range, f"{name}.{terms.show(item).removeprefix('str.')}", args)
            found = part if found is None else merged(equal(value, item), part, found)
        assert found is not None
        return found

    return at


def optional(value: Value, like: OptionalValue | RecordValue) -> OptionalValue:
    """The value as one that may be `none`; `like`: another such value, or the record that this one may be instead."""
    if isinstance(value, OptionalValue):
        return value
    if not isinstance(value, RecordValue):
        raise Outside(f"a {kind(value)} where a record is wanted")
    some, none = (like.some, like.none) if isinstance(like, OptionalValue) else (like, value)
    if isinstance(like, RecordValue) and value.fields.keys() > like.fields.keys():
        some, none = value, like
    if value.fields.keys() == some.fields.keys():
        return OptionalValue(TRUE, value, none)
    if equal(value, none) is not TRUE:
        raise Outside("a choice between more than two kinds of records")
    return OptionalValue(
        FALSE, RecordValue({name: _lacking(none, name, item) for name, item in some.fields.items()}), none
    )


def _lacking(record: RecordValue, name: str, like: Value) -> Value:
    """`record.name`. Where it has no such field it is any value: always the same one of the same record."""
    if name in record.fields:
        return record.fields[name]
    return symbol(shape_of(like), f"any {name} of {'.'.join(record.fields)}", flat(record))


def field(value: Value, name: str) -> Value:
    """`value.name`"""
    if isinstance(value, RecordValue) and name in value.fields:
        return value.fields[name]
    if isinstance(value, OptionalValue) and name in value.some.fields:
        some = value.some.fields[name]
        return merged(value.there, some, value.none.fields[name]) if name in value.none.fields else some
    raise Outside(f"a field {name} that the {kind(value)} does not have")


def merged(condition: Term, then: Value, otherwise: Value) -> Value:
    """IF condition THEN then ELSE otherwise."""
    if condition is TRUE or then is otherwise:
        return then
    if condition is FALSE:
        return otherwise
    if isinstance(then, Term) and isinstance(otherwise, Term) and then.sort == otherwise.sort:
        return terms.choice(condition, then, otherwise)
    if isinstance(then, FunctionValue) and isinstance(otherwise, FunctionValue):
        one, other = then, otherwise
        same = equal(one.domain, other.domain) is TRUE
        domain = one.domain if same else _merged_sets(condition, one.domain, other.domain)
        return FunctionValue(domain, lambda value: merged(condition, one.at(value), other.at(value)))
    if isinstance(then, SetValue) and isinstance(otherwise, SetValue):
        return _merged_sets(condition, then, otherwise)
    if (
        isinstance(then, RecordValue)
        and isinstance(otherwise, RecordValue)
        and then.fields.keys() == otherwise.fields.keys()
    ):
        return RecordValue(
            {name: merged(condition, item, otherwise.fields[name]) for name, item in then.fields.items()}
        )
    if isinstance(then, RecordValue | OptionalValue) and isinstance(otherwise, RecordValue | OptionalValue):
        return _merged_optionals(condition, optional(then, otherwise), optional(otherwise, then))
    if isinstance(then, TupleValue) and isinstance(otherwise, TupleValue) and len(then.items) == len(otherwise.items):
        return TupleValue(tuple([merged(condition, *pair) for pair in zip(then.items, otherwise.items)]))
    if isinstance(then, _Sequences) and isinstance(otherwise, _Sequences):
        return _merged_sequences(condition, then, otherwise)
    raise Outside(f"a choice between a {kind(then)} and a {kind(otherwise)}")


def _merged_optionals(condition: Term, then: OptionalValue, otherwise: OptionalValue) -> OptionalValue:
    if equal(then.none, otherwise.none) is not TRUE:
        raise Outside("a choice between more than two kinds of records")
    some = merged(condition, then.some, otherwise.some)
    assert isinstance(some, RecordValue)
    return OptionalValue(terms.choice(condition, then.there, otherwise.there), some, then.none)


def sequence(value: Value) -> SequenceValue:
    """A sequence, or a tuple or a function on 1..n taken as one."""
    if isinstance(value, SequenceValue):
        return value
    if isinstance(value, FunctionValue):
        return _counted_from_one(value)
    if not isinstance(value, TupleValue):
        raise Outside(f"a {kind(value)} where a sequence is wanted")
    items = value.items

    def at(place: Term) -> Value:
        if not items:
            raise Outside("an element of <<>>")
        found = items[-1]
        for which, item in reversed(list(enumerate(items[:-1], 1))):
            found = merged(terms.equal(place, terms.integer(which)), item, found)
        return found

    return SequenceValue(terms.integer(len(items)), at, shape_of(items[0]) if items else None)


def _merged_sets(condition: Term, then: SetValue, otherwise: SetValue) -> SetValue:
    def has(value: Value) -> Term:
        return terms.choice(condition, then.has(value), otherwise.has(value))

    element = either(then.element, otherwise.element)
    if isinstance(element, UnionShape) or (are_records(then) and are_records(otherwise)):
        no = terms.negation(condition)
        return joined([filtered(then, lambda value: condition), filtered(otherwise, lambda value: no)])
    return plain_set(element, has)


def _counted_from_one(function: FunctionValue) -> SequenceValue:
    """A function on 1..n is a sequence of length n; where n is below 0, that is the empty set."""
    ends = function.domain.ends
    if ends is None or ends[0] is not terms.integer(1):
        raise Outside("a function where a sequence is wanted, and its domain is not written 1..n")
    zero = terms.integer(0)
    length = terms.choice(terms.order("<=", zero, ends[1]), ends[1], zero)
    return SequenceValue(length, function.at, shape_of(function.at(terms.integer(1))))


def _merged_sequences(condition: Term, first: Value, second: Value) -> Value:
    then, otherwise = sequence(first), sequence(second)
    length = terms.choice(condition, then.length, otherwise.length)
    if then.element is None or otherwise.element is None:
        whole = otherwise if then.element is None else then  # an empty one has no items to choose
        return SequenceValue(length, whole.at, whole.element)
    return SequenceValue(length, lambda at: merged(condition, then.at(at), otherwise.at(at)), then.element)


def plain_set(element: Shape | None, has: Callable[[Value], Term]) -> SetValue:
    """A set known by membership: a quantifier over it ranges over all values of the shape."""
    if element is None:
        return SetValue(None, has, lambda universal, body, name: terms.truth(universal))
    if isinstance(element, UnionShape):
        return joined([plain_set(case, has) for case in element.cases])

    def picked(name: str, found: list[Term]) -> tuple[Value, Term]:
        value = bound(element, name, found)
        return value, has(value)

    return SetValue(element, has, ranging(picked))


def filtered(domain: SetValue, condition: Body) -> SetValue:
    """`{x \\in domain : condition}`"""
    if isinstance(domain.element, UnionShape):
        return joined([filtered(part, condition) for part in domain.parts if _is_possible(part, condition)])

    def over(universal: bool, body: Body, name: str) -> Term:
        return domain.over(universal, lambda value: within(universal, condition(value), body(value)), name)

    def has(value: Value) -> Term:
        return terms.conjunction([domain.has(value), condition(value)])

    found, whole = SetValue(domain.element, has, over, limits=domain.limits, within=domain.within), domain.listed
    if whole is None:
        return found

    def inside(which: Term) -> Term:
        return terms.conjunction([whole.inside(which), condition(whole.at(which))])

    return replace(found, listed=replace(whole, inside=inside))


def _is_possible(part: SetValue, condition: Body) -> bool:
    """Whether the condition is not plainly false in a part of a union: one that asks for another kind of record."""
    if isinstance(part.element, UnionShape):
        return any(_is_possible(item, condition) for item in part.parts)
    if part.items is not None:
        return any(condition(item) is not FALSE for item in part.items)
    with terms.deeper() as depth:
        return condition(picked(part, f"possible.{depth}", [])[0]) is not FALSE


def joined(parts: list[SetValue]) -> SetValue:
    """The union of sets."""
    return reduce(_both, parts) if parts else literal(())


def union(left: SetValue, right: SetValue) -> SetValue:
    found, element = _both(left, right), optional_shape(left, right) or optional_shape(right, left)
    return found if element is None else replace(found, element=element, has=_has_optional(left, right, element))


def _both(left: SetValue, right: SetValue) -> SetValue:
    """The union, of records of several kinds where they have different fields."""

    def over(universal: bool, body: Body, name: str) -> Term:
        both = [left.over(universal, body, name), right.over(universal, body, name)]
        return terms.conjunction(both) if universal else terms.disjunction(both)

    def has(value: Value) -> Term:
        return terms.disjunction([left.has(value), right.has(value)])

    items = None if left.items is None or right.items is None else left.items + right.items
    part = left.within if left.within == right.within else None
    return SetValue(either(left.element, right.element), has, over, items, parts=(left, right), within=part)


def _has_optional(left: SetValue, right: SetValue, shape: OptionalShape) -> Callable[[Value], Term]:
    many, one = (left, right) if left.element is shape.some else (right, left)

    def has(value: Value) -> Term:
        if isinstance(value, RecordValue):
            fitting = {tuple(shape.some.fields): many, tuple(shape.none.fields): one}.get(tuple(value.fields))
            return FALSE if fitting is None else fitting.has(value)
        found = optional(value, shape.none)
        there = terms.implication(found.there, many.has(found.some))
        return terms.conjunction([there, terms.implication(terms.negation(found.there), one.has(found.none))])

    return has


def mapped(over: Quantifier, element: Shape | None) -> SetValue:
    """`{e : x \\in S}`, by its quantifier."""
    return SetValue(element, lambda value: over(False, lambda item: equal(item, value), "x"), over)


def equal(left: Value, right: Value) -> Term:
    """`left = right`, where both are of one kind."""
    if isinstance(left, Term) and isinstance(right, Term) and left.sort == right.sort:
        return terms.equal(left, right)
    if isinstance(left, FunctionValue) and isinstance(right, FunctionValue):
        one, other = left, right
        values = quantified(True, one.domain, lambda value: equal(one.at(value), other.at(value)))
        return terms.conjunction([equal(one.domain, other.domain), values])
    if isinstance(left, SetValue) and isinstance(right, SetValue):
        return terms.conjunction([included(left, right), included(right, left)])
    if isinstance(left, RecordValue) and isinstance(right, RecordValue):
        if left.fields.keys() != right.fields.keys():
            return FALSE
        return terms.conjunction([equal(item, right.fields[name]) for name, item in left.fields.items()])
    if isinstance(left, RecordValue | OptionalValue) and isinstance(right, RecordValue | OptionalValue):
        return _equal_optionals(left, right)
    if isinstance(left, TupleValue) and isinstance(right, TupleValue):
        if len(left.items) != len(right.items):
            return FALSE
        return terms.conjunction([equal(*pair) for pair in zip(left.items, right.items)])
    if isinstance(left, _Sequences) and isinstance(right, TupleValue):
        whole = sequence(left)
        items = [equal(whole.at(terms.integer(at)), item) for at, item in enumerate(right.items, 1)]
        return terms.conjunction([terms.equal(whole.length, terms.integer(len(right.items))), *items])
    if isinstance(left, TupleValue) and isinstance(right, _Sequences):
        return equal(right, left)
    if isinstance(left, _Sequences) and isinstance(right, _Sequences):
        return _equal_sequences(sequence(left), sequence(right))
    raise Outside(f"a comparison of a {kind(left)} with a {kind(right)}")


def _equal_optionals(left: RecordValue | OptionalValue, right: RecordValue | OptionalValue) -> Term:
    """Equal as records, or as `none`: records with other fields are different."""
    if isinstance(left, RecordValue):
        return _equal_optionals(right, left)
    sides = (right.some, right.none) if isinstance(right, OptionalValue) else (right, right)
    there = right.there if isinstance(right, OptionalValue) else TRUE
    some = terms.conjunction([left.there, there, equal(left.some, sides[0])])
    there = terms.negation(there) if isinstance(right, OptionalValue) else TRUE
    return terms.disjunction([some, terms.conjunction([terms.negation(left.there), there, equal(left.none, sides[1])])])


def _equal_sequences(left: SequenceValue, right: SequenceValue) -> Term:
    lengths = terms.equal(left.length, right.length)
    if left.element is None or right.element is None:
        return lengths
    places = interval(terms.integer(1), left.length)
    agree = quantified(True, places, lambda at: equal(left.at(number(at)), right.at(number(at))))
    return terms.conjunction([lengths, agree])


def literal(items: tuple[Value, ...]) -> SetValue:
    """`{a, b, c}`"""

    def over(universal: bool, body: Body, name: str) -> Term:
        return (terms.conjunction if universal else terms.disjunction)([body(item) for item in items])

    def has(value: Value) -> Term:
        return terms.disjunction([equal(value, item) for item in items])

    records = [shape_of(item) for item in items if isinstance(item, RecordValue)]
    element = reduce(either, records, None) if records else shape_of(items[0]) if items else None
    parts = tuple([literal((item,)) for item in items]) if isinstance(element, UnionShape) else ()
    return SetValue(element, has, over, items, parts=parts)


ITEMS_MAX = 16  # elements of an interval between literals that are written out


def interval(low: Term, high: Term) -> SetValue:
    """`low .. high`"""
    found = plain_set(Basic(INT), lambda value: between(low, number(value), high))
    if low.op == high.op == "int" and high.value - low.value < ITEMS_MAX:
        items = literal(tuple([terms.integer(at) for at in range(low.value, high.value + 1)]))
        found = replace(items, element=found.element, has=found.has)
    return replace(found, limits=(low, high), ends=(low, high))
