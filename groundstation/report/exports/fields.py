"""What kind of JSON value each field of a trace is, from the annotations of `specs.checking.schema`.

A field without a single kind is "json": a list, an object, a register, or whatever a ground event may say.
"""

from functools import cache
from typing import Any, get_type_hints

from specs.checking.schema import Fields

_PLAIN = {int: "integer", float: "number", str: "string"}


@cache
def kinds() -> dict[str, str]:
    """integer, number, string or json, by the field's name."""
    return {name: _kind(hint) for name, hint in get_type_hints(Fields).items()}


def _kind(hint: Any) -> str:
    return "integer" if hint == int | None else _PLAIN.get(hint, "json")


def fits(kind: str, value: object) -> bool:
    """Whether a value may stand where `kind` is wanted. null fits everywhere."""
    if kind == "integer":
        return value is None or (type(value) is int and 0 <= value < 1 << 64)
    if kind == "number":
        return value is None or type(value) in (int, float)
    return kind == "json" or value is None or type(value) is str
