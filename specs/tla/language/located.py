"""Converts an exception of compiled code into an EvaluationError that names the TLA+ definitions on the way.

Compiled definitions carry file and line of their module, so Python's traceback names them.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType

from specs.tla.syntax.tree import Place
from specs.tla.values.operations import shown
from specs.tla.values.values import EvaluationError, KindError

# Raised where TLA+ defines no value: 1 + "a", a record without that field, a function outside its domain.
NO_VALUE = (EvaluationError, TypeError, KeyError, ValueError, RecursionError, OverflowError, MemoryError)

DEFINITIONS_SHOWN_MAX = 8
# Python's names for kinds of TLA+ values, and its messages about operators that are not defined for them.
_KINDS = {
    "int": "a number", "str": "a string", "tuple": "a sequence", "frozenset": "a set", "Function": "a function",
    "Boolean": "a Boolean", "ModelValue": "a model value", "function": "an operator",
}  # fmt: skip
_WRONG_KINDS = (
    (re.compile(r"unsupported operand type\(s\) for (\S+): '(\w+)' and '(\w+)'"), "{0} of {1} and {2}"),
    (re.compile(r"'(\S+)' not supported between instances of '(\w+)' and '(\w+)'"), "{0} of {1} and {2}"),
    (re.compile(r"bad operand type for unary (\S+): '(\w+)'"), "{1} where a number is wanted"),
    (re.compile(r"'(\w+)' object is not subscriptable"), "{0} where a function, a record or a sequence is wanted"),
    (re.compile(r"(?:(\w+) indices must|(string) index)"), "an element or a field that {0} cannot have"),
    (
        re.compile(r"(?:'(\w+)' object|argument of type '(\w+)') is not (?:iterable|a container)"),
        "{0} where a set is wanted",
    ),
)
_COMPILED = re.compile(r"f\d+_(\w*)")  # modules.Operator.python_name


def located(error: BaseException, name: str = "", place: Place | None = None) -> EvaluationError:
    """`error` with the definitions that were being evaluated, innermost first, `name` at `place` last."""
    definitions = _definitions(error.__traceback__)
    outermost = f"{name} ({place})"
    if place is not None and outermost not in definitions:
        definitions.append(outermost)
    kind = KindError if isinstance(error, KindError) else EvaluationError
    return kind("\n  in ".join([_in_words(error), *definitions]))


def _in_words(error: BaseException) -> str:
    if isinstance(error, EvaluationError):
        return str(error)
    if isinstance(error, KeyError):
        return f"{shown(error.args[0])} is not in the domain of the function or record"
    if isinstance(error, RecursionError):
        return "no value: a definition recurses too deep, or without end"
    if isinstance(error, MemoryError):
        return "no value: out of memory"
    for pattern, words in _WRONG_KINDS:
        found = pattern.search(str(error))
        if found is not None:
            kinds = [_KINDS.get(group, group) for group in found.groups() if group is not None]
            return "no value: " + words.format(*kinds)
    return f"no value: an operator has arguments that it is not defined for ({error})"


def _definitions(traceback: TracebackType | None) -> list[str]:
    found: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        compiled = _COMPILED.fullmatch(code.co_name)
        if compiled is not None and code.co_filename.endswith(".tla"):
            where = f"{compiled[1] or 'an operator'} ({Path(code.co_filename).name}:{code.co_firstlineno})"
            if not found or found[-1] != where:  # name a recursive definition once
                found.append(where)
        traceback = traceback.tb_next
    return found[::-1][:DEFINITIONS_SHOWN_MAX]
