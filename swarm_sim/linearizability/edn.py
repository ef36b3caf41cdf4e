"""A reader of EDN, the extensible data notation (github.com/edn-format/edn), as far as histories of operations need it.

Values are compared as Clojure compares them: 1, 1.0, "1" and :1 are four values, a list equals a vector. So an atom is
kept as text in one normal form (`12`, `:ok`, `"a"`, `nil`), a list or vector as a tuple, a set as a frozenset, a map as
a `Map`. A tag in front of a map (a record) is dropped; in front of another value it is a part of it.

What is refused: keys or elements twice, an odd number of forms in a map, nesting deeper than DEPTH_MAX, metadata,
namespaces in front of maps. Every error names its line.
"""

import bisect
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

DEPTH_MAX = 64
SHOWN_CHARACTERS = 40
NUMBER_CHARACTERS_MAX = 100  # of one with a point, an exponent or a fraction

_TOKEN = re.compile(
    r"""(?P<space>[\s,]+|;[^\n]*)
    |(?P<open>\#\{|[\[({])
    |(?P<close>[\])}])
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<discard>\#_)
    |(?P<tag>\#[A-Za-z][^\s,;\[\](){}"\\]*)
    |(?P<character>\\(?:[A-Za-z0-9]+|.))
    |(?P<atom>[^\s,;\[\](){}"\\^@`~']+)""",
    re.VERBOSE | re.DOTALL,
)
_INTEGER = re.compile(r"([+-]?)0*([0-9]+)N?")
_FLOAT = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?M?|\#\#(Inf|-Inf|NaN)|[+-]?[0-9]+/[0-9]+")
_NAME = re.compile(r":?(?![0-9]|[+-][0-9])[^\s:#][^\s#]*|:[0-9][^\s#]*")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "b": "\b", "f": "\f"}
_CLOSERS = {"[": "]", "(": ")", "{": "}", "#{": "}"}


class EdnError(ValueError):
    """Text is not EDN, or beyond what is read here. `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Map(dict[Any, Any]):
    """A map. Like all values here it can be an element of a set; nobody changes it once it is read."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


class Tagged(tuple[str, Any]):
    """A tag and the value behind it. It equals no list of two: no atom begins as a tag does."""


class _Open:
    """A collection that is not closed yet, or the whole text."""

    def __init__(self, opener: str, line: int, tag: str) -> None:
        self.opener, self.line, self.tag = opener, line, tag
        self.items: list[tuple[int, Any]] = []  # line, value
        self.prefixes: list[tuple[int, str]] = []  # tags and discards that wait for their value


def forms(text: str) -> Iterator[tuple[int, Any]]:
    """The forms of a text with their lines; if it is one list or vector, its elements. Raises EdnError."""
    ends = [found.start() for found in re.finditer("\n", text)]
    stack = [_Open("", 1, "")]
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        line = bisect.bisect_left(ends, at) + 1
        if token is None:
            raise EdnError(line, f"want EDN, not {_shortened(text[at:])}")
        at = token.end()
        _take(stack, str(token.lastgroup), token[0], line)
    if len(stack) > 1:
        raise EdnError(stack[-1].line, f"`{stack[-1].opener}` is not closed")
    _no_prefix(stack[0])
    items = stack[0].items
    if len(items) == 1 and stack[0].items[0][1].__class__ is _Elements:
        items = items[0][1].rows
    yield from items


class _Elements(tuple[Any, ...]):
    """A list or vector, which knows the lines of its elements."""

    rows: list[tuple[int, Any]]


def shown(value: Any) -> str:
    """A value as EDN; elements of sets and keys of maps in order of their text."""
    if isinstance(value, Map):
        return "{" + ", ".join(sorted(f"{shown(key)} {shown(held)}" for key, held in value.items())) + "}"
    if isinstance(value, frozenset):
        return "#{" + " ".join(sorted(map(shown, value))) + "}"
    if isinstance(value, Tagged):
        return f"{value[0]} {shown(value[1])}"
    return "[" + " ".join(map(shown, value)) + "]" if isinstance(value, tuple) else str(value)


