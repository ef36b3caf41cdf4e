"""Checks that the content of a JSON file has the shape that its reader needs.

A shape is a type, as in annotations: int, float, str, bool, None, object; `list[shape]`; `dict[str, shape]`, an object
with any names; `dict[Number, shape]`, with numbers for names; a TypedDict, an object that has at least these members; a
union of shapes.
"""

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, NotRequired, TypeAlias, get_args, get_origin, get_type_hints, is_typeddict

Number: TypeAlias = Annotated[str, "decimal digits"]
NAMES = {int: "an integer", float: "a number", str: "a text", bool: "true or false", NoneType: "null"}


def fault(found: object, shape: object, where: str = "") -> str | None:
    """What is wrong with the first part of another shape, and where it is. None if all is well."""
    if isinstance(shape, UnionType):
        faults = [fault(found, one, where) for one in get_args(shape)]
        return None if None in faults else faults[0]
    if get_origin(shape) is list:
        if not isinstance(found, list):
            return _wrong(where, "a list")
        return _first(fault(part, get_args(shape)[0], f"{where}[{place}]") for place, part in enumerate(found))
    if get_origin(shape) is dict or is_typeddict(shape):
        return _fault_of_object(found, shape, where)
    assert isinstance(shape, type), shape
    is_number = isinstance(found, int | float if shape is float else int) and not isinstance(found, bool)
    if is_number if shape in (int, float) else isinstance(found, shape):
        return None
    return _wrong(where, NAMES[shape])


def _fault_of_object(found: object, shape: object, where: str) -> str | None:
    if not isinstance(found, dict):
        return _wrong(where, "an object")
    prefix = f"{where}." if where else ""
    if is_typeddict(shape):
        members = get_type_hints(shape, include_extras=True)
        for name, part in members.items():
            if get_origin(part) is NotRequired:
                members[name] = get_args(part)[0]
            elif name not in found:
                return f"{prefix}{name}: is missing"
    else:
        names, part = get_args(shape)
        strangers = [name for name in found if not (name.isascii() and name.isdecimal() and len(name) < 10)]
        if names == Number and strangers:
            return f"{prefix}{strangers[0]}: want numbers for names"
        members = dict.fromkeys(found, part)
    return _first(fault(found[name], part, f"{prefix}{name}") for name, part in members.items() if name in found)


def _wrong(where: str, wanted: str) -> str:
    return f"{where}: want {wanted}" if where else f"want {wanted}"


def _first(faults: Iterable[str | None]) -> str | None:
    return next((one for one in faults if one is not None), None)
