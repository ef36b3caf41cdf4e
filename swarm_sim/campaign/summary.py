"""Summarises a campaign: verdicts, causes, marks, sums.

Seeds that fail for the same cause are one finding, listed with its smallest seed and the command that replays it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from swarm_sim.campaign.store import Store
from swarm_sim.campaign.task import Task, replay
from swarm_sim.outcome import EXIT_CODES, INCOMPLETE, PASS, WORST_FIRST, worst


@dataclass(frozen=True)
class Cause:
    """Seeds that failed for the same cause."""

    verdict: str
    oracle: str
    cause: str
    count: int
    smallest_seed: int
    replay: str


@dataclass(frozen=True)
class Summary:
    """`wanted` seeds, of which `done` have an outcome. `worker_seconds`: time that workers spent on them, in all runs.

    If seeds lack an outcome the verdict is incomplete, unless another seed has a worse one.
    """

    wanted: int
    done: int
    verdicts: dict[str, int]
    causes: tuple[Cause, ...]
    marks: dict[str, int]
    counts: dict[str, int]
    worker_seconds: float
    slowest: tuple[int, float] | None

    @property
    def verdict(self) -> str:
        is_complete = 0 < self.done == self.wanted
        return worst([*self.verdicts, PASS if is_complete else INCOMPLETE])

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def as_dict(self) -> dict[str, object]:
        return {"verdict": self.verdict, **asdict(self)}


def of_store(store: Store, task: Task, seeds: range, wanted: int | None = None) -> Summary:
    """Summary of those of `seeds` that are in the store. `wanted`: how many there should be; None: those in the store.

    Raises StoreError.
    """
    verdicts = store.verdicts(seeds)
    done = sum(verdicts.values())
    causes = [Cause(*row, replay(task, row[-1])) for row in store.causes(seeds)]
    return Summary(
        wanted=done if wanted is None else wanted,
        done=done,
        verdicts={verdict: verdicts[verdict] for verdict in WORST_FIRST if verdict in verdicts},
        causes=tuple(causes),
        marks=store.marks(seeds),
        counts=store.counts(seeds),
        worker_seconds=store.seconds(seeds),
        slowest=store.slowest(seeds),
    )
