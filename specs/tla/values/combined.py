"""Unions, differences and parts of sets that cannot or should not be enumerated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from specs.tla.values.sets import LazySet, elements, enumerated, is_finite, is_in, size_bound
from specs.tla.values.values import EvaluationError, Value, ordered


class Union(LazySet):
    """left \\cup right, where either may be large or infinite."""

    __slots__ = ("left", "right")
    name = "a union"

    def __init__(self, left: Value, right: Value) -> None:
        self.left, self.right = elements(left), elements(right)

    def __contains__(self, value: Value) -> bool:
        first, second = (self.right, self.left) if type(self.right) is frozenset else (self.left, self.right)
        return is_in(value, first) or is_in(value, second)  # the enumerated one first, as TLC does

    def _elements(self) -> Iterator[Value]:
        return iter(ordered(self.worked_out()))

    def size_bound(self) -> float:
        return size_bound(self.left) + size_bound(self.right)

    def _work_out(self) -> frozenset[Value]:
        return enumerated(self.left) | enumerated(self.right)

    def is_finite(self) -> bool:
        return is_finite(self.left) and is_finite(self.right)


class Difference(LazySet):
    """left \\ right, where left may be large or infinite."""

    __slots__ = ("left", "right")
    name = "a difference"

    def __init__(self, left: Value, right: Value) -> None:
        self.left, self.right = elements(left), elements(right)

    def __contains__(self, value: Value) -> bool:
        return not (type(self.right) is frozenset and is_in(value, self.right)) and (
            is_in(value, self.left) and not is_in(value, self.right)
        )

    def _elements(self) -> Iterator[Value]:
        right = self.right
        return iter([element for element in self.left if not is_in(element, right)])

    def size_bound(self) -> float:
        return size_bound(self.left)

    def is_finite(self) -> bool:
        if is_finite(self.left):
            return True
        if is_finite(self.right):
            return False
        raise EvaluationError("cannot decide whether a difference of infinite sets is finite")


class Filtered(LazySet):
    """{x \\in base : holds(x)}, where base is infinite."""

    __slots__ = ("base", "holds")
    name = "a filtered set"

    def __init__(self, base: Value, holds: Callable[[Value], bool]) -> None:
        self.base, self.holds = elements(base), holds

    def __contains__(self, value: Value) -> bool:
        return value in self.base and self.holds(value)

    def _elements(self) -> Iterator[Value]:
        return iter([element for element in self.base if self.holds(element)])

    def size_bound(self) -> float:
        return size_bound(self.base)

    def _work_out(self) -> frozenset[Value]:
        return frozenset(self)

    def is_finite(self) -> bool:
        if is_finite(self.base):
            return True
        raise EvaluationError("cannot decide whether a subset of an infinite set is finite")
