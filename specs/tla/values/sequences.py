"""Operators of the modules Sequences and Bags. A string is a sequence of strings of one character, as in TLC."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable

from specs.tla.values.operations import fail, integer, pairs_of, shown, truth
from specs.tla.values.sets import LazyFunction, elements, is_in
from specs.tla.values.values import (
    SET_ELEMENTS_MAX,
    EvaluationError,
    Function,
    Value,
    canonical_function,
)

# --- sequences --------------------------------------------------------------------------------


def sequence(value: Value) -> tuple[Value, ...]:
    """`value`, which must be a sequence."""
    if type(value) is tuple:
        return value
    if isinstance(value, LazyFunction):
        return sequence(value.worked_out())
    if type(value) is str:  # as in TLC: a sequence of strings of one character
        return tuple(value)
    raise EvaluationError(f"{shown(value)} is not a sequence")


def _like(value: Value, elements: tuple[Value, ...]) -> Value:
    """`elements` as a string if `value` is one."""
    if type(value) is not str:
        return elements
    if not all(type(element) is str for element in elements):
        raise EvaluationError(f"{shown(value)} is a string, and is joined with another kind of value")
    return "".join(elements)


def length(value: Value) -> int:
    """Len(value)"""
    return len(sequence(value))


def head(value: Value) -> Value:
    """Head(value)"""
    items = sequence(value)
    return items[0] if items else fail("Head of the empty sequence")


def tail(value: Value) -> Value:
    """Tail(value)"""
    items = sequence(value)
    return _like(value, items[1:]) if items else fail("Tail of the empty sequence")


def append(value: Value, element: Value) -> Value:
    """Append(value, element)"""
    if type(value) is tuple:
        return (*value, element)
    return _like(value, (*sequence(value), element))


def concatenation(left: Value, right: Value) -> Value:
    """left \\o right"""
    if type(left) is str:
        return left + right if type(right) is str else fail(f"{shown(left)} \\o {shown(right)}: want two strings")
    if length(left) + length(right) > SET_ELEMENTS_MAX:
        raise EvaluationError(f"a sequence of more than {SET_ELEMENTS_MAX} elements")
    return sequence(left) + sequence(right)


def part(value: Value, first: Value, last: Value) -> Value:
    """SubSeq(value, first, last)"""
    if integer(first) > integer(last):
        return _like(value, sequence(value)[:0])
    if first < 1 or last > length(value):
        raise EvaluationError(f"SubSeq({shown(value)}, {first}, {last}): outside the sequence")
    return _like(value, sequence(value)[first - 1 : last])


def selected(value: Value, holds: Callable[[Value], Value]) -> tuple[Value, ...]:
    """SelectSeq(value, holds)"""
    return tuple([element for element in sequence(value) if truth(holds(element))])


def sorted_sequence(value: Value, before: Callable[[Value, Value], Value]) -> tuple[Value, ...]:
    """SortSeq(value, before). A stable insertion sort: it needs only a strict order."""
    result: list[Value] = []
    for element in sequence(value):
        position = len(result)
        while position > 0 and truth(before(element, result[position - 1])):
            position -= 1
        result.insert(position, element)
    return tuple(result)


# --- bags: functions from elements to positive counts --------------------------------------------


def is_bag(value: Value) -> bool:
    """IsABag(value)"""
    if not isinstance(value, tuple | Function | LazyFunction):
        return False
    return all(type(count) is int and count > 0 for count in pairs_of(value).values())


def _bag(counts: Iterable[tuple[Value, int]]) -> Value:
    return canonical_function({element: count for element, count in counts if count > 0})


def bag_count(element: Value, bag: Value) -> int:
    """CopiesIn(element, bag)"""
    pairs = pairs_of(bag)
    return integer(pairs[element]) if is_in(element, frozenset(pairs)) else 0


def bag_size(bag: Value) -> int:
    """BagCardinality(bag)"""
    return sum([integer(count) for count in pairs_of(bag).values()])


def bag_of(collection: Value) -> Value:
    """SetToBag(collection)"""
    return _bag([(element, 1) for element in elements(collection)])


def bag_sum(left: Value, right: Value) -> Value:
    """left (+) right"""
    keys = {**pairs_of(left), **pairs_of(right)}
    return _bag([(key, bag_count(key, left) + bag_count(key, right)) for key in keys])


def sub_bags(bag: Value) -> frozenset[Value]:
    """SubBag(bag): the set of all bags in `bag`."""
    pairs = list(pairs_of(bag).items())
    if math.prod([integer(count) + 1 for _, count in pairs]) > SET_ELEMENTS_MAX:
        raise EvaluationError(f"SubBag has more than {SET_ELEMENTS_MAX} elements")
    choices = itertools.product(*[range(count + 1) for _, count in pairs])
    return frozenset([_bag(zip([element for element, _ in pairs], counts)) for counts in choices])


def bag_of_all(image: Callable[[Value], Value], bag: Value) -> Value:
    """BagOfAll(image, bag)"""
    result: Value = ()
    for element, count in pairs_of(bag).items():
        result = bag_sum(result, canonical_function({image(element): integer(count)}))
    return result


def bag_difference(left: Value, right: Value) -> Value:
    """left (-) right"""
    return _bag([(key, integer(count) - bag_count(key, right)) for key, count in pairs_of(left).items()])


def bag_union(bags: Value) -> Value:
    """BagUnion(bags), bags a set of bags"""
    result: Value = ()
    for bag in elements(bags):
        result = bag_sum(result, bag)
    return result


def is_sub_bag(left: Value, right: Value) -> bool:
    """left \\sqsubseteq right"""
    return all(integer(count) <= bag_count(key, right) for key, count in pairs_of(left).items())
