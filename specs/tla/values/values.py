"""TLA+ values as Python values.

Theory. TLA+ is untyped: everything is a set, and two values are equal or they are not. Python's values come close, with
one trap: `True == 1`, so `{True, 1}` would have one element. So TLA+'s Booleans have a class of their own.

Rules. Every value is immutable and hashable. Equal TLA+ values are equal in Python:

    integer                 int
    string                  str
    TRUE, FALSE             TRUE, FALSE (class Boolean); of_python converts a Python bool
    model value             ModelValue, interned by name, equal only to itself
    set                     frozenset, or a LazySet, enumerated only when necessary (specs/tla/values/sets.py)
    sequence, tuple         tuple
    function on 1..n        tuple: TLA+ makes no difference between it and a sequence
    other function, record  Function; a record is a function on strings
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NoReturn, TypeAlias

from specs.escape import MultilineError

Value: TypeAlias = Any  # one of the above; TLA+ has no static types that would narrow it

SET_ELEMENTS_MAX = 1_000_000  # as TLC: a larger set is a mistake in the model
INTEGER_BITS_MAX = 8_192  # TLC has 32; larger powers and products are a mistake too, and slow
_INTEGER_MAX = 1 << INTEGER_BITS_MAX


class EvaluationError(MultilineError):
    """An expression has no value: a function outside its domain, CHOOSE of nothing, `1 + "a"`."""


class KindError(EvaluationError):
    """Values of different kinds are compared: TLA+ gives the comparison no value, and the specification no meaning."""


class Boolean:
    """TRUE or FALSE. Not an int, so {TRUE, 1} has two elements. Equal to the Python bool of the same truth."""

    __slots__ = ("truth",)
    truth: bool

    def __init__(self, truth: bool) -> None:
        object.__setattr__(self, "truth", truth)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise TypeError("TLA+ values are immutable")

    def __bool__(self) -> bool:
        return self.truth

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(other) is bool and other is self.truth

    def __hash__(self) -> int:
        return hash(self.truth)

    def __repr__(self) -> str:
        return "TRUE" if self.truth else "FALSE"

    def __reduce__(self) -> str:
        return repr(self)  # copying or unpickling gives the same object


TRUE = Boolean(True)
FALSE = Boolean(False)
BOOLEAN: frozenset[Boolean] = frozenset((FALSE, TRUE))


class ModelValue:
    """A value equal only to itself. `ModelValue("p1") is ModelValue("p1")`."""

    __slots__ = ("name",)
    name: str
    _interned: dict[str, ModelValue] = {}  # noqa: RUF012 -- shared on purpose: interning

    def __new__(cls, name: str) -> ModelValue:
        found = cls._interned.get(name)
        if found is None:
            found = object.__new__(cls)
            object.__setattr__(found, "name", name)
            cls._interned[name] = found
        return found

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise TypeError("TLA+ values are immutable")

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[type[ModelValue], tuple[str]]:
        return ModelValue, (self.name,)


def _immutable(*_: object, **__: object) -> NoReturn:
    raise TypeError("TLA+ functions are immutable: use updated(key, value)")


class Function(dict[Value, Value]):
    """A function whose domain is not 1..n, or a record. Immutable, hash computed once.

    Build one with `function` (which returns a tuple for a domain 1..n) or `record`: they convert the content.
    """

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:  # type: ignore[override]
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(frozenset(self.items()))
            return self._hash

    def updated(self, key: Value, value: Value) -> Function:
        """This function with `value` at `key`, which must be in its domain."""
        if key not in self:
            raise EvaluationError(f"{to_tla(key)} is not in the domain of {to_tla(self)}")
        return self._with(key, of_python(value))

    def _with(self, key: Value, value: Value) -> Function:
        copy = Function(self)
        dict.__setitem__(copy, key, value)
        return copy

    def __repr__(self) -> str:
        return to_tla(self)

    def __reduce__(self) -> tuple[type[Function], tuple[dict[Value, Value]]]:
        return Function, (dict(self),)

    __setitem__ = __delitem__ = __ior__ = _immutable
    update = pop = popitem = clear = setdefault = _immutable


def canonical_function(pairs: dict[Value, Value]) -> Value:
    """The function with these arguments and values: a tuple if its domain is 1..n."""
    if 1 in pairs or not pairs:
        size = len(pairs)
        if all(index in pairs for index in range(2, size + 1)):
            return tuple([pairs[index] for index in range(1, size + 1)])
    return Function(pairs)


def function(pairs: dict[Value, Value]) -> Value:
    """The TLA+ function that maps each key to its value, from Python keys and values."""
    return canonical_function({of_python(key): of_python(value) for key, value in pairs.items()})


def record(**fields: Value) -> Function:
    """The TLA+ record [field |-> value, ...]."""
    return Function({field: of_python(value) for field, value in fields.items()})


def of_python(value: Value) -> Value:
    """`value` as a TLA+ value: converts bool, list, set and dict, at any depth. Raises TypeError for other types."""
    kind = type(value)
    if kind is int or kind is str or kind is Function or kind is Boolean or kind is ModelValue:
        return value
    if kind is bool:
        return TRUE if value else FALSE
    if kind is tuple or kind is list:
        return tuple([of_python(item) for item in value])
    if kind is frozenset or kind is set:
        return frozenset([of_python(item) for item in value])
    if isinstance(value, dict):
        return function(value)
    if isinstance(value, LazyValue):
        return value
    wanted = "int, str, bool, ModelValue, set, tuple, dict"
    raise TypeError(f"{value!r} ({kind.__name__}) is not a TLA+ value: want {wanted}")


class LazyValue:
    """A set or function that is computed on demand. Equal to the value that it computes to."""

    __slots__ = ("_worked_out",)
    _worked_out: Value
    can_work_out = True  # False: of Nat and similar sets it is known that they cannot be enumerated

    def worked_out(self) -> Value:
        """The frozenset, tuple or Function that this computes to."""
        try:
            return self._worked_out
        except AttributeError:
            self._worked_out = self._work_out()
            return self._worked_out

    def _work_out(self) -> Value:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, LazyValue):
            return bool(self.worked_out() == other.worked_out())
        if isinstance(other, frozenset | tuple | Function):
            return bool(self.worked_out() == other)
        return False

    def __hash__(self) -> int:
        return hash(self.worked_out())

    def __repr__(self) -> str:
        try:
            return to_tla(self)
        except EvaluationError:
            return f"({type(self).__name__} that cannot be enumerated)"


# --- order: the same for equal values, on every run -------------------------------------------

_RANKS = {Boolean: 0, bool: 0, int: 1, str: 2, ModelValue: 3, tuple: 4, frozenset: 5, Function: 6}


def order_key(value: Value) -> tuple[object, ...]:
    """A sort key: a total order over all values. Sets by size, then elements; sequences by length."""
    kind = type(value)
    if kind is int or kind is str:
        return (_RANKS[kind], value)
    if isinstance(value, LazyValue):
        return order_key(value.worked_out()) if value.can_work_out else (len(_RANKS), repr(value))
    rank = _RANKS.get(kind)
    if rank is None:
        raise EvaluationError(f"{value!r} is not a TLA+ value")
    if rank == 0:
        return (0, bool(value))
    if kind is ModelValue:
        return (rank, value.name)
    if kind is tuple:
        return (rank, len(value), tuple([order_key(item) for item in value]))
    if kind is frozenset:
        return (rank, len(value), tuple(sorted([order_key(item) for item in value])))
    return (rank, len(value), tuple(sorted([(order_key(key), order_key(item)) for key, item in value.items()])))


@lru_cache(maxsize=1024)
def ordered(elements: frozenset[Value]) -> tuple[Value, ...]:
    """The elements in the order of `order_key`, so that CHOOSE takes the same element of equal sets."""
    if len(elements) < 2:
        return tuple(elements)
    if all(type(element) is int for element in elements):
        return tuple(sorted(elements))
    return tuple(sorted(elements, key=order_key))


def integer_within_bounds(value: int) -> int:
    """`value`. Raises EvaluationError beyond INTEGER_BITS_MAX."""
    if -_INTEGER_MAX < value < _INTEGER_MAX:
        return value
    raise EvaluationError(f"an integer of more than {INTEGER_BITS_MAX} bits")


def digits(value: int) -> str:
    """The decimal digits of an integer. Raises EvaluationError beyond Python's bound of 4300 digits."""
    try:
        return str(value)
    except ValueError:
        raise EvaluationError(f"an integer of {value.bit_length()} bits: too large to print") from None


