"""The functions that compiled expressions call: one for each operator that Python's own do not cover.

Rules. A wrong argument raises EvaluationError. Python itself would silently subtract sets, multiply sequences and
evaluate `x in sequence`, and a wrong specification would pass. EXCEPT outside the domain changes nothing, as TLA+
defines it (Lamport, Specifying Systems, section 16.1.6).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from specs.tla.values.combined import Difference, Filtered, Union
from specs.tla.values.kinds import absent, comparable, joinable, mixed
from specs.tla.values.sets import (
    Interval,
    LazyFunction,
    LazySet,
    domain_of,
    elements,
    enumerated,
    exact_size,
    in_order,
    is_finite,
    is_in,
)
from specs.tla.values.values import (
    FALSE,
    INTEGER_BITS_MAX,
    SET_ELEMENTS_MAX,
    TRUE,
    EvaluationError,
    Function,
    LazyValue,
    Value,
    canonical_function,
    integer_within_bounds,
    of_python,
    ordered,
    to_tla,
)

PERMUTED_MAX = 9  # 9! is less than SET_ELEMENTS_MAX, 10! is more


def truth(value: Value) -> bool:
    """A Boolean as Python's bool."""
    if value is TRUE:
        return True
    if value is FALSE:
        return False
    if type(value) is bool:
        return value
    raise EvaluationError(f"{shown(value)} is not a Boolean")


def shown(value: Value) -> str:
    """`value` as TLA+ source; Python's repr if it is not a TLA+ value."""
    try:
        return to_tla(value)
    except (TypeError, EvaluationError):
        return repr(value)
    except RecursionError:
        return "(a value that nests too deep to print)"


def to_string(value: Value) -> str:
    """ToString(value), as TLC writes it."""
    value = value.worked_out() if isinstance(value, LazyValue) else value
    if type(value) is tuple:
        return "<<" + ", ".join([to_string(item) for item in value]) + ">>"
    if type(value) is frozenset:
        return "{" + ", ".join([to_string(item) for item in ordered(value)]) + "}"
    if type(value) is Function:
        keys = ordered(frozenset(value))
        if all(type(key) is str for key in keys):
            return "[" + ", ".join([f"{key} |-> {to_string(value[key])}" for key in keys]) + "]"
        return "(" + " @@ ".join([f"{to_string(key)} :> {to_string(value[key])}" for key in keys]) + ")"
    return shown(value)


def printed(value: Value, result: Value) -> Value:
    """Print(value, result), which prints nothing here. `value` is enumerated."""
    if isinstance(value, LazyValue):
        value.worked_out()
    return result


def fail(message: str) -> NoReturn:
    raise EvaluationError(message)


class Later:
    """A LET definition: evaluated on first use, then cached."""

    __slots__ = ("_thunk", "_value")

    def __init__(self, thunk: Callable[[], Value]) -> None:
        self._thunk = thunk

    def __call__(self) -> Value:
        try:
            return self._value
        except AttributeError:
            self._value: Value = self._thunk()
            return self._value


def recursive(make: Callable[[Callable[..., Value]], Callable[..., Value]]) -> Callable[..., Value]:
    """The fixed point of `make`: a recursive LET definition."""

    def operator(*arguments: Value) -> Value:
        return made(*arguments)

    made = make(operator)
    return made


# --- numbers ----------------------------------------------------------------------------------


def integer(value: Value) -> int:
    """`value`, which must be an integer."""
    if type(value) is int:
        return value
    raise EvaluationError(f"{shown(value)} is not an integer")


def divide(left: Value, right: Value) -> int:
    """left \\div right, rounded down."""
    if integer(right) == 0:
        raise EvaluationError(f"{shown(left)} \\div 0")
    return integer(left) // integer(right)


def modulo(left: Value, right: Value) -> int:
    """left % right"""
    if type(left) is int and type(right) is int and right > 0:
        return left % right
    if integer(right) <= 0:
        raise EvaluationError(f"{shown(left)} % {right}: the divisor must be positive")
    return integer(left) % integer(right)


def power(left: Value, right: Value) -> int:
    """left ^ right"""
    if integer(left) == 0 and integer(right) == 0:
        raise EvaluationError("0 ^ 0 has no value")
    if integer(right) < 0:
        raise EvaluationError(f"{shown(left)} ^ {right}: the exponent must be natural")
    if abs(integer(left)) > 1 and (abs(left).bit_length() - 1) * right > INTEGER_BITS_MAX:
        raise EvaluationError(f"{shown(left)} ^ {shown(right)} has more than {INTEGER_BITS_MAX} bits")
    result: int = left**right if abs(left) > 1 or right < 2 else left ** (2 - right % 2)
    return result


def product(left: Value, right: Value) -> int:
    """left * right"""
    return integer_within_bounds(integer(left) * integer(right))


# --- sets -------------------------------------------------------------------------------------


def member(value: Value, collection: Value) -> bool:
    """value \\in collection"""
    return is_in(value, collection)


def equal(left: Value, right: Value) -> bool:
    """left = right"""
    return left == right or not comparable(left, right)


def _lazy(value: Value) -> bool:
    return isinstance(value, LazySet) and type(value) is not Interval


def union(left: Value, right: Value) -> Value:
    """left \\cup right"""
    if type(left) is frozenset and type(right) is frozenset:
        if left and right:
            joinable(left, right)
        return left | right
    if _lazy(left) or _lazy(right):
        return Union(left, right)
    return union(enumerated(left), enumerated(right))


