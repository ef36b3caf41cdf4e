"""Lazy sets and functions: enumerated only when necessary.

Theory. Enumerating SUBSET Vote to evaluate `votes \\in SUBSET Vote` takes 2^24 sets; testing membership takes a few
look-ups. `Nat` cannot be enumerated at all. So membership is a method of its own.

Rules. Iteration follows `values.order_key`: CHOOSE on a lazy set equals CHOOSE on the same set enumerated. Enumerating
an infinite set raises EvaluationError; so does iterating far into a set of more than SET_ELEMENTS_MAX elements.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from specs.tla.values.kinds import absent, comparable, not_in
from specs.tla.values.values import (
    SET_ELEMENTS_MAX,
    EvaluationError,
    Function,
    KindError,
    LazyValue,
    Value,
    bounded,
    canonical_function,
    counted,
    ordered,
    to_tla,
)


class LazySet(LazyValue):
    """Base class: membership, and elements in order."""

    __slots__ = ()
    name = "a set"
    passed_max = 100_000  # elements iterated over, one by one, in a set that is too large to enumerate

    def __contains__(self, value: Value) -> bool:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Value]:
        return (
            self._elements()
            if self.size_bound() <= SET_ELEMENTS_MAX
            else counted(self._elements(), self.name, self.passed_max)
        )

    def _elements(self) -> Iterator[Value]:
        raise NotImplementedError

    def size_bound(self) -> float:
        """An upper bound on the number of elements, found without enumerating them."""
        raise NotImplementedError

    def is_finite(self) -> bool:
        """Whether the set is finite. Raises EvaluationError if that is not known."""
        raise NotImplementedError

    def _work_out(self) -> frozenset[Value]:
        if self.size_bound() > 2 * SET_ELEMENTS_MAX:
            # A Cartesian product enumerates its factors before it yields anything.
            raise EvaluationError(f"{self.name} has too many elements to enumerate: name the element instead")
        return bounded(self, self.name)


def exact_size(value: Value) -> int | None:
    """The number of elements, if it is known without enumerating them and not too large."""
    if type(value) is frozenset:
        return len(value)
    if type(value) is Interval:
        return int(value.size_bound())
    if type(value) is Powerset:
        base = exact_size(value.base)
        return None if base is None or base > 30 else 1 << base
    if type(value) is FunctionSet:
        size, count = exact_size(value.codomain), len(value.domain)
        return None if size is None or count > 30 or size**count > 1 << 31 else size**count
    if isinstance(value, Product | RecordSet):
        parts = value.factors if isinstance(value, Product) else tuple(value.fields.values())
        sizes = [exact_size(part) for part in parts]
        return None if None in sizes else math.prod([size for size in sizes if size is not None])
    return None


def size_bound(value: frozenset[Value] | LazySet) -> float:
    """An upper bound on the number of elements of a set."""
    return len(value) if isinstance(value, frozenset) else value.size_bound()


def elements(value: Value) -> frozenset[Value] | LazySet:
    """`value`, which must be a set: a sequence or record is iterable too and would pass for one."""
    if type(value) is frozenset or isinstance(value, LazySet):
        return value
    raise EvaluationError(f"{to_tla(value)} is not a set")


def is_in(value: Value, collection: Value) -> bool:
    """value \\in collection. Raises EvaluationError if the elements are of another kind."""
    if type(collection) is frozenset:
        return value in collection or absent(value, collection)
    return value in elements(collection)


def enumerated(value: Value) -> frozenset[Value]:
    """The set `value`, enumerated."""
    if type(value) is frozenset:
        return value
    if isinstance(value, LazySet):
        worked_out: frozenset[Value] = value.worked_out()
        return worked_out
    raise EvaluationError(f"{to_tla(value)} is not a set")


def in_order(value: Value) -> tuple[Value, ...] | LazySet:
    """The elements of a set in the order of `order_key`."""
    if type(value) is frozenset:
        return ordered(value)
    if isinstance(value, LazySet):
        return value
    raise EvaluationError(f"{to_tla(value)} is not a set")


class Interval(LazySet):
    """low..high"""

    __slots__ = ("high", "low")
    name = "an interval"
    passed_max = SET_ELEMENTS_MAX

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __contains__(self, value: Value) -> bool:
        if type(value) is int:
            return self.low <= value <= self.high
        return self.low <= self.high and not_in(value, f"{self.low}..{self.high}")

    def _elements(self) -> Iterator[int]:
        return iter(range(self.low, self.high + 1))

    def size_bound(self) -> float:
        return max(0, self.high - self.low + 1)

    def is_finite(self) -> bool:
        return True


class Infinite(LazySet):
    """Nat, Int, STRING, Seq(S): membership can be tested, elements cannot be enumerated.

    `holds(value)` is None of a value of another kind than the elements.
    """

    __slots__ = ("_holds", "name")
    can_work_out = False

    def __init__(self, name: str, holds: Callable[[Value], bool | None]) -> None:
        self.name, self._holds = name, holds

    def __contains__(self, value: Value) -> bool:
        held = self._holds(value)
        return not_in(value, self.name) if held is None else held

    def _elements(self) -> Iterator[Value]:
        raise EvaluationError(f"{self.name} is infinite: its elements cannot be enumerated")

    def __iter__(self) -> Iterator[Value]:
        return self._elements()

    def size_bound(self) -> float:
        return math.inf

    def _work_out(self) -> frozenset[Value]:
        raise EvaluationError(f"{self.name} is infinite: its elements cannot be enumerated")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Infinite) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name

    def is_finite(self) -> bool:
        return False


NATURALS = Infinite("Nat", lambda value: value >= 0 if type(value) is int else None)
INTEGERS = Infinite("Int", lambda value: True if type(value) is int else None)
STRINGS = Infinite("STRING", lambda value: True if type(value) is str else None)


def sequences(base: Value) -> Infinite:
    """Seq(base)"""
    members = elements(base)

    def holds(value: Value) -> bool | None:
        value = value.worked_out() if isinstance(value, LazyFunction) else value
        if type(value) is tuple:
            return all(is_in(element, members) for element in value)
        if type(value) is str:  # in TLC a string is a sequence of strings of one character
            return all(is_in(character, members) for character in value)
        return False if type(value) is Function and not all(type(key) is str for key in value) else None

    return Infinite(f"Seq({base!r})", holds)


class Powerset(LazySet):
    """SUBSET base"""

    __slots__ = ("base",)
    name = "SUBSET"

    def __init__(self, base: Value) -> None:
        self.base = elements(base)

    def __contains__(self, value: Value) -> bool:
        if isinstance(value, frozenset | LazySet):
            return is_subset(value, self.base)
        raise KindError(f"{to_tla(value)} \\in SUBSET: it is not a set")

    def _elements(self) -> Iterator[frozenset[Value]]:
        members = tuple(in_order(self.base))
        for size in range(len(members) + 1):
            for chosen in itertools.combinations(members, size):
                yield frozenset(chosen)

    def size_bound(self) -> float:
        base = size_bound(self.base)
        return math.inf if base > 64 else 2**base

    def is_finite(self) -> bool:
        return is_finite(self.base)


class FunctionSet(LazySet):
    """[domain -> codomain]"""

    __slots__ = ("codomain", "domain")
    name = "a set of functions"

    def __init__(self, domain: Value, codomain: Value) -> None:
        self.domain, self.codomain = enumerated(domain), elements(codomain)

    def __contains__(self, value: Value) -> bool:
        codomain = self.codomain
        if type(value) is Function:
            if value.keys() != self.domain:
                return not comparable(frozenset(value), self.domain)
            items: Iterable[Value] = value.values()
        elif type(value) is tuple:
            domain = domain_of(value)
            if domain != self.domain:
                return not comparable(domain, self.domain)
            items = value
        elif isinstance(value, LazyFunction):
            return value.worked_out() in self
        else:
            return not_in(value, self.name)
        if type(codomain) is frozenset:
            return codomain.issuperset(items) or all(is_in(item, codomain) for item in items)
        return all(item in codomain for item in items)

    def _elements(self) -> Iterator[Value]:
        keys = ordered(self.domain)
        for values in itertools.product(tuple(in_order(self.codomain)), repeat=len(keys)):
            yield canonical_function(dict(zip(keys, values)))

    def size_bound(self) -> float:
        if not self.domain:
            return 1
        codomain = size_bound(self.codomain)
        return codomain if codomain < 2 else math.inf if len(self.domain) > 64 else codomain ** len(self.domain)

    def is_finite(self) -> bool:
        return not self.domain or is_finite(self.codomain)


class RecordSet(LazySet):
    """[field: set, ...]"""

    __slots__ = ("fields",)
    name = "a set of records"

    def __init__(self, fields: dict[str, Value]) -> None:
        self.fields = {field: elements(fields[field]) for field in sorted(fields)}

    def __contains__(self, value: Value) -> bool:
        if type(value) is not Function or not all(type(key) is str for key in value):
            return not_in(value, self.name)
        if value.keys() != self.fields.keys():
            return False
        return all(is_in(value[field], allowed) for field, allowed in self.fields.items())

    def _elements(self) -> Iterator[Function]:
        for values in _tuples(list(self.fields.values())):
            yield Function(zip(self.fields, values))

    def size_bound(self) -> float:
        return _product_size(list(self.fields.values()))

    def is_finite(self) -> bool:
        return _is_product_finite(list(self.fields.values()))


class Product(LazySet):
    """S \\X T \\X ..."""

    __slots__ = ("factors",)
    name = "a Cartesian product"

    def __init__(self, *factors: Value) -> None:
        self.factors = tuple([elements(factor) for factor in factors])

    def __contains__(self, value: Value) -> bool:
        if type(value) is not tuple:
            return (
                False
                if type(value) is Function and not isinstance(next(iter(value)), str)
                else not_in(value, self.name)
            )
        return len(value) == len(self.factors) and all(is_in(item, factor) for item, factor in zip(value, self.factors))

    def _elements(self) -> Iterator[tuple[Value, ...]]:
        return _tuples(self.factors)

    def size_bound(self) -> float:
        return _product_size(self.factors)

    def is_finite(self) -> bool:
        return _is_product_finite(self.factors)


def _tuples(factors: Sequence[frozenset[Value] | LazySet]) -> Iterator[tuple[Value, ...]]:
    """The elements of a product. None if a factor is empty, however large the others."""
    if _product_size(factors) == 0:
        return iter(())
    return itertools.product(*[tuple(in_order(factor)) for factor in factors])


def _product_size(factors: Sequence[frozenset[Value] | LazySet]) -> float:
    sizes = [size_bound(factor) for factor in factors]
    return 0 if 0 in sizes else math.prod(sizes)


def is_finite(value: Value) -> bool:
    """IsFiniteSet(value)"""
    return value.is_finite() if isinstance(value, LazySet) else isinstance(elements(value), frozenset)


def _is_product_finite(factors: Sequence[frozenset[Value] | LazySet]) -> bool:
    return 0 in [size_bound(factor) for factor in factors] or all(is_finite(factor) for factor in factors)


def span(low: int, high: int) -> range | Interval:
    """low..high, to iterate over any number of times."""
    return range(low, high + 1) if high - low < SET_ELEMENTS_MAX else Interval(low, high)


def is_subset(left: Value, right: Value) -> bool:
    """left \\subseteq right"""
    if type(left) is frozenset and type(right) is frozenset:
        return left <= right or all(is_in(element, right) for element in ordered(left))
    if type(right) is Powerset and type(left) is Powerset:
        return is_subset(left.base, right.base)
    allowed = elements(right)
    if left is right or (isinstance(left, Infinite) and left == right):
        return True
    return all(is_in(element, allowed) for element in elements(left))


def domain_of(value: Value) -> Value:
    """DOMAIN value"""
    if type(value) is Function:
        return frozenset(value)
    if type(value) is tuple:
        return frozenset(range(1, len(value) + 1))
    if isinstance(value, LazyFunction):
        return value.domain
    raise EvaluationError(f"DOMAIN of {to_tla(value)}, which is not a function")


def is_in_domain(element: Value, function: Value) -> bool:
    """element \\in DOMAIN function"""
    if type(function) is Function:
        return element in function or absent(element, frozenset(function))
    if type(function) is tuple and type(element) is int:
        return 1 <= element <= len(function)
    return is_in(element, domain_of(function))


class LazyFunction(LazyValue):
    """[x \\in domain |-> body(x)], each value computed once, on demand: for recursion and infinite domains."""

    __slots__ = ("_body", "_known", "domain")

    def __init__(self, domain: Value, body: Callable[[LazyFunction, Value], Value]) -> None:
        self.domain = elements(domain)
        self._body = body
        self._known: dict[Value, Value] = {}

    def apply(self, argument: Value) -> Value:
        """The function's value at `argument`."""
        try:
            return self._known[argument]
        except KeyError:
            pass
        if not is_in(argument, self.domain):
            raise EvaluationError(f"{to_tla(argument)} is not in the domain of the function")
        value = self._body(self, argument)
        self._known[argument] = value
        return value

    def _work_out(self) -> Value:
        return canonical_function({argument: self.apply(argument) for argument in enumerated(self.domain)})