def bounded(elements: Iterable[Value], name: str) -> frozenset[Value]:
    """The set of `elements`. Raises EvaluationError beyond SET_ELEMENTS_MAX."""
    return frozenset(counted(elements, name))


def counted(elements: Iterable[Value], name: str, count_max: int = SET_ELEMENTS_MAX) -> Iterator[Value]:
    """The elements one by one. Raises EvaluationError beyond `count_max`."""
    for count, element in enumerate(elements):
        if count >= count_max:
            raise EvaluationError(f"{name} has more than {count_max} elements: name the element instead")
        yield element


# --- TLA+ source ------------------------------------------------------------------------------

_FIELD = re.compile(r"(?=[0-9_]*[A-Za-z])[A-Za-z0-9_]+\Z")
_RESERVED = frozenset(
    (
        "ASSUME", "ASSUMPTION", "AXIOM", "CASE", "CHOOSE", "CONSTANT", "CONSTANTS", "COROLLARY", "DOMAIN", "ELSE",
        "ENABLED", "EXCEPT", "EXTENDS", "FALSE", "IF", "IN", "INSTANCE", "LAMBDA", "LEMMA", "LET", "LOCAL",
        "MODULE", "NEW", "OTHER", "PROOF", "PROPOSITION", "RECURSIVE", "SF_", "STATE", "SUBSET", "THEN", "THEOREM",
        "TRUE", "UNCHANGED", "UNION", "VARIABLE", "VARIABLES", "WF_", "WITH", "BOOLEAN", "STRING", "Nat", "Int",
        "Real",
    )
)  # fmt: skip
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\f": "\\f"}


