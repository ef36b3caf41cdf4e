"""The finding of an oracle."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`oracle`: its identifier. `cause`: one line, equal for equal causes. `detail`: where and what."""

    oracle: str
    cause: str
    detail: str
