"""What an oracle has found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`oracle`: its identifier. `cause`: one line that is the same text for the same cause. `detail`: where and
    what."""

    oracle: str
    cause: str
    detail: str