def to_tla(value: Value) -> str:
    """`value` as TLA+ source. Functions other than records use `:>` and `@@`, from the module TLC."""
    if isinstance(value, LazyValue):
        return to_tla(value.worked_out())
    kind = type(value)
    if kind is int:
        return digits(value)
    if kind is bool or kind is Boolean:
        return "TRUE" if value else "FALSE"
    if kind is str:
        return '"' + "".join([_ESCAPES.get(character, character) for character in value]) + '"'
    if kind is ModelValue:
        return str(value.name)
    if kind is tuple:
        return "<<" + ", ".join([to_tla(item) for item in value]) + ">>"
    if kind is frozenset:
        return "{" + ", ".join([to_tla(item) for item in ordered(value)]) + "}"
    if kind is Function:
        return _function_to_tla(value)
    raise TypeError(f"{value!r} ({kind.__name__}) is not a TLA+ value")


def _function_to_tla(value: Function) -> str:
    keys = sorted(value, key=order_key)
    if all(type(key) is str and _FIELD.match(key) and key not in _RESERVED for key in keys):
        return "[" + ", ".join([f"{key} |-> {to_tla(value[key])}" for key in keys]) + "]"
    # Parenthesised: `:>` binds tighter than `@@`, and the minus of a negative key binds looser than `:>`.
    return "(" + " @@ ".join([f"({to_tla(key)}) :> ({to_tla(value[key])})" for key in keys]) + ")"
