"""Who flies a run: what its RunStart says."""

from __future__ import annotations

from dataclasses import dataclass

from amu.core.limits import faults_max


@dataclass(frozen=True)
class Swarm:
    """What RunStart says, as far as the modules ask for it."""

    replica_count: int
    byzantine: frozenset[int]
    window_slots: int = 4

    @property
    def faults_max(self) -> int:
        """f: how many Byzantine replicas the protocol tolerates."""
        return int(faults_max(self.replica_count))

    @property
    def is_tolerable(self) -> bool:
        """Are there no more liars than that? If there are, a run is judged outside of what the modules ASSUME."""
        return len(self.byzantine) <= self.faults_max

    @property
    def warning(self) -> str:
        """What is to be said of more liars than that; empty if there are none."""
        if self.is_tolerable:
            return ""
        return f"{len(self.byzantine)} liars of at most {self.faults_max} tolerated: safety is not promised"

    @property
    def honest(self) -> list[int]:
        return [node for node in range(self.replica_count) if node not in self.byzantine]