def _take(stack: list[_Open], kind: str, text: str, line: int) -> None:
    top = stack[-1]
    if kind == "open":
        if len(stack) > DEPTH_MAX:
            raise EdnError(line, f"want at most {DEPTH_MAX} collections inside each other")
        stack.append(_Open(text, line, ""))
    elif kind == "close":
        if len(stack) == 1 or _CLOSERS[top.opener] != text:
            raise EdnError(line, f"`{text}` closes nothing that is open")
        _no_prefix(stack.pop())
        _add(stack[-1], line if len(stack) > 2 else top.line, _collection(top))
    elif kind in ("discard", "tag"):
        top.prefixes.append((line, text))
    elif kind != "space":
        _add(top, line, _string(text, line) if kind == "string" else _atom(text, line, kind))


def _add(top: _Open, line: int, value: Any) -> None:
    while top.prefixes:
        _, prefix = top.prefixes.pop()
        if prefix == "#_":
            return
        if not isinstance(value, Map):
            value = Tagged((prefix, value))
    top.items.append((line, value))


def _no_prefix(top: _Open) -> None:
    if top.prefixes:
        line, prefix = top.prefixes[-1]
        raise EdnError(line, f"want a value after `{prefix}`")


def _collection(done: _Open) -> Any:
    values = [value for _, value in done.items]
    if done.opener in ("[", "("):
        elements = _Elements(values)
        elements.rows = done.items
        return elements
    if done.opener == "#{":
        found = frozenset(values)
        if len(found) != len(values):
            raise EdnError(done.line, f"{_repeated(values)} is twice in a set: want each element once")
        return found
    if len(values) % 2:
        raise EdnError(done.line, "want a value for each key of the map")
    pairs = Map(zip(values[::2], values[1::2]))
    if 2 * len(pairs) != len(values):
        raise EdnError(done.line, f"{_repeated(values[::2])} is twice in a map: want each key once")
    return pairs


def _repeated(values: list[Any]) -> str:
    """The first value that comes again."""
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            break
        seen.add(value)
    return _shortened(shown(value))


def _number(text: str) -> str:
    """A number with a point, an exponent or a fraction, in one normal form: equal ones are equal texts."""
    if text.startswith("##"):
        return text
    top, slash, bottom = text.partition("/")
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise ValueError(f"want a number of at most {NUMBER_CHARACTERS_MAX} characters")
    if slash:
        if not int(bottom):
            raise ValueError("want no 0 below the line of a fraction")
        return str(Fraction(int(top), int(bottom)))
    if text.endswith("M"):
        return f"{Decimal(text[:-1]).normalize()}M"
    return repr(float(text) + 0.0)  # + 0.0: no negative zero


def _atom(text: str, line: int, kind: str) -> str:
    if kind == "character":
        return text
    if integer := _INTEGER.fullmatch(text):
        return "0" if integer[2] == "0" else integer[1].replace("+", "") + integer[2]
    if _FLOAT.fullmatch(text):
        try:
            return _number(text)
        except (ValueError, ArithmeticError) as error:
            raise EdnError(line, f"{error}, not {_shortened(text)}") from error
    if not _NAME.fullmatch(text):
        raise EdnError(line, f"want EDN, not {_shortened(text)}")
    return text


def _string(text: str, line: int) -> str:
    def plain(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] == "u" and len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in _ESCAPES:
            raise EdnError(line, f"want an escape of EDN, not `\\{code}`")
        return _ESCAPES[code]

    return json.dumps(_ESCAPE.sub(plain, text[1:-1]))


def _shortened(text: str) -> str:
    line = text.partition("\n")[0]
    return f"`{line[:SHOWN_CHARACTERS]}`" + (" ..." if len(line) > SHOWN_CHARACTERS else "")
