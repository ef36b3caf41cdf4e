"""What an audit found: flags in three severities. Only BLOCK fails it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

BLOCK = "BLOCK"  # the chain of evidence is broken, or a prohibition is
WARN = "WARN"  # it holds, by less than one would wish
INFO = "INFO"  # worth knowing


@dataclass(frozen=True)
class Flag:
    """One finding: how grave, where (path, or path:line), and what; `rule` groups them."""

    severity: str
    location: str
    issue: str
    rule: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)