def intersection(left: Value, right: Value) -> Value:
    """left \\cap right"""
    if type(left) is frozenset and type(right) is frozenset:
        if left and right:
            joinable(left, right)
        return left & right
    if _lazy(left) and _lazy(right) and not (is_finite(left) or is_finite(right)):
        return Filtered(left, lambda element: is_in(element, right))
    if (_lazy(left) and not _lazy(right)) or (_lazy(right) and not is_finite(left)):
        left, right = right, left
    other = elements(right)
    return frozenset([element for element in elements(left) if is_in(element, other)])


def difference(left: Value, right: Value) -> Value:
    """left \\ right"""
    if type(left) is frozenset and type(right) is frozenset:
        if left and right:
            joinable(left, right)
        return left - right
    if _lazy(left):
        return Difference(left, right)
    removed = elements(right)
    return frozenset([element for element in elements(left) if not is_in(element, removed)])


def big_union(collection: Value) -> Value:
    """UNION collection"""
    return united(list(elements(collection)))


def united(members: list[Value]) -> Value:
    """The union of these sets."""
    if not any(_lazy(item) for item in members):
        return mixed(frozenset().union(*[enumerated(item) for item in members]))
    result: Value = frozenset()
    for item in members:
        result = union(result, item)
    return result


def choose(collection: Value, holds: Callable[[Value], bool]) -> Value:
    """CHOOSE x \\in collection : holds(x). Takes the first in the order of `order_key`."""
    for element in in_order(collection):
        if holds(element):
            return element
    raise EvaluationError("CHOOSE: no element of the set satisfies the condition")


def cardinality(collection: Value) -> int:
    """Cardinality(collection)"""
    if type(collection) is frozenset:
        return len(collection)
    size = exact_size(collection)
    return len(enumerated(collection)) if size is None else size


def listed(items: Iterable[Value]) -> list[Value]:
    """The items. Raises EvaluationError beyond SET_ELEMENTS_MAX."""
    found = list(itertools.islice(items, SET_ELEMENTS_MAX + 1))
    if len(found) > SET_ELEMENTS_MAX:
        raise EvaluationError(f"a set or function of more than {SET_ELEMENTS_MAX} elements")
    return found


def gathered(pairs: Iterable[tuple[Value, Value]]) -> dict[Value, Value]:
    """The pairs of a function of several arguments. Raises EvaluationError beyond SET_ELEMENTS_MAX."""
    return dict(listed(pairs))


def tuples(collection: Value, size: int) -> Iterator[tuple[Value, ...]]:
    """The elements of a set over which a pattern <<x, y>> ranges."""
    for element in elements(collection):
        if type(element) is not tuple or len(element) != size:
            raise EvaluationError(f"{shown(element)} is not a tuple of {size}")
        yield element


# --- functions --------------------------------------------------------------------------------


def apply(function: Value, argument: Value) -> Value:
    """function[argument]"""
    kind = type(function)
    if kind is Function:
        try:
            return function[argument]
        except KeyError:
            pass
    elif kind is tuple:
        if type(argument) is int and 1 <= argument <= len(function):
            return function[argument - 1]
    elif isinstance(function, LazyFunction):
        return function.apply(argument)
    else:
        raise EvaluationError(f"{shown(function)} is not a function")
    raise EvaluationError(f"{shown(argument)} is not in the domain of {shown(function)}")


def replaced(function: Value, path: tuple[Value, ...], new: Callable[[Value], Value]) -> Value:
    """[function EXCEPT ![path[0]][path[1]]... = new(old value)]"""
    key = path[0]
    if type(function) is Function:
        if key not in function:
            if not (type(key) is str and all(type(item) is str for item in function)):
                absent(key, frozenset(function))
            return function
        old = function[key]
        value = new(old) if len(path) == 1 else replaced(old, path[1:], new)
        return function._with(key, value)
    if type(function) is tuple:
        if type(key) is not int:
            raise EvaluationError(f"EXCEPT ![{shown(key)}] of a sequence, whose domain is a set of numbers")
        if not 1 <= key <= len(function):
            return function
        old = function[key - 1]
        value = new(old) if len(path) == 1 else replaced(old, path[1:], new)
        return (*function[: key - 1], value, *function[key:])
    if isinstance(function, LazyFunction):
        if not is_in(key, function.domain):
            return function
        old, base = function.apply(key), function
        changed = new(old) if len(path) == 1 else replaced(old, path[1:], new)
        return LazyFunction(base.domain, lambda _, argument: changed if argument == key else base.apply(argument))
    raise EvaluationError(f"EXCEPT on {shown(function)}, which is not a function")


def pairs_of(function: Value) -> dict[Value, Value]:
    return {argument: apply(function, argument) for argument in enumerated(domain_of(function))}


def merge(left: Value, right: Value) -> Value:
    """left @@ right: where both are defined, left wins."""
    first, second = pairs_of(left), pairs_of(right)
    joinable(frozenset(first), frozenset(second))
    return canonical_function({**second, **first})


def permutations(collection: Value) -> frozenset[Value]:
    """Permutations(collection)"""
    keys = ordered(enumerated(collection))
    if len(keys) > PERMUTED_MAX:
        raise EvaluationError(f"Permutations of {len(keys)} elements; want at most {PERMUTED_MAX}")
    return frozenset([canonical_function(dict(zip(keys, image))) for image in itertools.permutations(keys)])


def from_python(function: Callable[..., object], *arguments: Value) -> Value:
    """The value of a CONSTANT operator that is a Python function."""
    return of_python(function(*arguments))
