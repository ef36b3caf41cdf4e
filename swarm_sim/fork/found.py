"""What a fork found: a branch beside its parent."""

from dataclasses import dataclass

from swarm_sim.fork.branch import Flown
from swarm_sim.fork.change import Change
from swarm_sim.fork.compare import Divergence, Row
from swarm_sim.fork.origin import Origin


@dataclass(frozen=True)
class Fork:
    """A branch beside its parent. divergence: None if they are equal to the byte. step: the first of a board."""

    origin: Origin
    change: Change
    parent: Flown
    branch: Flown
    divergence: Divergence | None
    step: Divergence | None
    rows: list[Row]
    notes: list[str]

    def as_dict(self) -> dict[str, object]:
        """The content of diff.json."""
        return {
            "of": str(self.origin.path),
            "at": self.change.at,
            "changes": [change.as_dict() for change in [*self.origin.changes, self.change]],
            "same": self.divergence is None,
            "first_divergent_event": None if self.divergence is None else self.divergence.as_dict(),
            "first_divergent_step": None if self.step is None else self.step.as_dict(),
            "outcomes": {
                "parent": self.parent.outcome.as_dict(),
                "branch": self.branch.outcome.as_dict(),
            },
            "rows": [{"name": row.name, "parent": row.parent, "branch": row.branch} for row in self.rows],
            "notes": self.notes,
        }
