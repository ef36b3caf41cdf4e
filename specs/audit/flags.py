"""Findings of an audit: flags of three severities. Only BLOCK fails it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

BLOCK = "BLOCK"  # the chain of evidence or a prohibition is broken
WARN = "WARN"  # evidence exists, but is weak
INFO = "INFO"  # worth knowing


@dataclass(frozen=True)
class Flag:
    """One finding. `location`: path, or path:line. `rule` groups findings."""

    severity: str
    location: str
    issue: str
    rule: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)
