"""Refuses comparisons of values of different kinds, as TLC does.

Theory. TLA+ does not say whether 1 = "a": a specification that asks has no defined meaning, and mostly a mistake in it.
TLC stops at such a comparison. Equal values need no test, so Python compares first; only of unequal values is asked
whether they may be compared. Two structures are compared up to the first part in which they differ, so <<1, "a">> and
<<2, 3>> are unequal, but <<1, "a">> and <<1, 3>> cannot be compared.

Rules. A model value is comparable with every value, unless it is typed: its name begins with a letter and `_`. Then it
is comparable with model values that have the same letter or no type (TLC's rule).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NoReturn

from specs.tla.values.values import (
    Boolean,
    EvaluationError,
    Function,
    KindError,
    LazyValue,
    ModelValue,
    Value,
    ordered,
    to_tla,
)

FLAT = frozenset((int, str, Boolean))
_WORDS = {int: "a number", str: "a string", Boolean: "a Boolean", ModelValue: "a model value", frozenset: "a set"}


def comparable(left: Value, right: Value) -> bool:
    """True, of two values that Python finds unequal. Raises KindError if they are of different kinds.

    False of a sequence and the string that it spells, which TLC finds equal if the sequence stands on the left.
    """
    kind, other = type(left), type(right)
    if kind is other and kind in FLAT:
        return True
    if kind is ModelValue or other is ModelValue:
        return _model_values(left, right)
    if isinstance(left, LazyValue) or isinstance(right, LazyValue):
        return _lazy(left, right)
    if kind is frozenset and other is frozenset:
        return len(left) != len(right) or _differ(zip(ordered(left), ordered(right)))
    if kind is tuple and other is tuple:
        return len(left) != len(right) or _differ(zip(left, right))
    if kind is tuple and other is str:
        return len(left) != len(right) or _differ(zip(left, right))
    if kind in (tuple, Function) and other in (tuple, Function):
        return _functions(left, right)
    _refuse(left, right)


def _differ(pairs: Iterable[tuple[Value, Value]]) -> bool:
    """Whether a pair differs, looking at pairs up to the first that does."""
    return any(left is not right and left != right and comparable(left, right) for left, right in pairs)


def _functions(left: Value, right: Value) -> bool:
    """Functions that are not both sequences."""
    first, second = _items(left), _items(right)
    if len(first) != len(second):
        return True
    return _differ((a, b) for one, two in zip(first, second) for a, b in zip(one, two))


def _items(function: Value) -> list[tuple[Value, Value]]:
    if type(function) is tuple:
        return list(enumerate(function, 1))
    return [(key, function[key]) for key in ordered(frozenset(function))]


def _is_record(function: Value) -> bool:
    return type(function) is Function and all(type(key) is str for key in function)


def _lazy(left: Value, right: Value) -> bool:
    """Lazy sets and functions. One that cannot be enumerated is comparable with another set like it, or not at all."""
    if isinstance(left, LazyValue) and isinstance(right, LazyValue) and not (left.can_work_out or right.can_work_out):
        return True
    first = left.worked_out() if isinstance(left, LazyValue) else left
    second = right.worked_out() if isinstance(right, LazyValue) else right
    return comparable(first, second)


def _model_values(left: Value, right: Value) -> bool:
    if type_of(left) or type_of(right):
        both = type(left) is ModelValue and type(right) is ModelValue
        if not both or (type_of(left) != type_of(right) and type_of(left) and type_of(right)):
            _refuse(left, right)
    return True


def type_of(value: Value) -> str:
    """The type of a model value: the letter before `_` at the begin of its name."""
    if type(value) is ModelValue and len(value.name) > 2 and value.name[1] == "_":
        return value.name[0]
    return ""


def _word(value: Value) -> str:
    if isinstance(value, LazyValue):
        value = value.worked_out()
    if type(value) in (tuple, Function):
        return "a record" if _is_record(value) else "a sequence" if type(value) is tuple else "a function"
    return _WORDS.get(type(value), "a value")


def _refuse(left: Value, right: Value) -> NoReturn:
    kinds = f"{_word(left)} and {_word(right)}"
    if _word(left) == _word(right):
        kinds = "values of different kinds"
    raise KindError(f"{_cut(left)} is compared with {_cut(right)}: {kinds}; TLA+ does not say if they are equal")


def _cut(value: Value) -> str:
    try:
        text = to_tla(value)
    except (TypeError, EvaluationError, RecursionError):
        text = "a value that cannot be printed"
    return text if len(text) <= 200 else text[:200] + " ..."


# --- sets: their elements must be comparable ---------------------------------------------------------


def absent(value: Value, collection: frozenset[Value]) -> bool:
    """False: `value` is not in `collection`. Raises KindError if its elements are of another kind."""
    if type(collection) is not frozenset:
        return False  # a lazy set refuses what is of another kind by itself
    kind = type(value)
    for element in collection:
        if type(element) is kind and (kind in FLAT or (kind is tuple and _alike(value, element))):
            return False
        break
    for element in collection:
        comparable(element, value)  # the element stands left, as in TLC
    return False


def _alike(left: tuple[Value, ...], right: tuple[Value, ...]) -> bool:
    return len(left) == len(right) and all(type(a) is type(b) and type(a) in FLAT for a, b in zip(left, right))


def not_in(value: Value, name: str) -> bool:
    """False for a model value. Raises KindError for any other: it is of another kind than the elements of a set."""
    if type(value) is ModelValue and not type_of(value):
        return False
    raise KindError(f"{_cut(value)} \\in {name}: {_word(value)} is of another kind than the elements")


def uniform(collection: frozenset[Value]) -> frozenset[Value]:
    """`collection`. Raises KindError if two elements are of different kinds."""
    if len(collection) > 1:
        kinds = set(map(type, collection))
        if len(kinds) > 1 or not kinds <= FLAT:
            for left, right in pairwise(ordered(collection)):
                comparable(left, right)
    return collection


def mixed(collection: frozenset[Value]) -> frozenset[Value]:
    """`collection`. Raises KindError if two elements are of different kinds, looking at the outermost kinds."""
    if len(collection) > 1 and len(set(map(type, collection))) > 1:
        uniform(collection)
    return collection


def joinable(left: frozenset[Value], right: frozenset[Value]) -> None:
    """Raises KindError if the elements of two sets are of different kinds."""
    for one in left:
        for other in right:
            kind = type(one)
            if kind is type(other) and (kind in FLAT or (kind is tuple and _alike(one, other))):
                return
            if one != other:
                _joinable(left, right)
            return
        return


def _joinable(left: frozenset[Value], right: frozenset[Value]) -> None:
    for element in right:
        if element not in left:
            absent(element, left)
            return
