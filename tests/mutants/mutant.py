"""A planted bug: one place of the code, and what must catch it there."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`before` stands once in `file` and becomes `after`. `checks` (see checks.py) are tried in order."""

    name: str
    file: str
    before: str
    after: str
    checks: tuple[str, ...]
