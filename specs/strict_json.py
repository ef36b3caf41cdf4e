"""Strict JSON: rejects text that two parsers could read differently.

Theory. RFC 8259 leaves open the meaning of repeated names, NaN, lone surrogates and numbers out of range. Python
accepts them all: the last of two members wins, 1e999 is infinite. A checker that guesses may check something else than
what was written. So ambiguous text is an error, with a reason.

Rules
- Names are unique in their object. NaN, Infinity and numbers beyond the range of a double are errors; integers have at
  most DIGITS_MAX digits.
- Arrays and objects nest at most DEPTH_MAX deep, so callers may use recursion.
- A lone surrogate (`"\\ud800"`) is an error unless the caller allows it: a TLA+ string may contain anything.
- A byte order mark at the beginning is skipped.
"""

from __future__ import annotations

import json
from collections import Counter
from math import isinf
from pathlib import Path
from typing import NoReturn

from specs import files

DEPTH_MAX = 100
DIGITS_MAX = 4_300  # Python's own bound: int(text) takes quadratic time


class JsonError(ValueError):
    """The text is not JSON, or is ambiguous. The message says where and why."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise JsonError(f"{_cut(json.dumps(twice))} occurs twice in one object")
    return found


def _constant(text: str) -> NoReturn:
    raise JsonError(f"{text} is not a JSON number")


def _float(text: str) -> float:
    found = float(text)
    if isinf(found):
        raise JsonError(f"the number {_cut(text)} is out of range")
    return found


def _int(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise JsonError(f"an integer of {len(text)} digits; want at most {DIGITS_MAX}")
    return int(text)


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:38] + ".."


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_constant, parse_float=_float, parse_int=_int
)  # fmt: skip


# As fast as Python's own decoder, for callers that check names, nesting and integers themselves.
PLAIN_DECODER = json.JSONDecoder(parse_constant=_constant, parse_float=_float)


def loads(text: str, *, surrogates: bool = False) -> object:
    """The value of the JSON `text`. `surrogates`: accept lone ones. Raises JsonError."""
    try:
        found = _DECODER.decode(text.removeprefix("\ufeff"))
    except JsonError:
        raise
    except ValueError as error:
        raise JsonError(f"not JSON: {_why(text, error)}") from None
    except RecursionError:
        raise JsonError(f"nested more than {DEPTH_MAX} deep") from None
    if text.count("[") + text.count("{") > DEPTH_MAX and _is_deep(found):
        raise JsonError(f"nested more than {DEPTH_MAX} deep")
    if not surrogates and "\\u" in text and not _is_unicode(found):
        raise JsonError("a string contains half of a surrogate pair, which is not a character")
    return found


def _why(text: str, error: ValueError) -> str:
    if not text.strip():
        return "there is nothing in it"
    if "\0" in text:
        return f"a NUL byte at character {text.index(chr(0)) + 1}: the file is damaged, or not a text"
    return str(error)


def load(path: Path, bytes_max: int = files.TEXT_BYTES_MAX) -> object:
    """The value of the JSON file at `path`. Raises JsonError; the message begins with the file's name."""
    try:
        return loads(files.read_text(path, bytes_max))
    except (JsonError, files.FileError) as error:
        raise JsonError(f"{path}: {error}") from None


def _is_deep(found: object) -> bool:
    """Whether containers nest more than DEPTH_MAX deep. Iterates by level: recursion could overflow."""
    level = [found]
    for _ in range(DEPTH_MAX):
        level = [
            child
            for node in level
            if isinstance(node, list | dict)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return any(isinstance(node, list | dict) for node in level)


def _is_unicode(found: object) -> bool:
    try:
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
