"""Reads a TLC configuration as far as the pipeline has to know it: what is checked, and what replaces what.

A cfg file is a row of statements, each a keyword and the words after it. `INVARIANT` and `INVARIANTS` mean the same,
and so for the other keywords.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_KEYWORDS = {
    "SPECIFICATION": "SPECIFICATION",
    "INIT": "INIT",
    "NEXT": "NEXT",
    "VIEW": "VIEW",
    "SYMMETRY": "SYMMETRY",
    "ALIAS": "ALIAS",
    "POSTCONDITION": "POSTCONDITION",
    "CHECK_DEADLOCK": "CHECK_DEADLOCK",
    "CONSTANT": "CONSTANT",
    "CONSTANTS": "CONSTANT",
    "INVARIANT": "INVARIANT",
    "INVARIANTS": "INVARIANT",
    "PROPERTY": "PROPERTY",
    "PROPERTIES": "PROPERTY",
    "CONSTRAINT": "CONSTRAINT",
    "CONSTRAINTS": "CONSTRAINT",
    "ACTION_CONSTRAINT": "ACTION_CONSTRAINT",
    "ACTION_CONSTRAINTS": "ACTION_CONSTRAINT",
}
# A keyword may also be a value: `Mode = INIT`.
_STATEMENT = re.compile(r"(?<!=)(?<!=\s)(?<!<-)(?<!<-\s)\b(?:" + "|".join(_KEYWORDS) + r")\b")
_COMMENTS = re.compile(r"\(\*.*?\*\)|\\\*[^\n]*", re.DOTALL)
_REPLACEMENT = re.compile(r"(\w+)\s*<-\s*(\w+)")


@dataclass(frozen=True)
class Configuration:
    """The statements of a cfg file, in order: (keyword, text behind it)."""

    statements: tuple[tuple[str, str], ...]

    def names(self, keyword: str) -> list[str]:
        """The names that all statements of `keyword` (in the singular) list."""
        return [name for found, text in self.statements if found == keyword for name in text.split()]

    @property
    def invariants(self) -> list[str]:
        return self.names("INVARIANT")

    @property
    def properties(self) -> list[str]:
        return self.names("PROPERTY")

    @property
    def replacements(self) -> dict[str, str]:
        """`Name <- Other`: what the module's own name stands for in this run."""
        found = [_REPLACEMENT.findall(text) for keyword, text in self.statements if keyword == "CONSTANT"]
        return dict(pair for pairs in found for pair in pairs)

    def checking(self, invariants: Iterable[str], properties: Iterable[str]) -> str:
        """Text of a cfg that differs only in what it checks."""
        kept = [f"{keyword} {text}" for keyword, text in self.statements if keyword not in ("INVARIANT", "PROPERTY")]
        kept += [f"INVARIANT {name}" for name in invariants]
        kept += [f"PROPERTY {name}" for name in properties]
        return "\n".join(kept) + "\n"


def read(text: str) -> Configuration:
    """The statements in the text of a cfg file. What stands before the first keyword is left to TLC to complain of."""
    bare = _COMMENTS.sub(" ", text)
    starts = list(_STATEMENT.finditer(bare))
    ends = [match.start() for match in starts[1:]] + [len(bare)]
    return Configuration(
        tuple((_KEYWORDS[match[0]], bare[match.end() : end].strip()) for match, end in zip(starts, ends))
    )
