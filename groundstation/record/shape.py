"""Whether what a JSON file holds has the shape that its reader goes on from.

A shape is a type; `[shape]`, a list of such; `{str: shape}` or `{int: shape}`, an object with any names, or with
numbers for names; `{"name": shape, ...}`, an object that has at least these members; a tuple, one of several shapes.
A member whose name ends in `?` in a shape may be missing.
"""

from typing import Any

NAMES = {int: "an integer", float: "a number", str: "a text", bool: "true or false", type(None): "null"}


def fault(found: Any, shape: Any, where: str = "") -> str | None:
    """What is wrong with the first part that has another shape, and where it stands; None if there is none."""
    if isinstance(shape, tuple):
        faults = [fault(found, one, where) for one in shape]
        return None if None in faults else faults[0]
    if isinstance(shape, list):
        if not isinstance(found, list):
            return _wrong(where, "a list")
        return _first(fault(part, shape[0], f"{where}[{place}]") for place, part in enumerate(found))
    if isinstance(shape, dict):
        return _fault_of_object(found, shape, where)
    is_number = isinstance(found, int | float if shape is float else int) and not isinstance(found, bool)
    if is_number if shape in (int, float) else isinstance(found, shape):
        return None
    return _wrong(where, NAMES[shape])


def _fault_of_object(found: Any, shape: dict[Any, Any], where: str) -> str | None:
    if not isinstance(found, dict):
        return _wrong(where, "an object")
    prefix = f"{where}." if where else ""
    if str in shape:
        return _first(fault(part, shape[str], f"{prefix}{name}") for name, part in found.items())
    if int in shape:
        strangers = [name for name in found if not (name.isascii() and name.isdecimal() and len(name) < 10)]
        if strangers:
            return f"{prefix}{strangers[0]}: want numbers for names"
        return _first(fault(part, shape[int], f"{prefix}{name}") for name, part in found.items())
    lacking = [name for name in shape if name not in found and not name.endswith("?")]
    if lacking:
        return f"{prefix}{lacking[0]}: is missing"
    members = [(name.removesuffix("?"), part) for name, part in shape.items()]
    return _first(fault(found[name], part, f"{prefix}{name}") for name, part in members if name in found)


def _wrong(where: str, wanted: str) -> str:
    return f"{where}: want {wanted}" if where else f"want {wanted}"


def _first(faults: Any) -> str | None:
    return next((one for one in faults if one is not None), None)
