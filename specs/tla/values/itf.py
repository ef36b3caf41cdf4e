"""The Informal Trace Format of Apalache: TLA+ values, states and traces as JSON.

Theory. ITF writes TLA+ values as JSON. A kind of value that JSON lacks is an object with one member whose name begins
with `#` (Apalache, ADR 015).

    integer             {"#bigint": "5"}; a plain number is accepted too
    Boolean, string     true, false, "text"
    sequence            [...]
    tuple               {"#tup": [...]}
    set                 {"#set": [...]}
    function            {"#map": [[argument, value], ...]}
    record              {"field": value, ...}

A file holds one object: `states` lists the states, `vars` names their variables, and tools use the `#meta` members.

Rules. A string that names a model value of the configuration is that model value. JSON's null is read as the string
"null". A number that is not an integer is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from specs import strict_json
from specs.tla.values.values import (
    Boolean,
    Function,
    LazyValue,
    ModelValue,
    Value,
    canonical_function,
    digits,
    of_python,
    order_key,
    ordered,
)

NULL = "null"
BYTES_MAX = 256 * 2**20  # of a file

_DIGITS = re.compile(r"-?[0-9]+")


class ItfError(Exception):
    """The text is not a value or not a trace. The message names file and line."""


# --- values ---------------------------------------------------------------------------------------


def to_itf(value: Value) -> object:
    """`value` as ITF, ready for json.dumps. Equal values give equal texts."""
    if isinstance(value, LazyValue):
        return to_itf(value.worked_out())
    kind = type(value)
    if kind is int:
        return {"#bigint": digits(value)}
    if kind is bool or kind is Boolean:
        return bool(value)
    if kind is str:
        return value
    if kind is ModelValue:
        return value.name
    if kind is tuple:
        return [to_itf(item) for item in value]
    if kind is frozenset:
        return {"#set": [to_itf(item) for item in ordered(value)]}
    if kind is Function:
        keys = sorted(value, key=order_key)
        if keys and all(type(key) is str and not key.startswith("#") for key in keys):
            return {key: to_itf(value[key]) for key in keys}
        return {"#map": [[to_itf(key), to_itf(value[key])] for key in keys]}
    raise TypeError(f"{value!r} ({kind.__name__}) is not a TLA+ value")


def of_itf(item: object, model_values: Mapping[str, ModelValue] | None = None) -> Value:
    """The TLA+ value that `item` encodes. Raises ItfError."""
    if isinstance(item, bool):
        return of_python(item)
    if isinstance(item, int):
        return item
    if item is None:
        item = NULL
    if isinstance(item, str):
        return item if not model_values else model_values.get(item, item)
    if isinstance(item, list):
        return tuple([of_itf(element, model_values) for element in item])
    if isinstance(item, dict):
        return _of_object(item, model_values)
    raise ItfError(f"{_found(item)} is not a TLA+ value: want an integer, text, true or false, a list or an object")


def _of_object(item: dict[str, object], model_values: Mapping[str, ModelValue] | None) -> Value:
    if len(item) == 1:
        ((tag, content),) = item.items()
        read = _TAGS.get(tag)
        if read is not None:
            return read(content, lambda inner: of_itf(inner, model_values))
    unknown = [tag for tag in item if tag.startswith("#") and tag != "#meta"]
    if unknown:
        raise ItfError(f"unknown encoding {', '.join(unknown)}: want #bigint, #set, #tup or #map, alone in its object")
    return canonical_function({name: of_itf(value, model_values) for name, value in item.items() if name != "#meta"})


_Read = Callable[[object], Value]


def _bigint(content: object, read: _Read) -> Value:
    if type(content) is int:
        return content
    if type(content) is not str or not _DIGITS.fullmatch(content):
        raise ItfError(f"#bigint: want the digits of an integer in a text, have {_found(content)}")
    if len(content) > strict_json.DIGITS_MAX:
        raise ItfError(f"#bigint: an integer of {len(content)} digits; want at most {strict_json.DIGITS_MAX}")
    return int(content)


def _found(item: object) -> str:
    text = repr(item)
    return text if len(text) <= 80 else text[:80] + ".."


def _list(tag: str, content: object) -> list[object]:
    if not isinstance(content, list):
        raise ItfError(f"{tag}: want a list, have {_found(content)}")
    return content


def _map(content: object, read: _Read) -> Value:
    listed = _list("#map", content)
    pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2]
    if len(pairs) != len(listed):
        raise ItfError("#map: want a list of [argument, value]")
    found = {read(argument): read(value) for argument, value in pairs}
    if len(found) != len(pairs):
        raise ItfError("#map: an argument occurs twice")
    return canonical_function(found)


def _unserializable(content: object, read: _Read) -> Value:
    raise ItfError(f"the trace holds a value that could not be written out: {_found(content)}")


_TAGS: dict[str, Callable[[object, _Read], Value]] = {
    "#bigint": _bigint,
    "#set": lambda content, read: frozenset([read(element) for element in _list("#set", content)]),
    "#tup": lambda content, read: tuple([read(element) for element in _list("#tup", content)]),
    "#map": _map,
    "#unserializable": _unserializable,
}


# --- files ------------------------------------------------------------------------------------------


def states(text: str, model_values: Mapping[str, ModelValue] | None = None) -> list[dict[str, Value]]:
    """The states of an ITF file, variable by variable. Raises ItfError."""
    try:
        trace = strict_json.loads(text, surrogates=True)
    except strict_json.JsonError as error:
        raise ItfError(str(error)) from None
    if not isinstance(trace, dict) or not isinstance(trace.get("states"), list):
        raise ItfError('want one ITF object, with a member "states" that is a list')
    if trace.get("loop") is not None:
        raise ItfError("a lasso: an infinite behaviour cannot be checked step by step")
    found = []
    for number, state in enumerate(trace["states"]):
        try:
            found.append(state_of(state, model_values))
        except ItfError as error:
            raise ItfError(f"state {number}: {error}") from None
    return found


def state_of(item: object, model_values: Mapping[str, ModelValue] | None = None) -> dict[str, Value]:
    """An ITF object of variables. Raises ItfError."""
    if not isinstance(item, dict):
        raise ItfError(f"want an object of variables, have {_found(item)}")
    return {name: member(name, value, model_values) for name, value in item.items() if name != "#meta"}


def member(name: str, item: object, model_values: Mapping[str, ModelValue] | None = None) -> Value:
    """The value of a variable or argument. Raises ItfError, naming it."""
    try:
        return of_itf(item, model_values)
    except ItfError as error:
        raise ItfError(f"{name}: {error}") from None


def itf_trace(variables: Sequence[str], behaviour: Iterable[Mapping[str, Value]], source: str) -> str:
    """The text of an ITF file with these states. `source` names their module."""
    trace = {
        "#meta": {"format": "ITF", "source": source},
        "vars": list(variables),
        "states": [
            {"#meta": {"index": index}, **{name: to_itf(state[name]) for name in variables}}
            for index, state in enumerate(behaviour)
        ],
    }
    return json.dumps(trace, indent=1) + "\n"
