"""A planted bug: one place of the code, and the checks that must catch it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`before` stands once in `file` and becomes `after`. `checks` (see checks.py) are tried in order."""

    name: str
    file: str
    before: str
    after: str
    checks: tuple[str, ...]


def cut(judge: str, name: str, file: str, before: str, after: str, *checks: str) -> Mutant:
    """A bug planted in what judges runs: in a "checker" or an "oracle"."""
    return Mutant(f"{judge}: {name}", file, before, after, checks)
