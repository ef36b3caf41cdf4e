"""Turns what evaluation raised into an EvaluationError that names the definitions in which it came up.

Compiled definitions carry the file and the line of the module they come from, so Python's traceback tells.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType

from specs.checking.operations import shown
from specs.checking.values import EvaluationError

# What is raised where TLA+ has no value: 1 + "a", a record without that field, a function outside its domain.
NO_VALUE = (EvaluationError, TypeError, KeyError, ValueError, RecursionError, OverflowError, MemoryError)

DEFINITIONS_SHOWN_MAX = 8
_COMPILED = re.compile(r"f\d+_(\w*)")  # modules.Operator.python_name


def located(error: BaseException) -> EvaluationError:
    """`error` with the definitions, innermost first, in whose evaluation it came up."""
    message = str(error)
    if isinstance(error, KeyError):
        message = f"{shown(error.args[0])} is not in the domain of the function or record"
    elif not isinstance(error, EvaluationError):
        message = f"no value: {type(error).__name__}: {message}"
    return EvaluationError("\n  in ".join([message, *_definitions(error.__traceback__)]))


def _definitions(traceback: TracebackType | None) -> list[str]:
    found: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        compiled = _COMPILED.fullmatch(code.co_name)
        if compiled is not None and code.co_filename.endswith(".tla"):
            where = f"{compiled[1] or 'an operator'} ({Path(code.co_filename).name}:{code.co_firstlineno})"
            if not found or found[-1] != where:  # recursion says it once
                found.append(where)
        traceback = traceback.tb_next
    return found[::-1][:DEFINITIONS_SHOWN_MAX]
