"""Parses states that TLC prints.

TLC prints a state as a conjunction, `/\\ view = (p0 :> 0 @@ p1 :> 0)`, one conjunct per variable, in counterexamples
and in the files of its simulation. Its value syntax is a small part of TLA+: numbers, strings, TRUE and FALSE, tuples,
sets, records, functions by `:>` and `@@`, and names, which are model values. Anything else is an error that quotes the
text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from specs.tla.values.values import FALSE, TRUE, ModelValue, Value, function, record

_TOKEN = re.compile(r'\s*(<<|>>|\|->|:>|@@|/\\|"(?:[^"\\]|\\.)*"|-?\d+|\w+|[{}\[\](),=.])')
_HEAD = re.compile(r"^(?:State )?(\d+): <(.+?)>\s*$", re.MULTILINE)
_FILED = re.compile(r"^STATE_\d+ ==\s*$", re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


class TlcStateError(Exception):
    """The text is not a state as TLC prints it. The message quotes the part that could not be parsed."""


@dataclass(frozen=True)
class TlcState:
    """One state of a behaviour. `action`: TLC's name of the step that leads to it, or None."""

    action: str | None
    values: dict[str, Value]


def counterexample(blocks: tuple[str, ...]) -> list[TlcState]:
    """The states of `TlcResult.trace`, up to stuttering or a lasso: those name a state that is already listed."""
    found = []
    for block in blocks:
        head = _HEAD.match(block)
        if head is None:
            raise TlcStateError(f"no state head in {block[:80]!r}")
        label = head.group(2)
        if label.startswith(("Stuttering", "Back to")):
            break
        body = block[head.end() :]
        if body.strip():
            found.append(TlcState(None if label.startswith("Initial") else label.split()[0], parse(body)))
    return found


def simulated(path: Path) -> list[TlcState]:
    """The behaviour that TLC wrote into one file of `-simulate file=`."""
    text = path.read_text(encoding="utf-8")
    starts = list(_FILED.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return [TlcState(None, parse(text[start.end() : end])) for start, end in zip(starts, ends, strict=True)]


def parse(text: str) -> dict[str, Value]:
    """The variables of one state. Raises TlcStateError."""
    parser = _Parser(text)
    values: dict[str, Value] = {}
    while parser.next is not None:
        if parser.next == "/\\":
            parser.take("/\\")
        name = parser.take()
        parser.take("=")
        values[name] = parser.value()
    return values


class _Parser:
    """Recursive descent over TLC's value syntax."""

    def __init__(self, text: str) -> None:
        self._tokens = self._scan(text.rstrip().rstrip("=").rstrip())
        self.next: str | None = next(self._tokens, None)

    @staticmethod
    def _scan(text: str) -> Iterator[str]:
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise TlcStateError(f"cannot read {text[at : at + 40]!r}")
            yield match.group(1)
            at = match.end()

    def take(self, wanted: str | None = None) -> str:
        token = self.next
        if token is None or (wanted is not None and token != wanted):
            raise TlcStateError(f"want {wanted or 'a value'}, have {token or 'the end'}")
        self.next = next(self._tokens, None)
        return token

    def value(self) -> Value:
        token = self.take()
        if token == "<<":
            return tuple(self._list(">>"))
        if token == "{":
            return frozenset(self._list("}"))
        if token == "[":
            return self._record()
        if token == "(":
            return self._function()
        if token.startswith('"'):
            return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(1)), token[1:-1])
        if token in ("TRUE", "FALSE"):
            return TRUE if token == "TRUE" else FALSE
        if token.lstrip("-").isdigit():
            return self._number(int(token))
        if token.isidentifier():
            return ModelValue(token)
        raise TlcStateError(f"no value begins with {token}")

    def _number(self, low: int) -> Value:
        if self.next != ".":
            return low
        self.take(".")
        self.take(".")
        return frozenset(range(low, int(self.take()) + 1))

    def _list(self, end: str) -> Iterator[Value]:
        while self.next != end:
            yield self.value()
            if self.next != end:
                self.take(",")
        self.take(end)

    def _record(self) -> Value:
        fields = {}
        while self.next != "]":
            name = self.take()
            self.take("|->")
            fields[name] = self.value()
            if self.next != "]":
                self.take(",")
        self.take("]")
        return record(**fields)

    def _function(self) -> Value:
        pairs = {}
        while True:
            key = self.value()
            self.take(":>")
            pairs[key] = self.value()
            if self.next != "@@":
                break
            self.take("@@")
        self.take(")")
        return function(pairs)
