"""Who takes part in a run: what its RunStart says."""

from __future__ import annotations

from dataclasses import dataclass

from amu.core.limits import faults_max


@dataclass(frozen=True)
class Swarm:
    """What the modules need of a RunStart."""

    replica_count: int
    byzantine: frozenset[int]
    window_slots: int = 4

    @property
    def faults_max(self) -> int:
        """f: how many Byzantine replicas the protocol tolerates."""
        return int(faults_max(self.replica_count))

    @property
    def is_tolerable(self) -> bool:
        """Whether there are at most f liars. With more, the run violates what the modules ASSUME."""
        return len(self.byzantine) <= self.faults_max

    @property
    def warning(self) -> str:
        """A warning if there are more than f liars; empty otherwise."""
        if self.is_tolerable:
            return ""
        return f"{len(self.byzantine)} liars of at most {self.faults_max} tolerated: safety is not promised"

    @property
    def honest(self) -> list[int]:
        return [node for node in range(self.replica_count) if node not in self.byzantine]
