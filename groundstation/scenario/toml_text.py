"""Writes plain data as TOML 1.0, for the scenario as flown. The standard library reads TOML but does not write it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]  # a scenario's tables as TOML has them, before they are checked


def dumps(document: Mapping[str, Any]) -> str:
    """TOML text of a document of tables, arrays, strings, numbers and booleans; None is left out."""
    return "\n".join(_table(document, [])).strip() + "\n"


def _table(table: Mapping[str, Any], path: list[str]) -> Iterator[str]:
    # Plain keys come first: after a sub-table's header they would belong to the sub-table.
    for key, value in table.items():
        if value is not None and not _is_section(value):
            yield f"{_key(key)} = {inline(value)}"
    for key, value in table.items():
        name = ".".join(_key(part) for part in [*path, key])
        if isinstance(value, Mapping):
            yield f"\n[{name}]"
            yield from _table(value, [*path, key])
        elif _is_section(value):
            for entry in value:
                yield f"\n[[{name}]]"
                # Tables nested in an array of tables are written inline, so they stay with their entry.
                yield from (f"{_key(k)} = {inline(v)}" for k, v in entry.items() if v is not None)


def _is_section(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(entry, Mapping) for entry in value)
    return isinstance(value, Mapping)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def inline(value: Any) -> str:
    """One value as it stands behind the `=`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {inline(v)}" for k, v in value.items() if v is not None) + " }"
    return "[" + ", ".join(inline(entry) for entry in value) + "]"
